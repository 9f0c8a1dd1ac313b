"""Queue positions of orders: orders of others and of the same account, better prices and earlier orders."""

from functools import cache

from mockexchange.core.commands import CancelOrder, QuoteMarket
from mockexchange.core.vocabulary import Action, Side
from tests.helpers.rows import each_row
from tests.venues.kalshi import bodies
from tests.venues.kalshi.bodies import DATES
from tests.venues.kalshi.world import ALICE, ALICE_3, BOB, ST1, ST2, Venue, at, buy, refusal, rest_order

QUEUE = "portfolio/orders/queue_positions"


@cache
def world() -> Venue:
    """On RAIN-1, YES bids: 21 cents bob 4; 20 cents strangers 10, alice a1 5, desk s1 2, alice/3 a3 1; 19 alice a2."""
    venue = Venue()
    venue.fund(ALICE, ALICE_3, BOB, ST1, ST2)
    venue.list_markets("RAIN-1", "RAIN-2", "WIND-1")
    venue.do(QuoteMarket(market="RAIN-1", yes=((2_000, 1_000), (100, 9_900)), no=((7_000, 300),)))
    venue.do(rest_order("RAIN-1", 5, 20, order="a1"), rest_order("RAIN-1", 2, 20, ST1, order="s1"))
    venue.do(rest_order("RAIN-1", 1, 20, ALICE_3, order="a3"), rest_order("RAIN-1", 4, 21, BOB, order="b1"))
    venue.do(rest_order("RAIN-1", 6, 19, order="a2"), rest_order("RAIN-2", 3, 30, order="a4"))
    venue.do(rest_order("WIND-1", 3, 30, order="a5"), CancelOrder(order="a5"))
    venue.do(rest_order("WIND-1", 3, 30, order="a6"), buy("WIND-1", 3, 30, order="a6"))
    return venue


def positions(query: str = "", who: str = "alice", date: str = "2026-10") -> dict[str, str]:
    rows = world().read(f"{QUEUE}{query}", who, date)["queue_positions"]
    return {row["order_id"]: row["queue_position_fp"] for row in rows}


@each_row(
    ("query", "who", "ahead"),
    [
        ("", "alice", {"a4": "0.00", "a2": "22.00", "a1": "14.00"}),
        ("?subaccount=0", "alice", {"a4": "0.00", "a2": "22.00", "a1": "14.00"}),
        ("?subaccount=3", "alice", {"a3": "21.00"}),
        ("?market_tickers=RAIN-1", "alice", {"a2": "22.00", "a1": "14.00"}),
        ("?market_tickers=RAIN-2,WIND-1,NO-SUCH", "alice", {"a4": "0.00"}),
        ("?market_tickers=NO-SUCH", "alice", {}),
        ("?event_ticker=RAIN", "alice", {"a4": "0.00", "a2": "22.00", "a1": "14.00"}),
        ("?event_ticker=WIND", "alice", {}),
        ("?event_ticker=RAIN,WIND", "alice", {}),
        ("?event_ticker=RAIN&market_tickers=RAIN-2", "alice", {"a4": "0.00"}),
        ("?event_ticker=WIND&market_tickers=RAIN-2", "alice", {}),
        ("", "only_3", {"a3": "21.00"}),
        ("", "bob", {"b1": "0.00"}),
        ("", "desk", {}),
        ("", "st1", {"s1": "19.00"}),
    ],
)
def test_the_primary_book_unless_another_is_asked_for(query: str, who: str, ahead: dict[str, str]) -> None:
    found = positions(query, who)
    assert found == ahead
    assert list(found) == list(ahead), "newest first"


def test_all_of_them_are_on_one_page() -> None:
    venue = Venue()
    venue.fund(ALICE)
    venue.list_markets("RAIN-1")
    venue.do(*(rest_order("RAIN-1", 1, 20, order=f"{number}") for number in range(150)))
    rows = venue.read(QUEUE)["queue_positions"]
    assert [(row["order_id"], row["queue_position_fp"]) for row in rows] == [
        (f"{number}", f"{number}.00") for number in reversed(range(150))
    ]


@each_row("order_id", ["a1", "a2", "a3", "a4"])
def test_a_single_one_says_the_same(order_id: str) -> None:
    single = world().read(f"portfolio/orders/{order_id}/queue_position")
    assert single == {"queue_position_fp": {**positions(), **positions("?subaccount=3")}[order_id]}


@each_row("date", DATES)
@each_row(("order_id", "state"), [("a5", "canceled"), ("a6", "executed")])
def test_an_order_that_does_not_rest_has_no_place(order_id: str, state: str, date: str) -> None:
    answer = world().ask(f"portfolio/orders/{order_id}/queue_position", date=date)
    assert answer.status == 404
    assert answer.diagnosis == f"order {order_id} is {state}: only one that rests has a place in a queue"


def test_a_key_restricted_to_a_subaccount() -> None:
    assert world().read("portfolio/orders/a3/queue_position", "only_3") == {"queue_position_fp": "21.00"}
    assert world().ask("portfolio/orders/a1/queue_position", "only_3").status == 404
    assert refusal(world().ask(f"{QUEUE}?subaccount=0", "only_3")) == at(bodies.FORBIDDEN)


def test_a_subaccount_that_was_never_opened_is_empty_and_told() -> None:
    answer = world().ask(f"{QUEUE}?subaccount=9")
    assert answer.body == b'{"queue_positions":[]}'
    assert answer.findings == ["alice has no subaccount 9: answered as an empty one; its subaccounts: 0, 3"]


def test_a_place_moves_when_others_leave_though_the_order_does_not_change() -> None:
    venue = Venue()
    venue.fund(ALICE, BOB)
    venue.list_markets("RAIN-1")
    venue.do(rest_order("RAIN-1", 4, 20, BOB, order="b"), rest_order("RAIN-1", 1, 20, order="a"))
    ahead = ["4.00"]
    assert venue.read("portfolio/orders/a/queue_position")["queue_position_fp"] == ahead[0]
    venue.do(buy("RAIN-1", 3, 20, BOB, order="b"))
    assert venue.read(QUEUE)["queue_positions"][0]["queue_position_fp"] == "1.00"
    venue.do(CancelOrder(order="b"))
    assert venue.read(QUEUE)["queue_positions"][0]["queue_position_fp"] == "0.00"


@each_row(
    ("side", "action", "price", "is_behind"),
    [
        (Side.YES, Action.BUY, 20, True),
        (Side.NO, Action.SELL, 80, True),
        (Side.NO, Action.BUY, 20, False),
        (Side.YES, Action.SELL, 20, False),
    ],
)
def test_selling_no_waits_with_those_who_buy_yes(side: Side, action: Action, price: int, is_behind: bool) -> None:
    venue = Venue()
    venue.fund(ALICE, BOB)
    venue.list_markets("RAIN-1")
    venue.do(rest_order("RAIN-1", 4, 20, BOB), rest_order("RAIN-1", 1, price, side=side, action=action, order="a"))
    ahead = venue.read("portfolio/orders/a/queue_position")["queue_position_fp"]
    assert ahead == ("4.00" if is_behind else "0.00")


@each_row("date", ["2025-11", "2026-02", "compat"])
def test_the_whole_number_counts_places_and_the_first_is_one(date: str) -> None:
    """Recorded on 2026-01-14: 1, 2 and 103; the text counts the contracts ahead."""
    venue = Venue()
    venue.fund(ALICE, BOB)
    venue.list_markets("RAIN-1")
    ahead = [rest_order("RAIN-1", 1, 20, order="first"), rest_order("RAIN-1", 101, 20, BOB)]
    venue.do(*ahead, rest_order("RAIN-1", 1, 20, order="last"))
    rows = venue.read(QUEUE, date=date)["queue_positions"]
    assert [(row["order_id"], row["queue_position"]) for row in rows] == [("last", 103), ("first", 1)]
    assert date == "2025-11" or [row["queue_position_fp"] for row in rows] == ["102.00", "0.00"]
    assert venue.read("portfolio/orders/last/queue_position", date=date)["queue_position"] == 103
