"""Compares a recording with all API dates: which dates fit, and how it deviates from the best one."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from mockexchange.drift.deviations import Deviation, Evidence, Findings, joined, once_each
from mockexchange.drift.documents import DocumentJudge
from mockexchange.drift.last_day import Ending, ending_of
from mockexchange.drift.mock_comparison import Twin, twin_of
from mockexchange.drift.recorded_lines import UNKNOWN_HOST, RecordedExchange, RecordedFrame, read_lines
from mockexchange.drift.streams import STREAM, FrameOrder, OpenStreams
from mockexchange.importing.recorded_answers import PROBLEMS_MAX, Problem, WrongRecording
from mockexchange.kit.venue import VenueKit, aliases, read_alias
from mockexchange.kit.venues import KITS
from mockexchange.venues.dated_fields import COMPAT
from mockexchange.venues.registry import venue_at

KNOWN_MAX = 200
"""How many answers are remembered, since a program that polls mostly gets the same ones; each has some deviations."""
Judged = dict[str, tuple[str, list[Deviation]]]
"""The operation and the deviations of an answer, by API date."""


@dataclass(slots=True)
class Recording:
    """What was read from a recording: counts, the times of the first and last line, and unreadable lines."""

    path: Path
    name: str = ""
    """The path for people, or what the file was made of, such as the URL of an account."""
    venue: str = ""
    answers: int = 0
    frames: int = 0
    first_at: int = 0
    last_at: int = 0
    hosts: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def note(self, at: int) -> None:
        self.first_at, self.last_at = min(self.first_at or at, at), max(self.last_at, at)


@dataclass(slots=True)
class Drift:
    """The deviations of a recording from one API date. `by_date` has their numbers for every date."""

    recording: Recording
    alias: str
    by_date: dict[str, int]
    evidence: list[Evidence]
    operations: Counter[str]
    """The number of compared bodies, by operation and by type of stream message."""
    twin: Twin
    ending: Ending | None = None
    """The first later change of the API that the recording lacks; None if there is none."""

    @property
    def has_drifted(self) -> bool:
        return bool(self.evidence)


def drift_of(path: Path, api_date: str | None = None, name: str = "") -> Drift:
    """Compare a recording with `api_date` or, without it, with the date from which it deviates least.

    Reports have `name`, or else the path. Raises WrongRecording and OSError, and ValueError for an unknown date.
    """
    judged = JudgedRecording.of(path)
    judged.recording.name = name or str(path)
    if not judged.found:
        raise WrongRecording(f"{path} has no answer and no frame that can be judged{_first(judged.recording)}")
    alias = read_alias(api_date, judged.recording.venue) if api_date else judged.best()
    by_alias = {one: joined(list(found.evidence())) for one, found in judged.found.items()}
    document, findings = by_alias[alias], judged.found[alias]
    ordered = list(judged.order.evidence())
    twin = twin_of(path, judged.recording.venue, alias, [*document, *ordered])
    by_date = {one: len(found) for one, found in by_alias.items()}
    evidence, ending = [*document, *ordered, *twin.evidence], ending_of(judged.recording.venue, judged.found)
    return Drift(judged.recording, alias, by_date, evidence, findings.bodies, twin, ending)


def _first(recording: Recording) -> str:
    found = recording.problems[:1]
    return f"; line {found[0].line}: {found[0].why}" if found else ""


@dataclass(slots=True)
class JudgedRecording:
    """A recording that was read once and compared with every API date."""

    recording: Recording
    judges: dict[str, DocumentJudge] = field(default_factory=dict)
    found: dict[str, Findings] = field(default_factory=dict)
    order: Findings = field(default_factory=Findings)
    streams: OpenStreams = field(default_factory=OpenStreams)
    hosts: dict[int, str] = field(default_factory=dict)
    """The hosts of streams, by connection number."""
    _known: dict[bytes, Judged] = field(default_factory=dict)

    @classmethod
    def of(cls, path: Path) -> "JudgedRecording":
        judged = cls(Recording(path))
        for line in read_lines(path):
            recording = judged.recording
            if isinstance(line, Problem):
                recording.problems += [line] if len(recording.problems) < PROBLEMS_MAX else []
            elif isinstance(line, RecordedExchange):
                judged._take_exchange(line)
            elif recording.venue:
                judged._take_frame(line, KITS[recording.venue])
        for connection, stream in judged.streams.streams.items():
            judged._end(connection, stream)
        if judged.streams.beyond:
            judged.recording.skipped["frames of long streams by their order"] = judged.streams.beyond
        return judged

    def best(self) -> str:
        """Return the API date from which the recording deviates least; of equal dates the newest, and compat last."""
        dates = list(self.found)
        return min(self.found, key=lambda one: (len(self.found[one].groups), one == COMPAT, -dates.index(one)))

    def _take_exchange(self, exchange: RecordedExchange) -> None:
        venue, recording = venue_at(exchange.asked.path).name, self.recording
        if not recording.venue:
            recording.venue = venue
            self.judges = {alias: DocumentJudge(KITS[venue], alias) for alias in aliases(venue)}
            self.found = {alias: Findings() for alias in self.judges}
        if venue != recording.venue:
            recording.skipped[f"answers of {venue}"] += 1
            return
        if exchange.connection is not None:
            self.hosts[exchange.connection] = exchange.host
        recording.answers += 1
        recording.hosts[exchange.host] += 1
        recording.note(exchange.asked.at)
        for alias, (operation, deviations) in self._judged(exchange).items():
            self.found[alias].add(
                operation, deviations, line=exchange.asked.line, at=exchange.asked.at, host=exchange.host
            )

    def _judged(self, exchange: RecordedExchange) -> Judged:
        """Return the operation of an answer and its deviations at each date; equal answers are judged once."""
        digest = exchange.judged_as
        found = self._known.get(digest)
        if found is None:
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            found = self._known[digest] = {
                alias: (judge.operation(exchange), once_each(judge.of_answer(exchange)))
                for alias, judge in self.judges.items()
            }
        return found

    def _take_frame(self, frame: RecordedFrame, kit: VenueKit) -> None:
        self.recording.frames += not frame.kind
        self.recording.note(frame.at)
        if kit.stream_protocol is not None:
            ended = self.streams.add_frame(frame, kit.stream_protocol)
            if ended is not None:
                self._end(frame.connection, ended)
        if frame.kind or frame.is_sent or frame.text is None:
            return
        host = self.hosts.get(frame.connection, UNKNOWN_HOST)
        name = kit.stream_protocol.read(frame.text.encode()).name if kit.stream_protocol else ""
        operation = f"{STREAM} {name}".strip()
        for alias, judge in self.judges.items():
            found = judge.of_frame(frame, operation)
            self.found[alias].add(operation, found, line=frame.line, at=frame.at, host=host)

    def _end(self, connection: int, stream: FrameOrder) -> None:
        host, found = self.hosts.get(connection, UNKNOWN_HOST), list(stream.deviations())
        line = min((line for line, _ in found), default=0)
        self.order.add(STREAM, [one for _, one in found], line=line, at=stream.first_at, host=host)
