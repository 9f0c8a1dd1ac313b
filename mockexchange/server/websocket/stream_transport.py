"""Implements what all transports of streams do: end the stream, pace its commands, and call functions later."""

import asyncio
from collections.abc import Callable

from mockexchange.sandbox.streams.connection import Ending
from mockexchange.sandbox.streams.outbox import Outbox
from mockexchange.server.loop_budget import budget_of

MICROSECONDS = 1_000_000
COMMANDS_PER_TURN = 2
"""The most commands of one client that are executed before other clients get a turn of the loop."""
WIRE = "mockexchange.wire"
"""The key in the ASGI scope's extensions with a protocol object that writes frames to its socket itself."""


class StreamTransport:
    """The base class of the transports that write a stream's frames to the client. It needs no socket.

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
