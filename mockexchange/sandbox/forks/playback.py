"""Plays a log back: each command is executed when the exchange clock reaches the command's time.

Meanwhile the script does not run its steps: their commands are in the log. The script continues after the last command
of the log.
"""

import json
import weakref
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from mockexchange.core.commands import Command, Note
from mockexchange.sandbox.port import CommandFailed, KeyInUse
from mockexchange.sandbox.sandbox import CLOCK, Sandbox
from mockexchange.store.log import FAILURE, Record

PLAYED = "log"
"""The name of a played command, where steps are counted by name."""


class LogPlayback:
    """The commands of a log that are to be played back.

    They take the place of the script's steps until all of them are executed.
    """

    def __init__(self, sandbox: Sandbox, records: Sequence[Record]) -> None:
        self._sandbox: Sandbox = weakref.proxy(sandbox)
        self._records = deque(records)
        self._is_playing = False

    def begin(self) -> None:
        """Stop the script from running steps, and play commands back from now on."""
        if self._records:
            script = self._sandbox.script
            script.playback, script.is_restoring = self, True

    @property
    def next_at(self) -> int | None:
        """The exchange time of the next command to play back; None if there is none, or while one is executed."""
        return self._records[0].at if self._records and not self._is_playing else None

    async def play_next(self) -> str:
        """Execute the next command and return `PLAYED`; after the last command the script continues."""
        record, self._is_playing = self._records.popleft(), True
        self._sandbox.script.follow(record.at)
        try:
            with suppress(CommandFailed):  # its mistake is logged, and a note takes its place
                try:
                    await self._sandbox.submit(self._command_of(record), record.at, record.cause)
                except KeyInUse as error:  # a sandbox that was made meanwhile has it
                    note = Note(subject=FAILURE, text=str(error))
                    await self._sandbox.submit(note, record.at, record.cause)
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
