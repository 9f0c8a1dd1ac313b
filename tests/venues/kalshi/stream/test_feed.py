"""Messages that each command causes: channels, readers and order."""

import json
from typing import Any

import pytest

from mockexchange.core.commands import (
    AmendOrder,
    CancelOrder,
    CloseMarket,
    Deposit,
    DetermineMarket,
    DisputeMarket,
    ExpireOrder,
    ListMarket,
    OpenGroup,
    PriceMarket,
    QuoteMarket,
    ReduceOrder,
    SettleMarket,
    SwitchExchange,
    SwitchMarket,
    TriggerGroup,
)
from mockexchange.core.vocabulary import Action, Result, Side
from mockexchange.venues.dated_fields import FOREVER
from mockexchange.venues.kalshi.market_ids import market_id
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.settings import KalshiSettings
from mockexchange.venues.kalshi.stream.feed import Message, snapshot_of, ticker_of
from tests.venues.kalshi.frames.frame_texts import Telling, body, only
from tests.venues.kalshi.world import ALICE, ALICE_3, BOB, DOLLAR, ST1, Venue, buy, rest_order

LIFECYCLE = "market_lifecycle_v2"


@pytest.fixture
def telling() -> Telling:
    venue = Venue()
    venue.fund(ALICE, ALICE_3, BOB, ST1)
    venue.list_markets("RAIN-1", "RAIN-2")
    return Telling(venue)


def read(message: Message, date: str = "2026-10", **shown: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body(message, date, **shown))
    return found


# --- fills


def test_a_fill_is_told_as_order_fill_and_position_and_then_to_everybody(telling: Telling) -> None:
    assert telling.tells(rest_order("RAIN-1", 5, 40, order="o")) == ["user_order", "orderbook_delta", "ticker"]
    told = ["user_order", "fill", "market_position", "trade", "orderbook_delta", "ticker"]
    assert telling.tells(buy("RAIN-1", 2, 40, order="o")) == told


def test_both_sides_of_a_fill_are_told_one_after_the_other(telling: Telling) -> None:
    told = telling.does(buy("RAIN-1", 2, 40, taker=True, against=ST1))
    assert [(message.kind, message.subaccount_ref) for message in told] == [
        *((kind, ALICE) for kind in ("user_order", "fill", "market_position")),
        *((kind, ST1) for kind in ("user_order", "fill", "market_position")),
        ("trade", None),
        ("ticker", None),
    ]
    assert "subaccount" not in read(told[4]), "a subtrader's book has no number"
    assert (read(told[1])["action"], read(told[4])["action"]) == ("buy", "sell")


def test_a_fill_that_triggers_a_group_is_told_before_the_group(telling: Telling) -> None:
    telling.does(OpenGroup(subaccount_ref=ALICE, group="g", limit_centis=200))
    telling.does(*(rest_order("RAIN-1", 2, price, order=name, group="g") for name, price in (("a", 40), ("b", 30))))
    told = telling.does(buy("RAIN-1", 2, 40, order="a"))
    assert [message.kind for message in told] == [
        *("user_order", "fill", "market_position", "order_group_updates", "user_order"),
        *("trade", "orderbook_delta", "orderbook_delta", "ticker"),
    ]
    assert read(told[3])["event_type"] == "triggered"
    assert read(told[4])["status"] == "canceled"
    assert "last_update_reason" not in read(told[4])


def test_what_a_fill_adds_up_to(telling: Telling) -> None:
    telling.does(buy("RAIN-1", 5, 40, side=Side.NO))
    fill, position = telling.does(buy("RAIN-1", 7, 70, fee_micros=0), channels=["fill", "market_positions"])
    assert (read(fill)["count_fp"], read(fill)["post_position_fp"]) == ("7.00", "2.00")
    assert read(position)["position_fp"] == "2.00"
    assert read(position)["volume_fp"] == "12.00"
    assert read(position)["position_cost_dollars"] == "1.400000"
    assert read(position)["realized_pnl_dollars"] == "-0.500000"


# --- positions


def test_the_fee_cost_of_a_position_is_of_what_is_held_or_of_all(telling: Telling) -> None:
    trades = (buy("RAIN-1", 4, 50, fee_micros=40_000), buy("RAIN-1", 3, 50, action=Action.SELL, fee_micros=30_000))
    *_, held = telling.does(*trades, channels=["market_positions"])
    telling.settings = KalshiSettings(stream_position_fee_cost="paid")
    *_, paid = telling.does(
        *(buy("RAIN-2", 4, 50, fee_micros=40_000), buy("RAIN-2", 3, 50, action=Action.SELL, fee_micros=30_000)),
        channels=["market_positions"],
    )
    assert read(held)["fees_paid_dollars"] == read(paid)["fees_paid_dollars"] == "0.070000"
    assert read(held)["position_fee_cost_dollars"] == "0.010000"
    assert read(paid)["position_fee_cost_dollars"] == "0.070000"


def test_what_rests_moves_no_position(telling: Telling) -> None:
    orders = (rest_order("RAIN-1", 5, 40, order="o"), ReduceOrder(order="o", count_centis=100), CancelOrder(order="o"))
    assert telling.does(*orders, channels=["market_positions"]) == []


def test_a_closed_position_is_told_as_zero(telling: Telling) -> None:
    sold = (buy("RAIN-1", 4, 50), buy("RAIN-1", 4, 60, action=Action.SELL))
    *_, closed = telling.does(*sold, channels=["market_positions"])
    assert (read(closed)["position_fp"], read(closed)["position_cost_dollars"]) == ("0.00", "0.000000")
    assert read(closed)["realized_pnl_dollars"] == "0.400000"


def test_a_settlement_tells_every_row_that_it_pays(telling: Telling) -> None:
    telling.does(
        *(buy("RAIN-1", 4, 50, subaccount_ref) for subaccount_ref in (ALICE, ALICE_3, ST1)),
        rest_order("RAIN-1", 1, 20, BOB),
    )
    told = telling.does(SettleMarket(market="RAIN-1", result=Result.YES))
    positions = [message for message in told if message.kind == "market_position"]
    assert [message.subaccount_ref for message in positions] == [ALICE, ALICE_3, ST1]
    assert [read(message).get("subaccount") for message in positions] == [None, 3, None]
    assert {read(message)["realized_pnl_dollars"] for message in positions} == {"2.000000"}
    assert read(only(told, "user_order"))["last_update_reason"] == "CloseCancel"
    assert told[-1].kind == "ticker"
    assert read(told[-1])["open_interest_fp"] == "0.00"


def test_a_transfer_of_cash_is_no_news(telling: Telling) -> None:
    assert telling.does(Deposit(subaccount_ref=ALICE, amount_micros=DOLLAR)) == []


# --- orders


def test_why_an_order_changed(telling: Telling) -> None:
    def reason(*commands: Any) -> str | None:
        (message,) = telling.does(*commands, channels=["user_orders"])
        told: str | None = read(message).get("last_update_reason")
        return told

    assert reason(rest_order("RAIN-1", 9, 40, order="a")) is None
    assert reason(ReduceOrder(order="a", count_centis=100)) == "Decrease"
    assert reason(AmendOrder(order="a", price_centicents=4_100)) == "Amend"
    assert reason(buy("RAIN-1", 1, 41, order="a")) == "Trade"
    assert reason(CancelOrder(order="a")) is None
    telling.does(rest_order("RAIN-1", 9, 40, order="b"))
    assert reason(ExpireOrder(order="b")) == "ExpiryCancel"
    telling.does(rest_order("RAIN-1", 9, 40, order="c", cancel_on_pause=True))
    assert reason(SwitchExchange(trading=False)) == "HaltCancel"
    telling.does(rest_order("RAIN-1", 9, 40, order="d"))
    assert reason(CloseMarket(market="RAIN-1")) == "CloseCancel"
    telling.does(OpenGroup(subaccount_ref=ALICE, group="g"), rest_order("RAIN-2", 9, 40, order="e", group="g"))
    assert reason(TriggerGroup(group="g")) is None


def test_an_order_is_as_it_was_at_its_moment(telling: Telling) -> None:
    """A group's trigger changes an order after its fill, in the same command."""
    telling.does(OpenGroup(subaccount_ref=ALICE, group="g", limit_centis=100))
    telling.does(rest_order("RAIN-1", 5, 40, order="a", group="g"))
    filled, canceled = telling.does(buy("RAIN-1", 1, 40, order="a"), channels=["user_orders"])
    assert (read(filled)["status"], read(filled)["remaining_count_fp"]) == ("resting", "4.00")
    assert (read(canceled)["status"], read(canceled)["remaining_count_fp"]) == ("canceled", "0.00")


def test_a_sale_rests_as_a_bid_for_the_other_side(telling: Telling) -> None:
    told = telling.does(rest_order("RAIN-1", 5, 40, action=Action.SELL, order="o"))
    delta, order = read(only(told, "orderbook_delta")), read(only(told, "user_order"))
    assert (delta["side"], delta["price_dollars"]) == ("no", "0.6000")
    assert (order["side"], order["is_yes"], order["yes_price_dollars"]) == ("yes", True, "0.4000")
    assert (order["outcome_side"], order["book_side"]) == ("no", "ask")


# --- books


def test_the_owner_of_an_order_sees_his_marks(telling: Telling) -> None:
    marked, plain = telling.does(
        rest_order("RAIN-1", 5, 40, ALICE_3, Side.NO, order="o", client_order_id="mine"),
        rest_order("RAIN-1", 5, 30, order="p"),
        channels=["orderbook_delta"],
    )
    assert (marked.owner, plain.owner) == (ALICE_3, ALICE)
    assert not {"client_order_id", "subaccount"} & read(marked).keys()
    own = read(marked, is_own=True)
    assert (own["client_order_id"], own["subaccount"], own["price_dollars"]) == ("mine", 3, "0.4000")
    assert read(marked, is_own=True, in_yes_price=True)["price_dollars"] == "0.6000"
    assert read(plain, is_own=True).get("client_order_id") is None
    assert read(plain, is_own=True)["subaccount"] == 0


def test_the_instant_of_a_level_is_text_or_milliseconds(telling: Telling) -> None:
    (plain,) = telling.does(rest_order("RAIN-1", 5, 30, order="p"), channels=["orderbook_delta"])
    told = Telling(telling.venue, KalshiSettings(delta_ts="milliseconds"))
    (numbered,) = told.does(rest_order("RAIN-1", 5, 30, order="q"), channels=["orderbook_delta"])
    for date in ("2026-02", "2026-10", "compat"):
        assert isinstance(read(plain, date)["ts"], str)
        assert read(numbered, date)["ts"] == told.venue.at // 1_000
    assert "ts" not in read(numbered, "2025-11")


def test_a_strangers_level_has_no_owner(telling: Telling) -> None:
    told = telling.does(
        QuoteMarket(market="RAIN-1", yes=((4_000, 100),), no=((5_000, 200),)), channels=["orderbook_delta"]
    )
    assert [(message.owner, read(message)["side"], read(message)["delta_fp"]) for message in told] == [
        (None, "yes", "1.00"),
        (None, "no", "2.00"),
    ]


def test_a_snapshot_leaves_out_or_empties_a_side(telling: Telling) -> None:
    telling.does(QuoteMarket(market="RAIN-1", yes=((4_000, 100), (3_000, 50))), rest_order("RAIN-1", 2, 40))
    state = telling.venue.exchange.state
    market = state.markets["RAIN-1"]
    message = snapshot_of(state, market)
    assert (message.channel, message.kind, message.market) == ("orderbook_delta", "orderbook_snapshot", market)
    levels = [["0.3000", "0.50"], ["0.4000", "3.00"]]
    own = {"market_ticker": "RAIN-1", "market_id": market_id("RAIN-1"), "clock": state.sequence}
    wanted = {**own, "yes_dollars_fp": levels}
    assert read(message) == read(message, in_yes_price=True) == wanted
    emptied = snapshot_of(state, market, has_empty_sides=True)
    assert read(emptied) == read(emptied, in_yes_price=True) == {**wanted, "no_dollars_fp": []}
    assert read(emptied, "2025-11")["no"] == []


def test_the_clock_of_an_order_book_is_that_of_its_newest_change(telling: Telling) -> None:
    first, second = telling.does(
        QuoteMarket(market="RAIN-1", yes=((4_000, 100), (3_000, 50))), channels=["orderbook_delta"]
    )
    state = telling.venue.exchange.state
    quoted = state.sequence
    assert read(first)["clock"] == read(second)["clock"] == quoted
    telling.does(QuoteMarket(market="RAIN-2", yes=((4_000, 100),)))
    assert state.sequence > quoted
    assert read(snapshot_of(state, state.markets["RAIN-1"]))["clock"] == quoted


def test_levels_ascend_in_the_price_that_is_shown(telling: Telling) -> None:
    telling.does(QuoteMarket(market="RAIN-1", no=((4_000, 100), (3_000, 200))))
    state = telling.venue.exchange.state
    message = snapshot_of(state, state.markets["RAIN-1"])
    assert read(message)["no_dollars_fp"] == [["0.3000", "2.00"], ["0.4000", "1.00"]]
    assert read(message, in_yes_price=True)["no_dollars_fp"] == [["0.6000", "1.00"], ["0.7000", "2.00"]]


# --- tickers


def test_a_ticker_is_told_when_something_of_it_changes(telling: Telling) -> None:
    first = QuoteMarket(market="RAIN-1", yes=((4_000, 100), (3_000, 50)))
    assert telling.tells(first) == ["orderbook_delta", "orderbook_delta", "ticker"]
    below = QuoteMarket(market="RAIN-1", yes=((4_000, 100), (3_000, 70)))
    assert telling.tells(below) == ["orderbook_delta"], "the best bid is the same"
    size = QuoteMarket(market="RAIN-1", yes=((4_000, 110), (3_000, 70)))
    assert telling.tells(size) == ["orderbook_delta", "ticker"]
    assert telling.tells(QuoteMarket(market="RAIN-1", yes=((3_000, 70),))) == ["orderbook_delta", "ticker"]
    assert telling.tells(PriceMarket(market="RAIN-1", price_centicents=5_000)) == ["ticker"]
    assert telling.tells(PriceMarket(market="RAIN-1", price_centicents=5_000)) == []


def test_how_a_market_stands_can_be_asked(telling: Telling) -> None:
    *_, told = telling.does(rest_order("RAIN-1", 2, 40), buy("RAIN-1", 3, 45))
    state = telling.venue.exchange.state
    message = ticker_of(state, state.markets["RAIN-1"], telling.venue.at)
    assert (message.channel, message.kind) == ("ticker", "ticker")
    assert read(message) == read(told)
    assert read(message)["last_trade_size_fp"] == "3.00"


# --- markets and events


def test_a_first_market_comes_with_its_event(telling: Telling) -> None:
    first = ListMarket(market="WIND-1", event="WIND", series="WIND")
    second = ListMarket(market="WIND-2", event="WIND", series="WIND")
    told = telling.does(first, second)
    assert [(message.kind, message.market and message.market.ticker) for message in told] == [
        ("event_lifecycle", None),
        (LIFECYCLE, "WIND-1"),
        (LIFECYCLE, "WIND-2"),
    ]
    assert read(told[0])["title"] == "WIND"
    assert read(told[1])["additional_metadata"]["name"] == "WIND"


def test_a_market_that_is_paused_is_deactivated_until_it_resumes(telling: Telling) -> None:
    paused, resumed = telling.does(
        SwitchMarket(market="RAIN-1", trading=False),
        SwitchMarket(market="RAIN-1", trading=True),
        channels=["market_lifecycle_v2"],
    )
    for date in ("2025-11", "2026-10", "compat"):
        turns = [(body["event_type"], body["is_deactivated"]) for body in (read(paused, date), read(resumed, date))]
        assert turns == [("deactivated", True), ("activated", False)]


def test_the_life_of_a_market(telling: Telling) -> None:
    told = telling.does(
        CloseMarket(market="RAIN-1"),
        DetermineMarket(market="RAIN-1", result=Result.YES),
        DisputeMarket(market="RAIN-1"),
        DetermineMarket(market="RAIN-1", result=Result.VOID),
        SettleMarket(market="RAIN-1", result=Result.VOID),
    )
    turns = [(read(message)["event_type"], read(message).get("result")) for message in told]
    assert turns == [("deactivated", None), ("determined", "yes"), ("determined", "scalar"), ("settled", None)]
    assert [read(message).get("settlement_value") for message in told] == [None, "1.0000", None, None]
    assert read(told[2], "2026-02")["result"] == ""


def test_combinations_left_the_channel(telling: Telling) -> None:
    event = ListMarket(market="KXMVESPORTS-1", event="KXMVESPORTS", series="KXMVESPORTS")
    told = telling.does(event, CloseMarket(market="KXMVESPORTS-1"))
    assert [message.until for message in told] == ["2026-02-12"] * 3
    assert {message.until for message in telling.does(CloseMarket(market="RAIN-1"))} == {FOREVER}


# --- what is made, and how often it is written


def test_what_nobody_hears_is_not_made(telling: Telling) -> None:
    trade = buy("RAIN-1", 2, 40)
    assert telling.does(trade, channels=[]) == []
    assert [message.kind for message in telling.does(trade, channels=["ticker", "fill"])] == ["fill", "ticker"]


def test_a_body_is_written_once_a_date(telling: Telling) -> None:
    message = only(telling.does(buy("RAIN-1", 2, 40)), "fill")
    first = message.body(api_date("2026-10"))
    assert message.body(api_date("latest")) is first
    assert message.body(api_date("2026-10-31")) is first
    assert message.body(api_date("2026-06")) is not first
    assert message.frames == {}


def test_filters_and_owners_are_known_of_every_message(telling: Telling) -> None:
    """Groups and events have no market to be filtered by."""
    told = telling.does(
        OpenGroup(subaccount_ref=ALICE_3, group="g"),
        rest_order("RAIN-1", 5, 40, ALICE_3, order="o", group="g"),
        buy("RAIN-1", 2, 40, ALICE_3, order="o"),
        ListMarket(market="SNOW-1", event="SNOW", series="SNOW"),
    )
    private = {"user_order", "fill", "market_position", "order_group_updates"}
    for message in told:
        assert (message.subaccount_ref == ALICE_3) == (message.kind in private)
        assert (message.market is None) == (message.kind in {"order_group_updates", "event_lifecycle"})
