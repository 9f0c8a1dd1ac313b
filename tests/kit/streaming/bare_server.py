"""A server for one connection with scripted bytes."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

from websockets.utils import accept_key

from tests.helpers.patience import PATIENCE_S

ADDRESS = "127.0.0.1"
TEXT, BINARY, CLOSE, PING, PONG, CONTINUED = 1, 2, 8, 9, 10, 0
Talk = Callable[[socket.socket], object]


@contextmanager
def serving(talk: Talk) -> Iterator[str]:
    """Accept one connection for `talk` and yield the URL. An exception of `talk` is raised at the end."""
    wrong: list[BaseException] = []
    with socket.create_server((ADDRESS, 0)) as listener:
        listener.settimeout(PATIENCE_S)
        thread = Thread(target=_serve, args=(listener, talk, wrong))
        thread.start()
        try:
            yield f"ws://{ADDRESS}:{listener.getsockname()[1]}/stream"
        finally:
            thread.join()
    if wrong:
        raise wrong[0]


def _serve(listener: socket.socket, talk: Talk, wrong: list[BaseException]) -> None:
    try:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(PATIENCE_S)
            talk(connection)
    except Exception as error:  # noqa: BLE001  # raised again in the test's thread
        wrong.append(error)


def read_head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(1)
    return head


def upgrade(connection: socket.socket) -> bytes:
    """Accept the handshake; return the head of the request."""
    head = read_head(connection)
    found = re.search(rb"(?i)sec-websocket-key: (\S+)", head)
    assert found
    lines = (
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept_key(found[1].decode())}",
    )
    answer = "\r\n".join(lines) + "\r\n\r\n"
    connection.sendall(answer.encode())
    return head


def frame(kind: int, content: bytes = b"", *, is_final: bool = True) -> bytes:
    """Return a short frame of a server (RFC 6455, section 5.2)."""
    return bytes((kind | (0x80 if is_final else 0), len(content))) + content


def read_frame(connection: socket.socket) -> tuple[int, bytes]:
    """Read a short frame of a client; return its opcode and content."""
    first, length = connection.recv(1)[0], connection.recv(1)[0] & 0x7F
    mask = _exactly(connection, 4)
    content = _exactly(connection, length)
    return first & 0x0F, bytes(byte ^ mask[place % 4] for place, byte in enumerate(content))


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        found += connection.recv(size - len(found))
    return found
