"""Connections without a socket: their frames, their outboxes, and the overflow of slow readers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.sandbox import streams
from mockexchange.sandbox.journal import Journal
from mockexchange.sandbox.streams import Ending, Outbox, OutboxTotal, Streams
from mockexchange.venues.frame import Frame
from mockexchange.venues.request import Request
from tests.faults.stream_calls import log_in
from tests.helpers.derivatives import WORLD, Socket
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make, run
from tests.sandbox.fake_streams import buy, install, narrow, noted, open_stream, say, taken, wire_of


def test_a_reader_too_slow_loses_the_subscription_that_it_does_not_read() -> None:
    sandbox = narrow()
    connection = open_stream(sandbox, "fill", "market_positions")
    taken(connection)
    buy(sandbox, count=20)
    frames = taken(connection)
    errors = [frame for frame in frames if frame["type"] == "error"]
    assert [(error["sid"], error["msg"]["code"]) for error in errors] == [(1, 25), (2, 25)]
    assert connection.session.channels == {}
    assert ("error", "overflow") in noted(sandbox.journal, "out")
    assert ("fill", "overflow") in noted(sandbox.journal, "lost")
    assert [frame.note for frame in sandbox.journal.frames if frame.kind == "error"] == [
        f"subscription {sid} to {channel} was ended: the outbox of 1,024 bytes was full"
        for sid, channel in ((1, "fill"), (2, "market_positions"))
    ]
    buy(sandbox)
    assert taken(connection) == []


def test_the_outbox_is_bounded_for_any_frames() -> None:
    sandbox = narrow()
    connection = open_stream(sandbox, "fill")
    for _ in range(20):
        buy(sandbox, count=5)
        say(connection, {"id": 3, "cmd": "subscribe", "params": {"channels": ["fill"]}})
    answers = [frame.raw for frame in sandbox.journal.frames if frame.kind in ("subscribed", "error", "ok")]
    assert connection.outbox.size_bytes <= 1024 + sum(map(len, answers))
    errors = [frame["sid"] for frame in taken(connection) if frame["type"] == "error"]
    assert len(errors) == len(set(errors))


def test_other_readers_are_unaffected() -> None:
    sandbox = narrow()
    slow, healthy = open_stream(sandbox, "fill"), open_stream(sandbox, "fill")
    seen = []
    for _ in range(20):
        buy(sandbox)
        seen += taken(healthy)
    assert [frame["type"] for frame in seen] == ["subscribed"] + ["fill"] * 20
    assert slow.session.channels == {}


def test_a_duplicate_that_finds_no_room_ends_the_subscription_once() -> None:
    sandbox = narrow()
    connection = open_stream(sandbox, "fill")
    install(sandbox, "{then: {duplicate}}")
    buy(sandbox, count=10)
    errors = [frame for frame in taken(connection) if frame["type"] == "error"]
    assert len(errors) == 1


def test_matching_selects_by_account_and_channel() -> None:
    sandbox = make()
    alice = open_stream(sandbox, "fill")
    bob = open_stream(sandbox, "fill", "trade", who="bob/main")
    idle = open_stream(sandbox, who="bob/main")
    streams = sandbox.streams
    assert streams.matching() == [alice, bob, idle]
    assert streams.matching(account="bob") == [bob, idle]
    assert streams.matching(channel="fill") == [alice, bob]
    assert streams.matching("bob", "trade") == [bob]
    assert streams.matching("carol") == []
    assert (streams.count_of("alice"), streams.count_of("bob"), streams.count_of("carol")) == (1, 2, 0)
    [(venue, channels)] = streams.channels
    assert (venue, "fill" in channels, "trade" in channels, "ticker" in channels) == ("kalshi", True, True, False)


def test_a_literal_frame_passes_filters_and_faults() -> None:
    sandbox = make()
    connection = open_stream(sandbox, "fill", "trade")
    install(sandbox, "{then: {gap}}")
    taken(connection)
    connection.send(b"anything", "novelty", "fill")
    connection.send_literal('{"sid":"$sid","seq":"$seq"}', "trade")
    connection.send_literal('{"sid":"$sid","seq":"$seq"}\n', "ticker")
    assert connection.outbox.pop_frames(10**6) == [b"anything", b'{"sid":2,"seq":1}\n', b'{"sid":0,"seq":0}\n']
    assert noted(sandbox.journal, "out")[-3:] == [
        ("novelty", "literal"),
        ("literal", "literal"),
        ("literal", "literal"),
    ]


def test_an_end_is_noted_once_and_nothing_after_it() -> None:
    sandbox = make()
    connection = open_stream(sandbox, "fill")
    connection.close(4001, "enough")
    sandbox.streams.forget(connection, Ending(1000, "bye"))
    buy(sandbox)
    say(connection, {"id": 2, "cmd": "subscribe", "params": {"channels": ["trade"]}})
    connection.send(b"late")
    last = sandbox.journal.frames[-1]
    assert (last.kind, last.raw, last.direction) == ("close", b"4001 enough", "out")
    assert wire_of(connection).told[-1] == 4001
    assert len(sandbox.streams) == 0


@each_row(
    ("ending", "raw", "direction"),
    [(Ending(1000, "bye"), b"1000 bye", "in"), (None, b"1006", "in"), (Ending(1011, "", is_ours=True), b"1011", "out")],
)
def test_how_a_connection_ended_is_noted(ending: Ending | None, raw: bytes, direction: str) -> None:
    sandbox = make()
    connection = open_stream(sandbox)
    assert [(frame.kind, frame.raw) for frame in sandbox.journal.frames] == [("open", b"")]
    sandbox.streams.forget(connection, *([ending] if ending else []))
    last = sandbox.journal.frames[-1]
    assert (last.kind, last.raw, last.direction) == ("close", raw, direction)


@each_row(("effect", "raw"), [("close: 4001", b"4001"), ("abort", b"1006")])
def test_an_end_that_a_fault_made_carries_its_name(effect: str, raw: bytes) -> None:
    sandbox = make()
    open_stream(sandbox, "fill")
    install(sandbox, f"{{name: cut, then: {{{effect}}}}}")
    buy(sandbox)
    last = sandbox.journal.frames[-1]
    assert (last.kind, last.raw, last.direction, last.fault) == ("close", raw, "out", "cut")


def test_a_connection_knows_since_when_it_is_open() -> None:
    sandbox = make()
    run(sandbox.advance(5_000_000))
    assert open_stream(sandbox).since == sandbox.clock.now()


def test_closing_all_closes_all_with_1012() -> None:
    sandbox = make()
    connections = [open_stream(sandbox, "fill"), open_stream(sandbox)]
    sandbox.close("reset")
    assert [wire_of(connection).told[-1] for connection in connections] == [1012, 1012]
    assert len(sandbox.streams) == 0


def test_a_flush_is_asked_for_once_for_all_that_waits() -> None:
    sandbox = make()
    asked: list[None] = []
    sandbox.streams.on_waiting = lambda: asked.append(None)
    connection = open_stream(sandbox, "fill", "trade", "market_positions")
    buy(sandbox, count=3)
    assert len(asked) == 1
    sandbox.streams.flush()
    sandbox.streams.flush()
    assert wire_of(connection).told == ["flush"]
    buy(sandbox)
    assert len(asked) == 2


def test_abort_and_stall_send_first_what_waits() -> None:
    sandbox = make()
    aborted, stalled = open_stream(sandbox, "fill"), open_stream(sandbox, "fill")
    aborted.abort()
    stalled.stall()
    assert wire_of(aborted).told == ["flush", "abort"]
    assert wire_of(stalled).told == ["flush", "stall"]
    assert list(sandbox.streams) == [stalled]


def test_a_frame_that_is_held_is_lost_with_its_subscription() -> None:
    sandbox = make()
    connection = open_stream(sandbox, "fill")
    install(sandbox, "{name: swap, then: {reorder}}")
    buy(sandbox)
    say(connection, {"id": 2, "cmd": "unsubscribe", "params": {"sids": [1]}})
    assert ("fill", "swap") in noted(sandbox.journal, "lost")
    say(connection, {"id": 3, "cmd": "subscribe", "params": {"channels": ["fill"]}})
    buy(sandbox, count=2)
    kinds = [frame["type"] for frame in taken(connection)]
    assert kinds == ["subscribed", "unsubscribed", "subscribed", "fill", "fill"]


def test_a_terminal_error_takes_the_held_frame_with_it() -> None:
    sandbox = make()
    connection = open_stream(sandbox, "fill")
    install(sandbox, "{name: swap, match: {nth: 1}, then: {reorder}}")
    install(sandbox, "{name: end, match: {nth: 2}, then: {terminal: 25}}")
    buy(sandbox, count=2)
    assert [frame["type"] for frame in taken(connection)] == ["subscribed", "error"]
    assert noted(sandbox.journal, "lost") == [("fill", "end"), ("fill", "swap")]


def test_answers_that_are_held_back_are_bounded() -> None:
    sandbox = make()
    connection = open_stream(sandbox)
    install(sandbox, "{name: late, then: {late_ack: 10m}}")
    for number in range(1, 1_002):
        say(connection, {"id": number, "cmd": "list_subscriptions"})
    wire = wire_of(connection)
    assert (len(wire.later), len(connection.outbox)) == (1_000, 1)
    assert {one.delay_us for one in wire.later} == {600_000_000}
    wire.later[0].send()
    assert len(connection.outbox) == 2
    say(connection, {"id": 2_000, "cmd": "list_subscriptions"})
    assert len(wire.later) == 1_001


def test_a_late_answer_is_lost_in_a_stall() -> None:
    sandbox = make()
    connection = open_stream(sandbox)
    install(sandbox, "{name: late, then: {late_ack: 1s}}")
    say(connection, {"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"]}})
    install(sandbox, "{name: asleep, then: {stall}}")
    buy(sandbox)
    [late] = wire_of(connection).later
    late.send()
    assert noted(sandbox.journal, "lost") == [("subscribed", "asleep")]


def test_a_silent_channel_speaks_again_without_its_rule() -> None:
    sandbox = make()
    connection = open_stream(sandbox, "fill")
    install(sandbox, "{name: mute, match: {nth: 1}, then: {silent_channel}}")
    buy(sandbox, count=2)
    say(connection, {"id": 2, "cmd": "unsubscribe", "params": {"sids": [1]}})
    say(connection, {"id": 3, "cmd": "subscribe", "params": {"channels": ["fill"]}})
    buy(sandbox)
    assert noted(sandbox.journal, "lost") == [("fill", "mute")] * 3
    assert [one.matched for one in sandbox.faults] == [1]
    run(sandbox.faults.remove("mute"))
    buy(sandbox)
    assert taken(connection)[-1]["type"] == "fill"


def test_rules_that_come_and_go_leave_nothing_behind() -> None:
    sandbox = make()
    connection = open_stream(sandbox, "fill")
    for _ in range(50):
        install(sandbox, "{name: soon, then: {close: 1001, at_frame: 9}}")
        buy(sandbox)
    assert connection._faults is not None
    assert len(connection._faults._seen) == 1


def test_streams_of_a_journal_alone() -> None:
    """Streams without a sandbox have default callbacks."""
    streams = Streams(Journal(), lambda: (1, 2, 3))
    streams.publish([])
    streams.flush()
    streams.close_all()
    assert (len(streams), list(streams), streams.matching()) == (0, [], [])


def test_faults_apply_to_data_requested_by_a_command() -> None:
    sandbox = make()
    install(sandbox, "{name: blind, match: {channel: orderbook_delta, nth: 1}, then: {gap}}")
    connection = open_stream(sandbox)
    wanted = {"channels": ["orderbook_delta"], "market_tickers": ["RAIN-1"]}
    say(connection, {"id": 1, "cmd": "subscribe", "params": wanted})
    assert [frame["type"] for frame in taken(connection)] == ["subscribed"]
    assert noted(sandbox.journal, "lost") == [("orderbook_snapshot", "blind")]


def test_data_of_a_subscription_that_ended_on_the_way_is_not_sent() -> None:
    sandbox = make()
    install(sandbox, "{name: over, match: {nth: 1}, then: {terminal: 25}}")
    connection = open_stream(sandbox)
    wanted = {"channels": ["orderbook_delta"], "market_tickers": ["RAIN-1", "RAIN-2"]}
    say(connection, {"id": 1, "cmd": "subscribe", "params": wanted})
    assert [frame["type"] for frame in taken(connection)] == ["subscribed", "error"]
    assert noted(sandbox.journal, "lost") == [("orderbook_snapshot", "over")]


def test_what_was_held_back_is_lost_when_the_stream_ends() -> None:
    sandbox = make()
    connection = open_stream(sandbox, "fill")
    install(sandbox, "{name: late, then: {late_ack: 1s}}")
    install(sandbox, "{name: swap, match: {nth: 2}, then: {reorder}}")
    buy(sandbox, count=2)
    say(connection, {"id": 2, "cmd": "subscribe", "params": {"channels": ["market_positions"]}})
    say(connection, {"id": 3, "cmd": "list_subscriptions"})
    wire = wire_of(connection)
    wire.later[1].send()
    connection.close(1001)
    assert noted(sandbox.journal, "lost") == [("fill", "swap"), ("subscribed", "late")]
    assert [one.is_cancelled for one in wire.later] == [True, False]
    sandbox.streams.forget(connection)
    assert [frame.kind for frame in sandbox.journal.frames][-3:] == ["fill", "subscribed", "close"]


def test_what_comes_too_late_is_neither_sent_nor_noted() -> None:
    sandbox = make()
    connection = open_stream(sandbox)
    connection.close(1001)
    connection.force(Frame(b"x", "fill", "fill", 1))
    connection.lose(Frame(b"x", "fill", "fill", 1), "nobody")
    assert taken(connection) == []
    assert sandbox.journal.frames[-1].kind == "close"


def test_why_there_is_an_error_is_in_the_journal() -> None:
    sandbox = make()
    connection = open_stream(sandbox)
    connection.receive(b"no JSON")
    last = sandbox.journal.frames[-1]
    assert (last.kind, last.direction) == ("error", "out")
    assert last.note


def test_an_ended_connection_is_ignored() -> None:
    sandbox = make()
    connection = open_stream(sandbox, "fill")
    install(sandbox, "{then: {terminal: 25}}")
    buy(sandbox)
    assert sandbox.streams._by_venue == {"kalshi": {"fill": {}}}
    connection.close(1001)
    sandbox.streams.flush()
    assert wire_of(connection).told == [1001]


# --- the outbox


def test_it_is_full_at_its_bound_and_refuses_what_does_not_fit() -> None:
    outbox = Outbox(10)
    assert (len(outbox), outbox.is_full, outbox.has_room) == (0, False, True)
    assert outbox.put(b"12345")
    assert outbox.has_room
    assert outbox.put(b"67")
    assert (outbox.is_full, outbox.has_room) == (False, False)
    assert not outbox.put(b"8901")
    assert outbox.put(b"890")
    assert (len(outbox), outbox.size_bytes, outbox.is_full) == (3, 10, True)
    assert not outbox.put(b"1")


def test_a_forced_frame_is_accepted_at_any_size() -> None:
    outbox = Outbox(4)
    assert outbox.put(b"1234")
    outbox.force(b"the end")
    assert outbox.is_full
    assert outbox.pop_frames(100) == [b"1234", b"the end"]
    assert (len(outbox), outbox.size_bytes, outbox.is_full) == (0, 0, False)


def test_frames_are_taken_whole_until_enough_are() -> None:
    outbox = Outbox()
    for raw in (b"aaa", b"bbb", b"ccc"):
        outbox.put(raw)
    assert outbox.pop_frames(4) == [b"aaa", b"bbb"]
    assert outbox.pop_frames(1) == [b"ccc"]
    assert outbox.pop_frames(1) == []


def test_it_can_be_emptied() -> None:
    outbox = Outbox(3)
    outbox.force(b"12345")
    outbox.clear()
    assert (len(outbox), outbox.size_bytes) == (0, 0)
    assert outbox.put(b"123")


@given(st.lists(st.tuples(st.binary(max_size=20), st.integers(0, 40)), max_size=50), st.integers(1, 100))
def test_nothing_is_lost_and_the_size_is_that_of_what_waits(moves: list[tuple[bytes, int]], bytes_max: int) -> None:
    outbox, taken_in, taken_out = Outbox(bytes_max), b"", b""
    for raw, wanted in moves:
        if outbox.put(raw):
            taken_in += raw
        assert outbox.size_bytes <= bytes_max
        taken_out += b"".join(outbox.pop_frames(wanted))
        assert outbox.size_bytes == len(taken_in) - len(taken_out)
    assert taken_out + b"".join(outbox.pop_frames(10_000)) == taken_in


# --- streams without an account


OPENING = Request("GET", "/ws/api/v2")


def test_outboxes_count_in_their_total_until_they_leave_it() -> None:
    total = OutboxTotal()
    first, second = Outbox(total=total), Outbox(total=total)
    first.force(b"abc")
    second.force(b"de")
    assert total.size_bytes == 5
    assert second.pop_frames(9) == [b"de"]
    first.clear()
    assert total.size_bytes == 0
    first.force(b"abc")
    first.leave_total()
    first.force(b"abc")
    first.leave_total()
    assert (total.size_bytes, first.size_bytes) == (0, 6)


def test_the_stream_with_most_unread_frames_is_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "KEYLESS_BYTES_MAX", 2_000)
    sandbox = make(WORLD)
    idle, hostile = Socket(sandbox, OPENING), Socket(sandbox, OPENING)
    idle.connection.receive(b'{"id": 1, "method": "public/test"}')
    for number in range(40):
        hostile.connection.receive(b'{"id": %d, "method": "public/test"}' % number)
    assert (hostile.ended, idle.ended) == ("reset", "")
    assert sandbox.streams.keyless.size_bytes <= 2_000
    assert idle.told[0]["result"]["version"]
    assert list(sandbox.journal.frames)[-1].note.startswith("the unread frames of all streams without an account")


def test_a_stream_with_an_account_has_a_bound_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "KEYLESS_BYTES_MAX", 2_000)
    sandbox = make(WORLD)
    socket = Socket(sandbox, OPENING)
    log_in(socket)
    for number in range(40):
        socket.connection.receive(b'{"id": %d, "method": "public/test"}' % number)
    assert (socket.ended, sandbox.streams.keyless.size_bytes) == ("", 0)
    assert len(socket.told) > 40
