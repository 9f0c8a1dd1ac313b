"""Answers that read many rows are cached, and made again as soon as a value in them has changed."""

import json

from mockexchange.core.commands import (
    CancelOrder,
    CapSubtrader,
    Command,
    Deposit,
    OpenGroup,
    RestrictSubtrader,
    SettleMarket,
    SwitchExchange,
)
from mockexchange.core.vocabulary import Result, SubaccountRef
from tests.helpers.rows import each_row
from tests.venues.kalshi.world import ALICE, DAY, DOLLAR, ST1, ST2, Venue, buy, rest_order

QUEUES = "portfolio/orders/queue_positions"
GROUPS = "portfolio/order_groups"
VALUE = "portfolio/summary/total_resting_order_value"
SUBTRADERS = "fcm/subtraders"
CAP = "fcm/subtraders/event_contract_daily_cap?subtrader_id=fcm7_st1"
STATUS = "exchange/status"
VOLUME = "series/RAIN?include_volume=true"


def busy() -> Venue:
    venue = Venue()
    venue.fund(ALICE, ST1, ST2)
    venue.list_markets("RAIN-1", "RAIN-2")
    venue.do(rest_order("RAIN-1", 10, 25, ALICE, order="a"), rest_order("RAIN-1", 3, 30, ST1, order="b"))
    venue.do(buy("RAIN-1", 4, 50, ST1), CapSubtrader(subaccount_ref=ST1, limit_micros=1_000_000))
    venue.do(OpenGroup(subaccount_ref=ALICE, group="g"))
    return venue


# what is asked, who asks, a step after which the answer is another
CASES: tuple[tuple[str, str, Command], ...] = (
    (QUEUES, "alice", rest_order("RAIN-1", 1, 26, SubaccountRef("bob"))),
    (QUEUES, "alice", CancelOrder(order="a")),
    (GROUPS, "alice", OpenGroup(subaccount_ref=ALICE, group="h")),
    (VALUE, "desk", CancelOrder(order="b")),
    (SUBTRADERS, "desk", RestrictSubtrader(subaccount_ref=ST2, blocked=True)),
    (CAP, "desk", buy("RAIN-1", 1, 50, ST1)),
    (CAP, "desk", CapSubtrader(subaccount_ref=ST1, limit_micros=2_000_000)),
    (VOLUME, "alice", buy("RAIN-2", 1, 50, ST1)),
    (STATUS, "alice", SwitchExchange(trading=False)),
)


@each_row(("target", "who", "step"), CASES)
def test_an_answer_is_kept_until_it_changes(target: str, who: str, step: Command) -> None:
    venue = busy()
    venue.fund(SubaccountRef("bob"))
    first = venue.ask(target, who)
    assert first.status == 200
    assert venue.ask(target, who).body is first.body
    venue.do(step)
    assert venue.ask(target, who).body != first.body


def test_a_new_day_is_another_answer_of_the_daily_cap() -> None:
    venue = busy()
    before = venue.read(CAP, "desk")
    venue.at += DAY
    after = venue.read(CAP, "desk")
    assert (before["executed_utilization"], after["executed_utilization"]) == ("2.0000", "0.0000")
    assert before["cap_date"] < after["cap_date"]


def test_an_event_on_another_index_is_told_at_once() -> None:
    venue = busy()
    assert len(venue.read(STATUS)["exchange_index_statuses"]) == 1
    venue.list_markets("HEAT-1", exchange_index=2)
    assert [one["exchange_index"] for one in venue.read(STATUS)["exchange_index_statuses"]] == [0, 2]


@each_row("target", [f"{QUEUES}?subaccount=7", f"{GROUPS}?subaccount=7", "portfolio/fills?subaccount=7"])
def test_a_kept_answer_tells_its_finding_each_time(target: str) -> None:
    venue = busy()
    words = ["alice has no subaccount 7: answered as an empty one; its subaccounts: 0, 3"]
    assert [venue.ask(target).findings for _ in range(2)] == [words, words]


@each_row("target", [QUEUES, GROUPS, "portfolio/positions"])
def test_the_caller_is_a_part_of_what_is_kept(target: str) -> None:
    """Alice's own key, one that is restricted to her subaccount, and bob's, who all ask the same."""
    venue = busy()
    venue.do(buy("RAIN-1", 1, 50))
    bodies = [venue.ask(target, who).body for who in ("alice", "only_3", "bob")]
    assert bodies[0] not in bodies[1:]
    assert [venue.ask(target, who).body for who in ("alice", "only_3", "bob")] == bodies


def test_a_long_query_is_not_kept() -> None:
    venue = busy()
    target = f"{GROUPS}?{'x' * 600}=1"
    first, second = venue.ask(target).body, venue.ask(target).body
    assert first == second
    assert first is not second


# --- pages after a cursor

PAGES: tuple[tuple[str, Command], ...] = (
    ("portfolio/positions", buy("WIND-2", 1, 50)),
    ("portfolio/fills", buy("WIND-2", 1, 50)),
    ("portfolio/orders", CancelOrder(order="WIND-1")),
    ("portfolio/settlements", SettleMarket(market="WIND-5", result=Result.YES)),
    ("portfolio/deposits", Deposit(subaccount_ref=ALICE, amount_micros=DOLLAR)),
    ("markets?event_ticker=WIND", buy("WIND-1", 1, 60)),
    ("markets/trades?ticker=WIND-1", buy("WIND-1", 1, 60)),
)
WINDS = [f"WIND-{number}" for number in range(6)]


def windy() -> Venue:
    """A venue with three rows or more in every list, of which the oldest can change."""
    venue = Venue()
    venue.fund(ALICE)
    venue.list_markets(*WINDS)
    venue.do(*(rest_order(market, 1, 25, order=market) for market in WINDS))
    venue.do(*(Deposit(subaccount_ref=ALICE, amount_micros=DOLLAR) for _ in range(4)))
    venue.do(*(buy("WIND-1", 1, price, new=f"fill at {price}") for price in (40, 41, 42, 43)))
    venue.do(*(buy(market, 1, 50) for market in WINDS))
    venue.do(*(SettleMarket(market=market, result=Result.YES) for market in (WINDS[0], WINDS[3], WINDS[4])))
    return venue


def walk(venue: Venue, target: str) -> list[bytes]:
    """Return the body of every page of one row."""
    bodies, cursor = [], ""
    limited = f"{target}{'&' if '?' in target else '?'}limit=1"
    while True:
        answer = venue.ask(f"{limited}&cursor={cursor}" if cursor else limited)
        assert answer.findings == []
        bodies.append(answer.body)
        cursor = json.loads(answer.body)["cursor"]
        if not cursor:
            return bodies


@each_row(("target", "step"), PAGES)
def test_the_pages_of_a_walk_are_kept_until_one_changes(target: str, step: Command) -> None:
    venue = windy()
    first, again = walk(venue, target), walk(venue, target)
    assert len(first) > 2
    assert all(page is kept for page, kept in zip(first, again, strict=True))
    venue.do(step)
    after = walk(venue, target)
    assert after != first
    venue.contexts.clear()  # nothing is kept any more
    assert walk(venue, target) == after


@each_row("target", ["portfolio/positions", "portfolio/fills", "portfolio/orders"])
def test_a_page_after_a_wrong_cursor_tells_its_finding_each_time(target: str) -> None:
    venue = windy()
    answers = [venue.ask(f"{target}?limit=1&cursor=none") for _ in range(2)]
    assert [len(answer.findings) for answer in answers] == [1, 1]
    assert answers[0].body == answers[1].body == venue.ask(f"{target}?limit=1").body
