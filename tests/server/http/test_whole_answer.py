"""Answers in one piece: the bytes are those of uvicorn's own `send`, and it sends what is not plain."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message
from uvicorn.protocols.http.flow_control import FlowControl

from mockexchange.sandbox.sandboxes import Sandboxes
from mockexchange.server.control.access.access import ControlAccess
from mockexchange.server.control.access.roles import Access
from mockexchange.server.control.access.tokens import Tokens
from mockexchange.server.control.json_text import PiecesResponse, taking_turns
from mockexchange.server.control.route_table import RouteTable, resource
from mockexchange.server.http.request_cycle import COPIED_BYTES_MAX, RequestCycle
from mockexchange.server.http.rest_endpoint import send_whole
from mockexchange.venues.registry import DEFAULT
from mockexchange.venues.request import Answer
from tests.helpers.rows import each_row

TYPE = (b"content-type", b"application/json")
DATE = DEFAULT.api_date("compat")
PLAIN = Answer(200, b'{"positions":[]}')


class Transport(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.is_closed = True


class Protocol:
    """What a request uses of its connection's protocol."""

    def __init__(self, transport: Transport, done: list[str]) -> None:
        self.transport, self.flow, self.url, self.headers = transport, FlowControl(transport), b"/", list[Any]()
        self.expect_100_continue = False
        self.server_state = SimpleNamespace(default_headers=[(b"date", b"Mon, 23 Nov 2026 06:00:00 GMT")])
        self.on_response_complete = lambda: done.append("answered")

    def new_scope(self, method: str, http_version: str, headers: Any) -> dict[str, Any]:
        return {"method": method, "http_version": http_version, "type": "http", "headers": headers}


def cycle_of(transport: Transport, done: list[str], method: str, keep_alive: bool) -> RequestCycle:
    return RequestCycle(Protocol(transport, done), method, "1.1", keep_alive)


async def sent(answer: Answer, *, is_wrapped: bool, method: str, keep_alive: bool) -> tuple[list[bytes], object]:
    """Return what is written, and the state of the connection afterwards."""
    transport, done = Transport(), list[str]()
    cycle = cycle_of(transport, done, method, keep_alive)

    async def forward(message: Message) -> None:
        await cycle.send(message)  # type: ignore[arg-type]  # uvicorn has a type per message

    await send_whole(forward if is_wrapped else cycle.send, DEFAULT, answer, DATE)  # type: ignore[arg-type]  # as above
    state = (cycle.response_started, cycle.response_complete, cycle.message_event.is_set(), done, transport.is_closed)
    return transport.written, state


@each_row(
    ("answer", "method", "keep_alive", "pieces"),
    [
        (PLAIN, "GET", True, 1),
        (Answer(401, b"{}", headers=((b"x-mock-diagnosis", b"no key"),)), "POST", True, 1),
        (Answer(200, b""), "GET", True, 1),
        (Answer(200, b"1" * COPIED_BYTES_MAX), "GET", True, 1),
        (PLAIN, "GET", False, 2),
        (PLAIN, "HEAD", True, 1),
        (Answer(204, b""), "DELETE", True, 1),
        (Answer(200, b"{}", stub="mine"), "GET", True, 2),
        (Answer(200, b"{}", fault="slow"), "GET", True, 2),
    ],
    ids=["plain", "refused", "empty", "long", "last", "head", "no content", "stub", "fault"],
)
def test_the_bytes_are_those_that_uvicorn_sends(answer: Answer, method: str, keep_alive: bool, pieces: int) -> None:
    written, state = asyncio.run(sent(answer, is_wrapped=False, method=method, keep_alive=keep_alive))
    by_uvicorn, its_state = asyncio.run(sent(answer, is_wrapped=True, method=method, keep_alive=keep_alive))
    assert (b"".join(written), state) == (b"".join(by_uvicorn), its_state)
    assert len([piece for piece in written if piece]) == pieces


def test_a_long_body_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    monkeypatch.setattr(Transport, "writelines", lambda _, pieces: written.extend(pieces))
    answer = Answer(200, b"1" * COPIED_BYTES_MAX)
    asyncio.run(sent(answer, is_wrapped=False, method="GET", keep_alive=True))
    assert len(written) == 2
    assert written[1] is answer.body


def test_a_connection_that_is_full_or_gone_is_left_to_uvicorn() -> None:
    async def closed() -> list[bytes]:
        transport = Transport()
        cycle = cycle_of(transport, [], "GET", True)
        cycle.disconnected = True
        await send_whole(cycle.send, DEFAULT, PLAIN, DATE)  # type: ignore[arg-type]  # uvicorn has a type per message
        return transport.written

    async def full() -> list[bytes]:
        transport = Transport()
        cycle = cycle_of(transport, [], "GET", True)
        cycle.flow.pause_writing()
        sending = asyncio.ensure_future(send_whole(cycle.send, DEFAULT, PLAIN, DATE))  # type: ignore[arg-type]  # as above
        await asyncio.sleep(0)
        assert transport.written == []
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        return transport.written

    assert asyncio.run(closed()) == asyncio.run(full()) == []


@each_row(
    ("method", "made", "pieces"),
    [
        ("GET", lambda: Response(b"{}"), 1),
        ("HEAD", lambda: Response(b"{}"), 1),
        ("GET", lambda: PiecesResponse(taking_turns([b"[", b"]"])), 4),
        ("GET", lambda: Response(status_code=204), 1),
    ],
    ids=["whole", "head", "pieces", "no body"],
)
def test_the_control_api_answers_in_one_piece(method: str, made: Callable[[], Response], pieces: int) -> None:
    async def made_now(_: Request) -> Response:
        return made()

    async def answered(*, is_wrapped: bool) -> list[bytes]:
        transport = Transport()
        cycle = cycle_of(transport, [], method, True)

        async def forward(message: Message) -> None:
            await cycle.send(message)  # type: ignore[arg-type]  # uvicorn has a type per message

        scope = {"type": "http", "method": method, "path": "/_mock/live", "headers": [(b"host", b"localhost")]}
        routes = RouteTable([resource("/_mock/live", GET=(Access.OPEN, made_now))])
        app = ControlAccess(routes, Sandboxes(), Tokens("t"), frozenset())
        await app(scope, _nothing, forward if is_wrapped else cycle.send)  # type: ignore[arg-type]  # as above
        return [piece for piece in transport.written if piece]

    written = asyncio.run(answered(is_wrapped=False))
    assert b"".join(written) == b"".join(asyncio.run(answered(is_wrapped=True)))
    assert b"x-mock-exchange: 1" in written[0]
    assert len(written) == pieces


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
