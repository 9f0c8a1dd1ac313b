"""Rows of positions recomputed from what they say themselves: signs, sizes, profits, leverage, and what flat ones are.

The formulas are those that were recomputed from nine real rows; what is shown has nine decimals.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

SHOWN = Decimal("1e-9")
"""What one digit of an amount is worth; an amount that is shown is off by half of it."""
HALF = Decimal("0.500001")
ZERO = Decimal(0)
PERPETUAL, LINEAR = "-PERPETUAL", "_"


class Wrong(NamedTuple):
    """A field that is other than the rest of its row says."""

    seen: str
    expected: str


class Row:
    """A position as shown, its fields by Deribit's names."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.fields = fields
        self.name = str(fields["instrument_name"])
        self.is_option = fields["kind"] == "option"
        self.is_linear = LINEAR in self.name.partition("-")[0]

    def __getitem__(self, name: str) -> Decimal:
        return Decimal(str(self.fields[name]))

    @property
    def held(self) -> Decimal:
        """The size in the unit that profits are told by: base coin, or quote currency for inverse futures."""
        return self["size_currency"] if self.is_linear and not self.is_option else self["size"]

    def profit(self, price: Decimal) -> Decimal:
        """What the position has made since a price, at its mark."""
        mark = self["mark_price"]
        if self.is_option or self.is_linear:
            return self.held * (mark - price)
        return self.held * (1 / price - 1 / mark)

    def slack(self, price: Decimal) -> Decimal:
        """By how much a profit may be off: price and size are shown rounded, and so may both worths have been."""
        if self.is_option:
            return SHOWN * (2 + abs(self.held))
        if self.is_linear:
            return SHOWN * (2 + abs(self.held) + abs(self["mark_price"] - price))
        return SHOWN * (2 + abs(self.held) / price**2)

    def is_profit(self, name: str, price: Decimal) -> bool:
        return abs(self[name] - self.profit(price)) <= self.slack(price)


def wrong_of(row: Row) -> Iterator[Wrong]:
    """Yield what is wrong of a row by itself."""
    yield from _direction(row)
    if not row["size"]:
        yield from _flat(row)
        return
    yield from _profits(row)
    yield from _margins(row)
    yield from (_option(row) if row.is_option else _future(row))


def _direction(row: Row) -> Iterator[Wrong]:
    size = row["size"]
    expected = "buy" if size > 0 else "sell" if size < 0 else "zero"
    if row.fields["direction"] != expected:
        yield Wrong(f"direction {row.fields['direction']} of size {size}", expected)


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


def _flat(row: Row) -> Iterator[Wrong]:
    for name in FLAT:
        if name in row.fields and row[name]:
            yield Wrong(f"{name} {row[name]} of a flat position", "0")


def _profits(row: Row) -> Iterator[Wrong]:
    average = row["average_price"]
    if not row.is_profit("total_profit_loss", average):
        seen = f"total_profit_loss {row['total_profit_loss']}"
        yield Wrong(seen, f"{row.profit(average):.9f}, from average_price, mark_price and the size")


def is_since_settlement(row: Row) -> bool:
    """Whether the session's profit is all that was made since the last settlement.

    It is not where the position was changed in the session, and not where there was no settlement yet.
    """
    settlement = row["settlement_price"]
    return bool(settlement) and row.is_profit("floating_profit_loss", settlement)


def is_since_opened(row: Row) -> bool:
    """Whether the session's profit is all that was made since the position was opened."""
    return row.is_profit("floating_profit_loss", row["average_price"])


def _margins(row: Row) -> Iterator[Wrong]:
    initial, maintenance = row["initial_margin"], row["maintenance_margin"]
    if maintenance > initial:
        yield Wrong(f"maintenance_margin {maintenance}", f"not more than initial_margin {initial}")


def _future(row: Row) -> Iterator[Wrong]:
    size, currency, mark = row["size"], row["size_currency"], row["mark_price"]
    notional = currency * mark if row.is_linear else size / mark
    slack = SHOWN * (1 + (mark if row.is_linear else 0))
    told, name = (size, "size") if row.is_linear else (currency, "size_currency")
    if abs(told - notional) > slack:
        yield Wrong(f"{name} {told}", f"{notional:.9f}, from the mark price")
    if row["delta"] != currency:
        yield Wrong(f"delta {row['delta']}", f"as size_currency, {currency}")
    value, initial = abs(size if row.is_linear else currency), row["initial_margin"]
    leverage = value / initial if initial else ZERO
    if initial > 1000 * SHOWN and abs(row["leverage"] - leverage) > HALF:
        yield Wrong(f"leverage {row['leverage']}", f"{leverage:.3f} rounded, the value by initial_margin")


def _option(row: Row) -> Iterator[Wrong]:
    size, mark, index = row["size"], row["mark_price"], row["index_price"]
    if abs(row["delta"]) > abs(size) + SHOWN:
        yield Wrong(f"delta {row['delta']}", f"not more than the size {size}")
    if row.is_linear:
        return
    expected = size * (mark * index - row["average_price_usd"])
    slack = SHOWN * (1 + abs(size) * (1 + index))
    if abs(row["floating_profit_loss_usd"] - expected) > slack:
        seen = f"floating_profit_loss_usd {row['floating_profit_loss_usd']}"
        yield Wrong(seen, f"{expected:.9f}, since the position was opened")
