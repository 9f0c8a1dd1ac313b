"""Beside pytest-socket: a server of our own may listen also where tests may open no sockets.

That harms nobody, since nothing leaves the machine, and what needs no socket works then: `httpx_transport()`. A client
that opens one is refused by pytest-socket, and told how to be let through to this machine.
"""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

BLOCKED = "A test tried to use socket."
"""So its errors begin, and the warnings that come before them."""
HINT = (
    "pytest-socket refused the connection: let tests connect to this machine with --allow-hosts=127.0.0.1,::1, or"
    " @pytest.mark.allow_hosts(['127.0.0.1']); or give the client exchange_sandbox.httpx_transport(), which needs none"
)


@contextmanager
def unblocked() -> Iterator[None]:
    """Let this process make sockets, whatever pytest-socket says."""
    blocked = socket.socket
    original = getattr(sys.modules.get("pytest_socket"), "_true_socket", blocked)
    socket.socket = original  # type: ignore[misc]  # put back in a moment
    try:
        yield
    finally:
        socket.socket = blocked  # type: ignore[misc]  # as it was


def hint_for(error: BaseException | None) -> str | None:
    """What to do about an error that pytest-socket is behind, if it is."""
    return HINT if any(str(each).startswith(BLOCKED) for each in _causes(error)) else None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what led to it, each once: libraries that raise an error again make circles of causes."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
