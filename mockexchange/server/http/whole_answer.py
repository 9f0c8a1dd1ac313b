"""Sends the headers and the body of an answer in one write.

uvicorn writes them one after the other and checks each header, which takes two calls of the operating system and wakes
the client twice. Answers that need uvicorn's checks still go through its `send`.
"""

from http import HTTPStatus
from types import MethodType
from typing import Any

from starlette.types import Send

from mockexchange.server.http.faulty_response import Header
from mockexchange.venues.request import Answer

STATUS_LINES = {one.value: f"HTTP/1.1 {one.value} {one.phrase}\r\n".encode() for one in HTTPStatus}
WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)

try:
    from uvicorn.protocols.http import httptools_impl

    CYCLE: type[Any] | None = httptools_impl.RequestResponseCycle
except ImportError:
    CYCLE = None
"""The type of uvicorn's answers on httptools; without it uvicorn uses h11, and answers are in two pieces."""


async def send_answer(send: Send, answer: Answer, headers: list[Header]) -> None:
    """Send a venue's answer, whose headers include its length.

    It goes out in one write, or through uvicorn if a stub or a fault changed it.
    """
    if answer.stub is None and answer.fault is None:
        await send_whole(send, answer.status, headers, answer.body)
    else:
        await _send_two(send, answer.status, headers, answer.body)


async def send_whole(send: Send, status: int, headers: list[Header], body: bytes) -> None:
    """Send an answer, whose headers include its length, in one write if possible."""
    cycle = send.__self__ if isinstance(send, MethodType) else send
    if type(cycle) is CYCLE and _is_plain(cycle, status):
        _write(cycle, status, headers, body)
    else:
        await _send_two(send, status, headers, body)


async def _send_two(send: Send, status: int, headers: list[Header], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _is_plain(cycle: Any, status: int) -> bool:
    """Return whether nothing is special about an answer: its status, a connection that ends or is full, HEAD."""
    return (
        status in STATUS_LINES
        and status not in WITHOUT_BODY
        and cycle.keep_alive
        and not (cycle.disconnected or cycle.response_started or cycle.flow.write_paused)
        and cycle.scope["method"] != "HEAD"
    )


def _write(cycle: Any, status: int, headers: list[Header], body: bytes) -> None:
    """Write the whole answer and end its cycle, as uvicorn's `send` does with its two messages."""
    pieces = [STATUS_LINES[status]]
    for name, value in (*cycle.default_headers, *headers):
        pieces += name, b": ", value, b"\r\n"
    pieces += b"\r\n", body
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(b"".join(pieces))
    cycle.message_event.set()
    cycle.on_response()
