"""Serves sandboxes over HTTP and WebSocket, with Starlette and uvicorn.

The packages that it imports do not depend on these libraries.
"""
