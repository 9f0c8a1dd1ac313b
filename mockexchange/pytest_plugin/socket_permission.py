"""Lets the plugin's server listen although pytest-socket forbids tests to open sockets.

Nothing leaves the machine, and clients without sockets work: `httpx_transport()`. If a client opens a socket,
pytest-socket refuses it, and the report explains how to allow connections to this machine.
"""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

BLOCKED = "A test tried to use socket."
"""The text with which pytest-socket's errors and warnings begin."""
HINT = (
    "pytest-socket refused the connection: let tests connect to this machine with --allow-hosts=127.0.0.1,::1, or"
    " @pytest.mark.allow_hosts(['127.0.0.1']); or give the client exchange_sandbox.httpx_transport(), which needs none"
)


@contextmanager
def unblocked() -> Iterator[None]:
    """Allow sockets in this process inside the `with` block, although pytest-socket forbids them."""
    blocked = socket.socket
    original = getattr(sys.modules.get("pytest_socket"), "_true_socket", blocked)
    socket.socket = original  # type: ignore[misc]  # put back in a moment
    try:
        yield
    finally:
        socket.socket = blocked  # type: ignore[misc]  # as it was


def hint_for(error: BaseException | None) -> str | None:
    """Return advice if pytest-socket caused this error, else None."""
    return HINT if any(str(each).startswith(BLOCKED) for each in _causes(error)) else None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes, each once: an error that is raised again can be among its own causes."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
