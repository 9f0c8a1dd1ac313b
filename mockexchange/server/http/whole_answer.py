"""Sends the headers and the body of an answer in one write, and takes a body that was received completely.

uvicorn writes them one after the other and checks each header, which takes two calls of the operating system and wakes
the client twice. Answers that need uvicorn's checks still go through its `send`.
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from starlette.types import Send

from mockexchange.server.http.faulty_response import Header

WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
STATUS_LINES = {
    one.value: f"HTTP/1.1 {one.value} {one.phrase}\r\n".encode() for one in HTTPStatus if one not in WITHOUT_BODY
}
"""The first lines of answers that have a body."""

try:
    from mockexchange.server.http import request_cycle

    CYCLE: type[Any] | None = request_cycle.RequestCycle
except ImportError:
    CYCLE = None
"""The type of requests on httptools; without it uvicorn uses h11, and answers are in two pieces."""


async def send_whole(send: Send, status: int, headers: list[Header], body: bytes) -> None:
    """Send an answer, whose headers include its length, in one write if possible."""
    cycle = plain_cycle(send, status)
    if cycle is None:
        await send_two(send, status, headers, body)
    else:
        cycle.write(STATUS_LINES[status], lines_of(headers), body)


def plain_cycle(send: Send, status: int) -> Any:
    """Return the `RequestCycle` that `send` answers, if the answer can be sent in one write; else None.

    It cannot if its status has no prepared line, after HEAD, and if the connection ends or its buffer is full.
    """
    cycle: Any = getattr(send, "__self__", None)
    if (
        type(cycle) is CYCLE
        and status in STATUS_LINES
        and cycle.keep_alive
        and not (cycle.disconnected or cycle.response_started or cycle.flow.write_paused)
        and cycle.method != "HEAD"
    ):
        return cycle
    return None


async def send_two(send: Send, status: int, headers: list[Header], body: bytes) -> None:
    """Send an answer through uvicorn, which writes its headers and its body separately."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def lines_of(headers: Iterable[Header]) -> bytes:
    """Return headers as lines."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])
