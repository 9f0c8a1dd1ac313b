"""Order groups: in pages until 2026-04-01, whole afterwards."""

from functools import cache
from typing import Any

from mockexchange.core.commands import DeleteGroup, LimitGroup, OpenGroup, ResetGroup, TriggerGroup
from tests.helpers.rows import each_row
from tests.venues.kalshi import bodies
from tests.venues.kalshi.world import ALICE, ALICE_3, BOB, Venue, at, buy, refusal, rest_order

GROUPS = "portfolio/order_groups"


@cache
def world() -> Venue:
    venue = Venue()
    venue.do(*(OpenGroup(subaccount_ref=(ALICE, ALICE_3)[number % 2], group=f"g{number}") for number in range(120)))
    venue.do(OpenGroup(subaccount_ref=BOB, group="of-bob"))
    return venue


def ids(query: str = "", who: str = "alice", date: str = "2026-10") -> list[str]:
    return [group["id"] for group in world().read(f"{GROUPS}{query}", who, date)["order_groups"]]


NEWEST_FIRST = [f"g{number}" for number in reversed(range(120))]


@each_row(
    ("query", "who", "found"),
    [
        ("", "alice", NEWEST_FIRST),
        ("?subaccount=0", "alice", NEWEST_FIRST[1::2]),
        ("?subaccount=3", "alice", NEWEST_FIRST[::2]),
        ("", "only_3", NEWEST_FIRST[::2]),
        ("", "bob", ["of-bob"]),
        ("", "desk", []),
    ],
)
def test_all_books_unless_one_is_asked_for(query: str, who: str, found: list[str]) -> None:
    assert ids(query, who) == found


@each_row(("day", "is_paged"), [("2026-03-31", True), ("2026-04-01", False)])
def test_pages_end_on_their_day(day: str, is_paged: bool) -> None:
    body = world().read(GROUPS, date=day)
    assert [len(body["order_groups"]), "cursor" in body] == ([100, True] if is_paged else [120, False])


def test_the_last_page_has_no_cursor_at_all() -> None:
    first = world().read(f"{GROUPS}?limit=110", date="2026-02")
    last = world().ask(f"{GROUPS}?limit=110&cursor={first['cursor']}", date="2026-02")
    assert last.body.endswith(b'{"id":"g0","is_auto_cancel_enabled":false}]}')
    assert last.body.startswith(b'{"order_groups":[{"id":"g9"')


def test_a_key_restricted_to_a_subaccount_may_not_name_another() -> None:
    assert refusal(world().ask(f"{GROUPS}?subaccount=0", "only_3")) == at(bodies.FORBIDDEN)


def test_a_subaccount_that_was_never_opened_is_empty_and_told() -> None:
    answer = world().ask(f"{GROUPS}?subaccount=9")
    assert answer.body == b'{"order_groups":[]}'
    assert answer.findings == ["alice has no subaccount 9: answered as an empty one; its subaccounts: 0, 3"]


@each_row("date", ["2025-11", "2026-10"])
def test_auto_cancel_is_on_from_the_trigger_to_the_reset(date: str) -> None:
    venue = Venue()
    venue.fund(ALICE)
    venue.list_markets("RAIN-1")

    def group() -> dict[str, Any]:
        [found] = venue.read(GROUPS, date=date)["order_groups"]
        assert isinstance(found, dict)
        return found

    venue.do(
        OpenGroup(subaccount_ref=ALICE, group="g", limit_centis=300), rest_order("RAIN-1", 5, 20, order="o", group="g")
    )
    assert group()["is_auto_cancel_enabled"] is False
    venue.do(buy("RAIN-1", 3, 20, order="o"))
    assert group()["is_auto_cancel_enabled"] is True
    assert venue.read("portfolio/orders/o", date=date)["order"]["status"] == "canceled"
    venue.do(ResetGroup(group="g"))
    assert group()["is_auto_cancel_enabled"] is False
    venue.do(TriggerGroup(group="g"))
    assert group()["is_auto_cancel_enabled"] is True
    venue.do(LimitGroup(group="g", limit_centis=1_000), ResetGroup(group="g"), LimitGroup(group="g", limit_centis=1))
    assert group()["is_auto_cancel_enabled"] is False


@each_row("date", ["2025-11", "2026-10"])
def test_a_group_that_was_deleted_is_gone_but_its_orders_tell_of_it(date: str) -> None:
    venue = Venue()
    venue.list_markets("RAIN-1")
    venue.do(
        OpenGroup(subaccount_ref=ALICE, group="g"),
        rest_order("RAIN-1", 5, 20, order="o", group="g"),
        DeleteGroup(group="g"),
    )
    assert venue.read(GROUPS, date=date)["order_groups"] == []
    order = venue.read("portfolio/orders/o", date=date)["order"]
    assert (order["status"], order["order_group_id"]) == ("canceled", "g")


def test_pages_go_on_where_they_were_when_a_group_is_deleted() -> None:
    venue = Venue()
    venue.do(*(OpenGroup(subaccount_ref=ALICE, group=f"g{number}") for number in range(6)))
    first = venue.read(f"{GROUPS}?limit=2", date="2025-11")
    venue.do(DeleteGroup(group="g0"), DeleteGroup(group="g4"), OpenGroup(subaccount_ref=ALICE, group="g6"))
    rest = venue.read(f"{GROUPS}?limit=9&cursor={first['cursor']}", date="2025-11")
    assert [group["id"] for group in first["order_groups"] + rest["order_groups"]] == ["g5", "g4", "g3", "g2", "g1"]
