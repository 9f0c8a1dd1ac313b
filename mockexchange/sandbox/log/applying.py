"""Applies the records of a log: executes each command, passes it to observers and streams, and applies notes.

A note is a command that does not change the exchange, such as the installation of a fault. Everything that outlives a
restart takes effect here: the state of the exchange by commands; faults, stubs, changes of the clock and of the script
by notes. A running sandbox and one that is restored from its log do the same.
"""

from collections.abc import Callable
from typing import NoReturn

from mockexchange.core.commands import Note
from mockexchange.core.exchange import Outcome
from mockexchange.sandbox.journal.journal import Firing
from mockexchange.sandbox.port import CommandFailed, SandboxBroken, SandboxPort, log_failure
from mockexchange.sandbox.streams.open_streams import Streams
from mockexchange.store.log import Record, failure_note, rebuild

CommandObserver = Callable[[Record, Outcome], None]
"""A function that is called with every command and its outcome, after the command is executed."""
NoteEffect = Callable[[Record, str], None]
"""A function that carries out a note of the log, such as the installation of a fault: (record, text of the note)."""
Resolve = Callable[[Outcome], object]


class Applier:
    """Applies the records of one sandbox, in the order of its log."""

    def __init__(self, sandbox: SandboxPort, streams: Streams, close: Callable[[str], None]) -> None:
        self._sandbox, self._streams, self._close = sandbox, streams, close
        self.observers: list[CommandObserver] = []
        self.effects: dict[str, NoteEffect] = {}
        """Effects of notes, by their subjects."""
        self.is_restoring = False
        """Whether the records of a log are applied again."""
        self.replace: Callable[[Record], object] = lambda note: None
        """Called with the note that has to take the place of a failed command in the log."""

    def apply(self, record: Record, resolve: Resolve | None = None) -> Outcome:
        """Execute the command of a record and publish its outcome; `resolve` is called with the outcome before that.

        Raises CommandFailed if the command raised an exception and the state is as it was before; raises SandboxBroken
        if the state could not be restored.
        """
        if record.cause is not None and record.at > self._sandbox.exchange.last_at:
            self._sandbox.clock.reach(record.at)  # steps of the script move the time
        try:
            outcome = self._sandbox.exchange.execute(record.command, record.at)
        except BaseException as error:
            self._take_back(record, error)
            if isinstance(error, Exception):
                raise CommandFailed(record.sequence, record.command, error) from error
            raise
        if resolve is not None:
            resolve(outcome)
        self._publish(record, outcome)
        return outcome

    def _publish(self, record: Record, outcome: Outcome) -> None:
        """Show an executed command to observers and streams. A mistake in one of them is reported and ends nothing."""
        for observe in tuple(self.observers):
            try:
                observe(record, outcome)
            except Exception as error:  # noqa: BLE001  # it is reported
                self._note_mistake(record, error)
        if len(self._streams):
            try:
                sandbox = self._sandbox
                self._streams.publish_outcome(sandbox.exchange.state, outcome, record.at, sandbox.contexts)
            except Exception as error:  # noqa: BLE001  # it is reported
                self._note_mistake(record, error)
                self._streams.close_all()  # frames are missing: clients have to read the state again
        if type(record.command) is Note:
            self._take_effect(record, record.command)

    def _take_effect(self, record: Record, note: Note) -> None:
        """Let a note take effect. A note that cannot be read is reported, or raises its error in a restoration."""
        effect = self.effects.get(note.subject)
        if effect is None:
            return
        try:
            effect(record, note.text)
        except Exception as error:
            if self.is_restoring:
                raise
            self._note_mistake(record, error)

    def _take_back(self, failed: Record, error: BaseException) -> None:
        """Restore the state as it was before a command that raised; a note takes its place. Raises SandboxBroken."""
        note = failure_note(failed, error)
        try:
            rebuild(self._sandbox.exchange, self._sandbox.log, failed.sequence)
            outcome = self._sandbox.exchange.execute(note.command, note.at)
        except BaseException as second:  # noqa: BLE001  # it is reported
            self._break(failed, error, second)
        self.replace(note)
        self._publish(note, outcome)

    def _break(self, failed: Record, error: BaseException, second: BaseException) -> NoReturn:
        """Stop the sandbox for good, because a command is half done and cannot be taken back. Raises SandboxBroken."""
        name = f"command {failed.sequence} ({type(failed.command).__name__})"
        sandbox = self._sandbox.name
        log_failure(f"{name} of sandbox {sandbox}", error)
        self._sandbox.broken = (
            f"sandbox {sandbox} is broken: {name} ended in the middle ({type(error).__name__}), and the state before"
            f" it could not be rebuilt ({type(second).__name__}: {second}): reset or delete the sandbox"
        )
        self._note_finding(name, self._sandbox.broken)
        self._close("broken")
        raise SandboxBroken(self._sandbox.broken) from error

    def _note_mistake(self, record: Record, error: Exception) -> None:
        name = f"command {record.sequence} ({type(record.command).__name__})"
        self._note_finding(name, log_failure(f"what follows {name} of sandbox {self._sandbox.name}", error))

    def _note_finding(self, name: str, text: str) -> None:
        self._sandbox.journal.add_firing(Firing(*self._sandbox.moment(), "finding", name, {"text": text}))
