"""Cutting a connection so that the other side sees a reset."""

import asyncio
import socket
import struct
import sys

NO_LINGERING = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""SO_LINGER on, for 0 seconds: what is unsent is thrown away, and the peer is told by RST instead of FIN."""


def reset_connection(transport: asyncio.Transport) -> None:
    """Close a connection at once and without ceremony, as a process that dies in the middle of it does."""
    sock = transport.get_extra_info("socket")
    if sock is not None and not transport.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGERING)
    transport.abort()
