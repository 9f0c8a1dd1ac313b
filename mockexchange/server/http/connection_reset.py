"""Closes connections with a TCP reset."""

import asyncio
import socket
import struct
import sys

NO_LINGERING = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""The value of SO_LINGER (0 seconds) with which closing discards unsent bytes and sends RST instead of FIN."""


def reset_connection(transport: asyncio.Transport) -> None:
    """Close a connection at once with a reset, as a process that dies does."""
    sock = transport.get_extra_info("socket")
    if sock is not None and not transport.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGERING)
    transport.abort()
