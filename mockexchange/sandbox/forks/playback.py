"""Playing a log back: each command is carried out when the clock of the exchange reaches its instant.

The script follows the log meanwhile, as in a restart, and goes on after the last command.
"""

import json
import weakref
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from mockexchange.core.commands import Command, Note
from mockexchange.sandbox.port import CommandFailed
from mockexchange.sandbox.sandbox import CLOCK, Sandbox
from mockexchange.store.log import Record

PLAYED = "log"
"""The name of a played command where steps are counted by their names."""


class LogPlayback:
    """The rest of a log. It takes the place of the script's schedule until it is played."""

    def __init__(self, sandbox: Sandbox, records: Sequence[Record]) -> None:
        self._sandbox: Sandbox = weakref.proxy(sandbox)
        self._records = deque(records)
        self._is_playing = False

    def begin(self) -> None:
        """Hold the script, and play from now on."""
        if self._records:
            script = self._sandbox.script
            script.playback, script.is_restoring = self, True

    @property
    def next_at(self) -> int | None:
        """The instant of the next command; None while one is carried out."""
        return self._records[0].at if self._records and not self._is_playing else None

    async def play_next(self) -> str:
        """Carry out the next command; after the last one the script goes on."""
        record, self._is_playing = self._records.popleft(), True
        self._sandbox.script.follow(record.at)
        try:
            with suppress(CommandFailed):  # its mistake is logged, and a note takes its place
                await self._sandbox.submit(self._command_of(record), record.at, record.cause)
        finally:
            self._is_playing = False
            if not self._records:
                self._end()
        return PLAYED

    def _command_of(self, record: Record) -> Command:
        """Return the command of a record; the clock stays as it is, since time passes by itself between commands."""
        command = record.command
        if not isinstance(command, Note) or command.subject != CLOCK:
            return command
        clock = self._sandbox.clock
        kept = {"mode": clock.mode, "exchange_at": clock.now(), "host_at": self._sandbox.options.host()}
        return Note(subject=CLOCK, text=json.dumps(kept, separators=(",", ":")))

    def _end(self) -> None:
        script = self._sandbox.script
        script.playback, script.is_restoring = None, False
        script.on_change()
