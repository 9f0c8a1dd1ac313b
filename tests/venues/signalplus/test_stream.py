"""Streams: handshakes, methods, subscriptions, and notifications of trades and settlements."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.core.commands import (
    DeliverDerivative,
    MarkDerivative,
    PayFunding,
    SetIndex,
    SettleSession,
)
from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.venues.request import Request
from mockexchange.venues.signalplus.settings import SignalPlusSettings
from mockexchange.venues.signalplus.stream.feed import is_channel
from mockexchange.venues.signalplus.venue import SIGNALPLUS
from tests.helpers.rows import each_row
from tests.venues.signalplus.world import (
    DORA,
    GET_POSITIONS,
    GINA,
    GINA_3,
    HOST,
    HUGO,
    START,
    World,
    diagnosis_of,
    refusal,
    signed,
)

EVERYTHING = "user.changes.any.any.raw"
PATHS = ["/signalplus/ws/api", "/signalplus/ws/private"]


@each_row("path", PATHS)
def test_a_stream_answers_methods_as_http_does(path: str) -> None:
    world = World()
    world.hold("BTC-17OCT25", "110970", "110957.5")
    client = world.open(path=path)
    frame = client.send({"rid": 50002, "method": GET_POSITIONS, "params": {"currency": "BTC"}})
    assert (frame.kind, frame.sid, frame.channel, frame.acknowledged) == ("result", 0, "", ())
    document = json.loads(frame.raw)
    assert list(document) == ["rid", "result"]
    assert document["rid"] == 50002
    assert document["result"] == world.read()
    assert client.call("connect") == {"rid": 7, "result": 200}


@each_row("path", PATHS)
def test_a_handshake_without_credentials(path: str) -> None:
    shaken = SIGNALPLUS.stream.shake_hands(World().context(), Request("GET", path), 0, HOST, lambda account: 0)
    assert shaken.session is None
    assert refusal(shaken.answer) == (401, (403, "token invalid"))
    assert shaken.answer.body.startswith(b'{"rid":null,')
    assert (shaken.answer.operation, diagnosis_of(shaken.answer)[:17]) == ("OpenStream", "missing or empty:")


@each_row("path", PATHS)
def test_a_request_for_the_path_that_is_no_upgrade(path: str) -> None:
    world = World()
    assert refusal(world.send(Request("GET", path))) == (401, (403, "token invalid"))
    answer = world.send(Request("GET", path, headers=signed()))
    assert refusal(answer) == (400, (10030, "must_be_websocket_request"))
    assert f"{path} is a WebSocket" in diagnosis_of(answer)
    assert (answer.operation, answer.account) == ("OpenStream", "gina")


def test_what_can_be_subscribed_to() -> None:
    client = World().open()
    wanted = ["user.changes.future.BTC.raw", "user.changes.any.any.agg2", "user.changes.option_combo.EURR.100ms"]
    assert client.subscribe(*wanted) == wanted
    assert sorted(client.session.channels) == sorted(wanted)
    assert [one.channel for one in client.session.subscriptions.values()] == ["user.changes"] * 3
    assert client.session.follows("user.changes")


NO_CHANNELS = [
    "",
    "user.changes",
    "user.changes.any.any",
    "user.changes.any.any.1s",
    "user.changes.any.any.raw.more",
    "user.changes.perpetual.BTC.raw",
    "user.changes.any.btc.raw",
    "user.changes.BTC-PERPETUAL.raw",
    "userXchanges.any.any.raw",
    "user.portfolio.BTC",
    "block_rfq.maker.quotes.any",
    "user.changes.any.any.raw\n",
]


@each_row("name", NO_CHANNELS)
def test_what_is_no_channel_is_missing_from_the_result(name: str) -> None:
    client = World().open()
    frame = client.send({"rid": 1, "method": "private/subscribe", "params": {"channels": [name, EVERYTHING]}})
    assert json.loads(frame.raw)["result"] == [EVERYTHING]
    assert (frame.kind, frame.acknowledged) == ("subscribed", ("user.changes",))
    assert "expected user.changes.{kind}.{currency}.{interval}" in frame.note
    alone = client.send({"rid": 1, "method": "private/subscribe", "params": {"channels": [name]}})
    assert (alone.acknowledged, json.loads(alone.raw)["result"]) == ((), [])
    assert not is_channel(name)


def test_subscribing_twice_is_subscribing_once_and_numbers_are_never_used_again() -> None:
    client = World().open()
    assert client.subscribe(EVERYTHING, EVERYTHING) == [EVERYTHING]
    assert client.subscribe(EVERYTHING) == [EVERYTHING]
    assert list(client.session.subscriptions) == [1]
    assert client.call("private/unsubscribe", {"channels": [EVERYTHING, EVERYTHING, "user.changes.any.BTC.raw"]}) == {
        "rid": 7,
        "result": [EVERYTHING],
    }
    assert not client.session.follows("user.changes")
    client.subscribe(EVERYTHING)
    assert list(client.session.subscriptions) == [2]


def test_a_trade_is_sent_flat_with_the_name_of_the_family() -> None:
    world = World()
    client = world.open()
    client.subscribe("user.changes.future.BTC.raw")
    events = world.trade("BTC-PERPETUAL", "100", "113000", taker=True, trade="T-1", order="O-1", label="mine")
    ((told,),) = world.tell(events, client)
    assert list(told) == ["method", "channel", "result"]
    assert (told["method"], told["channel"]) == ("subscription", "user.changes")
    result = told["result"]
    assert list(result) == ["instrumentName", "orders", "positions", "trades"]
    assert (result["instrumentName"], result["orders"]) == ("BTC-PERPETUAL", [])
    assert result["positions"] == world.read()
    (trade,) = result["trades"]
    assert trade == {
        "amount": "100.0",
        "side": "buy",
        "fee": "0.000000442",
        "feeCurrency": "BTC",
        "indexPrice": "113853.63",
        "instrumentName": "BTC-PERPETUAL",
        "label": "mine",
        "liquidity": "T",
        "markPrice": "113900.0",
        "orderId": "O-1",
        "price": "113000.0",
        "profitLoss": "0.0",
        "state": "filled",
        "tickDirection": 0,
        "timestamp": world.at // 1_000,
        "tradeId": "T-1",
        "tradeSeq": 1,
    }


HEARD: list[tuple[str, str, bool]] = [
    ("user.changes.future.BTC.raw", "BTC-PERPETUAL", True),
    ("user.changes.any.BTC.100ms", "BTC-PERPETUAL", True),
    ("user.changes.future.any.agg2", "BTC-PERPETUAL", True),
    ("user.changes.any.any.raw", "BTC-PERPETUAL", True),
    ("user.changes.option.BTC.raw", "BTC-PERPETUAL", False),
    ("user.changes.spot.any.raw", "BTC-PERPETUAL", False),
    ("user.changes.future.USDC.raw", "BTC-PERPETUAL", False),
    ("user.changes.future.USDC.raw", "BTC_USDC-PERPETUAL", True),
    ("user.changes.future.BTC.raw", "BTC_USDC-PERPETUAL", False),
    ("user.changes.option.BTC.raw", "BTC-17OCT25-110000-P", True),
]


@each_row(("channel", "derivative", "is_heard"), HEARD)
def test_a_channel_carries_its_kind_and_currency(channel: str, derivative: str, is_heard: bool) -> None:
    world = World()
    client = world.open()
    client.subscribe(channel)
    price = "0.01" if derivative.endswith("P") else "113000"
    (told,) = world.tell(world.trade(derivative, "1" if derivative.endswith("P") else "10", price), client)
    assert len(told) == is_heard


def test_each_matching_subscription_gets_one_message() -> None:
    world = World()
    client = world.open()
    client.subscribe("user.changes.future.BTC.raw", "user.changes.any.any.raw", "user.changes.any.any.agg2")
    (told,) = world.tell(world.trade("BTC-PERPETUAL", "10", "113000"), client)
    assert len(told) == 3
    assert told[0] == told[1] == told[2]


def test_a_client_gets_changes_of_its_own_subaccount_alone() -> None:
    world = World()
    clients = [world.open(who) for who in ("gina-key", "gina-3-key", "hugo-key")]
    for client in clients:
        client.subscribe(EVERYTHING)
    for subaccount_ref, heard in ((GINA, [1, 0, 0]), (GINA_3, [0, 1, 0]), (HUGO, [0, 0, 1])):
        events = world.trade("BTC-PERPETUAL", "10", "113000", subaccount_ref)
        assert [len(told) for told in world.tell(events, *clients)] == heard
    both = world.trade("BTC-PERPETUAL", "10", "113000", GINA, against=HUGO)
    gina, _, hugo = world.tell(both, *clients)
    assert [told["result"]["trades"][0]["side"] for told in (*gina, *hugo)] == ["buy", "sell"]


def test_changes_of_other_venues_accounts_are_not_sent() -> None:
    world = World()
    events = world.trade("BTC-PERPETUAL", "10", "113000", DORA, against=GINA)
    messages = list(
        SIGNALPLUS.stream.messages_of(world.exchange.state, events, world.at, SignalPlusSettings(), {EVERYTHING})
    )
    assert [message.change.subaccount_ref for message in messages] == [GINA]


def test_settlement_funding_and_delivery_are_sent_without_trades() -> None:
    world = World()
    world.trade("BTC-PERPETUAL", "100", "113000")
    world.trade("BTC-17OCT25", "100", "113000", direction=Direction.SELL)
    client = world.open()
    client.subscribe(EVERYTHING)
    (settled,) = world.tell(world.do(SettleSession()), client)
    assert sorted(told["result"]["instrumentName"] for told in settled) == ["BTC-17OCT25", "BTC-PERPETUAL"]
    (paid,) = world.tell(world.do(PayFunding(derivative="BTC-PERPETUAL", rate=Decimal("0.0001"))), client)
    assert [told["result"]["instrumentName"] for told in paid] == ["BTC-PERPETUAL"]
    (delivered,) = world.tell(world.do(DeliverDerivative(derivative="BTC-17OCT25", price=Decimal(114_000))), client)
    (row,) = delivered[0]["result"]["positions"]
    assert (row["side"], row["size"]) == ("zero", "0.0")
    assert all(told["result"]["trades"] == [] for told in (*settled, *paid, *delivered))


def test_a_mark_or_an_index_is_not_sent() -> None:
    world = World()
    world.trade("BTC-PERPETUAL", "100", "113000")
    client = world.open()
    client.subscribe(EVERYTHING)
    marked = world.do(MarkDerivative(derivative="BTC-PERPETUAL", price=Decimal(114_000)))
    indexed = world.do(SetIndex(index="btc_usd", price=Decimal(114_000)))
    assert world.tell(marked, client) == world.tell(indexed, client) == [[]]


def test_no_message_is_made_without_a_subscription() -> None:
    world = World()
    events = world.trade("BTC-PERPETUAL", "100", "113000")
    messages = SIGNALPLUS.stream.messages_of(world.exchange.state, events, world.at, SignalPlusSettings(), set())
    assert list(messages) == []


REFUSED: list[tuple[bytes, tuple[int, str], str]] = [
    (b"", (-32700, "Parse error"), "no JSON"),
    (b"[]", (-32600, "Invalid Request"), "batches"),
    (b'{"method":"connect"}', (-32600, "Invalid Request"), "rid: expected an integer"),
    (b'{"rid":7}', (11050, "bad_request"), "method"),
    (b'{"rid":7,"method":"private/nothing"}', (-32601, "Method not found"), "it answers"),
    (b'{"rid":7,"method":"private/subscribe"}', (-32602, "Invalid params"), "channels: it is required"),
    (
        b'{"rid":7,"method":"private/subscribe","params":{"channels":"a"}}',
        (-32602, "Invalid params"),
        "channels: expected a list of strings, got the string 'a'",
    ),
    (
        b'{"rid":7,"method":"private/subscribe","params":{"channels":["a",1]}}',
        (-32602, "Invalid params"),
        "got one with the number 1 in it",
    ),
    (
        b'{"rid":7,"method":"private/subscribe","params":{"channels":["a",null]}}',
        (-32602, "Invalid params"),
        "got one with null in it",
    ),
    (
        b'{"rid":7,"method":"private/unsubscribe","params":{"channels":[%b""]}}' % (b'"",' * 500),
        (-32602, "Invalid params"),
        "channels: expected at most 500, got 501",
    ),
    (b" " * 32_769, (-32600, "request entity too large"), "32,768"),
]


@each_row(("sent", "error", "words"), REFUSED)
def test_a_wrong_frame_gets_an_error_and_the_stream_goes_on(sent: bytes, error: tuple[int, str], words: str) -> None:
    client = World().open()
    client.subscribe(EVERYTHING)
    frame = client.send(sent)
    document = json.loads(frame.raw)
    assert (frame.kind, document["error"]) == ("error", {"code": error[0], "message": error[1]})
    assert document["rid"] in (7, None)
    assert words in frame.note
    assert client.session.ending is None
    assert list(client.session.channels) == [EVERYTHING]


def test_a_key_without_the_scope_may_connect_and_nothing_else() -> None:
    client = World().open("blind-key")
    assert client.call("connect")["result"] == 200
    for method in (GET_POSITIONS, "private/subscribe"):
        assert client.call(method, {"channels": [EVERYTHING]})["error"]["code"] == 13021


def test_a_rid_of_many_digits_over_a_stream() -> None:
    frame = World().open().send(b'{"rid":1234567890123456789012,"method":"private/get_positions"}')
    assert frame.raw == b'{"rid":1234567890123456789012,"result":[]}'


def test_paths_can_differ_in_their_methods() -> None:
    world = World()
    here, there = (world.open(path=path, stream_paths="apart") for path in PATHS)
    assert here.call("private/subscribe", {"channels": [EVERYTHING]})["error"]["code"] == -32601
    assert there.subscribe(EVERYTHING) == [EVERYTHING]
    assert here.call(GET_POSITIONS)["result"] == there.call(GET_POSITIONS)["result"] == []


def test_a_method_behind_a_path_makes_no_difference() -> None:
    world = World()
    behind = (f"{path}/{GET_POSITIONS}" for path in PATHS)
    here, there = (world.open(path=path, stream_paths="apart") for path in behind)
    assert here.call("private/subscribe", {"channels": [EVERYTHING]})["error"]["code"] == -32601
    assert there.subscribe(EVERYTHING) == [EVERYTHING]


def test_what_is_ended_from_outside() -> None:
    world = World()
    client = world.open()
    client.subscribe(EVERYTHING, "user.changes.any.BTC.raw")
    frame = client.session.terminate(1, 25, 0, "the outbox was full")
    assert json.loads(frame.raw) == {"rid": None, "error": {"code": 13028, "message": "temporarily_unavailable"}}
    assert (frame.sid, frame.channel, frame.is_answer) == (1, "user.changes", True)
    assert frame.note == "every subscription was ended: the outbox was full"
    assert (dict(client.session.channels), dict(client.session.subscriptions)) == ({}, {})
    with pytest.raises(KeyError):
        client.session.terminate(1, 25, 0)
    assert world.tell(world.trade("BTC-PERPETUAL", "10", "113000"), client) == [[]]


def test_frames_of_faults_are_applied() -> None:
    client = World().open()
    client.subscribe(EVERYTHING)
    client.session.apply_recorded(b"{}", "literal", "user.changes")
    assert client.session.follows("user.changes")
    client.session.apply_recorded(b"{}", "error", "user.changes")
    assert not client.session.follows("user.changes")
    assert client.session.fill_placeholders('{"sid":"$sid"}', "user.changes") == '{"sid":"$sid"}'


def test_a_session_does_nothing_by_itself() -> None:
    session = World().open().session
    assert (session.wakes_at, session.ending, session.wake(START, HOST)) == (None, None, [])
    assert session.key is not None
    assert session.key.account == "gina"


@given(st.binary(max_size=200))
def test_any_frame_gets_an_answer(sent: bytes) -> None:
    frame = World().open().send(sent)
    assert set(json.loads(frame.raw)) == {"rid", "error"}
