"""Repeats requests that change the exchange, such as orders, whose commands are in the log.

A journal entry has the numbers of its commands in the log. A repeated request continues right after each of its
commands is executed, in the state that the recorded request saw, even if other commands came in between.
"""

from collections.abc import Callable, Iterator

from mockexchange.core.commands import AddKey, Command
from mockexchange.core.exchange import Outcome
from mockexchange.replay.log_replay import Replay
from mockexchange.replay.recording import Plain
from mockexchange.replay.verdicts import Verdict, deviation
from mockexchange.store.log import Record
from mockexchange.venues.request import KEY_TAKEN, Answer, Pending, resume

TAKEN_MAX = 1_000
"""The most key ids that other sandboxes may have had when a request was recorded: the log does not tell."""
Judge = Callable[[Plain, Answer], Verdict]


class _PendingWrite:
    """A write that waits for its next command to be executed."""

    def __init__(self, entry: Plain, pending: Pending, command: Command, numbers: list[int]) -> None:
        self.entry, self.pending, self.command, self.numbers = entry, pending, command, numbers


class WriteReplay:
    """The requests that a replay has begun and not completed, by the number of their next command in the log."""

    def __init__(self, replay: Replay, judge: Judge) -> None:
        self._replay, self._judge = replay, judge
        self._waiting: dict[int, _PendingWrite] = {}
        self._verdicts: list[Verdict] = []
        replay.observers.append(self._observe)

    def begin(self, entry: Plain, pending: Pending) -> None:
        """Begin to repeat the request of a journal entry that changes the exchange.

        `pending` is the handler of the request, which waits for the outcome of its first command.
        """
        self._continue(entry, pending, resume(pending), list(entry.get("commands", ())))

    def take_verdicts(self) -> list[Verdict]:
        """Return the verdicts about the requests that were completed since the last call."""
        verdicts, self._verdicts = self._verdicts, []
        return verdicts

    def finish(self) -> Iterator[Verdict]:
        """Execute the log until each request that was begun is complete; yield their verdicts.

        Raises LogError if the log is too short.
        """
        while self._waiting:
            self._replay.run_to(min(self._waiting))
        yield from self.take_verdicts()

    def _continue(self, entry: Plain, pending: Pending, step: Command | Answer, numbers: list[int]) -> None:
        """Judge the answer of a write, or let the write wait for its next command."""
        if isinstance(step, Answer):
            self._verdicts.append(self._judge(entry, step))
        elif numbers and numbers[0] > self._replay.exchange.state.sequence:
            self._waiting[numbers[0]] = _PendingWrite(entry, pending, step, numbers[1:])
        else:
            self._deviate(entry, f"executes {_text(step)}", "no further command")

    def _observe(self, record: Record, outcome: Outcome) -> None:
        write = self._waiting.pop(record.sequence, None)
        if write is None:
            return
        command: Command | Answer = write.command
        for _ in range(TAKEN_MAX):
            if command == record.command or not type(command) is type(record.command) is AddKey:
                break
            command = resume(write.pending, KEY_TAKEN)
        if command != record.command:
            title = f"executes {_text(write.command)}"
            self._deviate(write.entry, title, f"command {record.sequence}, {_text(record.command)}")
            return
        self._continue(write.entry, write.pending, resume(write.pending, outcome), write.numbers)

    def _deviate(self, entry: Plain, got: str, wanted: str) -> None:
        title = f"to {entry['method']} {entry['target']}"
        self._verdicts.append(deviation("answer", entry["number"], title, got, wanted))


def _text(command: Command) -> str:
    return str(command)
