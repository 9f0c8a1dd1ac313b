"""Every parameter of the portfolio's lists: accepted values, and the body of each refused one."""

from functools import cache
from typing import NamedTuple

from tests.helpers.rows import each_row
from tests.venues.kalshi.bodies import DATES, Body, invalid, repeated, unreadable
from tests.venues.kalshi.world import ALICE, Venue, at, buy, refusal

ORDERS, QUEUE, GROUPS = "portfolio/orders", "portfolio/orders/queue_positions", "portfolio/order_groups"
FILLS, SETTLEMENTS = "portfolio/fills", "portfolio/settlements"
DEPOSITS, WITHDRAWALS = "portfolio/deposits", "portfolio/withdrawals"
TRANSFERS, SHARDS = "portfolio/subaccounts/transfers", "portfolio/intra_exchange_instance_transfers"
NAMES = {
    ORDERS: "GetOrders",
    QUEUE: "GetOrderQueuePositions",
    GROUPS: "GetOrderGroups",
    FILLS: "GetFills",
    SETTLEMENTS: "GetSettlements",
    DEPOSITS: "GetDeposits",
    WITHDRAWALS: "GetWithdrawals",
    TRANSFERS: "GetSubaccountTransfers",
    SHARDS: "GetIntraExchangeInstanceTransfers",
}
ALL, NEVER = "0000", "9999"


class Bounds(NamedTuple):
    """An integer of a list between two dates; what is not known to a date is ignored there."""

    target: str
    name: str
    minimum: int
    maximum: int
    since: str = ALL
    until: str = NEVER


LIMITS = [
    Bounds(target, "limit", 1, maximum, since, until)
    for target in (ORDERS, FILLS, SETTLEMENTS)
    for maximum, since, until in ((200, ALL, "2026-04"), (1_000, "2026-04", NEVER))
]
BOUNDS = [
    *LIMITS,
    Bounds(GROUPS, "limit", 1, 200, until="2026-04"),
    Bounds(DEPOSITS, "limit", 1, 500, "2026-06"),
    Bounds(WITHDRAWALS, "limit", 1, 500, "2026-06"),
    Bounds(TRANSFERS, "limit", 1, 1_000, "2026-02"),
    Bounds(SHARDS, "limit", 1, 500, "2026-10"),
    *(
        Bounds(target, "subaccount", 0, maximum, since, until)
        for target in (ORDERS, QUEUE, GROUPS, FILLS, SETTLEMENTS)
        for maximum, since, until in ((32, "2026-02", "2026-06"), (63, "2026-06", NEVER))
    ),
    Bounds(ORDERS, "exchange_index", 0, 2**31 - 1, "2026-10"),
    Bounds(FILLS, "exchange_index", 0, 2**31 - 1, "2026-10"),
]


def on(date: str, since: str, until: str) -> bool:
    """Whether something lives on a date; what lives at the end lives in compat."""
    return until == NEVER if date == "compat" else since <= date < until


@cache
def world() -> Venue:
    venue = Venue()
    venue.fund(ALICE)
    venue.list_markets("RAIN-1")
    venue.do(buy("RAIN-1", 1, 50))
    return venue


CASES = [(bounds, date) for bounds in BOUNDS for date in DATES if on(date, bounds.since, bounds.until)]


@each_row(("bounds", "date"), CASES, ids=[f"{one.target}-{one.name}-{date}" for one, date in CASES])
def test_an_integer_is_taken_up_to_its_bounds_and_never_clamped(bounds: Bounds, date: str) -> None:
    target, name = bounds.target, bounds.name
    field = {"limit": "Limit", "subaccount": "Subaccount", "exchange_index": "ExchangeIndex"}[name]
    for value in (bounds.minimum, bounds.maximum):
        assert world().ask(f"{target}?{name}={value}", date=date).status == 200
    low, high = (invalid(field, tag, NAMES[target]) for tag in ("gte", "lte"))
    assert refusal(world().ask(f"{target}?{name}={bounds.minimum - 1}", date=date)) == at(low, date)
    assert refusal(world().ask(f"{target}?{name}={bounds.maximum + 1}", date=date)) == at(high, date)
    for text in ("", "abc", "1.0", "1e2", "0x1", "%20", "9" * 19, "\u0661"):
        assert refusal(world().ask(f"{target}?{name}={text}", date=date)) == at(unreadable(name), date)
    assert refusal(world().ask(f"{target}?{name}=1&{name}=1", date=date)) == at(repeated(name), date)


INSTANTS = [(target, name) for target in (ORDERS, FILLS, SETTLEMENTS) for name in ("min_ts", "max_ts")]


@each_row("date", DATES)
@each_row(("target", "name"), INSTANTS)
def test_an_instant_is_any_integer(target: str, name: str, date: str) -> None:
    for value in ("0", "-1", "%2B1", "1762257600", "9" * 18, "-" + "9" * 18):
        assert world().ask(f"{target}?{name}={value}", date=date).status == 200
    for text in ("", "2025-11-03T00:00:00Z", "1.5", "+1", "9" * 19):
        assert refusal(world().ask(f"{target}?{name}={text}", date=date)) == at(unreadable(name), date)


# Target, most tickers in event_ticker, until when; afterwards one text, in which a comma is part of the name.
EVENTS = [(ORDERS, NEVER), (SETTLEMENTS, "2026-04")]


@each_row("date", DATES)
@each_row(("target", "until"), EVENTS)
def test_ten_events_may_be_listed(target: str, until: str, date: str) -> None:
    many = ",".join(["RAIN", *(f"E{number}" for number in range(10))])
    answer = world().ask(f"{target}?event_ticker={many}", date=date)
    if date == "compat" or on(date, ALL, until):
        assert refusal(answer) == at(invalid("EventTicker", "max", NAMES[target]), date)
        assert world().ask(f"{target}?event_ticker={many.rpartition(',')[0]}", date=date).status == 200
    else:
        assert (answer.status, answer.findings) == (200, [])


# Parameter, the lists and dates that do not have it.
UNKNOWN = [
    ("limit", GROUPS, "2026-04"),
    ("cursor", GROUPS, "2026-10"),
    ("status", GROUPS, "2026-04"),
    ("subaccount", GROUPS, "2025-12"),
    ("subaccount", ORDERS, "2025-11"),
    ("subaccount", SETTLEMENTS, "2025-12"),
    ("subaccount", QUEUE, "2025-11"),
    ("exchange_index", ORDERS, "2026-06"),
    ("exchange_index", FILLS, "2026-06"),
    ("exchange_index", SETTLEMENTS, "2026-10"),
    ("exchange_index", QUEUE, "2026-10"),
    ("limit", QUEUE, "2026-10"),
    ("subaccount", DEPOSITS, "2026-10"),
    ("min_ts", WITHDRAWALS, "2026-06"),
    ("subaccount", TRANSFERS, "2026-02"),
    ("exchange_index", SHARDS, "2026-10"),
]


@each_row(("name", "target", "date"), UNKNOWN)
def test_what_a_list_does_not_know_is_ignored_and_told(name: str, target: str, date: str) -> None:
    answer = world().ask(f"{target}?{name}=no-such-value", date=date)
    assert answer.status == 200
    assert answer.findings == [f"parameter '{name}' is unknown to {NAMES[target]}: ignored"]


WITHOUT_PARAMETERS = [
    ("portfolio/subaccounts/balances", "GetSubaccountBalances"),
    ("portfolio/subaccounts/netting", "GetSubaccountNetting"),
    ("portfolio/target_balance_allocation", "GetTargetBalanceAllocation"),
]


@each_row(("target", "name"), WITHOUT_PARAMETERS)
def test_some_operations_have_no_parameter(target: str, name: str) -> None:
    answer = world().ask(f"{target}?subaccount=99&limit=0")
    assert answer.status == 200
    assert len(answer.findings) == 2
    assert all(finding.endswith(f"unknown to {name}: ignored") for finding in answer.findings)


@each_row("date", DATES)
def test_an_order_status_that_is_none_matches_nothing(date: str) -> None:
    """Recorded 2025-11-03, unlike every other enumeration."""
    assert len(world().read(f"{ORDERS}?status=executed", date=date)["orders"]) == 1
    for status in ("pending", "EXECUTED", "no-such-status", "executed,resting"):
        assert world().read(f"{ORDERS}?status={status}", date=date)["orders"] == []
    assert len(world().read(f"{ORDERS}?status=", date=date)["orders"]) == 1


def test_the_status_of_a_group_is_taken_and_ignored() -> None:
    answer = world().ask(f"{GROUPS}?status=anything", date="2025-11")
    assert (answer.status, answer.findings) == (200, ["status of order groups was never explained: ignored"])


def test_a_body_is_that_of_its_shape() -> None:
    """One of each kind in full, so that the table above cannot agree with itself alone."""
    wanted = Body(
        400,
        '{"msg":"Parameter validation failed for GetDeposits: Key: \'GetDepositsParams.Limit\' '
        "Error:Field validation for 'Limit' failed on the 'lte' tag\"}",
    )
    assert refusal(world().ask(f"{DEPOSITS}?limit=501")) == at(wanted)
