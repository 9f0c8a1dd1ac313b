"""Repeats the recorded commands of each stream on a session of the imported scenario, and compares the frames."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mockexchange.core.exchange import Outcome
from mockexchange.core.refusals import Refusal
from mockexchange.importing.comparison import (
    ABSENT,
    CHARS_SHOWN_MAX,
    EXPLAINED,
    INSTANT,
    NOT_JUDGED,
    ORDER,
    UNEXPLAINED,
    Comparison,
    Difference,
    compare,
    timeless,
)
from mockexchange.importing.recorded_answers import CLOSE, Recorded, RecordedAnswer, StreamLine, note_problem
from mockexchange.importing.verification import Emulated, Verified
from mockexchange.recording.read_errors import reason_of
from mockexchange.scenario.plan import Plan
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.frame import Frame
from mockexchange.venues.registry import venue_of
from mockexchange.venues.session import Session

# Frames of a recorded stream, beside those that a session of the scenario sent


PSEUDONYMS = frozenset({"user_id", "market_id"})
"""Fields of frames that are not compared: the owner's pseudonym, and the venue's number of a market."""
SEQUENCE, SUBSCRIPTION = "seq", "sid"
Document = dict[str, Any]


class StreamFrame(NamedTuple):
    """A frame of a stream with the name of its channel, "" if it belongs to none. `line` is 0 if it was not recorded.

    `at` is in microseconds.
    """

    line: int
    at: int
    channel: str
    document: Document

    @property
    def kind(self) -> str:
        return str(self.document.get("type", "frame"))


class ComparedFrame(NamedTuple):
    """A recorded frame, or one that only the scenario sends, with the result of its comparison."""

    frame: StreamFrame
    comparison: Comparison


def frame_of(line: int, at: int, channel: str, text: str) -> StreamFrame:
    """Return a frame without the fields that are not compared. Raises ValueError if its text is no JSON object."""
    document = json.loads(text)
    if not isinstance(document, dict):
        raise TypeError("expected an object as the frame")
    return StreamFrame(line, at, channel, _without(document, PSEUDONYMS))


def channels_of(frames: Sequence[StreamFrame]) -> dict[str, str]:
    """Return the channel of each subscription that the frames acknowledge, by its number as text."""
    acknowledged = [one.document.get("msg") for one in frames if one.kind == "subscribed"]
    bodies = [body for body in acknowledged if isinstance(body, dict)]
    return {str(body.get(SUBSCRIPTION)): str(body.get("channel")) for body in bodies}


def compare_frames(
    recorded: Sequence[StreamFrame], made: Sequence[StreamFrame], public: Container[str]
) -> Iterator[ComparedFrame]:
    """Yield the result for each recorded frame, and for each further one that the scenario sends.

    Frames of `public` channels that differ are not judged, since they depend on other participants.
    """
    pairs, further = _pairs(recorded, made)
    last = -1
    for place, one in enumerate(recorded):
        partner, kind = pairs.get(place, (-1, UNEXPLAINED))
        kind = ORDER if kind == EXPLAINED and partner < last else kind
        last = max(last, partner)
        yield ComparedFrame(one, _result(one, made[partner] if partner >= 0 else None, kind, public))
    for one in further:
        if one.channel not in public:
            yield ComparedFrame(one, Comparison(UNEXPLAINED, (Difference("frame", ABSENT, _shown(one)),)))


def _pairs(
    recorded: Sequence[StreamFrame], made: Sequence[StreamFrame]
) -> tuple[dict[int, tuple[int, str]], list[StreamFrame]]:
    """Return the place of each recorded frame's partner with the result, and the frames without a partner."""
    left, free = dict(enumerate(recorded)), dict(enumerate(made))
    pairs: dict[int, tuple[int, str]] = {}
    for kind, key_of in _KEYS:
        for place, partner in _paired(left, free, key_of):
            pairs[place] = partner, kind
            del left[place], free[partner]
    return pairs, list(free.values())


def _exactly(frame: StreamFrame) -> str:
    return _key(frame.document)


def _unnumbered(frame: StreamFrame) -> str:
    return _key(_without(frame.document, {SEQUENCE}))


def _undated(frame: StreamFrame) -> str:
    return _key(timeless("", _without(frame.document, {SEQUENCE})))


def _of_market(frame: StreamFrame) -> str:
    body = frame.document.get("msg")
    market = (body.get("market_ticker") or body.get("ticker")) if isinstance(body, dict) else None
    return _key([frame.kind, market])


_KEYS: tuple[tuple[str, Callable[[StreamFrame], str]], ...] = (
    (EXPLAINED, _exactly),
    (ORDER, _unnumbered),
    (INSTANT, _undated),
    (UNEXPLAINED, _of_market),
    (UNEXPLAINED, lambda frame: frame.kind),
)
"""The results of a comparison, the best first, each with the text that is equal for two frames that have it."""


def _paired(
    recorded: dict[int, StreamFrame], made: dict[int, StreamFrame], key_of: Callable[[StreamFrame], str]
) -> list[tuple[int, int]]:
    """Return the places of the recorded and the made frames with equal keys, each frame once."""
    places: defaultdict[str, deque[int]] = defaultdict(deque)
    for place, frame in made.items():
        places[key_of(frame)].append(place)
    keys = ((place, key_of(frame)) for place, frame in recorded.items())
    return [(place, places[key].popleft()) for place, key in keys if places.get(key)]


def _result(one: StreamFrame, made: StreamFrame | None, kind: str, public: Container[str]) -> Comparison:
    if kind != EXPLAINED and one.channel in public:
        reason = Difference(f"channel {one.channel}", "what other participants did", "no step has it")
        return Comparison(NOT_JUDGED, (reason,))
    if made is None:
        return Comparison(UNEXPLAINED, (Difference("frame", _shown(one), ABSENT),))
    found = compare(_key(one.document), _key(made.document)).differences
    if kind == ORDER and not found:
        found = (Difference("frame", "before other frames", "after them"),)
    return Comparison(kind, found)


def _without(value: Any, names: Container[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(one, names) for name, one in value.items() if name not in names}
    return [_without(one, names) for one in value] if isinstance(value, list) else value


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _shown(frame: StreamFrame) -> str:
    return _key(frame.document)[:CHARS_SHOWN_MAX]


FRAME = "frame"
"""The method of a frame in reports, in which its type is the target."""
LATE_US = 1_000_000
"""The time before the end of a stream in which a frame may be sent and yet not arrive."""


def verify_streams(plan: Plan, recorded: Recorded, api_date: ApiDate) -> list[Verified]:
    """Compare the frames of each recorded stream with those that the scenario sends.

    Frames that cannot be read become problems of the recording. Raises ScenarioError.
    """
    lines = recorded.streams.of(recorded.venue)
    if not lines:
        return []
    player = asyncio.run(_played(plan, recorded.venue, sorted(lines, key=lambda one: (one.at, one.line)), api_date))
    by_stream: dict[int, list[StreamLine]] = defaultdict(list)
    for one in lines:
        by_stream[one.connection].append(one)
    public = venue_of(recorded.venue).stream.public_channels
    found: list[Verified] = []
    for number, streamed in by_stream.items():
        compared = compare_frames(_recorded(recorded, streamed), player.frames_of(number), public)
        found += (
            _verified(one, streamed[0].line)
            for one in compared
            if not (not one.frame.line and one.frame.at > streamed[-1].at - LATE_US)
        )
    return found


@dataclass(slots=True)
class _Player:
    """The sessions of the recorded streams, and the frames that they sent."""

    emulated: Emulated
    sessions: dict[int, Session] = field(default_factory=dict)
    made: dict[int, list[tuple[int, Frame]]] = field(default_factory=lambda: defaultdict(list))

    def repeat(self, line: StreamLine) -> None:
        """Send a recorded command, or end the stream that was closed."""
        if line.kind == CLOSE:
            self.sessions.pop(line.connection, None)
            return
        session = self.sessions.get(line.connection) or self.emulated.open_stream(line.at).session
        if session is None:
            return
        self.sessions[line.connection] = session
        if line.is_sent:
            frames = session.receive(line.text.encode("utf-8", "replace"), line.at, line.at)
            self.made[line.connection] += ((line.at, frame) for frame in frames)

    def publish(self, outcome: Outcome, at: int) -> None:
        """Let the sessions send what a step changed."""
        if isinstance(outcome, Refusal) or not self.sessions:
            return
        context = self.emulated.sandbox.contexts[self.emulated.venue]
        channels = {name for session in self.sessions.values() for name in session.channels}
        messages_of = venue_of(self.emulated.venue).stream.messages_of
        messages = list(messages_of(context.state, outcome, at, context.settings, channels))
        for number, session in self.sessions.items():
            frames = [frame for message in messages if (frame := session.frame_of(message))]
            self.made[number] += ((at, frame) for frame in frames)

    def frames_of(self, number: int) -> list[StreamFrame]:
        return [frame_of(0, at, frame.channel, frame.raw.decode()) for at, frame in self.made[number]]


async def _played(plan: Plan, venue: str, lines: Sequence[StreamLine], api_date: ApiDate) -> _Player:
    player = _Player(await Emulated.open(plan, venue, api_date))
    await player.emulated.advance(plan.start)
    player.emulated.on_step = player.publish
    for line in lines:
        await player.emulated.advance(line.at)
        player.repeat(line)
    return player


def _recorded(recorded: Recorded, lines: Sequence[StreamLine]) -> list[StreamFrame]:
    """Return the frames that the venue sent on a stream."""
    found: list[StreamFrame] = []
    for one in lines:
        if one.is_sent or one.kind == CLOSE:
            continue
        try:
            found.append(frame_of(one.line, one.at, "", one.text))
        except (TypeError, ValueError, RecursionError) as error:
            note_problem(recorded, one.line, reason_of(error))
    channels = channels_of(found)
    return [one._replace(channel=channels.get(str(one.document.get(SUBSCRIPTION)), "")) for one in found]


def _verified(one: ComparedFrame, first_line: int) -> Verified:
    line = one.frame.line or first_line
    return Verified(RecordedAnswer(line, 0, one.frame.at, one.frame.kind, FRAME), one.comparison)
