"""Chooses the event loop of a server (uvloop's, which is faster, if it is installed), and closes listening sockets."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress

ACCEPT_TURNS = 3
"""The turns of the loop from an accepted socket to its handler: the task that accepts it, its protocol, its handler."""


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return the factory of uvloop's event loop if uvloop is installed; None means the standard library's loop."""
    if sys.platform == "win32":
        return None
    try:
        import uvloop  # noqa: PLC0415  # optional
    except ImportError:
        return None
    return uvloop.new_event_loop


async def close_server(server: asyncio.Server) -> None:
    """Accept no more connections, and close the listening sockets.

    Connections that are being accepted get their protocols first: the standard library's loop accepts a connection in
    a task, which fails and leaves the connection open if the server is closed before the task has run.
    """
    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError):  # Windows
        for sock in server.sockets:
            loop.remove_reader(sock.fileno())
    for _ in range(ACCEPT_TURNS):
        await asyncio.sleep(0)
    server.close()
