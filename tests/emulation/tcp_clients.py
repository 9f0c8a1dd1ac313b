"""The doors of a run, for tests that run in no loop of their own."""

import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from ssl import SSLContext
from urllib.parse import urlsplit

from anyio.from_thread import start_blocking_portal

from mockexchange.emulation.tcp_listener import StreamPair, TcpListener, connect_locally, join
from mockexchange.runtime.trust import bundle
from mockexchange.server.tls.certificates import Authority
from tests.helpers.patience import PATIENCE_S


async def pass_on(port: int, client: StreamPair) -> None:
    await join(client, await connect_locally(port))


@contextmanager
def door(serve: Callable[[StreamPair], Awaitable[None]], context: SSLContext | None = None) -> Iterator[int]:
    """Yield the port of a door, which a loop in a thread serves."""
    with start_blocking_portal() as portal:
        opened = TcpListener(serve, context)
        with portal.wrap_async_context_manager(opened):
            yield opened.port


@contextmanager
def tls_door(url: str, names: Sequence[str], folder: Path) -> Iterator[tuple[int, str]]:
    """Yield the port of a door that speaks TLS as `names`, before the server at `url`, and a file of whom to trust."""
    authority = Authority.make()
    path = folder / "bundle.crt"
    path.write_text(bundle(authority.certificate_pem), encoding="utf-8")
    with door(partial(pass_on, urlsplit(url).port or 0), authority.server_context(names)) as port:
        yield port, str(path)


def dial(port: int) -> socket.socket:
    """A connection that waits for nothing longer than 10 s."""
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def read_to_end(sock: socket.socket) -> bytes:
    pieces = []
    while piece := sock.recv(65_536):
        pieces.append(piece)
    return b"".join(pieces)


def ask(port: int, request: bytes) -> bytes:
    """Send bytes, and return all that comes back."""
    with dial(port) as sock:
        sock.sendall(request)
        return read_to_end(sock)
