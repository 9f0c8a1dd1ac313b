"""Orders of an FCM's subtraders: of one of them, or by client order ids over the last day."""

from tests.helpers.rows import each_row
from tests.venues.kalshi import bodies
from tests.venues.kalshi.world import ALICE, DAY, SECOND, ST1, ST2, START, Venue, at, refusal, rest_order, why

ORDERS = "fcm/orders"
MILLISECOND = 1_000


def world() -> Venue:
    """st1 and st2 have orders that their clients call "mine" and "other", one of them older than a day; alice too."""
    venue = Venue()
    venue.list_markets("RAIN-1", "RAIN-2")
    venue.fund(ALICE, ST1, ST2)
    orders = (
        rest_order("RAIN-1", 1, 10, ST1, order="old", client_order_id="mine"),
        rest_order("RAIN-1", 1, 11, ST1, order="edge", client_order_id="mine"),
        rest_order("RAIN-1", 1, 12, ST2, order="st2", client_order_id="mine"),
        rest_order("RAIN-2", 1, 13, ST1, order="other", client_order_id="other"),
        rest_order("RAIN-1", 1, 14, ST1, order="nameless"),
        rest_order("RAIN-1", 1, 15, ALICE, order="of-alice", client_order_id="mine"),
    )
    for second, order in enumerate(orders, 1):
        venue.do(order, at=START + second * SECOND)
    venue.at = START + 2 * SECOND + DAY
    return venue


def ids(venue: Venue, query: str, who: str = "desk", date: str = "2026-10") -> list[str]:
    return [row["order_id"] for row in venue.read(f"{ORDERS}?{query}", who, date)["orders"]]


@each_row(
    ("query", "found"),
    [
        ("client_order_ids=mine", ["st2", "edge"]),
        ("client_order_ids=mine,other", ["other", "st2", "edge"]),
        ("client_order_ids=mine,mine,unknown", ["st2", "edge"]),
        ("client_order_ids=unknown", []),
        ("client_order_ids=mine&subtrader_id=", ["st2", "edge"]),
        ("client_order_ids=mine&subtrader_id=fcm7_st1", ["edge"]),
        ("client_order_ids=mine,other&ticker=RAIN-2", ["other"]),
        (f"client_order_ids=mine&min_ts={START // SECOND}", ["st2", "edge"]),
        (f"client_order_ids=mine&min_ts={START // SECOND + 3}", ["st2"]),
        (f"client_order_ids=mine&max_ts={START // SECOND + 2}", ["edge"]),
        ("subtrader_id=fcm7_st1", ["nameless", "other", "edge", "old"]),
        ("subtrader_id=fcm7_st1&client_order_ids=", ["nameless", "other", "edge", "old"]),
    ],
)
def test_what_is_found(query: str, found: list[str]) -> None:
    assert ids(world(), query) == found


def test_the_day_goes_on_between_two_answers() -> None:
    venue = world()
    assert ids(venue, "client_order_ids=mine") == ["st2", "edge"]
    venue.at += MILLISECOND
    assert ids(venue, "client_order_ids=mine") == ["st2"]


def test_pages_by_ids_hold_each_order_once() -> None:
    venue = world()
    page = venue.read(f"{ORDERS}?client_order_ids=mine,other&limit=2", "desk")
    rest = venue.read(f"{ORDERS}?client_order_ids=mine,other&limit=2&cursor={page['cursor']}", "desk")
    assert [row["order_id"] for row in page["orders"] + rest["orders"]] == ["other", "st2", "edge"]
    assert rest["cursor"] == ""


def test_a_bound_key_sees_its_own_alone() -> None:
    assert ids(world(), "client_order_ids=mine,other", "st1") == ["other", "edge"]
    assert ids(world(), "", "st1") == ["nameless", "other", "edge", "old"]
    foreign = world().ask(f"{ORDERS}?client_order_ids=mine&subtrader_id=fcm7_st2", "st1")
    assert refusal(foreign) == at(bodies.FORBIDDEN)


def test_either_a_subtrader_or_ids_are_needed() -> None:
    answer = world().ask(ORDERS, "desk")
    assert answer.status == 400
    assert answer.body == b'{"msg":"Query argument subtrader_id is required, but not found"}'
    assert (
        why(answer) == "name a subtrader_id: key desk of desk is not bound to one; its subtraders: fcm7_st1, fcm7_st2"
    )


def test_a_hundred_ids_and_no_more() -> None:
    names = ",".join(f"n{number}" for number in range(100))
    assert ids(world(), f"client_order_ids={names}") == []
    answer = world().ask(f"{ORDERS}?client_order_ids={names},mine", "desk")
    assert answer.status == 400
    assert why(answer) == "client_order_ids has 101 items: expected at most 100"


def test_before_its_day_the_parameter_is_unknown_and_a_subtrader_required() -> None:
    answer = world().ask(f"{ORDERS}?client_order_ids=mine", "desk", "2026-09-02")
    assert answer.body == b'{"msg":"Query argument subtrader_id is required, but not found"}'
    query = "client_order_ids=mine&subtrader_id=fcm7_st2"
    assert ids(world(), query, date="2026-09-02") == ["st2"]
    assert world().ask(f"{ORDERS}?{query}", "desk", "2026-09-02").findings == [
        "parameter 'client_order_ids' is unknown to GetFCMOrders: ignored"
    ]
