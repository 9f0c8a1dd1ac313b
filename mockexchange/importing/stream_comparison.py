"""Compares the frames of a recorded stream with those that a session of the scenario sent."""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Container, Iterator, Sequence
from typing import Any, NamedTuple

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
