"""Defines a step of an imported history, and the parameters that several kinds of steps share."""

from typing import Any, NamedTuple

from mockexchange.core.instants import format_instant
from mockexchange.importing.kalshi.amounts import Row, instant_of
from mockexchange.importing.kalshi.facts import Facts

ACCOUNT = "me"


class Step(NamedTuple):
    """A step of the history.

    Steps at the same instant are sorted: opening positions, orders, fills, then the ends of orders.
    """

    at: int
    rank: int
    body: dict[str, Any]

    def written(self) -> dict[str, Any]:
        return {"at": format_instant(self.at), **self.body}


def holder(subaccount: int) -> str:
    return f"{ACCOUNT}/{subaccount}" if subaccount else ACCOUNT


def ticker_of(row: Row) -> str:
    return str(row.get("ticker") or row["market_ticker"])


def fills_in_order(facts: Facts) -> list[Row]:
    """Return the fills, oldest first. For fills of the same instant, the order of the recorded list is reversed."""
    oldest_first = list(facts.fills.values())[::-1]
    return sorted(oldest_first, key=lambda fill: instant_of(fill, "created_time"))


def trade_of(row: Row) -> dict[str, Any]:
    """Return the parameters that steps of fills and steps of orders have in common."""
    return {
        "account": holder(int(row["subaccount_number"] or 0)),
        "market": ticker_of(row),
        "side": row["side"],
        "action": row["action"],
    }
