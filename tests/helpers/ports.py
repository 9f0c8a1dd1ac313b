"""Ports for tests: free ones that stay free until a server takes them, and closed ones that stay closed."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

ADDRESS = "127.0.0.1"
FIRST, PORTS_EACH, PROCESSES = 10_000, 50, 400
"""A range below that of which systems give ports to sockets without one: no other test gets one of these meanwhile."""
_numbers = count()


def free_port() -> int:
    """Return a port that nothing uses, another one at each call; processes of tests draw from different parts."""
    start = FIRST + os.getpid() % PROCESSES * PORTS_EACH
    for number in _numbers:
        port = start + number % PORTS_EACH
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((ADDRESS, port))
            except OSError:
                continue
        return port
    raise AssertionError("numbers have no end")


@contextmanager
def closed_port() -> Iterator[int]:
    """Yield a port that refuses connections, and that nothing else gets until the end of the block."""
    with socket.socket() as held:
        held.bind((ADDRESS, 0))
        yield held.getsockname()[1]
