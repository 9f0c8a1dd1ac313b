"""Sends answers to which faults apply: late, slowly, in part, or not at all, up to a TCP reset."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from starlette.types import Receive, Send

from mockexchange.faults.faulty_answer import FaultyAnswer
from mockexchange.server.http.request_cycle import Carrier, Header
from mockexchange.venues.request import Answer

MICROSECONDS = 1_000_000
PIECES_PER_SECOND = 20
"""The most pieces a second in which a slow answer is sent; at a higher rate, each piece has several bytes."""
CLOSE_S_MAX = 5.0
"""The seconds that a slow client has to read the sent bytes before its connection is cut."""
NO_CONTENT = 204
"""The status of answers without a content-length (RFC 9110, 8.6); only stubs answer with it."""
Closing = list[Callable[[str], object]]


def length_of(answer: Answer, size_bytes: int) -> list[Header]:
    """Return a list with the header content-length; empty for an answer that must not have this header."""
    return [] if answer.status == NO_CONTENT else [(b"content-length", b"%d" % size_bytes)]


class FaultyResponse:
    """Sends one answer to which faults apply. Its delays end early if the client disconnects or the sandbox ends.

    Without a carrier nothing ends the connection.
    """

    def __init__(self, receive: Receive, send: Send, carrier: Carrier | None, closing: Closing) -> None:
        self._send, self._carrier = send, carrier
        self._closing = closing
        self._ended = asyncio.Event()
        self._watch = asyncio.ensure_future(self._watch_client(receive))

    async def __aenter__(self) -> "FaultyResponse":
        self._closing.append(self._end)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._end in self._closing:
            self._closing.remove(self._end)
        self._watch.cancel()
        with suppress(asyncio.CancelledError):
            await self._watch

    async def send(self, answer: FaultyAnswer, headers: list[Header]) -> None:
        """Send the answer as its faults require: delayed, slowly, in part, or not at all."""
        await self._pause(answer.delay_us / MICROSECONDS)
        if answer.end in ("drop", "reset"):
            await self._hang_up(is_reset=answer.end == "reset")
            return
        head = {"status": answer.status, "headers": [*headers, *length_of(answer, answer.declared_bytes)]}
        await self._send({"type": "http.response.start", **head})
        rate, body = answer.bytes_per_second, answer.body
        piece_bytes = max(1, rate // PIECES_PER_SECOND) if rate else len(body)
        for place in range(0, len(body), piece_bytes or 1):
            await self._pause(piece_bytes / rate if rate and place else 0)
            piece = body[place : place + piece_bytes]
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        if answer.end == "cut":
            await self._hang_up(is_reset=False)
        else:
            await self._send({"type": "http.response.body", "body": b""})

    async def _pause(self, duration_s: float) -> None:
        if duration_s:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), duration_s)

    async def _hang_up(self, *, is_reset: bool) -> None:
        """End the connection and wait until it is closed; an application must not return before."""
        if self._carrier is None:
            return
        self._carrier.hang_up(is_reset=is_reset)
        try:
            await asyncio.wait_for(asyncio.shield(self._watch), CLOSE_S_MAX)
        except TimeoutError:
            self._carrier.hang_up(is_reset=True)
            await self._watch

    async def _watch_client(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._ended.set()

    def _end(self, reason: str) -> None:
        self._ended.set()
