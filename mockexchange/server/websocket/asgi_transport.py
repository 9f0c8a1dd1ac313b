"""Writes a stream's frames with plain ASGI messages, if another program serves the application: no pings, no resets."""

import asyncio

from starlette.types import Send

from mockexchange.sandbox.streams.connection import ABNORMAL, Ending
from mockexchange.sandbox.streams.outbox import Outbox
from mockexchange.server.websocket.stream_transport import StreamTransport


class AsgiTransport(StreamTransport):
    """Writes a stream's frames with the ASGI function `send`; pings are left to the program that has the socket."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._has_work = asyncio.Event()

    def attach(self, outbox: Outbox, heartbeat_us: int, pong_us: int) -> None:
        self.outbox = outbox
        self._writer = asyncio.create_task(self._write())

    def flush(self) -> None:
        self._has_work.set()

    def close(self, code: int, reason: str = "") -> None:
        if self.ending is None:
            self._end(Ending(code, reason, is_ours=True))

    def abort(self) -> None:
        self.outbox.clear()
        self.close(ABNORMAL)

    def drop(self) -> None:
        """Close the stream with code 1006, since ASGI cannot end it without a close code."""
        self.close(ABNORMAL)

    def stall(self) -> None:
        self.is_stalled = True
        self.note_room()

    async def detach(self, ending: Ending) -> None:
        """Write the remaining frames after either side has closed the stream, then nothing more."""
        if self.ending is None:
            self._end(ending)
            self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)  # the client is gone

    def _end(self, ending: Ending) -> None:
        self.ending = ending
        self.note_room()
        self._has_work.set()

    async def _write(self) -> None:
        while self.is_taking:
            await self._has_work.wait()
            self._has_work.clear()
            await self._write_waiting()
        if self.ending and not self.is_stalled:
            await self._send({"type": "websocket.close", "code": self.ending.code, "reason": self.ending.reason})

    async def _write_waiting(self) -> None:
        while self.outbox and not self.is_stalled:
            [raw] = self.outbox.pop_frames(1)
            await self._send({"type": "websocket.send", "text": raw.decode()})
            self.polls_in_vain = 0
            self.note_room()
