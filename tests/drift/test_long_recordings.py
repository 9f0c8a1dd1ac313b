"""What drift holds of recordings that are longer than memory, and what it still finds in them."""

import json
import tracemalloc
from collections.abc import Iterator

import pytest

from mockexchange.drift import learnt_values, streams
from mockexchange.drift.learnt_values import Answers, Learnt
from mockexchange.drift.recorded_lines import RecordedFrame
from mockexchange.drift.streams import FrameOrder, OpenStreams
from mockexchange.kit.venues import KITS

BODY_CHARS, HELD_CHARS = 10_000, 60_000
POSITIONS = "GET /portfolio/positions"
PROTOCOL = KITS["kalshi"].stream_protocol
SUBSCRIBE = '{"id":1,"cmd":"subscribe","params":{"channels":["fill","trade"]}}'
Sent = tuple[str, str]


def body(mark: int, state: str = "resting") -> str:
    return json.dumps({"mark": mark, "rows": [{"status": state}, {"status": "x" * BODY_CHARS}]})


def learn(count: int) -> Learnt:
    """Learn from the answers to that many different requests."""
    found = Learnt()
    for number in range(count):
        found.add(POSITIONS, f"/positions?min_ts={number}", Answers(body(number), body(0)))
    return found


def test_answers_to_many_requests_are_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learnt_values, "CHARS_MAX", HELD_CHARS)
    tracemalloc.start()
    try:
        found = learn(100)
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.noise == set()
    assert held < 2 * HELD_CHARS
    assert peak < 4 * HELD_CHARS


def test_an_answer_that_is_longer_than_all_that_is_held_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learnt_values, "CHARS_MAX", BODY_CHARS)
    found = learn(3)
    found.add(POSITIONS, "/positions?min_ts=2", Answers(body(7), body(0)))
    assert found.noise == set()


def test_what_changes_by_itself_is_learnt_from_the_answers_that_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learnt_values, "CHARS_MAX", HELD_CHARS)
    found = learn(100)
    found.add(POSITIONS, "/positions?min_ts=0", Answers(body(7), body(0)))
    assert found.noise == set(), "the answer before was dropped"
    found.add(POSITIONS, "/positions?min_ts=0", Answers(body(8), body(0)))
    assert found.noise == {(POSITIONS, "mark")}


def test_words_of_all_rows_are_learnt() -> None:
    found = Learnt()
    found.add(POSITIONS, "/positions", Answers(body(0), body(0, "canceled")))
    found.add(POSITIONS, "/positions", Answers(body(0), body(0, "resting")))
    assert found.words[POSITIONS, "rows[].status"] >= {"canceled", "resting"}


def frames_of(connection: int, *sent: Sent) -> Iterator[RecordedFrame]:
    """Yield the frames of a stream, each with its direction or kind before it."""
    for line, (direction, text) in enumerate((("open", ""), *sent), start=1):
        kind = direction if direction in ("open", "close") else ""
        yield RecordedFrame(line, line, connection, direction == "in", kind, text)


def acknowledged(channel: str, sid: int) -> Sent:
    return "out", json.dumps({"type": "subscribed", "id": 1, "msg": {"channel": channel, "sid": sid}})


def fill(number: int) -> Sent:
    return "out", json.dumps({"type": "fill", "sid": 1, "seq": number, "msg": {}})


ACKNOWLEDGED = (("in", SUBSCRIBE), acknowledged("fill", 1), acknowledged("trade", 2))
CLOSED = ("close", "1000")


def ended(found: OpenStreams, connection: int, *sent: Sent) -> list[FrameOrder]:
    assert PROTOCOL is not None
    closed = [found.add_frame(frame, PROTOCOL) for frame in frames_of(connection, *sent)]
    return [one for one in closed if one is not None]


def rules_of(order: FrameOrder) -> list[str]:
    return [deviation.path for _, deviation in order.deviations()]


def test_a_stream_is_checked_when_it_closes_and_then_not_held() -> None:
    found = OpenStreams()
    for connection in range(10):
        (order,) = ended(found, connection, *ACKNOWLEDGED, fill(1), fill(3), CLOSED)
        assert rules_of(order) == ["sequence numbers"]
    assert found.streams == {}


def test_frames_after_the_close_are_not_checked() -> None:
    found = OpenStreams()
    (order,) = ended(found, 1, *ACKNOWLEDGED, fill(1), CLOSED, fill(7), CLOSED)
    assert (rules_of(order), found.streams) == ([], {})
    (again,) = ended(found, 1, *ACKNOWLEDGED, fill(1), fill(1), CLOSED)
    assert rules_of(again) == ["sequence numbers"]


def test_frames_beyond_those_that_are_held_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """An acknowledgement that is not held may not be missed, and what closes makes room for others."""
    monkeypatch.setattr(streams, "FRAMES_MAX", 3)
    found = OpenStreams()
    (order,) = ended(found, 1, fill(2), fill(3), *ACKNOWLEDGED, CLOSED)
    assert (rules_of(order), found.beyond) == (["acknowledgements before data", "sequence numbers"], 2)
    assert ended(found, 2, *ACKNOWLEDGED) == []
    assert ended(found, 3, fill(1)) == []
    assert (found.beyond, [one.held for one in found.streams.values()]) == (3, [3, 0])
    (order,) = ended(found, 2, CLOSED)
    assert rules_of(order) == []
    (order,) = ended(found, 4, *ACKNOWLEDGED, CLOSED)
    assert (rules_of(order), found.beyond) == ([], 3)


def test_a_frame_without_its_text_ends_the_check_of_its_stream() -> None:
    found = OpenStreams()
    first, *others = frames_of(1, *ACKNOWLEDGED, fill(7), CLOSED)
    assert PROTOCOL is not None
    closed = [found.add_frame(one, PROTOCOL) for one in (first, others[0]._replace(text=None), *others)]
    assert [rules_of(one) for one in closed if one] == [[]]
