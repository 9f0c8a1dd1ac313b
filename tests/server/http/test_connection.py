"""A connection without a socket: what applications get and what clients are answered is as with uvicorn's protocol.

uvicorn is the second reader of every request here: plain ones, pipelines, bodies in chunks, at any boundary of pieces,
and heads that two programs on the way of a request could understand in two ways.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from mockexchange.sandbox.sandboxes import Sandboxes
from mockexchange.server.control.access import Access, Tokens
from mockexchange.server.control.answers import PiecesResponse, turn_after_each
from mockexchange.server.control.app import ControlApp
from mockexchange.server.control.route_table import Resource, RouteTable
from mockexchange.server.http.connection import HttpConnection
from mockexchange.server.http.listener_state import ListenerState
from mockexchange.server.http.request_cycle import COPIED_BYTES_MAX, RequestCycle, carrier_of
from mockexchange.server.http.rest_endpoint import send_answer
from mockexchange.venues.registry import DEFAULT
from mockexchange.venues.request import Answer
from tests.helpers.rows import each_row

TARGET_BYTES = b"/?#&=%2fa.:@[]{}|\\^`<>\"'~!$*+,;-_"
DATE = DEFAULT.api_date("compat")
DATE_HEADER = (b"date", b"Mon, 23 Nov 2026 06:00:00 GMT")
TURNS = 12
"""The turns of the loop in which a request is answered."""


class Transport(asyncio.Transport):
    """A connection that keeps what is written."""

    protocol: Any = None

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 4_711), "sockname": ("127.0.0.1", 80)})
        self.written: list[bytes] = []
        self.is_closed = self.is_paused = False

    def write(self, data: Any) -> None:
        assert not self.is_closed, "nothing is written to a closed connection"
        if data:
            self.written.append(bytes(data))

    def writelines(self, pieces: Iterable[Any]) -> None:
        for piece in pieces:
            self.write(piece)

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = True

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def get_protocol(self) -> Any:
        return self.protocol


def common(scope: Scope) -> dict[str, Any]:
    """Return what a scope has with every server; each has extensions of its own."""
    return {name: value for name, value in scope.items() if name != "extensions"}


class App:
    """Keeps what it is asked, and answers in the way that the path names."""

    def __init__(self) -> None:
        self.asked: list[tuple[Scope, bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", scope["path"] != "/early"
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.asked.append((common(scope), b"gone"))
                return
            body, more = body + message["body"], message["more_body"]
        self.asked.append((common(scope), body))
        headers = [(b"Content-Length", b"%d" % (len(body) + 2))]
        if scope["path"] == "/fails":
            raise ValueError("it broke")
        if scope["path"] == "/none":
            await send({"type": "http.response.start", "status": 204})
            await send({"type": "http.response.body"})
        elif scope["path"] == "/chunks":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for part in (b"a", b"", b"bc"):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        elif scope["path"] == "/last":
            await send({"type": "http.response.start", "status": 200, "headers": [*headers, (b"connection", b"close")]})
            await send({"type": "http.response.body", "body": body + b"ok"})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body + b"ok"})
            assert (await receive())["type"] == "http.disconnect", "after its answer"

    def direct_answer(self, cycle: RequestCycle) -> Awaitable[None] | None:
        return None

    def answer_cut(self, *_: object, **__: object) -> bytes:
        return b""

    def note_unfinished(self, *_: object) -> None:
        """Nobody journals here."""


def ours(app: Any) -> asyncio.Protocol:
    state = ListenerState(app)
    state.common_headers = [DATE_HEADER]
    return HttpConnection(state)


def uvicorns(app: Any) -> asyncio.Protocol:
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none", interface="asgi3", http="httptools")
    config.load()
    state = uvicorn.Server(config).server_state
    state.default_headers = [DATE_HEADER]
    made: Any = config.http_protocol_class
    connection: asyncio.Protocol = made(config=config, server_state=state, app_state={})
    return connection


def received(make: Callable[[Any], asyncio.Protocol], app: Any, *pieces: bytes) -> Transport:
    """Return the connection after bytes were received on it and answered."""

    async def answered() -> Transport:
        transport, connection = Transport(), make(app)
        transport.protocol = connection
        connection.connection_made(transport)
        for piece in pieces:
            if not transport.is_closed:
                connection.data_received(piece)
                await asyncio.sleep(0)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        is_closed = transport.is_closed
        connection.connection_lost(None)
        await asyncio.sleep(0)
        transport.is_closed = is_closed
        return transport

    return asyncio.run(answered())


def seen(make: Callable[[Any], asyncio.Protocol], *pieces: bytes) -> tuple[list[tuple[Scope, bytes]], bytes, bool]:
    """Return what the application was asked, what the client was answered, and whether the connection ended.

    The answer to what is no request is its status alone: ours has a diagnosis.
    """
    app = App()
    transport = received(make, app, *pieces)
    written = re.sub(rb"HTTP/1\.1 400 .*", b"HTTP/1.1 400", b"".join(transport.written), flags=re.DOTALL)
    return app.asked, written, transport.is_closed


@pytest.fixture(autouse=True)
def _is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)  # applications fail, and uvicorn warns of what is no request


def head(target: str, *lines: str, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/{version}", "Host: h", *lines, "", ""]).encode("latin-1")


CHUNKED = "Transfer-Encoding: chunked"
CASES = {
    "plain": head("/a"),
    "HEAD": head("/a", method="HEAD") + head("/chunks", method="HEAD"),
    "of HTTP/1.0": head("/a", version="1.0"),
    "of HTTP/1.0, kept alive": head("/a", "Connection: keep-alive", version="1.0") * 2,
    "the last one": head("/a", "Connection: close") + head("/b"),
    "closed by the answer": head("/last") + head("/b"),
    "a body": head("/a", "Content-Length: 5", method="POST") + b"12345" + head("/b"),
    "an empty body": head("/a", "Content-Length: 0", method="PUT") + head("/b"),
    "a body of a GET": head("/a", "Content-Length: 3") + b"123" + head("/b"),
    "chunks": head("/a", CHUNKED, method="POST") + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n" + head("/b"),
    "trailers": head("/a", CHUNKED, method="POST") + b"1\r\na\r\n0\r\nX: y\r\n\r\n" + head("/b"),
    "an answer in chunks": head("/chunks") + head("/chunks", "Connection: close"),
    "an answer without a body": head("/none") + head("/a"),
    "an answer before the body": head("/early", "Content-Length: 9", method="POST") + b"123456789" + head("/b"),
    "it waits before its body": head("/a", "Content-Length: 2", "Expect: 100-continue", method="POST") + b"{}",
    "it fails": head("/fails") + head("/a"),
    "a pipeline": b"".join(head(f"/{number}") for number in range(12)),
    "half a head": head("/a") + b"GET / HT",
    "half a body": head("/a", "Content-Length: 9", method="POST") + b"123",
    "no HTTP": b"nonsense\r\n\r\n",
    "two lengths": head("/a", "Content-Length: 3", "Content-Length: 4", method="POST") + b"1234",
    "the same length twice": head("/a", "Content-Length: 3", "Content-Length: 3", method="POST") + b"123",
    "a length and chunks": head("/a", "Content-Length: 3", CHUNKED, method="POST") + b"0\r\n\r\n" + head("/b"),
    "chunks and a length": head("/a", CHUNKED, "Content-Length: 3", method="POST") + b"0\r\n\r\n" + head("/b"),
    "a length that is signed": head("/a", "Content-Length: +3", method="POST") + b"123",
    "a length in hexadecimal": head("/a", "Content-Length: 0x3", method="POST") + b"123",
    "chunks that are not last": head("/a", "Transfer-Encoding: chunked, identity", method="POST") + b"0\r\n\r\n",
    "chunks twice": head("/a", CHUNKED, CHUNKED, method="POST") + b"0\r\n\r\n" + head("/b"),
    "a blank before the colon": head("/a", "Transfer-Encoding : chunked", method="POST") + b"0\r\n\r\n",
    "a tab in chunked": head("/a", "Transfer-Encoding:\tchunked", method="POST") + b"0\r\n\r\n" + head("/b"),
    "vertical space in chunked": head("/a", "Transfer-Encoding: \x0bchunked", method="POST") + b"0\r\n\r\n",
    "a folded header": head("/a", "X: y\r\n z") + head("/b"),
    "lines that end in LF": head("/a").replace(b"\r\n", b"\n") + head("/b"),
    "a lone CR": head("/a", "X: y\rContent-Length: 3") + head("/b"),
    "a chunk of a wrong size": head("/a", CHUNKED, method="POST") + b"2\r\nabc\r\n0\r\n\r\n",
    "a chunk of a signed size": head("/a", CHUNKED, method="POST") + b"+2\r\nab\r\n0\r\n\r\n",
    "a chunk beyond all": head("/a", CHUNKED, method="POST") + b"fffffffffffffffff\r\nab\r\n0\r\n\r\n",
    "blanks around a chunk size": head("/a", CHUNKED, method="POST") + b" 2 \r\nab\r\n0\r\n\r\n",
    "NUL in a value": head("/a", "X: a\0b") + head("/b"),
    "no name": head("/a", ": b") + head("/b"),
    "blank lines before it": b"\r\n\r\n" + head("/a"),
    "an absolute target": head("http://h/a?b", method="GET"),
    "an asterisk": head("*", method="OPTIONS"),
    "an unknown method": head("/a", method="BREW"),
    "another version": head("/a", version="2.0"),
}
"""What a client sends, by what it is."""


@pytest.mark.since("uvicorn", "0.54", "corners of earlier versions differ")
@each_row("name", CASES)
def test_clients_and_applications_get_what_uvicorn_gives_them(name: str) -> None:
    """Whole, byte by byte, and in two pieces at each boundary."""
    raw = CASES[name]
    expected = seen(uvicorns, raw)
    assert seen(ours, raw) == expected
    singly = [raw[place : place + 1] for place in range(len(raw))]
    assert seen(ours, *singly) == seen(uvicorns, *singly)
    for place in range(1, len(raw)):
        pieces = raw[:place], raw[place:]
        assert seen(ours, *pieces) == seen(uvicorns, *pieces), pieces


@each_row(
    "target",
    ["/a/b?c=d&c=%20", "/a%2Fb%C3%A9", "//a", "/a#b?c", "/a?b#c", "/?", "/a?b?c", "http://host/a?b", "http://h"],
)
@each_row("version", ["1.0", "1.1"])
def test_the_scope_is_that_of_uvicorn(target: str, version: str) -> None:
    raw = head(target, "A: 1", "a: 2", "Upgrade: h2c", "Connection: upgrade", version=version)
    assert seen(ours, raw)[0] == seen(uvicorns, raw)[0]


@given(st.lists(st.sampled_from(TARGET_BYTES), max_size=8).map(bytes))
def test_so_it_is_for_any_target(rest: bytes) -> None:
    raw = b"GET /%b HTTP/1.1\r\nHost: h\r\n\r\n" % rest
    assert seen(ours, raw)[0] == seen(uvicorns, raw)[0]


def test_requests_behind_an_upgrade_that_is_ignored_are_answered() -> None:
    """uvicorn drops them. Java's client offers HTTP/2 with its first request, and sends the next one behind it."""
    raw = head("/a", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "Content-Length: 1", method="POST") + b"1"
    raw += head("/b")
    asked, answers, _ = seen(ours, raw)
    assert [(scope["path"], body) for scope, body in asked] == [("/a", b"1"), ("/b", b"")]
    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert (b"upgrade", b"h2c") in asked[0][0]["headers"]
    for place in range(1, len(raw)):
        assert seen(ours, raw[:place], raw[place:]) == seen(ours, raw), place


@pytest.mark.parametrize("is_answered", [False, True], ids=["before its answer", "after its answer"])
def test_an_exception_without_asgi_is_reported(is_answered: bool, caplog: pytest.LogCaptureFixture) -> None:
    class Failing(App):
        def direct_answer(self, cycle: RequestCycle) -> Awaitable[None]:
            async def answer() -> None:
                if is_answered:
                    cycle.write_whole(200, b"content-length: 0\r\n", b"")
                raise ValueError("it broke")

            return answer()

    caplog.set_level(logging.ERROR)
    transport = received(ours, Failing(), head("/"))
    assert b"".join(transport.written).startswith(b"HTTP/1.1 200 " if is_answered else b"HTTP/1.1 500 ")
    assert transport.is_closed
    [record] = caplog.records
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "it broke"


@each_row(
    "messages",
    [
        [{"type": "http.response.body", "body": b""}],
        [{"type": "http.response.start", "status": 200, "headers": [(b"a b", b"")]}],
        [{"type": "http.response.start", "status": 200, "headers": [(b"a", b"b\r\nc: d")]}],
        [],
    ],
    ids=["a body without a head", "a name that is none", "two headers in one", "nothing"],
)
def test_a_wrong_answer_is_a_mistake_of_ours(messages: list[Message], caplog: pytest.LogCaptureFixture) -> None:
    class Wrong(App):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            for message in messages:
                await send(message)

    caplog.set_level(logging.ERROR)
    transport = received(ours, Wrong(), head("/"))
    assert b"".join(transport.written).startswith(b"HTTP/1.1 500 ")
    assert len(caplog.records) == 1


def test_an_answer_waits_for_a_client_that_reads_slowly() -> None:
    async def scene() -> None:
        transport, connection, app = Transport(), ours(App()), App()
        transport.protocol = connection
        connection.connection_made(transport)
        assert isinstance(connection, HttpConnection)
        connection.state.app = app
        connection.pause_writing()
        connection.data_received(head("/a"))
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert (len(app.asked), transport.written) == (1, [])
        connection.resume_writing()
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert transport.written[0].startswith(b"HTTP/1.1 200 ")
        connection.connection_lost(None)

    asyncio.run(scene())


# Answers in one write: the bytes are those of ASGI's messages

PLAIN = Answer(200, b'{"positions":[]}')


@each_row(
    ("answer", "method", "connection", "pieces"),
    [
        (PLAIN, "GET", "keep-alive", 1),
        (Answer(401, b"{}", headers=((b"x-mock-diagnosis", b"no key"),)), "POST", "keep-alive", 1),
        (Answer(200, b""), "GET", "keep-alive", 1),
        (Answer(200, b"1" * (COPIED_BYTES_MAX - 1)), "GET", "keep-alive", 1),
        (Answer(200, b"1" * COPIED_BYTES_MAX), "GET", "keep-alive", 2),
        (PLAIN, "GET", "close", 2),
        (PLAIN, "HEAD", "keep-alive", 1),
        (Answer(204, b""), "DELETE", "keep-alive", 1),
        (Answer(200, b"{}", stub="mine"), "GET", "keep-alive", 2),
        (Answer(200, b"{}", fault="slow"), "GET", "keep-alive", 2),
    ],
    ids=["plain", "refused", "empty", "short", "long", "last", "head", "no content", "stub", "fault"],
)
def test_an_answer_in_one_write_is_that_of_messages(answer: Answer, method: str, connection: str, pieces: int) -> None:
    class Answering(App):
        is_wrapped = False

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            async def forward(message: Message) -> None:
                await send(message)

            carrier = None if self.is_wrapped else carrier_of(scope)
            await send_answer(forward if self.is_wrapped else send, carrier, DEFAULT, answer, DATE, ())

    raw = head("/", f"Connection: {connection}", method=method)
    app = Answering()
    transport = received(ours, app, raw)
    app.is_wrapped = True
    by_messages = received(ours, app, raw)
    assert b"".join(transport.written) == b"".join(by_messages.written)
    assert transport.is_closed == by_messages.is_closed == (connection == "close")
    assert len(transport.written) == pieces


@each_row(
    ("method", "made", "pieces"),
    [
        ("GET", lambda: Response(b"{}"), 1),
        ("HEAD", lambda: Response(b"{}"), 1),
        ("GET", lambda: PiecesResponse(turn_after_each([b"[", b"]"])), 4),
        ("GET", lambda: Response(status_code=204), 1),
    ],
    ids=["whole", "head", "pieces", "no body"],
)
def test_the_control_api_answers_in_one_write(method: str, made: Callable[[], Response], pieces: int) -> None:
    async def made_now(_: Request) -> Response:
        return made()

    class Answering(App):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            routes = RouteTable([Resource("/_mock/live", GET=(Access.OPEN, made_now))])
            await ControlApp(routes, Sandboxes(), Tokens("t"), frozenset())(scope, receive, send)

    raw = head("/_mock/live", method=method).replace(b"Host: h", b"Host: localhost")
    written = received(ours, Answering(), raw).written
    assert b"x-mock-exchange: 1" in written[0]
    assert len(written) == pieces
