"""Replay of streams: sent frames are a function of the log and of the commands, apart from faults."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from mockexchange.core.commands import CloseMarket, SettleMarket
from mockexchange.core.vocabulary import Result, SubaccountRef
from mockexchange.replay import Recording, Replay, Verdict, compare, read_journal
from mockexchange.sandbox.journal_json import entry_to_json, frame_to_json
from mockexchange.sandbox.streams import Ending
from mockexchange.store.codec import write_log
from mockexchange.store.log import LogError
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import POSITIONS, SMALL, make, run, signed
from tests.helpers.stream_reader import Reader
from tests.server.streaming import buy

CHANNELS = ("fill", "market_positions", "trade", "ticker", "user_orders")
Plain = dict[str, Any]


class Scene:
    """A sandbox whose streams are opened, written, disturbed by faults and closed."""

    def __init__(self, text: str = SMALL, date: str = "2026-10") -> None:
        self.sandbox = make(text, date)

    def open(self, who: str = "alice/main", *channels: str) -> Reader:
        reader = Reader(self.sandbox, who)
        [*self.sandbox.journal][-1].connection = reader.connection.number
        if channels:
            reader.subscribe(*channels)
        return reader

    def do(self, *commands: Any) -> None:
        for command in commands:
            run(self.sandbox.submit(command))
        self.sandbox.streams.flush()

    def ask(self, *requests: Request) -> None:
        for request in requests:
            self.sandbox.answer(request)

    @property
    def lines(self) -> list[bytes]:
        return list(write_log(self.sandbox.log))

    @property
    def entries(self) -> list[Plain]:
        return [entry_to_json(entry) for entry in self.sandbox.journal]

    @property
    def frames(self) -> list[Plain]:
        return [frame_to_json(number, frame) for number, frame in self.sandbox.journal.numbered_frames()]

    def again(self, entries: list[Plain] | None = None, frames: list[Plain] | None = None) -> list[Verdict]:
        """Replay the exported journal, or a changed one."""
        texts = [json.dumps(self.entries if entries is None else entries)]
        texts.append("\n".join(json.dumps(frame) for frame in (self.frames if frames is None else frames)))
        return list(compare(Replay(self.lines), read_journal(*texts)))


def story(date: str = "2026-10") -> Scene:
    """Three streams, two accounts, commands in between, refusals, and an end."""
    scene = Scene(date=date)
    alice = scene.open("alice/main", "fill", "market_positions")
    scene.do(buy(), buy("bob"))
    third = scene.open("alice/only_3", "fill")
    scene.ask(signed(scene.sandbox), signed(scene.sandbox, f"{POSITIONS}?limit=0"))
    bob = scene.open("bob/main")
    for raw in (b"no JSON", b'{"id": 1}', b'{"id": 2, "cmd": "dance"}', b"\xff"):
        bob.connection.receive(raw)
    bob.subscribe("fill", "nothing")
    bob.subscribe("fill", "trade")
    scene.sandbox.clock.reach(scene.sandbox.clock.after(1_000_000))
    scene.do(buy("bob"), CloseMarket(market="NONE"), buy())
    scene.sandbox.streams.forget(alice.connection, Ending(1000, "bye"))
    scene.do(buy(), SettleMarket(market="RAIN-1", result=Result.YES))
    third.connection.close(1012)
    scene.do(buy("bob"))
    return scene


def outs(scene: Scene) -> list[int]:
    return [frame["number"] for frame in scene.frames if frame["direction"] == "out" and frame["kind"] != "close"]


@each_row("date", ["2025-11", "2026-02", "2026-10", "compat"])
def test_the_same_streams_give_the_same_bytes(date: str) -> None:
    scene = story(date)
    verdicts = scene.again()
    assert [one for one in verdicts if one.deviation or one.is_skipped] == []
    assert [one.number for one in verdicts if one.subject == "frame"] == outs(scene)
    assert len(outs(scene)) > 15
    assert [one.number for one in verdicts if one.subject == "answer"] == list(range(1, 6))


def test_the_same_scenario_gives_the_same_frames() -> None:
    assert story().frames == story().frames


def test_frames_alone_are_of_no_use_and_requests_alone_are() -> None:
    scene = story()
    assert {one.is_skipped for one in scene.again(entries=[]) if one.subject == "frame"} == {True}
    assert {one.subject for one in scene.again(frames=[])} == {"answer"}
    assert [one for one in scene.again(frames=[]) if one.deviation] == []


def test_a_stream_that_began_before_the_journal_is_skipped() -> None:
    scene = story()
    verdicts = scene.again(frames=scene.frames[1:])
    first = [frame["number"] for frame in scene.frames if frame["connection"] == 1]
    assert {one.number for one in verdicts if one.is_skipped} == set(first) & set(outs(scene))
    assert [one for one in verdicts if one.deviation] == []


def changed(kind: str, change: Callable[[Plain], None]) -> Callable[[list[Plain]], None]:
    """Change the first frame of a kind."""

    def tamper(frames: list[Plain]) -> None:
        change(next(frame for frame in frames if frame["kind"] == kind))

    return tamper


def shorten(frame: Plain) -> None:
    frame["frame"] = frame["frame"][:-2]


def without(kind: str) -> Callable[[list[Plain]], None]:
    def tamper(frames: list[Plain]) -> None:
        frames.remove(next(frame for frame in frames if frame["kind"] == kind))

    return tamper


def swap(frames: list[Plain]) -> None:
    """Swap two fills of one stream."""
    one, other = [frame for frame in frames if frame["kind"] == "fill" and frame["connection"] == 1][:2]
    one["frame"], other["frame"] = other["frame"], one["frame"]


def twice(frames: list[Plain]) -> None:
    fill = next(frame for frame in frames if frame["kind"] == "fill")
    frames.insert(frames.index(fill) + 1, {**fill, "number": fill["number"]})


@each_row(
    "tamper",
    [
        changed("fill", shorten),
        changed("subscribed", shorten),
        changed("error", shorten),
        changed("market_position", lambda frame: frame.update(frame=None, frame_base64="/w==")),
        changed("", lambda frame: frame.update(frame='{"id":9,"cmd":"subscribe","params":{"channels":["fill"]}}')),
        without("market_position"),
        without("fill"),
        swap,
        twice,
    ],
)
def test_tampered_frames_are_reported(tamper: Callable[[list[Plain]], None]) -> None:
    scene = story()
    frames = scene.frames
    tamper(frames)
    assert [one for one in scene.again(frames=frames) if one.deviation]


def test_a_log_of_which_something_else_came_is_reported() -> None:
    scene = story()
    lines = [line.replace(b'"price_centicents":6000', b'"price_centicents":6100') for line in scene.lines]
    assert lines != scene.lines
    recording = Recording(scene.entries, scene.frames)
    titles = [one.deviation.title for one in compare(Replay(lines), recording) if one.deviation]
    assert any("to stream 1 (fill)" in title for title in titles)


@each_row("ending", ["by the client", "by us", ""])
def test_a_frame_that_was_not_sent_is_reported(ending: str) -> None:
    scene = Scene()
    alice, _ = scene.open("alice/main", "fill"), scene.open("bob/main", "fill")
    scene.do(buy(), buy("bob"))
    if ending == "by the client":
        scene.sandbox.streams.forget(alice.connection)
    elif ending:
        scene.do(buy("bob"))
        alice.connection.close(1012)
    frames = [frame for frame in scene.frames if (frame["connection"], frame["kind"]) != (1, "fill")]
    [deviation] = [one.deviation for one in scene.again(frames=frames) if one.deviation]
    assert deviation.title == "frame - to stream 1 (fill), which is not in the journal"
    assert (json.loads(deviation.got)["type"], deviation.wanted) == ("fill", "nothing")


def test_a_plain_request_for_the_stream_is_asked_again_as_one() -> None:
    scene = Scene()
    scene.ask(signed(scene.sandbox, STREAM_PATH), Request("GET", STREAM_PATH), Request("POST", STREAM_PATH))
    assert {entry["operation"] for entry in scene.entries} == {"OpenStream"}
    assert scene.again() == [Verdict("answer", number) for number in (1, 2, 3)]


def test_what_a_terminal_error_ends_is_over_in_the_middle_of_a_command() -> None:
    scene = disturbed("{match: {channel: market_positions, nth: 3}, then: {terminal: 25}}")
    scene.open("alice/main", "market_positions", "fill")
    scene.do(
        buy(),
        replace(buy(), subaccount_ref=SubaccountRef("alice", "3")),
        SettleMarket(market="RAIN-1", result=Result.YES),
    )
    assert [frame["kind"] for frame in scene.frames if frame["fault"]] == ["market_position", "error"]
    scene.do(replace(buy(), market="RAIN-2"))
    assert [one.deviation for one in scene.again() if one.deviation] == []


def test_a_handshake_that_was_refused_is_asked_again() -> None:
    scene = Scene()
    refused = signed(scene.sandbox, "/trade-api/ws/v3", headers={b"upgrade": b"websocket"})
    scene.sandbox.shake_hands(Request("GET", STREAM_PATH, "", refused.headers))
    assert [entry["status"] for entry in scene.entries] == [401]
    assert scene.again() == [Verdict("answer", 1)]


# --- faults


def faulted(scene: Scene) -> Recording:
    return read_journal(json.dumps(scene.entries), json.dumps(scene.frames))


def disturbed(script: str) -> Scene:
    """Two streams with the same frames, the first with faults."""
    return Scene(SMALL + f"faults:\n  - {script}\n")


@each_row(
    "fault",
    [
        "{match: {channel: fill, nth: 2}, then: {duplicate: true}}",
        "{match: {channel: fill, nth: 2}, then: {gap: true}}",
        "{match: {channel: fill, nth: 2}, then: {reorder: true}}",
        "{match: {channel: fill}, then: {silent_channel: true}}",
        "{match: {channel: fill, nth: 2}, then: {terminal: 10}}",
        "{match: {channel: fill, nth: 2}, then: {terminal: 25}}",
        "{match: {channel: fill, nth: 2}, then: {stall: true}}",
        "{match: {channel: fill, nth: 2}, then: {abort: true}}",
        "{match: {channel: fill, nth: 2}, then: {close: 1001}}",
    ],
)
def test_what_a_fault_touched_is_skipped_and_the_rest_compared(fault: str) -> None:
    scene = disturbed(fault)
    scene.open("alice/main", "fill", "market_positions")
    scene.open("bob/main", "fill")
    scene.do(buy(), buy(), buy(), buy("bob"))
    scene.ask(signed(scene.sandbox))
    assert any(frame["fault"] or (frame["kind"], frame["direction"]) == ("close", "out") for frame in scene.frames)
    verdicts = list(compare(Replay(scene.lines), faulted(scene)))
    assert [one.deviation for one in verdicts if one.deviation] == []
    assert [one for one in verdicts if not one.is_skipped and one.subject == "frame"]


def test_the_frames_lost_by_a_slow_reader_are_no_deviation() -> None:
    scene = Scene(SMALL + "stream: {outbox: 4096}\n")
    alice = scene.open("alice/main", "fill", "market_positions")
    alice.flush = lambda: None  # type: ignore[method-assign]  # it does not read
    scene.do(*[buy()] * 20)
    assert [frame["fault"] for frame in scene.frames if frame["kind"] == "error"] == ["overflow", "overflow"]
    verdicts = scene.again()
    assert [one.deviation for one in verdicts if one.deviation] == []
    assert any(one.is_skipped for one in verdicts)


def test_literal_frames_are_skipped_and_their_numbers_counted() -> None:
    scene = Scene()
    alice = scene.open("alice/main", "trade")
    scene.do(buy())
    alice.connection.send_literal('{"type":"trade","sid":"$sid","seq":"$seq","msg":{}}', "trade", "news")
    scene.do(buy())
    verdicts = scene.again()
    assert [one.deviation for one in verdicts if one.deviation] == []
    assert [one.is_skipped for one in verdicts if one.subject == "frame"] == [False, False, True, False]


def test_an_answer_that_a_fault_touched_is_skipped() -> None:
    scene = Scene()
    scene.ask(signed(scene.sandbox), signed(scene.sandbox))
    entries = scene.entries
    entries[0].update(fault="flaky", status=503, answer="down")
    assert scene.again(entries) == [Verdict("answer", 1, is_skipped=True), Verdict("answer", 2)]


# --- the format


@each_row("name", ["number", "position", "at_us", "host_at_us", "connection", "kind", "channel", "fault"])
def test_what_a_frame_must_have_is_missed(name: str) -> None:
    frame = {key: value for key, value in story().frames[0].items() if key != name}
    with pytest.raises(LogError, match="expected an exported journal"):
        read_journal(json.dumps([frame]))
