"""One request on a connection and its answer: what ASGI gets of the request, and the bytes that answer it.

A venue answers from the parsed request, in one write. What ASGI needs beside that, a scope and an event, is made when
an application asks for it: for the control API, for faults, and for a body that has not arrived completely.
"""

import asyncio
import logging
import re
import socket
import struct
import sys
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from http import HTTPStatus
from typing import Any, Literal, Protocol
from urllib.parse import unquote

import httptools
from starlette.types import ASGIApp, Message, Scope, Send

Header = tuple[bytes, bytes]
Work = Coroutine[Any, Any, None]
BODY_BYTES_KEPT = 64 * 1024
"""The most bytes of a body that wait for the application; beyond it the socket is not read."""
COPIED_BYTES_MAX = 8 * 1024
"""The size of the bodies that are joined with their head; to copy a longer one takes longer than a second buffer."""
WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
PHRASES = {one.value: one.phrase for one in HTTPStatus}
STATUS_LINES = {status: f"HTTP/1.1 {status} {PHRASES.get(status, '')}\r\n".encode() for status in range(100, 600)}
PARSED_BYTES_MAX = 65_535
"""The longest target that httptools takes apart."""
NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""The name of a header (RFC 9110, 5.6.2)."""
NO_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""A character that no value of a header has: it would end the line (RFC 9110, 5.5)."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
FAILED: list[Header] = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"content-length", b"21"),
    (b"connection", b"close"),
]
NO_LINGERING = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""The value of SO_LINGER (0 seconds) with which closing discards unsent bytes and sends RST instead of FIN."""
CONNECTION = "mockexchange.connection"
"""The ASGI extension with the connection that brought a request or a stream: a `Carrier`.

Its absence means that another program has the socket.
"""
LOGGER = logging.getLogger(__name__)


class Carrier(Protocol):
    """What brought a request or a stream, as a fault sees it."""

    def hang_up(self, *, is_reset: bool) -> None:
        """End the connection, at once with a reset or after what is written; again with a reset is at once, too."""
        ...


class CommonHeaders(Protocol):
    """What all answers of a listener share."""

    common_headers: list[Header]


class Connection(Protocol):
    """What a request needs of its connection. `connection.HttpConnection` implements it."""

    transport: asyncio.Transport
    url: bytes
    headers: list[Header] | None
    is_continue_expected: bool
    is_writable: bool

    @property
    def state(self) -> CommonHeaders: ...

    async def until_writable(self) -> None: ...

    def read_or_pause(self) -> None: ...

    def go_on_after_answer(self) -> None: ...


class RequestCycle:
    """A request, with what was received of its body, and its answer. `receive` and `send` are those of ASGI."""

    disconnected = response_started = response_complete = False
    more_body = True
    body = b""
    """What was received of the body and not yet passed on by `receive`."""
    event: asyncio.Event | None = None
    """Set when a part of the body has arrived, and when none will any more; None while nothing waits for it."""
    _is_chunked = False
    _left_bytes: int | None = None
    """How much of the announced body is still to be sent; None if its length is not announced."""

    def __init__(self, connection: Connection, method: str, http_version: str, is_kept_alive: bool) -> None:
        """Begin a request whose headers a connection has parsed. Raises an error for an invalid target."""
        self.transport = connection.transport
        self.method, self.http_version, self.headers = method, http_version, connection.headers or []
        path, _, query = connection.url.partition(b"?")
        if path[:1] != b"/" or b"#" in connection.url:  # in all other targets it finds the same parts
            head, rest = connection.url[:PARSED_BYTES_MAX], connection.url[PARSED_BYTES_MAX:]
            parsed = httptools.parse_url(head)
            path, query = parsed.path, parsed.query or b""
            if rest and b"#" not in head:
                path, query = (path, query + rest) if b"?" in head else (path + rest, query)
        self.raw_path, self.query = path.decode("ascii"), query.decode("latin-1")
        self.keep_alive, self.waiting_for_100_continue = is_kept_alive, connection.is_continue_expected
        self._connection: Connection | None = connection
        """None when the request is done with, so that neither keeps the other in memory."""

    def scope(self) -> Scope:
        """Return the ASGI scope. It is not kept, as it refers to this request."""
        path = self.raw_path
        return {
            **addresses(self.transport, "http"),
            "http_version": self.http_version,
            "method": self.method,
            "headers": self.headers,
            "path": unquote(path) if "%" in path else path,
            "raw_path": path.encode("ascii"),
            "query_string": self.query.encode("latin-1"),
            "extensions": {CONNECTION: self},
        }

    # The request

    def add_body(self, part: bytes) -> None:
        """Take a part of the body, or its end, which is empty; after the answer the rest of a body is dropped."""
        if not self.response_complete:
            self.body += part
            if self.event is not None:
                self.event.set()

    def disconnect(self) -> None:
        """Tell the application that the client is gone."""
        self.disconnected = True
        if self.event is not None:
            self.event.set()

    async def receive(self) -> Message:
        """Return the next part of the body, or a disconnection: of the client, or after the answer."""
        if self.waiting_for_100_continue and not self.transport.is_closing():
            self.transport.write(CONTINUE)
            self.waiting_for_100_continue = False
        if not (self.disconnected or self.response_complete):
            if self.event is None:
                self.event = asyncio.Event()
                if self.body or not self.more_body:
                    self.event.set()
            await self.event.wait()
            self.event.clear()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        message = {"type": "http.request", "body": self.body, "more_body": self.more_body}
        self.body = b""
        if self._connection is not None:
            self._connection.read_or_pause()
        return message

    # The answer

    def write_whole(self, status: int, lines: bytes, body: bytes) -> bool:
        """Write an answer at once and end the request. `lines` are its headers, except those of every answer.

        Return False, without a byte written, if the answer has to go through `send`: if it has no body, after HEAD, and
        if the connection ends or its buffer is full.
        """
        connection = self._connection
        if (
            connection is None
            or not (connection.is_writable and self.keep_alive)
            or self.disconnected
            or self.response_started
            or self.transport.is_closing()
            or self.method == "HEAD"
            or status in WITHOUT_BODY
        ):
            return False
        pieces = [STATUS_LINES[status]]
        for name, value in connection.state.common_headers:
            pieces += name, b": ", value, b"\r\n"
        pieces += lines, b"\r\n"
        self.response_started = True
        if len(body) < COPIED_BYTES_MAX:
            pieces.append(body)
            self.transport.write(b"".join(pieces))
        else:  # to copy it would take longer than a second buffer
            self.transport.writelines((b"".join(pieces), body))
        self._end()
        return True

    async def send(self, message: Message) -> None:
        """Write the head of the answer, or a part of its body; wait before while the client reads too slowly.

        What is sent to a client that is gone is dropped. Raises RuntimeError for a message that is not expected, a
        header that is none, and a body of another length than announced.
        """
        if self._connection is not None and not self._connection.is_writable and not self.disconnected:
            await self._connection.until_writable()
        if self.disconnected or self.transport.is_closing():
            return
        expected = "http.response.body" if self.response_started else "http.response.start"
        if self.response_complete or message["type"] != expected:
            found = "more than one answer" if self.response_complete else message["type"]
            raise RuntimeError(f"expected {expected} for {self.method} {self.raw_path}, got {found}")
        if self.response_started:
            self._write_part(message.get("body", b""), is_last=not message.get("more_body", False))
        else:
            self._write_head(message["status"], message.get("headers", ()))

    def _write_head(self, status: int, headers: Iterable[Header]) -> None:
        assert self._connection is not None, "it is not answered"
        pieces, is_told_to_close = [STATUS_LINES[status]], False
        self._is_chunked, self._left_bytes = False, None
        for name, value in [*self._connection.state.common_headers, *headers]:
            if NAME.fullmatch(name) is None or NO_VALUE.search(value) is not None:
                raise RuntimeError(f"expected a header of an answer, got {name!r}: {value!r}")
            name = name.lower()  # noqa: PLW2901  # it is written so
            if name == b"content-length" and not self._is_chunked:
                self._left_bytes = int(value)
            elif name == b"transfer-encoding" and value.lower() == b"chunked":
                self._is_chunked, self._left_bytes = True, None
            elif name == b"connection" and b"close" in [token.strip() for token in value.lower().split(b",")]:
                self.keep_alive, is_told_to_close = False, True
            pieces += name, b": ", value, b"\r\n"
        self.response_started, self.waiting_for_100_continue = True, False
        if not self.keep_alive and not is_told_to_close:
            pieces.append(b"connection: close\r\n")
        if self._left_bytes is None and not self._is_chunked and self.method != "HEAD":
            if status in WITHOUT_BODY:
                self._left_bytes = 0
            else:
                self._is_chunked = True
                pieces.append(b"transfer-encoding: chunked\r\n")
        pieces.append(b"\r\n")
        self.transport.write(b"".join(pieces))

    def _write_part(self, body: bytes, *, is_last: bool) -> None:
        if self.method == "HEAD":
            self._left_bytes = 0
        elif self._is_chunked:
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            self.transport.write(chunk + b"0\r\n\r\n" if is_last else chunk)
        else:
            self._left_bytes = (self._left_bytes or 0) - len(body)
            if self._left_bytes < 0:
                raise RuntimeError(f"the answer to {self.method} {self.raw_path} is longer than its content-length")
            self.transport.write(body)
        if is_last:
            if self._left_bytes:
                raise RuntimeError(f"the answer to {self.method} {self.raw_path} is shorter than its content-length")
            if not self.keep_alive:
                self.transport.close()
            self._end()

    def _end(self) -> None:
        connection, self._connection = self._connection, None
        self.response_complete = True
        self.waiting_for_100_continue = False
        if self.event is not None:
            self.event.set()
        if connection is not None:
            connection.go_on_after_answer()

    def hang_up(self, *, is_reset: bool) -> None:
        """End the connection, at once with a reset or after what is written."""
        hang_up(self.transport, is_reset=is_reset)

    # How it is run

    async def run_asgi(self, app: ASGIApp) -> None:
        await self.run(app(self.scope(), self.receive, self.send))

    async def run(self, answering: Awaitable[object]) -> None:
        """Run the answering of the request. An exception is logged, and answered with 500 if nothing is sent yet."""
        try:
            await answering
            if not (self.response_complete or self.disconnected or self.transport.is_closing()):
                raise RuntimeError(f"{self.method} {self.raw_path} was not answered to its end")
        except asyncio.CancelledError:  # the server stops
            self.transport.close()
            raise
        except Exception:
            LOGGER.exception("Exception in ASGI application\n")
            if not self.response_started:
                await self.send({"type": "http.response.start", "status": 500, "headers": FAILED})
                await self.send({"type": "http.response.body", "body": b"Internal Server Error"})
            self.transport.close()
        finally:
            self._connection = None


# An answer in one write, where that is possible


async def send_whole(scope: Scope, send: Send, status: int, headers: list[Header], body: bytes) -> None:
    """Send an answer, whose headers include its length, in one write if possible, else in ASGI's two messages."""
    cycle = carrier_of(scope)
    if isinstance(cycle, RequestCycle) and cycle.write_whole(status, lines_of(headers), body):
        return
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def carrier_of(scope: Scope) -> Any:
    """Return the `Carrier` of an ASGI scope; None if another program has the socket."""
    return scope.get("extensions", {}).get(CONNECTION)


def hang_up(transport: asyncio.Transport, *, is_reset: bool) -> None:
    """End a connection, after what is written, or at once with a reset, as a process that dies does."""
    if not is_reset:
        transport.close()
        return
    sock = transport.get_extra_info("socket")
    if sock is not None and not transport.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGERING)
    transport.abort()


def addresses(transport: asyncio.BaseTransport, kind: Literal["http", "ws"]) -> Scope:
    """Return what the ASGI scope of a request has of its connection; a client that is gone has no address."""

    def address(name: str) -> tuple[str, int] | None:
        try:
            found = transport.get_extra_info(name)
        except OSError:
            return None
        return (str(found[0]), int(found[1])) if isinstance(found, tuple) else None

    return {
        "type": "http" if kind == "http" else "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.3" if kind == "http" else "2.4"},
        "server": address("sockname"),
        "client": address("peername"),
        "scheme": f"{kind}s" if transport.get_extra_info("sslcontext") else kind,
        "root_path": "",
        "state": {},
    }


def lines_of(headers: Iterable[Header]) -> bytes:
    """Return headers as lines."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


# Running without a task: most requests never wait. With one for each, a polled page takes 63 us of processor time
# instead of 53, and an order 127 instead of 114 (`python -m benchmarks.calls`, median of five turns).
# `asyncio.Task(eager_start=True)` does the same from Python 3.12 on


def start_eagerly(work: Work, start: Callable[[Work], object]) -> None:
    """Run a coroutine until its first wait; if there is one, pass the rest to `start`, which makes a task of it.

    Until then it has no task, so it must not ask for the current one, as `asyncio.timeout` does.
    """
    try:
        awaited = work.send(None)
    except StopIteration:
        return
    start(_rest(work, awaited))


async def _rest(work: Work, awaited: Any) -> None:
    await _wait_first(work, awaited)


@types.coroutine
def _wait_first(work: Work, awaited: Any) -> Generator[Any, None, None]:
    """Wait for what a coroutine waits for already, then run its rest."""
    try:
        yield awaited
    except BaseException as error:  # noqa: BLE001  # the coroutine gets it, as it waits
        try:
            further = work.throw(error)
        except StopIteration:
            return
        yield from _wait_first(work, further)
    else:
        yield from work.__await__()
