"""Compares a recording with its replay: every request and every stream is repeated at its position in the log."""

from collections.abc import Callable, Iterator
from heapq import merge
from http import HTTPStatus

from mockexchange.core.commands import AddKey, Command
from mockexchange.core.exchange import Outcome
from mockexchange.faults.delivery import NOT_ASKED
from mockexchange.replay.installed_rules import StubReplay
from mockexchange.replay.log_replay import Replay
from mockexchange.replay.recording import Plain, Recording, request_of
from mockexchange.replay.streams import CallReplay, StreamReplay
from mockexchange.replay.verdicts import Verdict, deviating
from mockexchange.sandbox.journal import checksum_of
from mockexchange.sandbox.journal_json import entry_bytes
from mockexchange.store.log import Record
from mockexchange.venues.registry import venue_at
from mockexchange.venues.request import KEY_TAKEN, Answer, Pending, resume

TAKEN_MAX = 1_000
"""The most key ids that other sandboxes may have had when a request was recorded: the log does not tell."""
Judge = Callable[[Plain, Answer], Verdict]


def compare(replay: Replay, recording: Recording) -> Iterator[Verdict]:
    """Yield a verdict (the result of the comparison) for every recorded answer and every sent frame.

    Raises LogError if the log is shorter than needed.
    """
    stubs, writes = StubReplay(replay), WriteReplay(replay, _verdict)
    streams = StreamReplay(replay, CallReplay(replay, stubs), recording.frames)
    last = recording.frames[-1]["number"] if recording.frames else 0
    if not last:
        streams.finish()
    # In the order of the log. At the same position entries come first, as they open streams.
    for item in merge(recording.entries, recording.frames, key=lambda item: item["position"]):
        replay.run_to(item["position"])
        yield from writes.take_verdicts()
        if "direction" not in item:
            yield from _repeat_request(replay, streams, stubs, writes, item)
            continue
        yield from streams.repeat(item)
        if item["number"] == last:
            yield from streams.finish()
    yield from writes.finish()


def _repeat_request(
    replay: Replay, streams: StreamReplay, stubs: StubReplay, writes: "WriteReplay", entry: Plain
) -> Iterator[Verdict]:
    """Yield the verdict about a request; a write has its verdict when its commands are executed."""
    if (entry.get("diagnosis") or "").endswith(NOT_ASKED):
        yield Verdict("answer", entry["number"], is_skipped=True)
        return
    answer = _answer(replay, streams, stubs, entry)
    if answer.pending is None or entry.get("fault") is not None:
        yield _verdict(entry, answer)
    else:
        writes.begin(entry, answer.pending)


def _verdict(entry: Plain, answer: Answer) -> Verdict:
    if entry.get("fault") is not None or entry.get("overlay"):  # neither is at hand any more
        return Verdict("answer", entry["number"], is_skipped=True)
    if _is_same(entry, answer):
        return Verdict("answer", entry["number"])
    wanted = (entry_bytes(entry, "answer") or b"").decode("utf-8", "replace")
    got = answer.body.decode("utf-8", "replace")
    title = f"to {entry['method']} {entry['target']}"
    return deviating("answer", entry["number"], title, f"{answer.status} {got}", f"{entry['status']} {wanted}")


def _answer(replay: Replay, streams: StreamReplay, stubs: StubReplay, entry: Plain) -> Answer:
    request, at, host_at = request_of(entry), entry["at_us"], entry["host_at_us"]
    venue = venue_at(request.path)
    context = replay.contexts[venue.name]
    if entry.get("stub") is not None:
        return stubs.answer(entry["stub"], venue, request, at, host_at, entry["number"])
    if entry.get("operation") != venue.stream.open_operation or not (
        entry["status"] == HTTPStatus.SWITCHING_PROTOCOLS
        or any(name.lower() == "upgrade" for name, _ in entry["headers"])
    ):
        return venue.rest.answer(context, request, at, host_at)
    handshake = venue.stream.shake_hands(context, request, at, host_at, streams.count_of)
    if handshake.session is not None and entry.get("connection") is not None:
        streams.sessions[entry["connection"]] = handshake.session, venue
    return handshake.answer


def _is_same(entry: Plain, answer: Answer) -> bool:
    if answer.status != entry["status"]:
        return False
    dropped = entry.get("dropped", {}).get("answer")
    if dropped:
        return [len(answer.body), checksum_of(answer.body)] == list(dropped)
    return answer.body == (entry_bytes(entry, "answer") or b"")


# Requests that change the exchange, such as orders, whose commands are in the log
#
# A journal entry has the numbers of its commands in the log. A repeated request continues right after each of its
# commands is executed, in the state that the recorded request saw, even if other commands came in between.


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
            self._deviate(entry, f"executes {step}", "no further command")

    def _observe(self, record: Record, outcome: Outcome) -> None:
        write = self._waiting.pop(record.sequence, None)
        if write is None:
            return
        # The recorded request made another key id for each one that another sandbox had, and logged the last alone.
        command: Command | Answer = write.command
        for _ in range(TAKEN_MAX):
            if command == record.command or not type(command) is type(record.command) is AddKey:
                break
            command = resume(write.pending, KEY_TAKEN)
        if command != record.command:
            title = f"executes {write.command}"
            self._deviate(write.entry, title, f"command {record.sequence}, {record.command}")
            return
        self._continue(write.entry, write.pending, resume(write.pending, outcome), write.numbers)

    def _deviate(self, entry: Plain, got: str, wanted: str) -> None:
        title = f"to {entry['method']} {entry['target']}"
        self._verdicts.append(deviating("answer", entry["number"], title, got, wanted))
