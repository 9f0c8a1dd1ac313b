"""Checks that the fields of a position agree: signs, sizes, profits, leverage, and zeros of a flat position.

Nine real rows satisfy the formulas; amounts are shown with nine decimals.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

SHOWN = Decimal("1e-9")
"""The last decimal that a row shows; amounts are rounded to it."""
HALF = Decimal("0.500001")
ZERO = Decimal(0)
PERPETUAL, LINEAR = "-PERPETUAL", "_"


class Contradiction(NamedTuple):
    """A field that contradicts other fields of its row: the value seen and the value expected."""

    seen: str
    expected: str


class Row:
    """A position's row as the venue serves it, with field names in snake case."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.fields = fields
        self.name = str(fields["instrument_name"])
        self.is_option = fields["kind"] == "option"
        self.is_linear = LINEAR in self.name.partition("-")[0]

    def __getitem__(self, name: str) -> Decimal:
        return Decimal(str(self.fields[name]))

    @property
    def held(self) -> Decimal:
        """Return the size in the unit that profits depend on: base coin, or quote currency for inverse futures."""
        return self["size_currency"] if self.is_linear and not self.is_option else self["size"]

    def profit(self, price: Decimal) -> Decimal:
        """Return the position's profit between a price and its mark price."""
        mark = self["mark_price"]
        if self.is_option or self.is_linear:
            return self.held * (mark - price)
        return self.held * (1 / price - 1 / mark)

    def slack(self, price: Decimal) -> Decimal:
        """Return how far `profit` may be from the exact value, since the numbers in the row are rounded."""
        if self.is_option:
            return SHOWN * (2 + abs(self.held))
        if self.is_linear:
            return SHOWN * (2 + abs(self.held) + abs(self["mark_price"] - price))
        return SHOWN * (2 + abs(self.held) / price**2)

    def is_profit(self, name: str, price: Decimal) -> bool:
        """Return whether a field equals the profit between a price and the mark price, except for rounding."""
        return abs(self[name] - self.profit(price)) <= self.slack(price)


def contradictions_of(row: Row) -> Iterator[Contradiction]:
    """Yield the fields of a row that contradict other fields of it."""
    yield from _direction(row)
    if not row["size"]:
        yield from _flat(row)
        return
    yield from _profits(row)
    yield from _margins(row)
    yield from (_option(row) if row.is_option else _future(row))


def _direction(row: Row) -> Iterator[Contradiction]:
    size = row["size"]
    expected = "buy" if size > 0 else "sell" if size < 0 else "zero"
    if row.fields["direction"] != expected:
        yield Contradiction(f"direction {row.fields['direction']} of size {size}", expected)


FLAT = (
    "average_price",
    "delta",
    "floating_profit_loss",
    "initial_margin",
    "maintenance_margin",
    "total_profit_loss",
    "size_currency",
    "gamma",
    "vega",
    "theta",
    "average_price_usd",
    "floating_profit_loss_usd",
)


def _flat(row: Row) -> Iterator[Contradiction]:
    for name in FLAT:
        if name in row.fields and row[name]:
            yield Contradiction(f"{name} {row[name]} of a flat position", "0")


def _profits(row: Row) -> Iterator[Contradiction]:
    average = row["average_price"]
    if not row.is_profit("total_profit_loss", average):
        seen = f"total_profit_loss {row['total_profit_loss']}"
        yield Contradiction(seen, f"{row.profit(average):.9f}, from average_price, mark_price and the size")


def is_since_settlement(row: Row) -> bool:
    """Return whether the row's session profit should be the profit since the last settlement.

    It is not if the position was changed in the session, or if there was no settlement yet.
    """
    settlement = row["settlement_price"]
    return bool(settlement) and row.is_profit("floating_profit_loss", settlement)


def is_since_opened(row: Row) -> bool:
    """Return whether the row's session profit should be the profit since the position was opened."""
    return row.is_profit("floating_profit_loss", row["average_price"])


def _margins(row: Row) -> Iterator[Contradiction]:
    initial, maintenance = row["initial_margin"], row["maintenance_margin"]
    if maintenance > initial:
        yield Contradiction(f"maintenance_margin {maintenance}", f"not more than initial_margin {initial}")


def _future(row: Row) -> Iterator[Contradiction]:
    size, currency, mark = row["size"], row["size_currency"], row["mark_price"]
    notional = currency * mark if row.is_linear else size / mark
    slack = SHOWN * (1 + (mark if row.is_linear else 0))
    shown, name = (size, "size") if row.is_linear else (currency, "size_currency")
    if abs(shown - notional) > slack:
        yield Contradiction(f"{name} {shown}", f"{notional:.9f}, from the mark price")
    if row["delta"] != currency:
        yield Contradiction(f"delta {row['delta']}", f"as size_currency, {currency}")
    value, initial = abs(size if row.is_linear else currency), row["initial_margin"]
    leverage = value / initial if initial else ZERO
    if initial > 1000 * SHOWN and abs(row["leverage"] - leverage) > HALF:
        yield Contradiction(f"leverage {row['leverage']}", f"{leverage:.3f} rounded, the value by initial_margin")


def _option(row: Row) -> Iterator[Contradiction]:
    size, mark, index = row["size"], row["mark_price"], row["index_price"]
    if abs(row["delta"]) > abs(size) + SHOWN:
        yield Contradiction(f"delta {row['delta']}", f"not more than the size {size}")
    if row.is_linear:
        return
    expected = size * (mark * index - row["average_price_usd"])
    slack = SHOWN * (1 + abs(size) * (1 + index))
    if abs(row["floating_profit_loss_usd"] - expected) > slack:
        seen = f"floating_profit_loss_usd {row['floating_profit_loss_usd']}"
        yield Contradiction(seen, f"{expected:.9f}, since the position was opened")
