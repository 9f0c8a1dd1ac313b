"""Compares a recording with its replay: every request and every stream is repeated at its position in the log."""

from collections.abc import Iterator
from heapq import merge
from http import HTTPStatus

from mockexchange.faults.faulty_answer import NOT_ASKED
from mockexchange.replay.log_replay import Replay
from mockexchange.replay.recording import Plain, Recording, request_of
from mockexchange.replay.stream_calls import CallReplay
from mockexchange.replay.streams import StreamReplay
from mockexchange.replay.stubs import StubReplay
from mockexchange.replay.verdicts import Verdict, deviation
from mockexchange.replay.writes import WriteReplay
from mockexchange.sandbox.journal.journal import checksum_of
from mockexchange.sandbox.journal.journal_json import entry_bytes
from mockexchange.venues.registry import venue_at
from mockexchange.venues.request import Answer


def compare(replay: Replay, recording: Recording) -> Iterator[Verdict]:
    """Yield a verdict (the result of the comparison) for every recorded answer and every sent frame.

    Raises LogError if the log is shorter than needed.
    """
    stubs, writes = StubReplay(replay), WriteReplay(replay, _verdict)
    streams = StreamReplay(replay, CallReplay(replay, stubs), recording.frames)
    last = recording.frames[-1]["number"] if recording.frames else 0
    if not last:
        streams.finish()
    for item in _in_order(recording):
        replay.run_to(item["position"])
        yield from writes.take_verdicts()
        if "direction" not in item:
            yield from _repeat_request(replay, streams, stubs, writes, item)
            continue
        yield from streams.repeat(item)
        if item["number"] == last:
            yield from streams.finish()
    yield from writes.finish()


def _in_order(recording: Recording) -> Iterator[Plain]:
    """Return entries and frames in the order of the log; at the same position entries first, as they open streams."""
    return merge(recording.entries, recording.frames, key=lambda item: item["position"])


def _repeat_request(
    replay: Replay, streams: StreamReplay, stubs: StubReplay, writes: WriteReplay, entry: Plain
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
    if entry.get("fault") is not None:
        return Verdict("answer", entry["number"], is_skipped=True)
    if _is_same(entry, answer):
        return Verdict("answer", entry["number"])
    wanted = (entry_bytes(entry, "answer") or b"").decode("utf-8", "replace")
    got = answer.body.decode("utf-8", "replace")
    title = f"to {entry['method']} {entry['target']}"
    return deviation("answer", entry["number"], title, f"{answer.status} {got}", f"{entry['status']} {wanted}")


def _answer(replay: Replay, streams: StreamReplay, stubs: StubReplay, entry: Plain) -> Answer:
    request, at, host_at = request_of(entry), entry["at_us"], entry["host_at_us"]
    venue = venue_at(request.path)
    context = replay.contexts[venue.name]
    if entry.get("stub") is not None:
        return stubs.answer(entry["stub"], venue, request, at, host_at, entry["number"])
    if entry.get("operation") != venue.stream.open_operation or not _is_upgrade(entry):
        return venue.rest.answer(context, request, at, host_at)
    handshake = venue.stream.shake_hands(context, request, at, host_at, streams.count_of)
    if handshake.session is not None and entry.get("connection") is not None:
        streams.sessions[entry["connection"]] = handshake.session, venue
    return handshake.answer


def _is_upgrade(entry: Plain) -> bool:
    """Whether an entry is a WebSocket upgrade. A plain request to the stream's path has the same operation."""
    return entry["status"] == HTTPStatus.SWITCHING_PROTOCOLS or any(
        name.lower() == "upgrade" for name, _ in entry["headers"]
    )


def _is_same(entry: Plain, answer: Answer) -> bool:
    if answer.status != entry["status"]:
        return False
    dropped = entry.get("dropped", {}).get("answer")
    if dropped:
        return [len(answer.body), checksum_of(answer.body)] == list(dropped)
    return answer.body == (entry_bytes(entry, "answer") or b"")
