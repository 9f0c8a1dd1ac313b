"""Orders: filters, statuses, and access to a single order."""

import json
from decimal import Decimal
from functools import cache
from typing import Any

from mockexchange.core.commands import CancelOrder, CloseMarket, ListMarket, ReduceOrder
from mockexchange.core.exchange import Exchange
from mockexchange.core.vocabulary import Action, SelfTradePrevention, Side
from mockexchange.venues.kalshi.settings import KalshiSettings
from tests.helpers.rows import each_row
from tests.venues.kalshi import bodies
from tests.venues.kalshi.bodies import DATES
from tests.venues.kalshi.frames.frame_texts import Telling, body
from tests.venues.kalshi.world import (
    ALICE,
    ALICE_3,
    BOB,
    DAY,
    ST1,
    ST2,
    START,
    Venue,
    at,
    buy,
    refusal,
    rest_order,
    why,
)

ORDERS = "portfolio/orders"


@cache
def world() -> Venue:
    venue = Venue()
    venue.fund(ALICE, ALICE_3, BOB, ST1, ST2)
    venue.list_markets("RAIN-1", "RAIN-2", "WIND-1")
    venue.do(ListMarket(market="HEAT-1", event="HEAT", series="HEAT", exchange_index=1))
    venue.do(rest_order("RAIN-1", 5, 20, order="r1"), rest_order("RAIN-2", 5, 20, ALICE_3, order="r2"))
    venue.do(rest_order("HEAT-1", 5, 20, order="h1"), rest_order("WIND-1", 5, 20, order="w1"))
    venue.do(CancelOrder(order="w1"), buy("RAIN-1", 5, 20, order="r1"))
    venue.do(rest_order("RAIN-1", 1, 20, BOB, order="b1"))
    venue.do(rest_order("RAIN-1", 1, 20, ST1, order="s1"), rest_order("RAIN-1", 1, 20, ST2, order="s2"))
    return venue


def ids(venue: Venue, query: str = "", who: str = "alice", date: str = "2026-10") -> list[str]:
    return [order["order_id"] for order in venue.read(f"{ORDERS}{query}", who, date)["orders"]]


FOUND: list[tuple[str, list[str]]] = [
    ("", ["w1", "h1", "r2", "r1"]),
    ("?ticker=RAIN-1", ["r1"]),
    ("?ticker=NO-SUCH", []),
    ("?ticker=RAIN-1,RAIN-2", []),
    ("?event_ticker=RAIN", ["r2", "r1"]),
    ("?event_ticker=WIND,HEAT", ["w1", "h1"]),
    ("?event_ticker=RAIN,NO-SUCH,RAIN", ["r2", "r1"]),
    ("?event_ticker=RAIN&ticker=RAIN-2", ["r2"]),
    ("?event_ticker=WIND&ticker=RAIN-2", []),
    ("?exchange_index=1", ["h1"]),
    ("?exchange_index=0", ["w1", "r2", "r1"]),
    ("?exchange_index=7", []),
    ("?exchange_index=1&event_ticker=HEAT,RAIN", ["h1"]),
    ("?exchange_index=0&ticker=HEAT-1", []),
    ("?status=resting", ["h1", "r2"]),
    ("?status=canceled", ["w1"]),
    ("?status=executed", ["r1"]),
    ("?status=resting&event_ticker=RAIN&subaccount=3", ["r2"]),
    ("?subaccount=0", ["w1", "h1", "r1"]),
    ("?subaccount=3", ["r2"]),
    ("?subaccount=3&status=executed", []),
]


@each_row(("query", "found"), FOUND)
def test_filters_have_all_to_hold(query: str, found: list[str]) -> None:
    answer = world().ask(f"{ORDERS}{query}")
    assert ids(world(), query) == found
    assert answer.findings == []


@each_row(
    ("who", "found"),
    [
        ("alice", ["w1", "h1", "r2", "r1"]),
        ("only_3", ["r2"]),
        ("bob", ["b1"]),
        ("desk", ["s2", "s1"]),
        ("st1", ["s1"]),
    ],
)
def test_a_key_sees_all_books_or_the_one_it_is_bound_to(who: str, found: list[str]) -> None:
    assert ids(world(), who=who) == found
    assert ids(world(), "?limit=1", who) == found[:1]


def test_a_bound_key_may_name_its_own_book_alone() -> None:
    assert ids(world(), "?subaccount=3", "only_3") == ["r2"]
    answer = world().ask(f"{ORDERS}?subaccount=0", "only_3")
    assert refusal(answer) == at(bodies.FORBIDDEN)
    assert why(answer) == "key only_3 of alice is restricted to subaccount 3, asked for 0"


def test_a_subaccount_that_was_never_opened_is_empty_and_told() -> None:
    answer = world().ask(f"{ORDERS}?subaccount=5")
    assert answer.body == b'{"cursor":"","orders":[]}'
    assert answer.findings == ["alice has no subaccount 5: answered as an empty one; its subaccounts: 0, 3"]


# --- what becomes of an order


def one(venue: Venue, order_id: str = "o") -> dict[str, Any]:
    order: dict[str, Any] = venue.read(f"{ORDERS}/{order_id}")["order"]
    [listed] = [row for row in venue.read(ORDERS)["orders"] if row["order_id"] == order_id]
    assert order == listed
    return order


def counts(order: dict[str, Any]) -> tuple[str, ...]:
    return order["status"], order["initial_count_fp"], order["fill_count_fp"], order["remaining_count_fp"]


def a_venue() -> Venue:
    venue = Venue()
    venue.fund(ALICE)
    venue.list_markets("RAIN-1")
    return venue


def test_an_order_that_fills_in_parts() -> None:
    venue = a_venue()
    venue.do(rest_order("RAIN-1", 10, 20, order="o"))
    assert counts(one(venue)) == ("resting", "10.00", "0.00", "10.00")
    venue.do(buy("RAIN-1", 4, 20, order="o", fee_micros=12_000))
    partial = one(venue)
    assert counts(partial) == ("resting", "10.00", "4.00", "6.00")
    assert (partial["maker_fill_cost_dollars"], partial["maker_fees_dollars"]) == ("0.800000", "0.012000")
    venue.do(buy("RAIN-1", 6, 20, order="o", taker=True, fee_micros=8_500))
    done = one(venue)
    assert counts(done) == ("executed", "10.00", "10.00", "0.00")
    assert (done["taker_fill_cost_dollars"], done["taker_fees_dollars"]) == ("1.200000", "0.008500")
    assert (done["maker_fill_cost_dollars"], done["maker_fees_dollars"]) == ("0.800000", "0.012000")
    assert done["last_update_time"] > done["created_time"] == partial["created_time"]


def test_an_order_that_shrinks_and_is_canceled() -> None:
    venue = a_venue()
    venue.do(rest_order("RAIN-1", 10, 20, order="o"), ReduceOrder(order="o", count_centis=250))
    assert counts(one(venue)) == ("resting", "10.00", "0.00", "7.50")
    venue.do(CancelOrder(order="o"))
    assert counts(one(venue)) == ("canceled", "10.00", "0.00", "0.00")


def test_the_close_of_a_market_cancels_its_orders() -> None:
    venue = a_venue()
    venue.do(rest_order("RAIN-1", 10, 20, order="o"))
    assert one(venue)["status"] == "resting"
    venue.do(CloseMarket(market="RAIN-1"))
    assert one(venue)["status"] == "canceled"


def test_a_fill_without_an_order_makes_one_that_further_fills_grow() -> None:
    venue = a_venue()
    venue.do(buy("RAIN-1", 2, 20, new="o", client_order_id="mine", taker=True, fee_micros=0))
    venue.do(buy("RAIN-1", 1, 21, order="o", taker=True, fee_micros=0))
    order = one(venue)
    assert counts(order) == ("executed", "3.00", "3.00", "0.00")
    assert (order["client_order_id"], order["yes_price_dollars"]) == ("mine", "0.2100")
    assert order["taker_fill_cost_dollars"] == "0.610000"


@each_row(
    ("side", "action", "gained", "sold"),
    [
        # Maker 4 at 0.55, taker 6 at 0.56: prices of the order's own side.
        (Side.YES, Action.BUY, ("3.360000", "2.200000"), ("3.360000", "2.200000")),
        (Side.NO, Action.BUY, ("3.360000", "2.200000"), ("3.360000", "2.200000")),
        (Side.YES, Action.SELL, ("2.640000", "1.800000"), ("3.360000", "2.200000")),
        (Side.NO, Action.SELL, ("2.640000", "1.800000"), ("3.360000", "2.200000")),
    ],
)
def test_a_sale_costs_what_the_contracts_of_the_other_side_do(
    side: Side, action: Action, gained: tuple[str, str], sold: tuple[str, str]
) -> None:
    for settings, wanted in ((KalshiSettings(), gained), (KalshiSettings(sale_cost="sold"), sold)):
        told = Telling(a_venue(), settings)
        told.does(rest_order("RAIN-1", 10, 55, side=side, action=action, order="o"))
        (first,) = told.does(buy("RAIN-1", 4, 55, side=side, action=action, order="o"), channels=["user_orders"])
        (last,) = told.does(
            buy("RAIN-1", 6, 56, side=side, action=action, order="o", taker=True), channels=["user_orders"]
        )
        row = told.venue.read(f"{ORDERS}/o", sale_cost=settings.sale_cost)["order"]
        assert costs(row) == costs(json.loads(body(last))) == wanted
        assert costs(json.loads(body(first))) == ("0.000000", wanted[1])


def costs(order: dict[str, Any]) -> tuple[str, str]:
    return order["taker_fill_cost_dollars"], order["maker_fill_cost_dollars"]


@each_row(
    ("side", "action", "book_side", "outcome"),
    [
        (Side.YES, Action.BUY, "bid", "yes"),
        (Side.YES, Action.SELL, "ask", "no"),
        (Side.NO, Action.BUY, "ask", "no"),
        (Side.NO, Action.SELL, "bid", "yes"),
    ],
)
def test_sides_and_prices(side: Side, action: Action, book_side: str, outcome: str) -> None:
    venue = a_venue()
    venue.do(rest_order("RAIN-1", 1, Decimal("12.25"), side=side, action=action, order="o"))
    order = one(venue)
    assert (order["side"], order["action"]) == (side, action)
    assert (order["book_side"], order["outcome_side"]) == (book_side, outcome)
    wanted = ("0.1225", "0.8775") if side is Side.YES else ("0.8775", "0.1225")
    assert (order["yes_price_dollars"], order["no_price_dollars"]) == wanted
    old = venue.read(f"{ORDERS}/o", date="2025-11")["order"]
    assert (old["yes_price"], old["no_price"]) == ((12.25, 87.75) if side is Side.YES else (87.75, 12.25))


@each_row("prevention", [*SelfTradePrevention, None])
def test_self_trade_prevention_is_told_where_it_was_asked_for(prevention: SelfTradePrevention | None) -> None:
    venue = a_venue()
    venue.do(rest_order("RAIN-1", 1, 20, order="o", self_trade_prevention=prevention))
    assert one(venue).get("self_trade_prevention_type") == prevention


# --- single orders

NOT_SEEN = [
    ("alice", "nobodys", "there is no order 'nobodys'"),
    ("alice", "batched", "there is no order 'batched'"),
    ("alice", "b1", "order b1 is of bob, the key of alice"),
    ("bob", "r1", "order r1 is of alice, the key of bob"),
    ("only_3", "r1", "order r1 is of book 0, key only_3 is restricted to book 3"),
    ("st1", "s2", "order s2 is of book st2, key st1 is restricted to book st1"),
]


@each_row("date", DATES)
@each_row(("who", "order_id", "words"), NOT_SEEN)
def test_what_a_key_may_not_see_is_not_there(who: str, order_id: str, words: str, date: str) -> None:
    wanted = bodies.NOT_FOUND if date in ("2026-10", "compat") else bodies.NOT_FOUND_2025
    for target in (f"{ORDERS}/{order_id}", f"{ORDERS}/{order_id}/queue_position"):
        answer = world().ask(target, who, date)
        assert refusal(answer) == at(wanted, date)
        assert answer.diagnosis == words


@each_row(("who", "order_id"), [("only_3", "r2"), ("st1", "s1"), ("desk", "s2"), ("alice", "r2")])
def test_what_a_key_may_see(who: str, order_id: str) -> None:
    assert world().read(f"{ORDERS}/{order_id}", who)["order"]["order_id"] == order_id


def test_an_order_id_is_decoded_from_the_path() -> None:
    venue = a_venue()
    venue.do(rest_order("RAIN-1", 1, 20, order="a b/\u00fc"))
    assert venue.read(f"{ORDERS}/a%20b%2F%C3%BC")["order"]["order_id"] == "a b/\u00fc"


# --- history


def archived() -> Venue:
    """Everything that is done by the second day is history."""
    venue = Venue(Exchange(archived_before=START + DAY))
    venue.fund(ALICE)
    venue.list_markets("RAIN-1")
    venue.do(rest_order("RAIN-1", 1, 20, order="rests"), rest_order("RAIN-1", 1, 20, order="gone"))
    venue.do(buy("RAIN-1", 1, 20, new="done"), CancelOrder(order="gone"))
    venue.do(rest_order("RAIN-1", 1, 20, order="late"))
    venue.do(CancelOrder(order="late"), at=START + DAY)
    return venue


def test_orders_that_are_done_move_to_history_when_there_is_one() -> None:
    venue = archived()
    for date in ("2025-11", "2026-02", "compat"):
        assert ids(venue, date=date) == ["late", "done", "gone", "rests"]
        assert venue.ask(f"{ORDERS}/gone", date=date).status == 200
    for date in ("2026-04", "2026-10"):
        assert ids(venue, date=date) == ["late", "rests"]
        answer = venue.ask(f"{ORDERS}/gone", date=date)
        assert answer.status == 404
        assert why(answer) == "order gone is history: /historical/orders lists it"
        assert venue.ask(f"{ORDERS}/rests", date=date).status == 200


def test_history_lists_the_rest() -> None:
    orders = archived().read("historical/orders")["orders"]
    assert [order["order_id"] for order in orders] == ["done", "gone"]
    assert archived().read("historical/orders", date="2026-04")["orders"][0]["status"] == "executed"


# --- the page that is kept


def test_a_kept_page_is_made_anew_when_an_order_changes() -> None:
    venue = a_venue()
    venue.do(rest_order("RAIN-1", 10, 20, order="o"))
    before = venue.ask(ORDERS).body
    assert venue.ask(ORDERS).body == before
    venue.do(buy("RAIN-1", 1, 20, order="o"))
    after = venue.ask(ORDERS).body
    assert before != after
    venue.do(CancelOrder(order="o"))
    assert venue.ask(ORDERS).body not in (before, after)


def test_a_status_that_is_none_is_told() -> None:
    assert ids(world(), "?status=done") == []
    findings = world().ask(f"{ORDERS}?status=done").findings
    assert findings == ["status='done' matches nothing: known are resting, canceled, executed"]
