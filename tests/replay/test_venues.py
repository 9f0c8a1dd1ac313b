"""Replay of a journal of several venues, byte for byte: answers, notifications and heartbeats."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mockexchange.core.commands import MarkDerivative, SettleSession, TradeDerivative
from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.replay import Replay, Verdict, compare, read_journal
from mockexchange.sandbox.journal_json import entry_to_json, frame_to_json
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.fault_rules import FAULT
from mockexchange.scenario.located_text import read_yaml
from mockexchange.store.codec import write_log
from mockexchange.venues.request import Request
from tests.helpers.derivatives import WORLD, ask, deribit_stream, of_deribit, of_signalplus, signalplus_stream
from tests.helpers.effort import examples
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import WALL, do, make, run, signed

SECOND = 1_000_000
CHANGES = "user.changes.any.any.raw"
Plain = dict[str, Any]


class Host:
    """A host clock that the test advances."""

    def __init__(self) -> None:
        self.now = WALL

    def __call__(self) -> int:
        return self.now


def buy(account: str, amount: int = 10) -> TradeDerivative:
    return TradeDerivative(
        subaccount_ref=SubaccountRef(account),
        derivative="BTC-PERPETUAL",
        direction=Direction.BUY,
        amount=Decimal(amount),
        price=Decimal(113_000),
    )


def frames_of(sandbox: Sandbox) -> list[Plain]:
    return [frame_to_json(number, frame) for number, frame in sandbox.journal.numbered_frames()]


def again(sandbox: Sandbox, frames: list[Plain] | None = None) -> list[Verdict]:
    entries = [entry_to_json(entry) for entry in sandbox.journal]
    lines = "\n".join(json.dumps(frame) for frame in (frames_of(sandbox) if frames is None else frames))
    return list(compare(Replay(list(write_log(sandbox.log))), read_journal(json.dumps(entries), lines)))


def deviating(verdicts: list[Verdict]) -> list[Any]:
    return [verdict.deviation for verdict in verdicts if verdict.deviation]


def story(text: str = WORLD) -> tuple[Sandbox, Host]:
    """Requests to three venues, streams of two of them, changes in between, and two heartbeats."""
    host = Host()
    sandbox = make(text, host=host)
    for request in (signed(sandbox), of_deribit(sandbox), of_signalplus(sandbox)):
        assert ask(sandbox, request).status == 200
    dora, gina = deribit_stream(sandbox, CHANGES, "user.portfolio.any"), signalplus_stream(sandbox, CHANGES)
    dora.say("public/set_heartbeat", interval=10)
    do(sandbox, buy("dora"))
    do(sandbox, buy("gina"))
    host.now += 10 * SECOND
    dora.ring()
    do(sandbox, MarkDerivative(derivative="BTC-PERPETUAL", price=Decimal(114_000)))
    ask(sandbox, Request("GET", "/api/v2/private/get_positions"))
    ask(sandbox, Request("POST", "/signalplus/api", "", (), b"no JSON"))
    dora.say("public/test")
    host.now += 10 * SECOND
    dora.ring()
    do(sandbox, SettleSession())
    gina.connection.receive(b'{"rid": 12345678901234567890, "method": "private/get_positions", "params": {}}')
    return sandbox, host


def test_everything_comes_again() -> None:
    sandbox, _ = story()
    frames = frames_of(sandbox)
    assert sum(frame["kind"] == "heartbeat" for frame in frames) >= 2, "the stream was woken"
    assert {frame["channel"] for frame in frames} >= {"user.changes", "user.portfolio"}
    verdicts = again(sandbox)
    assert not deviating(verdicts)
    assert not any(verdict.is_skipped for verdict in verdicts)
    assert {verdict.subject for verdict in verdicts} == {"answer", "frame"}


@each_row("kind", ["heartbeat", "subscription"])
def test_a_different_frame_is_a_deviation(kind: str) -> None:
    sandbox, _ = story()
    frames = frames_of(sandbox)
    changed = next(frame for frame in frames if kind in (frame["frame"] or "") and frame["direction"] == "out")
    changed["frame"] = changed["frame"].replace("2.0", "2.1").replace("user.changes", "user.chances")
    [found, *_] = deviating(again(sandbox, frames))
    assert str(changed["number"]) in found.title


def test_a_heartbeat_that_did_not_go_out_is_not_missed_by_the_replay() -> None:
    """The recording decides whether a stream was woken, because a timer may fire late."""
    sandbox, _ = story()
    frames = [frame for frame in frames_of(sandbox) if frame["kind"] != "heartbeat"]
    numbers = {verdict.number for verdict in again(sandbox, frames) if verdict.deviation}
    assert numbers <= {0}


def test_a_stream_that_is_closed_for_its_silence_comes_again() -> None:
    sandbox, host = story()
    late = deribit_stream(sandbox)
    late.say("public/set_heartbeat", interval=10)
    for _ in range(4):
        host.now += 10 * SECOND
        late.ring()
    assert late.closed == 4_000
    assert not deviating(again(sandbox))


def test_the_switches_of_every_venue_are_in_the_log() -> None:
    sandbox, _ = story(WORLD + "deribit: {testnet: no, token_lifetime: 5m}\nsignalplus: {flat_rows: omit}\n")
    assert b'"testnet":false' in ask(sandbox, of_deribit(sandbox)).body
    replay = Replay(list(write_log(sandbox.log)))
    assert replay.contexts["deribit"].settings == sandbox.contexts["deribit"].settings
    assert replay.contexts["signalplus"].settings == sandbox.contexts["signalplus"].settings
    assert replay.contexts["kalshi"].settings == sandbox.contexts["kalshi"].settings
    assert not deviating(again(sandbox))


FAULTS: list[str] = [
    "match: {account: dora, channel: user.changes}, then: {duplicate}",
    "match: {account: dora, channel: user.changes}, times: 1, then: {gap}",
    "match: {account: gina}, times: 1, then: {reorder}",
    "match: {account: dora}, times: 1, then: {frame: {jsonrpc: news, seq: $seq}}",
    "match: {account: gina, channel: user.changes}, times: 1, then: {terminal: 10}",
    "match: {account: dora}, times: 1, then: {close: 1011}",
    "match: {operation: private/get_positions}, then: {status: 503}",
    "match: {operation: private/get_positions, account: dora}, then: {duplicate_row}",
]


@each_row("rule", FAULTS)
def test_what_a_fault_touched_is_skipped_and_the_rest_is_the_same(rule: str) -> None:
    sandbox = make(WORLD)
    run(sandbox.faults.install(FAULT.read(read_yaml(f"{{name: f, {rule}}}", "f"), "")))
    deribit_stream(sandbox, CHANGES)
    signalplus_stream(sandbox, CHANGES)
    asked: list[Callable[[], Any]] = [
        lambda: do(sandbox, buy("dora")),
        lambda: do(sandbox, buy("gina")),
        lambda: ask(sandbox, of_deribit(sandbox)),
        lambda: do(sandbox, buy("dora", 20)),
        lambda: do(sandbox, buy("gina", 20)),
        lambda: ask(sandbox, of_signalplus(sandbox)),
    ]
    for one in asked:
        one()
    assert sandbox.journal.firings, "it fired"
    verdicts = again(sandbox)
    assert not deviating(verdicts)
    assert any(verdict.is_skipped for verdict in verdicts) or "close" in rule


class Day:
    """Random actions: two streams that open and close, requests to three venues, and a market that moves."""

    def __init__(self) -> None:
        self.host = Host()
        self.sandbox = make(WORLD, host=self.host)
        self.sockets = [deribit_stream(self.sandbox, CHANGES), signalplus_stream(self.sandbox, CHANGES)]

    def buy(self) -> None:
        do(self.sandbox, buy("dora"))

    def sell_to(self) -> None:
        do(self.sandbox, buy("gina", 30))

    def mark(self) -> None:
        do(self.sandbox, MarkDerivative(derivative="BTC-PERPETUAL", price=Decimal(100_000 + len(self.sandbox.log))))

    def pass_night(self) -> None:
        run(self.sandbox.advance(12 * 3_600 * SECOND))

    def ask(self) -> None:
        for request in (of_deribit(self.sandbox), of_signalplus(self.sandbox), signed(self.sandbox)):
            ask(self.sandbox, request)

    def wait(self) -> None:
        self.host.now += 11 * SECOND
        for socket in self.sockets:
            socket.ring()

    def open(self) -> None:
        self.sockets.append(deribit_stream(self.sandbox, "user.portfolio.any", CHANGES))

    def beat(self) -> None:
        self.sockets[-1].connection.receive(
            b'{"id": "b", "method": "public/set_heartbeat", "params": {"interval": 10}}'
        )

    def leave(self) -> None:
        self.sockets[0].connection.receive(b'{"id": 9, "method": "private/logout", "params": {}}')

    def babble(self) -> None:
        for socket in self.sockets:
            socket.connection.receive(b"[]")


DOINGS = ("buy", "sell_to", "mark", "pass_night", "ask", "wait", "open", "beat", "leave", "babble")


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(st.sampled_from(DOINGS), max_size=15))
def test_any_sequence_of_actions_replays(doings: list[str]) -> None:
    day = Day()
    for name in doings:
        getattr(day, name)()
    verdicts = again(day.sandbox)
    assert not deviating(verdicts)
    assert not any(verdict.is_skipped for verdict in verdicts)
