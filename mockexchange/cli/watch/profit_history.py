"""Keeps the history of accounts' profit and loss, and plots it in one line of text."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

BARS = "▁▂▃▄▅▆▇█"
ASCII_BARS = "_.-=+*%#"
"""Characters for the plot on terminals whose encoding lacks the block characters."""
SAMPLES_MAX = 500
"""The number of samples kept for each currency, more than any terminal has columns."""
DOLLARS = "USD"

Row = dict[str, Any]


class ProfitHistory:
    """The total profit and loss of all positions, by currency, with one sample for each change."""

    def __init__(self) -> None:
        self._samples: dict[str, deque[Decimal]] = {}

    def add_samples(self, rows: Iterable[Row]) -> None:
        """Sum up the profits of these positions by currency, and add a sample for each sum that changed."""
        sums: dict[str, Decimal] = {}
        for row in rows:
            currency, profit = profit_of(row)
            sums[currency] = sums.get(currency, Decimal(0)) + profit
        for currency, profit in sums.items():
            samples = self._samples.setdefault(currency, deque(maxlen=SAMPLES_MAX))
            if not samples or samples[-1] != profit:
                samples.append(profit)

    def clear(self) -> None:
        self._samples.clear()

    def __iter__(self) -> Iterator[tuple[str, list[Decimal]]]:
        """Yield each currency with its samples, oldest first."""
        return ((currency, list(samples)) for currency, samples in self._samples.items())


def profit_of(row: Row) -> tuple[str, Decimal]:
    """Return the currency and the profit of a position at the last price.

    In a market it is the realized profit less fees, plus the value of the open position less its cost. For a derivative
    it is the session's total as the venue reports it.
    """
    if "size" in row:
        return row["currency"], Decimal(row["total"])
    quantity, price = Decimal(row["quantity"]), row["price"]
    closed = Decimal(row["realized"]) - Decimal(row["fees"])
    if price is None or not quantity:
        return DOLLARS, closed
    of_its_side = Decimal(price) if quantity > 0 else 1 - Decimal(price)
    return DOLLARS, closed + abs(quantity) * of_its_side - Decimal(row["cost"])


def sparkline(values: Sequence[Decimal], width: int, bars: str = BARS) -> str:
    """Return the newest `width` values as a line of bars, scaled between the lowest and the highest of them."""
    shown = list(values)[-width:] if width > 0 else []
    if not shown:
        return ""
    low, range_ = min(shown), max(shown) - min(shown)
    top = len(bars) - 1
    return "".join(bars[int((value - low) / range_ * top)] if range_ else bars[0] for value in shown)
