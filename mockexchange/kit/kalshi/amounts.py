"""Reads amounts from rows in the formats of all API dates: cents, dollars, whole counts, counts with two decimals."""

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any, NamedTuple

from mockexchange.kit.target import NotJudged

Row = Mapping[str, Any]
CENT, ONE = Decimal("0.01"), Decimal(1)
SUFFIXES = ("_dollars", "_fixed", "_fp")
DECIMALS_EXACT = 6


class Amount(NamedTuple):
    """An amount of dollars or of contracts, as a row shows it: a multiple of `step`."""

    value: Decimal
    step: Decimal
    """The unit to which it was truncated; zero if it is exact."""

    def matches(self, exact: Decimal, slack: Decimal = Decimal(0)) -> bool:
        """Return whether `exact`, truncated to `step`, is this amount. `exact` itself may be off by `slack`."""
        if self.step == 0:
            return abs(self.value - exact) <= slack
        low, high = (truncated(exact - slack, self.step), truncated(exact + slack, self.step))
        return low <= self.value <= high


def truncated(value: Decimal, step: Decimal) -> Decimal:
    """Truncate a value toward zero to a multiple of `step`."""
    return (value / step).to_integral_value(ROUND_DOWN) * step


def dollars(row: Row, name: str) -> Amount:
    """Return an amount in dollars: with six decimals if the row has them, else cut to cents.

    Raises NotJudged if the row has no such amount.
    """
    text = row.get(f"{name}_dollars", row.get(f"{name}_fixed"))
    if isinstance(text, str):
        value = Decimal(text)
        is_exact = len(text.partition(".")[2]) >= DECIMALS_EXACT
        return Amount(value, Decimal(0) if is_exact else CENT)
    if isinstance(row.get(name), int):
        return Amount(Decimal(row[name]) * CENT, CENT)
    raise NotJudged(f"a row has no {name}")


def contract_count(row: Row, name: str) -> Amount:
    """Return a count of contracts. Raises NotJudged if the row has none."""
    text = row.get(f"{name}_fp")
    if isinstance(text, str):
        return Amount(Decimal(text), Decimal(0))
    if isinstance(row.get(name), int):
        return Amount(Decimal(row[name]), ONE)
    raise NotJudged(f"a row has no {name}")


def price(row: Row, side: str) -> Decimal:
    """Return the exact price in dollars of one contract of a side. Raises NotJudged if the row has none."""
    for suffix in ("_dollars", "_fixed"):
        text = row.get(f"{side}_price{suffix}")
        if isinstance(text, str):
            return Decimal(text)
    raise NotJudged(f"a row has no {side}_price in dollars")
