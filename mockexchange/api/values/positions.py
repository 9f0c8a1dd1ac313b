"""Defines an account's positions as the exchange itself keeps them, exact and without conversions of a venue's API."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from mockexchange.api.values.json_encoding import read_row


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A position of an account in a market or in a derivative.

    In a market `quantity` counts contracts, above zero for YES and below zero for NO, and amounts are dollars. In a
    derivative `quantity` is the signed size, amounts are in `currency`, fields that only markets have are None, and
    `details` has all other numbers.
    """

    account: str
    book: str
    """The subaccount: 0 is the account itself, other subaccounts have numbers, subtraders names."""
    instrument: str
    quantity: Decimal
    realized: Decimal
    """Profit of the closed part, without fees."""
    event: str | None = None
    price: Decimal | None = None
    """The market's last price of YES in dollars; None before the first one, and for a derivatives contract."""
    cost: Decimal | None = None
    """The price paid for the open position, in dollars, also called its exposure."""
    fees: Decimal | None = None
    traded: Decimal | None = None
    """The sum paid in all purchases, without fees."""
    resting: Decimal | None = None
    """The number of contracts in resting orders."""
    settled: bool = False
    updated_at: datetime | None = None
    """The exchange time of the last change."""
    kind: str | None = None
    """The kind of a derivatives contract: future, option, future_combo or option_combo; None for a market."""
    currency: str | None = None
    """The settlement currency of a derivatives contract; None for a market."""
    direction: str | None = None
    """The side of a position in a derivatives contract: buy, sell or zero; None for a market."""
    details: Mapping[str, Decimal | int | None] = field(default_factory=dict)


_OWN = frozenset(each.name for each in fields(Position))


def read_position(row: Mapping[str, Any]) -> Position:
    """Return the position that a row of the control API describes."""
    read = read_row(row)
    if "size" in read:
        read["quantity"] = read.pop("size")
    own = {name: value for name, value in read.items() if name in _OWN}
    return Position(**own, details={name: value for name, value in read.items() if name not in _OWN})
