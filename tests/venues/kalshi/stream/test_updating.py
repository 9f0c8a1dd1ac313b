"""update_subscription: the `ok` of each date, markets that join and leave, and order books sent again."""

import json
from typing import Any

import pytest

from mockexchange.core.commands import QuoteMarket
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
    line,
    make_venue,
    open_session,
    subscribe,
    tell,
    told,
    trade,
    update,
)

LIST = '["RAIN-1","HEAT-1"]'


@each_row(
    ("date", "wanted"),
    [
        ("2025-11", f'{{"id":1,"sid":1,"seq":1,"type":"ok","market_tickers":{LIST}}}'),
        ("2026-02-11", f'{{"id":1,"sid":1,"seq":1,"type":"ok","market_tickers":{LIST}}}'),
        ("2026-02-12", f'{{"id":1,"sid":1,"seq":1,"type":"ok","msg":{{"market_tickers":{LIST}}}}}'),
        ("2026-10", f'{{"id":1,"sid":1,"seq":1,"type":"ok","msg":{{"market_tickers":{LIST}}}}}'),
        (
            "compat",
            f'{{"id":1,"sid":1,"type":"ok","msg":{{"market_tickers":{LIST}}},"market_tickers":{LIST}}}',
        ),
    ],
)
def test_ok_has_the_whole_list_where_its_day_puts_it(date: str, wanted: str) -> None:
    session = open_session(make_venue(), date)
    subscribe(session, "market_positions", market_tickers=[RAIN])
    assert update(session, 1, "add_markets", market_tickers=[HEAT, RAIN]) == [wanted]


def test_markets_join_and_leave() -> None:
    venue = make_venue()
    session = open_session(venue)
    subscribe(session, "market_positions", market_tickers=[RAIN])
    update(session, 1, "add_markets", market_ticker=HEAT)
    assert update(session, 1, "delete_markets", market_tickers=[RAIN, SNOW]) == [
        '{"id":1,"sid":1,"seq":2,"type":"ok","msg":{"market_tickers":["HEAT-1"]}}'
    ]
    found = told(session, venue, trade(RAIN), trade(HEAT), trade(SNOW))
    assert [one["msg"]["market_ticker"] for one in found] == [HEAT]
    assert update(session, 1, "delete_markets", market_tickers=[HEAT]) == [
        '{"id":1,"sid":1,"seq":3,"type":"ok","msg":{"market_tickers":[]}}'
    ]
    assert told(session, venue, trade(HEAT)) == [], "none is left, which is not all"


def test_sid_or_sids_with_one() -> None:
    session = open_session(make_venue())
    subscribe(session, "trade", market_tickers=[RAIN])
    wanted = '{"id":5,"sid":1,"seq":%d,"type":"ok","msg":{"market_tickers":["RAIN-1"]}}'
    params = {"action": "add_markets", "market_ticker": RAIN}
    assert ask(session, "update_subscription", 5, sids=[1], **params) == [wanted % 1]
    assert ask(session, "update_subscription", 5, sid=1, **params) == [wanted % 2]
    assert ask(session, "update_subscription", 5, sid=1, sids=[], **params) == [wanted % 3]


@each_row(("date", "ok_seq", "next_seq"), [("2025-11", 2, 3), ("2026-10", 2, 3), ("compat", None, 2)])
def test_ok_and_data_share_one_counter(date: str, ok_seq: int | None, next_seq: int) -> None:
    venue = make_venue()
    session = open_session(venue, date)
    subscribe(session, "orderbook_delta", market_tickers=[RAIN])
    [ok] = [json.loads(one) for one in update(session, 1, "add_markets", market_tickers=[RAIN])]
    assert ok.get("seq") == ok_seq
    book = QuoteMarket(market=RAIN, yes=((4_000, 500),))
    [delta] = told(session, venue, book)
    assert (delta["type"], delta["seq"]) == ("orderbook_delta", next_seq)


def test_answers_that_no_client_wants_numbered_need_not_be() -> None:
    venue = make_venue()
    session = open_session(venue, stream_answer_numbers="never")
    subscribe(session, "orderbook_delta", market_tickers=[RAIN])
    assert update(session, 1, "add_markets", market_tickers=[RAIN]) == [
        '{"id":1,"sid":1,"type":"ok","msg":{"market_tickers":["RAIN-1"]}}'
    ]
    assert update(session, 1, "dance") == [error(13, "Unsupported action", sid=1)]
    [delta] = told(session, venue, QuoteMarket(market=RAIN, yes=((4_000, 500),)))
    assert delta["seq"] == 2, "after the snapshot"
    assert (
        line(session.terminate(1, 25, 0))
        == '{"sid":1,"type":"error","msg":{"code":25,"msg":"Subscription buffer overflow"}}'
    )


def test_new_markets_begin_with_their_books_after_the_ok() -> None:
    session = open_session(make_venue())
    subscribe(session, "orderbook_delta", market_tickers=[RAIN])
    found = [json.loads(one) for one in update(session, 1, "add_markets", market_tickers=[RAIN, HEAT])]
    assert [(one["type"], one["seq"]) for one in found] == [("ok", 2), ("orderbook_snapshot", 3)]
    assert (found[1]["msg"]["market_ticker"], found[1].get("id")) == (HEAT, None)


def test_new_tickers_begin_with_themselves_if_asked() -> None:
    session = open_session(make_venue())
    subscribe(session, "ticker", market_tickers=[RAIN])
    assert len(update(session, 1, "add_markets", market_tickers=[HEAT])) == 1
    found = update(session, 1, "add_markets", market_tickers=[HEAT, SNOW], send_initial_snapshot=True)
    assert kinds([json.loads(one) for one in found]) == ["ok", "ticker"]


def test_a_snapshot_bears_the_id_and_a_number() -> None:
    session = open_session(make_venue())
    subscribe(session, "orderbook_delta", market_tickers=[RAIN])
    identity = f'"market_ticker":"{HEAT}","market_id":"{market_id(HEAT)}","clock":0'
    assert update(session, 1, "get_snapshot", market_tickers=[HEAT]) == [
        f'{{"type":"orderbook_snapshot","id":1,"sid":1,"seq":2,"msg":{{{identity}}}}}'
    ]
    assert ask(session, "update_subscription", 0, sid=1, action="get_snapshot", market_ticker=HEAT) == [
        f'{{"type":"orderbook_snapshot","sid":1,"seq":3,"msg":{{{identity}}}}}'
    ]
    assert list(session.subscriptions[1].markets or {}) == [RAIN], "the filter stays as it is"


def test_a_snapshot_is_in_the_prices_of_its_subscription() -> None:
    venue = make_venue()
    venue.do(QuoteMarket(market=RAIN, no=((4_800, 200),)))
    session = open_session(venue)
    [_, first] = subscribe(session, "orderbook_delta", market_ticker=RAIN, use_yes_price=True)
    [again] = update(session, 1, "get_snapshot", market_tickers=[RAIN])
    assert json.loads(again)["msg"] == json.loads(first)["msg"]
    assert json.loads(again)["msg"]["no_dollars_fp"] == [["0.5200", "2.00"]]


def test_a_snapshot_of_nothing_is_an_ok() -> None:
    session = open_session(make_venue())
    subscribe(session, "orderbook_delta", market_tickers=[RAIN])
    assert update(session, 1, "get_snapshot", market_tickers=["NOWHERE-1"]) == [
        '{"id":1,"sid":1,"seq":2,"type":"ok","msg":{"market_tickers":["RAIN-1"]}}'
    ]


def test_lists_are_left_out_where_that_was_asked_for() -> None:
    for date, wanted in (
        ("2026-02-10", '{"id":1,"sid":1,"seq":1,"type":"ok","market_tickers":["RAIN-1"]}'),
        ("2026-02-11", '{"id":1,"sid":1,"seq":1,"type":"ok"}'),
        ("2026-10", '{"id":1,"sid":1,"seq":1,"type":"ok","msg":{}}'),
        ("compat", '{"id":1,"sid":1,"type":"ok","msg":{}}'),
    ):
        session = open_session(make_venue(), date)
        subscribe(session, "trade", market_tickers=[RAIN], skip_ticker_ack=True)
        assert update(session, 1, "add_markets", market_tickers=[RAIN]) == [wanted]


def test_every_market_has_no_list_and_stays() -> None:
    venue = make_venue()
    session = open_session(venue)
    subscribe(session, "market_positions")
    wanted = '{"id":1,"sid":1,"seq":%d,"type":"ok","msg":{}}'
    assert update(session, 1, "add_markets", market_tickers=[RAIN]) == [wanted % 1]
    assert update(session, 1, "delete_markets", market_tickers=[RAIN]) == [wanted % 2]
    assert kinds(told(session, venue, trade(RAIN), trade(HEAT))) == ["market_position", "market_position"]


def test_a_subscription_by_id_lists_ids() -> None:
    session = open_session(make_venue())
    rain, heat = market_id(RAIN), market_id(HEAT)
    subscribe(session, "ticker", market_ids=[rain])
    assert update(session, 1, "add_markets", market_ids=[heat]) == [
        f'{{"id":1,"sid":1,"seq":1,"type":"ok","msg":{{"market_ids":["{rain}","{heat}"]}}}}'
    ]
    assert json.loads(update(session, 1, "add_markets", market_tickers=[SNOW])[0])["msg"]["code"] == 11
    update(session, 1, "delete_markets", market_ids=[rain, heat])
    assert update(session, 1, "add_markets", market_tickers=[SNOW]) == [
        '{"id":1,"sid":1,"seq":3,"type":"ok","msg":{"market_tickers":["SNOW-1"]}}'
    ]


@each_row(("date", "code"), [("2026-06-12", 11), ("2026-06-13", 26), ("2026-10", 26)])
def test_no_more_markets_than_a_session_may_have(date: str, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribing, "MARKETS_MAX", 2)
    session = open_session(make_venue(), date)
    subscribe(session, "trade", market_tickers=[RAIN, HEAT])
    assert json.loads(update(session, 1, "add_markets", market_tickers=[SNOW])[0])["msg"]["code"] == code
    assert json.loads(update(session, 1, "add_markets", market_tickers=[HEAT])[0])["type"] == "ok"


def error(code: int, text: str, **about: Any) -> str:
    return json.dumps({"id": 1, **about, "type": "error", "msg": {"code": code, "msg": text}}, separators=(",", ":"))


@each_row(
    ("channel", "params", "date", "wanted"),
    [
        (
            "fill",
            {"sid": 1, "action": "add_markets", "market_ticker": RAIN},
            "2025-11",
            error(13, "Unsupported action"),
        ),
        ("trade", {"sid": 1, "action": "get_snapshot"}, "2026-06", error(13, "Unsupported action")),
        ("trade", {"sid": 1, "action": "get_snapshot"}, "2026-10", error(13, "Unsupported action", sid=1, seq=1)),
        ("fill", {"sid": 1, "action": "get_snapshot"}, "2026-10", error(13, "Unsupported action", sid=1)),
        ("trade", {"sid": 1, "action": "get_snapshot"}, "compat", error(13, "Unsupported action", sid=1)),
        ("orderbook_delta", {"sid": 1, "action": "get_snapshot"}, "2026-04-19", error(13, "Unsupported action")),
        ("orderbook_delta", {"sid": 1, "action": "get_snapshot"}, "2026-04-20", error(14, "Market Ticker required")),
        ("trade", {"sid": 1, "action": "add_markets"}, "2026-01-30", error(14, "Market ticker required")),
        ("trade", {"sid": 1, "action": "add_markets"}, "2026-01-31", error(14, "Market Ticker required")),
        ("trade", {"sid": 1, "market_ticker": RAIN}, "2026-06", error(15, "Action required")),
        ("trade", {"sid": 1, "action": "", "market_ticker": RAIN}, "2026-06", error(15, "Action required")),
        (
            "trade",
            {"sid": 1, "action": "add_markets", "market_ticker": RAIN, "market_tickers": [RAIN]},
            "2026-10",
            error(11, "Invalid parameter", sid=1, seq=1),
        ),
        (
            "order_group_updates",
            {"sid": 1, "action": "add_markets", "market_ticker": RAIN},
            "2026-06",
            error(13, "Unsupported action"),
        ),
    ],
)
def test_errors_about_a_subscription(channel: str, params: dict[str, Any], date: str, wanted: str) -> None:
    venue = make_venue()
    session = open_session(venue, date)
    subscribe(session, channel, market_tickers=["RAIN-1"] if channel == "orderbook_delta" else [])
    assert ask(session, "update_subscription", **params) == [wanted]


def test_an_error_that_is_numbered_takes_its_number() -> None:
    venue = make_venue()
    session = open_session(venue)
    subscribe(session, "trade")
    update(session, 1, "dance")
    [frame] = told(session, venue, trade())
    assert frame["seq"] == 2


@each_row("params", [{}, {"sids": []}, {"sids": [1, 1]}, {"sid": 1, "sids": [1]}, {"sid": None}])
@each_row(
    ("date", "text"),
    [
        ("2026-01-30", "Exactly one subscription ID required"),
        ("2026-01-31", "Exactly one subscription ID is required"),
        ("compat", "Exactly one subscription ID is required"),
    ],
)
def test_exactly_one_subscription(params: dict[str, Any], date: str, text: str) -> None:
    session = open_session(make_venue(), date)
    subscribe(session, "trade")
    assert ask(session, "update_subscription", action="add_markets", **params) == [error(12, text)]


def test_an_unknown_action_is_told_those_that_there_are() -> None:
    session = open_session(make_venue(), "2025-11")
    subscribe(session, "trade", market_tickers=[RAIN])
    [refused] = tell(session, command("update_subscription", sid=1, action="add"))
    assert refused.note == "no action 'add' on this day: it has add_markets, delete_markets"


def test_actions_of_channels_that_stay_quiet() -> None:
    for channel, prefix, key, code in (
        ("cfbenchmarks_value", "indices", "index_ids", 24),
        ("pyth_value", "underlyings", "underlying_tickers", 28),
    ):
        session = open_session(make_venue())
        subscribe(session, channel)
        [refused] = update(session, 1, f"subscribe_{prefix}")
        assert json.loads(refused)["msg"]["code"] == code
        params: dict[str, Any] = {"sid": 1, "action": f"subscribe_{prefix}", key: ["BRTI"]}
        [done] = tell(session, command("update_subscription", **params))
        assert (done.raw, done.note) == (
            b'{"id":1,"sid":1,"seq":2,"type":"ok","msg":{}}\n',
            f"{channel} is not emulated: nothing is done",
        )
        assert json.loads(update(session, 1, "add_markets", market_ticker=RAIN)[0])["msg"]["code"] == 13
