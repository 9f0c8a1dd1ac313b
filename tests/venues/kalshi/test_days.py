"""Keys of the portfolio's rows come, go and change on their day: not the day before, not the day after."""

from datetime import date, timedelta
from functools import cache
from typing import Any

from mockexchange.core.commands import Deposit, OpenGroup, SettleMarket, Transfer
from mockexchange.core.vocabulary import PaymentStatus, Result
from tests.helpers.rows import each_row
from tests.venues.kalshi.world import ALICE, ALICE_3, DOLLAR, Venue, buy, rest_order

FIRST_DAY = "2025-11-03"
ROWS = {
    "Order": ("portfolio/orders?limit=1", "orders"),
    "Settlement": ("portfolio/settlements", "settlements"),
    "OrderGroup": ("portfolio/order_groups", "order_groups"),
    "OrderQueuePosition": ("portfolio/orders/queue_positions", "queue_positions"),
    "Deposit": ("portfolio/deposits?limit=1", "deposits"),
    "SubaccountBalance": ("portfolio/subaccounts/balances", "subaccount_balances"),
    "SubaccountTransfer": ("portfolio/subaccounts/transfers", "transfers"),
    "SubaccountNettingConfig": ("portfolio/subaccounts/netting", "netting_configs"),
}
INTEGERS_END, TOTAL_COSTS_END = "2026-03-12", "2026-04-02"
# Table, key, first day, first day without it.
LIVES: list[tuple[str, str, str | None, str | None]] = [
    *(
        ("Order", name, None, INTEGERS_END)
        for name in (
            "fill_count",
            "initial_count",
            "maker_fees",
            "maker_fill_cost",
            "no_price",
            "queue_position",
            "remaining_count",
            "taker_fees",
            "taker_fill_cost",
            "yes_price",
        )
    ),
    *(("Order", f"{name}_count_fp", "2026-01-29", None) for name in ("fill", "initial", "remaining")),
    ("Order", "subaccount_number", "2026-01-29", None),
    ("Order", "outcome_side", "2026-05-06", None),
    ("Order", "book_side", "2026-05-06", None),
    ("Order", "exchange_index", "2026-08-20", None),
    ("Order", "expiration_time", None, "2026-06-01"),
    ("Order", "order_group_id", None, "2026-06-01"),
    ("Order", "self_trade_prevention_type", None, "2026-01-01"),
    ("Settlement", "fee_cost", "2025-11-13", None),
    ("Settlement", "event_ticker", "2025-12-18", None),
    ("Settlement", "yes_count", None, INTEGERS_END),
    ("Settlement", "no_count", None, INTEGERS_END),
    ("Settlement", "yes_count_fp", "2026-01-29", None),
    ("Settlement", "no_count_fp", "2026-01-29", None),
    ("Settlement", "yes_total_cost_dollars", "2026-03-10", None),
    ("Settlement", "no_total_cost_dollars", "2026-03-10", None),
    ("Settlement", "yes_total_cost", None, TOTAL_COSTS_END),
    ("Settlement", "no_total_cost", None, TOTAL_COSTS_END),
    ("Settlement", "value", None, "2026-06-01"),
    ("Settlement", "exchange_index", "2026-08-20", None),
    ("OrderGroup", "contracts_limit", "2026-01-29", INTEGERS_END),
    ("OrderGroup", "contracts_limit_fp", "2026-01-29", None),
    ("OrderGroup", "exchange_index", "2026-08-20", None),
    ("OrderQueuePosition", "queue_position", None, INTEGERS_END),
    ("OrderQueuePosition", "queue_position_fp", "2026-01-29", None),
    ("Deposit", "finalized_ts", None, "2026-06-01"),
    ("SubaccountBalance", "exchange_index", "2026-08-20", None),
    ("SubaccountTransfer", "exchange_index", "2026-08-20", None),
    ("SubaccountNettingConfig", "exchange_index", "2026-08-20", None),
]
# Table, key, day, value on the day before, value on the day; None is no key, "null" a null.
CHANGES: list[tuple[str, str, str, object, object]] = [
    ("Order", "taker_fees_dollars", "2026-01-01", "null", None),
    ("Order", "maker_fees_dollars", "2026-01-01", "null", None),
    ("Order", "taker_fees_dollars", INTEGERS_END, None, "0.000000"),
    ("Order", "maker_fees_dollars", INTEGERS_END, None, "0.000000"),
    ("Order", "taker_fill_cost_dollars", "2026-03-07", "0.0000", "0.000000"),
    ("Order", "self_trade_prevention_type", "2026-01-01", "null", None),
    ("Order", "expiration_time", "2026-06-01", "null", None),
    ("Order", "order_group_id", "2026-06-01", "null", None),
    ("Settlement", "fee_cost", "2026-03-07", "0.0100", "0.012345"),
    ("Settlement", "market_result", "2026-10-01", "void", "scalar"),
    ("Settlement", "value", "2026-06-01", "null", None),
    ("Deposit", "finalized_ts", "2026-06-01", "null", None),
]


@cache
def world() -> Venue:
    """One row of each, with everything empty that can be."""
    venue = Venue()
    venue.fund(ALICE)
    venue.list_markets("RAIN-1", "RAIN-2")
    venue.do(buy("RAIN-1", 4, 25, fee_micros=12_345), SettleMarket(market="RAIN-1", result=Result.VOID))
    venue.do(rest_order("RAIN-2", 4, 25, order="o"), OpenGroup(subaccount_ref=ALICE, group="g", limit_centis=100))
    venue.do(Deposit(subaccount_ref=ALICE, amount_micros=DOLLAR, status=PaymentStatus.PENDING, payment="p"))
    venue.do(Transfer(source=ALICE, target=ALICE_3, amount_micros=DOLLAR))
    return venue


def before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def row(table: str, day: str) -> dict[str, Any]:
    target, key = ROWS[table]
    found = world().read(target, date=day)[key][0]
    assert isinstance(found, dict)
    return found


def value(table: str, key: str, day: str) -> object:
    found = row(table, day)
    return None if key not in found else "null" if found[key] is None else found[key]


@each_row(("table", "key", "since", "until"), LIVES)
def test_a_key_lives_from_day_to_day(table: str, key: str, since: str | None, until: str | None) -> None:
    if since is not None:
        assert key not in row(table, before(since))
        assert key in row(table, since)
    if until is not None:
        assert key in row(table, before(until))
        assert key not in row(table, until)


@each_row(("table", "key", "day", "old", "new"), CHANGES)
def test_a_value_changes_on_its_day(table: str, key: str, day: str, old: object, new: object) -> None:
    assert value(table, key, before(day)) == old
    assert value(table, key, day) == new


@each_row("table", ["Order", "Settlement", "OrderGroup", "OrderQueuePosition"])
def test_nothing_else_ever_changed(table: str) -> None:
    """Every key of any day is either in the table above or there on the first day and for good."""
    told = {key for name, key, *_ in [*LIVES, *CHANGES] if name == table}
    days = [FIRST_DAY, *sorted({day for _, _, *span in LIVES for day in span if day}), "2026-10-31"]
    for day in days:
        assert row(table, day).keys() - told == row(table, FIRST_DAY).keys() - told
