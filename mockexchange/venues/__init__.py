"""The HTTP and WebSocket interface of each venue, as pure functions of bytes and values.

Every venue has the same file names.
"""
