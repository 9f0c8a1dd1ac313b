"""Recordings with streams: of recorded frames, and of the mock itself, made in process."""

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from mockexchange.faults.faulted_frames import Timer
from mockexchange.importing.verification import Emulated, plan_of
from mockexchange.recording.recording_file import Exchanged, RecordingFile
from mockexchange.recording.redaction import Redactor
from mockexchange.scenario.plan import Plan
from mockexchange.venues.registry import DEFAULT
from tests.importing.recorder import LATEST_US, PREFIX, READS

STREAM = "/trade-api/ws/v2"
DELAY_US = 2_000
"""The time from a step to the arrival of its frame."""
Frames = list[tuple[int, str]]
"""Frames that the venue sent, with their instants in microseconds."""


def add_stream(file: RecordingFile, command: str, frames: Sequence[tuple[int, str]], at: int, end_at: int) -> None:
    """Record a stream with one command."""
    file.add_request(Exchanged("GET", STREAM, [], b"", 101, [], b"", at, 1, connection=1))
    file.add_frame(1, "out", b"", kind="open", at=at)
    file.add_frame(1, "in", command.encode(), at=at)
    for frame_at, text in frames:
        file.add_frame(1, "out", text.encode(), at=frame_at)
    file.add_frame(1, "out", b"", kind="ping", at=end_at)
    file.add_frame(1, "out", b"1000", kind="close", at=end_at)


def subscription(*channels: str, **params: object) -> str:
    return json.dumps({"id": 1, "cmd": "subscribe", "params": {"channels": channels, **params}})


def record_stream(
    path: Path,
    scenario: str,
    date: str,
    channels: Iterable[str],
    change: Callable[[Frames], Frames] = lambda frames: frames,
    end_at: int = LATEST_US,
    *,
    reads: Sequence[str] = READS,
) -> Path:
    """Write the stream of a scenario's whole history, with changed frames, and then its reads, as a recording."""
    file = RecordingFile(path, Redactor(), "the mock", at=0)
    asyncio.run(_record(file, plan_of(scenario), date, subscription(*channels), change, end_at, reads=reads))
    file.finish()
    return path


async def _record(
    file: RecordingFile,
    plan: Plan,
    date: str,
    command: str,
    change: Callable[[Frames], Frames],
    end_at: int,
    *,
    reads: Sequence[str],
) -> None:
    emulated = await Emulated.open(plan, DEFAULT.name, DEFAULT.api_date(date))
    wire, at = _Wire(), plan.start + 1
    await emulated.advance(plan.start)
    session = emulated.open_stream(at).session
    assert session is not None
    connection = emulated.sandbox.streams.open(session, wire)
    connection.receive(command.encode())
    sent: Frames = []

    def take(step_at: int) -> None:
        sent.extend((step_at + DELAY_US, raw.decode()) for raw in connection.outbox.pop_frames(1 << 40))

    take(at)
    emulated.on_step = lambda outcome, step_at: take(step_at)
    await emulated.advance(LATEST_US)
    assert emulated.refusals == []
    add_stream(file, command, change(sent), at, end_at)
    for number, read in enumerate(reads):
        body = emulated.ask(PREFIX + read, LATEST_US).body.encode()
        file.add_request(Exchanged("GET", PREFIX + read, [], b"", 200, [], body, LATEST_US + number, 1))


class _Wire:
    """A socket that is never written to."""

    def flush(self) -> None: ...

    def close(self, code: int, reason: str = "") -> None: ...

    def abort(self) -> None: ...

    def drop(self) -> None: ...

    def stall(self) -> None: ...

    def call_later(self, delay_us: int, callback: Callable[[], object]) -> Timer:
        raise AssertionError("nothing here is delayed")
