"""subscribe, unsubscribe and list_subscriptions: the answers byte for byte, as of each date that changed them."""

import json
from typing import Any

import pytest

from mockexchange.venues.kalshi.market_ids import market_id
from mockexchange.venues.kalshi.stream import subscribing
from tests.helpers.rows import each_row
from tests.venues.kalshi.stream.sessions import (
    HEAT,
    RAIN,
    SNOW,
    ask,
    command,
    kinds,
    lines,
    make_venue,
    open_session,
    subscribe,
    tell,
    told,
    trade,
)

NOWHERE = "NOWHERE-1"


def test_channels_are_acknowledged_in_their_order_with_sids_from_one() -> None:
    session = open_session(make_venue())
    assert subscribe(session, "fill", "market_positions", "ticker") == [
        '{"type":"subscribed","id":1,"msg":{"channel":"fill","sid":1}}',
        '{"type":"subscribed","id":1,"msg":{"channel":"market_positions","sid":2}}',
        '{"type":"subscribed","id":1,"msg":{"channel":"ticker","sid":3}}',
    ]
    assert subscribe(session, "trade") == ['{"type":"subscribed","id":1,"msg":{"channel":"trade","sid":4}}']
    assert list(session.channels) == ["fill", "market_positions", "ticker", "trade"]


@each_row("command_id", [0, None])
def test_no_id_is_not_answered(command_id: int | None) -> None:
    session = open_session(make_venue())
    wanted = ['{"type":"subscribed","msg":{"channel":"fill","sid":1}}']
    assert ask(session, "subscribe", command_id, channels=["fill"]) == wanted
    assert ask(session, "list_subscriptions", command_id) == ['{"type":"ok","msg":[{"channel":"fill","sid":1}]}']


def test_binary_and_text_are_one_and_an_unknown_parameter_is_nothing() -> None:
    session = open_session(make_venue())
    raw = command("subscribe", 7, channels=["fill"], flavour=["salt"], shard_key=None, market_ticker="").encode()
    assert lines(tell(session, raw)) == ['{"type":"subscribed","id":7,"msg":{"channel":"fill","sid":1}}']


def test_acks_come_before_every_snapshot() -> None:
    session = open_session(make_venue())
    frames = subscribe(session, "orderbook_delta", "ticker", market_tickers=[RAIN, HEAT], send_initial_snapshot=True)
    found = [json.loads(one) for one in frames]
    assert kinds(found) == ["subscribed", "subscribed", "orderbook_snapshot", "orderbook_snapshot", "ticker", "ticker"]
    assert [one.get("sid") for one in found] == [None, None, 1, 1, 2, 2]
    assert [one.get("seq") for one in found] == [None, None, 1, 2, None, None]
    assert [one["msg"].get("market_ticker") for one in found[2:]] == [RAIN, HEAT, RAIN, HEAT]


def test_tickers_come_first_only_where_they_are_asked_for() -> None:
    session = open_session(make_venue())
    assert len(subscribe(session, "ticker", market_ticker=RAIN)) == 1
    assert len(subscribe(open_session(make_venue()), "ticker", send_initial_snapshot=True)) == 1, "none is named"
    assert len(subscribe(session, "ticker", market_ticker=HEAT, send_initial_snapshot=True)) == 2
    assert len(subscribe(session, "fill", market_ticker=HEAT, send_initial_snapshot=True)) == 1


def test_a_channel_named_twice_is_one() -> None:
    session = open_session(make_venue())
    assert subscribe(session, "fill", "trade", "fill") == [
        '{"type":"subscribed","id":1,"msg":{"channel":"fill","sid":1}}',
        '{"type":"subscribed","id":1,"msg":{"channel":"trade","sid":2}}',
    ]


@each_row(
    ("date", "settings", "keys"),
    [
        ("2025-11", {}, set()),
        ("2026-10", {}, set()),
        ("compat", {}, {"yes", "yes_dollars", "yes_dollars_fp", "no", "no_dollars", "no_dollars_fp"}),
        ("compat", {"stream_empty_side": "omit"}, set()),
        ("2026-10", {"stream_empty_side": "empty"}, {"yes_dollars_fp", "no_dollars_fp"}),
    ],
)
def test_sides_without_bids_are_there_for_those_who_need_them(date: str, settings: Any, keys: set[str]) -> None:
    session = open_session(make_venue(), date, **settings)
    first, again = (
        json.loads(one)["msg"]
        for one in (
            subscribe(session, "orderbook_delta", market_ticker=RAIN)[1],
            subscribe(session, "orderbook_delta", market_ticker=HEAT)[1],
        )
    )
    for msg in (first, again):
        assert {name for name, value in msg.items() if value == []} == keys
        assert msg.keys() - keys <= {"market_ticker", "market_id", "clock"}


def test_a_repeat_gets_the_sid_it_has_and_new_markets_join() -> None:
    venue = make_venue()
    session = open_session(venue)
    subscribe(session, "trade", "orderbook_delta", market_tickers=[RAIN])
    again = subscribe(session, "orderbook_delta", "fill", market_tickers=[RAIN, HEAT])
    assert [json.loads(one) for one in again[:2]] == [
        {"type": "subscribed", "id": 1, "msg": {"channel": "orderbook_delta", "sid": 2}},
        {"type": "subscribed", "id": 1, "msg": {"channel": "fill", "sid": 3}},
    ]
    snapshots = [json.loads(one) for one in again[2:]]
    assert [(one["sid"], one["seq"], one["msg"]["market_ticker"]) for one in snapshots] == [(2, 2, HEAT)]
    assert list(session.channels["orderbook_delta"].markets or {}) == [RAIN, HEAT]
    assert kinds(told(session, venue, trade(SNOW))) == []


def test_all_markets_once_asked_for_stay_all() -> None:
    venue = make_venue()
    session = open_session(venue)
    subscribe(session, "market_positions", market_ticker=RAIN)
    assert kinds(told(session, venue, trade(HEAT))) == []
    subscribe(session, "market_positions")
    subscribe(session, "market_positions", market_ticker=RAIN)
    assert kinds(told(session, venue, trade(HEAT))) == ["market_position"]


@each_row(
    ("date", "is_error"),
    [("2025-11", True), ("2026-06", True), ("2026-09-30", True), ("compat", True), ("2026-10", False)],
)
def test_a_scenario_may_refuse_a_repeat_on_days_that_had_the_code(date: str, is_error: bool) -> None:
    session = open_session(make_venue(), date, stream_repeat="error_6")
    subscribe(session, "fill")
    refused = ['{"id":1,"type":"error","msg":{"code":6,"msg":"Already subscribed"}}']
    repeated = ['{"type":"subscribed","id":1,"msg":{"channel":"fill","sid":1}}']
    assert subscribe(session, "fill") == (refused if is_error else repeated)
    assert len(session.subscriptions) == 1


def test_one_wrong_channel_refuses_the_whole_command() -> None:
    session = open_session(make_venue())
    assert subscribe(session, "fill", "fills") == [
        '{"id":1,"type":"error","msg":{"code":8,"msg":"Unknown channel name"}}'
    ]
    assert session.subscriptions == {}
    assert subscribe(session, "fill") == ['{"type":"subscribed","id":1,"msg":{"channel":"fill","sid":1}}']


@each_row(("date", "is_filtered"), [("2025-11", False), ("2026-02-07", False), ("2026-02-08", True), ("compat", True)])
def test_fills_are_filtered_since_february(date: str, is_filtered: bool) -> None:
    venue = make_venue()
    session = open_session(venue, date)
    subscribe(session, "fill", market_tickers=[RAIN])
    assert kinds(told(session, venue, trade(RAIN), trade(HEAT))) == ["fill"] * (1 if is_filtered else 2)


@each_row("date", ["2025-11", "2026-06", "2026-09-30"])
def test_an_unknown_market_is_an_error_while_there_was_one(date: str) -> None:
    session = open_session(make_venue(), date)
    wanted = '{"id":1,"type":"error","msg":{"code":16,"msg":"Market not found","market_ticker":"NOWHERE-1"}}'
    assert subscribe(session, "market_positions", market_tickers=[RAIN, NOWHERE]) == [wanted]
    assert subscribe(session, "orderbook_delta", market_ticker=NOWHERE) == [wanted]
    assert session.subscriptions == {}


@each_row("date", ["2026-10-01", "2026-10", "compat"])
def test_an_unknown_market_is_left_out_in_silence_later(date: str) -> None:
    session = open_session(make_venue(), date)
    [ack] = tell(session, command("subscribe", channels=["trade"], market_tickers=[NOWHERE, RAIN, "X"]))
    assert ack.kind == "subscribed"
    assert ack.note == "no market 'NOWHERE-1' and 1 more: left out"
    assert list(session.channels["trade"].markets or {}) == [RAIN]
    [ack] = tell(session, command("subscribe", channels=["fill"], market_tickers=[NOWHERE]))
    assert session.channels["fill"].markets == {}, "no market, not every market"


def test_a_market_that_no_filter_reads_need_not_exist() -> None:
    session = open_session(make_venue(), "2025-11")
    [ack] = tell(session, command("subscribe", channels=["fill"], market_tickers=[NOWHERE]))
    assert (ack.kind, ack.note) == ("subscribed", "fill has no filter on this day: the markets are ignored")


def test_keys_that_nobody_knows_are_noted() -> None:
    session = open_session(make_venue(), "2026-10")
    [ack] = tell(session, command("subscribe", channels=["trade"], tickers=[RAIN]))
    assert (ack.kind, ack.note) == ("subscribed", "unknown on this day: 'tickers': ignored")
    [refused] = tell(session, command("subscribe", channel="trade", a=1, b=2, c=None))
    assert refused.note == "expected params.channels; unknown on this day: 'channel', 'a', 'b' and 1 more: ignored"
    [ack] = tell(session, command("subscribe", channels=["trade"], market_tickers=[NOWHERE], x=1))
    assert ack.note == "no market 'NOWHERE-1': left out; unknown on this day: 'x': ignored"


def test_markets_by_id_on_the_ticker_channel() -> None:
    venue = make_venue()
    session = open_session(venue)
    ids = [market_id(RAIN), market_id(HEAT)]
    frames = subscribe(session, "ticker", market_ids=[*ids, "no-such-id"], send_initial_snapshot=True)
    found = [json.loads(one)["msg"] for one in frames]
    assert [one.get("market_id") for one in found] == [None, *ids]
    assert session.channels["ticker"].markets == {RAIN: ids[0], HEAT: ids[1]}
    venue.list_markets("HAIL-1")
    subscribe(session, "ticker", market_id=market_id("HAIL-1"))
    assert list(session.channels["ticker"].markets or {}) == [RAIN, HEAT, "HAIL-1"]


@each_row(
    ("date", "params", "wanted"),
    [
        ("2026-01-30", {"market_id": "x"}, '{"type":"subscribed","id":1,"msg":{"channel":"ticker","sid":1}}'),
        (
            "2026-01-31",
            {"market_id": "x"},
            '{"id":1,"type":"error","msg":{"code":16,"msg":"Market not found","market_id":"x"}}',
        ),
        ("2026-10", {"market_id": "x"}, '{"type":"subscribed","id":1,"msg":{"channel":"ticker","sid":1}}'),
    ],
)
def test_ids_are_read_since_they_exist(date: str, params: dict[str, Any], wanted: str) -> None:
    assert subscribe(open_session(make_venue(), date), "ticker", **params) == [wanted]


INVALID = '{"id":1,"type":"error","msg":{"code":11,"msg":"Invalid parameter"}}'


@each_row(
    ("channel", "params"),
    [
        ("ticker", {"market_ticker": RAIN, "market_tickers": [RAIN]}),
        ("ticker", {"market_tickers": [RAIN], "market_ids": ["x"]}),
        ("ticker", {"market_id": "x", "market_ids": ["x"]}),
        ("market_positions", {"market_id": "x"}),
        ("orderbook_delta", {"market_ids": ["x"]}),
        ("trade", {"market_ids": ["x"]}),
    ],
)
def test_filters_that_exclude_each_other_or_the_channel(channel: str, params: dict[str, Any]) -> None:
    assert subscribe(open_session(make_venue()), channel, **params) == [INVALID]


def test_a_subscription_by_id_takes_no_tickers() -> None:
    session = open_session(make_venue())
    subscribe(session, "ticker", market_id=market_id(RAIN))
    assert subscribe(session, "ticker", market_ticker=HEAT) == [INVALID.replace('"type"', '"sid":1,"type"')]
    assert subscribe(session, "trade", market_ticker=HEAT) == [
        '{"type":"subscribed","id":1,"msg":{"channel":"trade","sid":2}}'
    ]


def test_no_more_markets_than_a_session_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribing, "MARKETS_MAX", 4)
    for date, code in (("2026-06-13", 26), ("2026-06-12", 11)):
        session = open_session(make_venue(), date)
        subscribe(session, "trade", "ticker", market_tickers=[RAIN, HEAT])
        [refused] = subscribe(session, "trade", market_tickers=[HEAT, SNOW])
        assert json.loads(refused)["msg"]["code"] == code
        assert len(subscribe(session, "trade", "ticker", market_tickers=[RAIN])) == 2, "these are not new"
        [refused] = subscribe(session, "market_positions", market_tickers=[RAIN])
        assert json.loads(refused)["msg"]["code"] == code
        assert subscribe(session, "fill"), "no market is named"


def test_lists_are_told_as_of_their_day() -> None:
    rows = '[{"channel":"fill","sid":1},{"channel":"ticker","sid":2}]'
    for date, wanted in (
        ("2025-11", f'{{"id":3,"type":"ok","subscriptions":{rows}}}'),
        ("2026-02-11", f'{{"id":3,"type":"ok","subscriptions":{rows}}}'),
        ("2026-02-12", f'{{"id":3,"type":"ok","msg":{rows}}}'),
        ("2026-10", f'{{"id":3,"type":"ok","msg":{rows}}}'),
        ("compat", f'{{"id":3,"type":"ok","msg":{rows},"subscriptions":{rows}}}'),
    ):
        session = open_session(make_venue(), date)
        subscribe(session, "fill", "ticker")
        assert ask(session, "list_subscriptions", 3) == [wanted]
        assert ask(session, "list_subscriptions", 3, sid=2, more=[]) == [wanted], "what it has no use for is ignored"


def test_ends_are_told_as_of_their_day() -> None:
    for date, wanted in (
        ("2025-11", '{"sid":2,"type":"unsubscribed"}'),
        ("2026-01-30", '{"sid":2,"type":"unsubscribed"}'),
        ("2026-01-31", '{"id":9,"sid":2,"seq":1,"type":"unsubscribed"}'),
        ("2026-10", '{"id":9,"sid":2,"seq":1,"type":"unsubscribed"}'),
        ("compat", '{"id":9,"sid":2,"seq":1,"type":"unsubscribed"}'),
    ):
        session = open_session(make_venue(), date)
        subscribe(session, "fill", "ticker")
        assert ask(session, "unsubscribe", 9, sids=[2]) == [wanted]
        assert list(session.channels) == ["fill"]
        assert list(session.subscriptions) == [1]


def test_unsubscribed_takes_the_next_number_of_each_sid() -> None:
    venue = make_venue()
    session = open_session(venue)
    subscribe(session, "orderbook_delta", "fill", market_tickers=[RAIN, HEAT])
    assert ask(session, "unsubscribe", 4, sids=[2, 1, 2]) == [
        '{"id":4,"sid":2,"seq":1,"type":"unsubscribed"}',
        '{"id":4,"sid":1,"seq":3,"type":"unsubscribed"}',
    ]
    assert told(session, venue, trade()) == []
    assert subscribe(session, "fill") == ['{"type":"subscribed","id":1,"msg":{"channel":"fill","sid":3}}']


def test_one_unknown_sid_refuses_the_whole_command() -> None:
    session = open_session(make_venue())
    subscribe(session, "fill")
    [refused] = tell(session, command("unsubscribe", 4, sids=[1, 5]))
    assert refused.raw == b'{"id":4,"type":"error","msg":{"code":7,"msg":"Unknown subscription ID"}}\n'
    assert refused.note == "no subscription 5: this connection has 1"
    assert list(session.subscriptions) == [1]
