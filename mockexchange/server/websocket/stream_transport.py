"""The transports that write a stream's frames: what all of them do, and the one of an application without a socket.

All end a stream, pace its commands, and call functions later; `stream_protocol` has the one with a socket.
"""

import asyncio
from collections.abc import Callable

from starlette.types import Send

from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.streams import ABNORMAL, Connection, Ending, Outbox
from mockexchange.server.loop_budget import budget_of

MICROSECONDS = 1_000_000
DRAIN_POLL_S = 0.002
DRAIN_POLLS_MAX = 1_000
DRAIN_POLLS_IN_VAIN_MAX = 125
"""The most polls in a row during which a client takes nothing. They are counted, not timed: a machine that holds the
server up for a second holds its clients up too, and one that reads must not lose frames by that."""
COMMANDS_PER_TURN = 2
"""The most commands of one client that are executed before other clients get a turn of the loop."""


class StreamTransport:
    """The base class of the transports that write a stream's frames to the client: each is a `sandbox.streams.Wire`.

    `polls_in_vain` is how often in a row it was found behind since it last wrote a frame.
    """

    outbox: Outbox
    ending: Ending | None = None
    is_stalled = False
    polls_in_vain = 0
    _commands = 0
    _room: asyncio.Event | None = None

    @property
    def is_taking(self) -> bool:
        """Return whether frames may still be sent: the stream has neither ended nor stalled."""
        return not self.is_stalled and self.ending is None

    async def wait_for_turn(self) -> bool:
        """Wait until the next command of this client may be executed.

        Other clients get their turn first, and the outbox must have room for the answer. Returns False if the stream
        ends before there is room; the command is then discarded.
        """
        self._commands += 1
        if self._commands % COMMANDS_PER_TURN == 0:
            await budget_of(asyncio.get_running_loop()).wait()
        while self.outbox.is_full and self.is_taking:
            self._room = asyncio.Event()
            await self._room.wait()
        return self.ending is None and not self.outbox.is_full

    def note_room(self) -> None:
        """Let a waiting command continue, if the outbox has room now or the stream has ended."""
        if self._room and (self.outbox.has_room or not self.is_taking):
            self._room.set()

    def call_later(self, delay_us: int, callback: Callable[[], object]) -> asyncio.TimerHandle:
        """Call a function after a delay in host time, unless the stream has ended by then."""
        return asyncio.get_running_loop().call_later(delay_us / MICROSECONDS, self._run, callback)

    def _run(self, callback: Callable[[], object]) -> None:
        if self.ending is None:
            callback()


class AsgiTransport(StreamTransport):
    """Writes a stream's frames with ASGI's `send`, if another program has the socket: no pings, no resets."""

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
            while self.outbox and not self.is_stalled:
                [raw] = self.outbox.pop_frames(1)
                await self._send({"type": "websocket.send", "text": raw.decode()})
                self.polls_in_vain = 0
                self.note_room()
        if self.ending and not self.is_stalled:
            await self._send({"type": "websocket.close", "code": self.ending.code, "reason": self.ending.reason})


async def streams_drained(sandbox: Sandbox) -> None:
    """Write all waiting frames, then wait for each client that reads until at most half of its outbox is full.

    Code that makes many frames at once calls this from time to time, so that no client that reads loses frames.
    """
    sandbox.streams.flush()
    await asyncio.sleep(0)
    for _ in range(DRAIN_POLLS_MAX):
        behind = [wire for connection in sandbox.streams if (wire := _wire_behind(connection))]
        if not behind:
            break
        for wire in behind:
            wire.polls_in_vain += 1
        await asyncio.sleep(DRAIN_POLL_S)


def _wire_behind(connection: Connection) -> StreamTransport | None:
    wire = connection.wire
    if connection.outbox.has_room or not isinstance(wire, StreamTransport) or not wire.is_taking:
        return None
    return wire if wire.polls_in_vain < DRAIN_POLLS_IN_VAIN_MAX else None
