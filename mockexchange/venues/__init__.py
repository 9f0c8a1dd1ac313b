"""The HTTP and WebSocket interface of each venue, as pure functions of bytes and values.

Each venue is a folder; all these folders use the same file names.
"""
