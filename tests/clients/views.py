"""One view of a position for the truth and for every client, so that the two can be compared.

Amounts stay the decimal strings they are: a client that reads them as floats would differ.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any, NamedTuple

SUMMED = ("cost", "realized", "fees", "traded")


class Row(NamedTuple):
    """A position in a market. `quantity` is negative for NO; money is in dollars."""

    ticker: str
    quantity: str
    cost: str
    realized: str
    fees: str
    traded: str
    updated_at: datetime


class EventRow(NamedTuple):
    """The sums over an event's markets."""

    event: str
    cost: str
    realized: str
    fees: str
    traded: str


def row_of_truth(row: Mapping[str, Any]) -> Row:
    cost, realized, fees, traded = (row[name] for name in SUMMED)
    updated_at = datetime.fromisoformat(row["updated_at"])
    return Row(row["instrument"], row["quantity"], cost, realized, fees, traded, updated_at)


def row_of_wire(row: Mapping[str, Any]) -> Row:
    """Read what a client kept of a MarketPosition, under the venue's own names."""
    return Row(
        row["ticker"],
        row["position_fp"],
        row["market_exposure_dollars"],
        row["realized_pnl_dollars"],
        row["fees_paid_dollars"],
        row["total_traded_dollars"],
        datetime.fromisoformat(row["last_updated_ts"]),
    )


def event_row_of_wire(row: Mapping[str, Any]) -> EventRow:
    """Read what a client kept of an EventPosition."""
    return EventRow(
        row["event_ticker"],
        row["event_exposure_dollars"],
        row["realized_pnl_dollars"],
        row["fees_paid_dollars"],
        row["total_cost_dollars"],
    )


def in_order(truth: Iterable[Mapping[str, Any]]) -> list[Row]:
    """The order of the venue's pages: newest update first, ties by ticker."""
    by_ticker = sorted(map(row_of_truth, truth), key=lambda row: row.ticker)
    return sorted(by_ticker, key=lambda row: row.updated_at, reverse=True)


def event_rows(truth: Iterable[Mapping[str, Any]]) -> set[EventRow]:
    """The sums over the rows of each event."""
    rows = list(truth)
    groups = {name: [row for row in rows if row["event"] == name] for name in {row["event"] for row in rows}}
    return {EventRow(name, *(_sum(group, amount) for amount in SUMMED)) for name, group in groups.items()}


def _sum(rows: list[Mapping[str, Any]], amount: str) -> str:
    return str(sum((Decimal(row[amount]) for row in rows), Decimal("0.000000")))


def unsettled(truth: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in truth if not row["settled"]]


def settled(truth: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in truth if row["settled"]]


def cents(dollars: str) -> int:
    """Whole cents, truncated toward zero as the venue does."""
    return int(Decimal(dollars) * 100)


def dollars_4(dollars: str) -> str:
    return str(Decimal(dollars).quantize(Decimal("0.0001"), ROUND_DOWN))


def read_golden_accounts() -> dict[str, Any]:
    """Return the true state of the accounts of `golden`, by name, worked out by hand, including balances."""
    path = Path(__file__).parents[2] / "fixtures" / "scenarios" / "golden.truth.json"
    accounts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["accounts"]
    return accounts
