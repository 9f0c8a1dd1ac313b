"""Replay of calls that faults and stubs changed: sessions get the same state, and frames the same bytes."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockexchange.core.commands import Note
from mockexchange.replay import Verdict
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.store.log import LogError
from mockexchange.venues.deribit.signatures import sign, stream_text
from mockexchange.venues.request import Request
from tests.faults.stream_calls import CHANGES, POSITIONS, Host, install, log_in
from tests.helpers.derivatives import WORLD, Socket, credential_of, deribit_stream, signalplus_stream
from tests.helpers.effort import examples
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import do, make, run
from tests.replay.test_venues import again, buy, deviating, frames_of
from tests.sandbox.stubs import install as install_stubs

pytestmark = pytest.mark.untraced

STUB = "name: s, request: deribit private/buy, result: {order: {price: 1.50}}"
EFFECTS = (
    "status: 503",
    "rate_limit: {requests: 1, per: 100s}",
    "body: nothing",
    "truncate_json",
    "duplicate_row",
    "no_rows",
    "page_size: 1",
    "stale: 5s",
    "clock_offset: 3000d",
    "delay: 2s",
    "trickle: 10",
    "cut_after: 10",
    "drop",
    "reset",
)


METHODS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("private/subscribe", {"channels": [CHANGES, "ticker.BTC-PERPETUAL.raw", "book.BTC-PERPETUAL.raw"]}),
    (POSITIONS, {"currency": "any"}),
    ("private/buy", {}),
)


def utter(socket: Socket, method: str, params: dict[str, Any]) -> None:
    """Send a call and ignore its answer."""
    document = {"id": 7, "rid": 7, "method": method, "params": params}
    socket.connection.receive(json.dumps(document).encode())


def talk(sandbox: Sandbox, *sockets: Socket) -> None:
    """Make calls that change the session, calls that read, and trades that are published in between."""
    for socket in sockets:
        for method, params in METHODS * 2:
            utter(socket, method, params)
            trade(sandbox)
        socket.ring()
    trade(sandbox)


def trade(sandbox: Sandbox) -> None:
    """Trade for both accounts, so that both streams get frames."""
    do(sandbox, buy("dora"))
    do(sandbox, buy("gina"))


@each_row("effect", EFFECTS)
@each_row("match", ["operation: private/subscribe", f"operation: {POSITIONS}", "every: 2", "account: gina"])
def test_what_a_fault_touched_is_skipped_and_the_rest_comes_again(effect: str, match: str) -> None:
    sandbox = make(WORLD)
    dora, gina = deribit_stream(sandbox), signalplus_stream(sandbox)
    install(sandbox, f"name: f, match: {{{match}}}, then: {{{effect}}}")
    install_stubs(sandbox, STUB)
    talk(sandbox, dora, gina)
    assert sandbox.journal.firings, "it fired"
    assert not deviating(again(sandbox))


@each_row("effect", ["status: 503", "clock_offset: 3000d", "delay: 1s", "body: x", "stale: 5s"])
def test_a_login_is_repeated_in_a_replay(effect: str) -> None:
    """A clock offset refuses a signature but not a password; later calls depend on that."""
    sandbox = make(WORLD)
    install(sandbox, f"name: 'f, g', match: {{operation: public/auth}}, then: {{{effect}}}")
    socket = Socket(sandbox, Request("GET", "/ws/api/v2"))
    utter(socket, "public/auth", signed(sandbox))
    run(sandbox.faults.clear())
    socket.ring()
    utter(socket, POSITIONS, {"currency": "any"})
    verdicts = again(sandbox)
    assert not deviating(verdicts)
    assert sum(one.is_skipped for one in verdicts) == 1


def signed(sandbox: Sandbox) -> dict[str, Any]:
    one, moment = credential_of(sandbox, "dora"), str(sandbox.options.host() // 1_000)
    signature = sign(one.secret or "", stream_text(moment, "", ""))
    given = {"grant_type": "client_signature", "timestamp": int(moment), "signature": signature}
    return {**given, "client_id": one.key_id}


def test_a_call_that_a_fault_answered_is_a_sign_of_life_again() -> None:
    host = Host()
    sandbox = make(WORLD, host=host)
    socket = deribit_stream(sandbox)
    socket.say("public/set_heartbeat", interval=10)
    install(sandbox, "name: f, then: {status: 503}")
    host.now += 5_000_000
    utter(socket, "public/get_time", {})
    host.now += 5_000_000
    socket.ring()
    assert socket.told[-1]["params"] == {"type": "heartbeat"}
    assert not deviating(again(sandbox))


def test_a_stubs_answer_comes_again_and_a_refusal_too() -> None:
    sandbox = make(WORLD)
    install_stubs(sandbox, STUB)
    socket = Socket(sandbox, Request("GET", "/ws/api/v2"))
    socket.say("private/buy")
    log_in(socket)
    socket.say("private/buy", amount=10)
    run(sandbox.stubs.clear())
    socket.say("private/buy", amount=10)
    verdicts = again(sandbox)
    assert not deviating(verdicts)
    assert not any(one.is_skipped for one in verdicts)


def test_the_steps_and_ids_of_a_stub_come_again() -> None:
    sandbox = make(WORLD)
    trade_ = "account: $account, instrument: BTC-PERPETUAL, direction: buy, amount: $query.amount, price: 70000"
    install_stubs(sandbox, f"request: deribit private/buy, result: $new_id, then: [{{trade: {{{trade_}}}}}]")
    socket = deribit_stream(sandbox)
    socket.say("private/subscribe", channels=[CHANGES])
    ids = {socket.say("private/buy", amount=amount)[0]["result"] for amount in (10, 20)}
    assert len(ids) == 2
    assert [one["method"] for one in socket.told if "method" in one] == ["subscription"] * 2
    verdicts = again(sandbox)
    assert not deviating(verdicts)
    assert len(verdicts) == 7
    assert not any(one.is_skipped for one in verdicts)


def test_an_answer_other_than_the_stubs_is_a_deviation() -> None:
    sandbox = make(WORLD)
    socket = deribit_stream(sandbox)
    install_stubs(sandbox, STUB)
    socket.say("private/buy")
    frames = frames_of(sandbox)
    frames[-1]["frame"] = frames[-1]["frame"].replace("1.50", "1.51")
    [told] = deviating(again(sandbox, frames))
    assert '"price":1.50' in told.got


def test_a_stub_missing_in_the_log_is_an_error() -> None:
    sandbox = make(WORLD)
    socket = deribit_stream(sandbox)
    socket.say("public/test")
    frames = frames_of(sandbox)
    for frame in frames[-2:]:
        frame["stub"] = "s"
    with pytest.raises(LogError, match="stub 's' answered: the log never installed it"):
        again(sandbox, frames)


def test_a_journal_that_knows_no_stubs_is_read() -> None:
    sandbox = make(WORLD)
    deribit_stream(sandbox, CHANGES)
    frames = frames_of(sandbox)
    for frame in frames:
        del frame["stub"]
    assert not deviating(again(sandbox, frames))


def test_an_invalid_fault_in_the_log_is_an_error() -> None:
    sandbox = make(WORLD)
    run(sandbox.submit(Note(subject="fault", text='{"install":{"then":{"nothing":true}}}')))
    deribit_stream(sandbox)
    with pytest.raises(LogError, match=r"command \d+: expected a fault"):
        again(sandbox)


class Day:
    """Two streams with faults on their calls, in any order."""

    def __init__(self) -> None:
        self.host = Host()
        self.sandbox = make(WORLD, host=self.host)
        install_stubs(self.sandbox, STUB)
        self.sockets = [deribit_stream(self.sandbox), signalplus_stream(self.sandbox)]

    def do(self, doing: str) -> None:
        if doing in EFFECTS:
            install(self.sandbox, f"name: f, match: {{probability: 0.5}}, then: {{{doing}}}")
        elif doing == "trade":
            trade(self.sandbox)
        elif doing == "wait":
            self.host.now += 7_000_000
            self.each(lambda socket: socket.ring())
        else:
            self.each(lambda socket: self.say(socket, doing))

    def each(self, act: Any) -> None:
        for socket in self.sockets:
            if not socket.connection.is_over:
                act(socket)

    def say(self, socket: Socket, doing: str) -> None:
        channels = {"channels": [CHANGES]} if "subscribe" in doing else {}
        utter(socket, doing, {**channels, "currency": "any", "interval": 10})


DOINGS = (
    *EFFECTS,
    "trade",
    "wait",
    "private/subscribe",
    "private/unsubscribe",
    POSITIONS,
    "private/buy",
    "public/set_heartbeat",
    "public/test",
    "private/logout",
)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.sampled_from(DOINGS), max_size=20))
def test_any_sequence_of_actions_replays(doings: list[str]) -> None:
    day = Day()
    for doing in doings:
        day.do(doing)
    verdicts: list[Verdict] = again(day.sandbox)
    assert not deviating(verdicts)
