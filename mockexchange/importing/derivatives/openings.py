"""Computes which part of a position was held before its first recorded trade, with its costs and realized profit.

Once its size is known, costs are affine in the costs at the beginning, so two replays of the trades determine them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.derivatives.formulas import form_of, is_option, unit_usd
from mockexchange.core.derivatives.holdings import Holding
from mockexchange.core.derivatives.precision import precise
from mockexchange.core.derivatives.vocabulary import Form
from mockexchange.importing.derivatives.facts import ZERO, Row, amount_of

NEAR = Decimal("0.000000003")
"""The tolerance of sums: rows have nine decimals, and a sum may have up to three rounded terms."""
ONE = Decimal(1)
HALF = Decimal("0.00000000049")
"""The rounding error of an amount with nine decimals."""


class Trade(NamedTuple):
    """A trade of a position: its signed size, its price, and the index price at the time of the trade."""

    at: int
    size: Decimal
    price: Decimal
    index_price: Decimal


@dataclass(frozen=True, slots=True)
class Position:
    """A recorded position with its trades, oldest first. `size` is in the unit in which trades are counted."""

    terms: Terms
    row: Row
    trades: Sequence[Trade]
    settlement: Decimal

    @property
    def size(self) -> Decimal:
        is_linear = self.terms.form is Form.LINEAR and not is_option(self.terms)
        return amount_of(self.row["size_currency" if is_linear else "size"])

    def amount(self, name: str) -> Decimal:
        return amount_of(self.row.get(name) or 0)


class Opening(NamedTuple):
    """The part of a position that was held before the first recorded trade; prices are 0 if its size is 0."""

    size: Decimal = ZERO
    average_price: Decimal = ZERO
    reference: Decimal = ZERO
    average_price_usd: Decimal = ZERO
    realized: Decimal = ZERO
    realized_funding: Decimal = ZERO


class _Start(NamedTuple):
    """The size and the costs that a fold begins with."""

    size: Decimal
    cost: Decimal = ZERO
    session_cost: Decimal = ZERO
    cost_usd: Decimal = ZERO


@precise
def fits(position: Position, session_at: int) -> bool:
    """Return whether the recorded trades alone explain a position's row, if its session began at `session_at`."""
    held = _fold(position, _Start(ZERO), session_at)
    worth = form_of(position.terms).worth(held.size, position.amount("mark_price"))
    realized = position.amount("realized_profit_loss") - position.amount("realized_funding")
    return (
        held.size == position.size
        and abs(worth - held.session_cost - position.amount("floating_profit_loss")) <= NEAR
        and abs(held.realized - realized) <= NEAR
    )


@precise
def opening_of(position: Position, session_at: int) -> Opening:
    """Return the part of a position that its recorded trades do not explain; all zero if they explain all of it."""
    funding, size = position.amount("realized_funding"), position.size
    opened = size - _fold(position, _Start(ZERO), session_at).size
    start = _start(position, opened, session_at) if opened else _Start(ZERO)
    realized = _realized(position.amount("realized_profit_loss"), _fold(position, start, session_at).realized, funding)
    if not opened:
        return Opening(realized=realized, realized_funding=funding)
    form = form_of(position.terms)
    prices = [form.price_of(opened, cost) if cost else ZERO for cost in (start.cost, start.session_cost)]
    known = (one for one in (position.settlement, prices[0]) if one)
    exact = (one for one in known if abs(form.worth(opened, one) - start.session_cost) <= NEAR)
    reference = next(exact, prices[1])
    return Opening(opened, prices[0], reference, start.cost_usd / opened, realized, funding)


def _realized(shown: Decimal, folded: Decimal, funding: Decimal) -> Decimal:
    """Return what was realized beyond the trades: the funding, as near as the row allows."""
    if abs(shown - folded) <= NEAR and not funding:
        return ZERO
    return min(max(funding, shown - folded - HALF), shown - folded + HALF)


def _start(position: Position, opened: Decimal, session_at: int) -> _Start:
    """Solve the costs of an opening; those that leave nothing in the row are at the settlement price."""
    form, size, mark = form_of(position.terms), position.size, position.amount("mark_price")
    plain = form.worth(opened, position.settlement)
    base = _Start(opened, plain, plain, opened * position.settlement)
    if not size:
        return base._replace(session_cost=_realizing(position, base, session_at))
    worth = _rounded(position, form.worth(size, mark))
    wanted = _Start(
        size,
        form.worth(size, position.amount("average_price")),
        worth - position.amount("floating_profit_loss"),
        size * position.amount("average_price_usd"),
    )
    low = _fold(position, base, session_at)
    high = _fold(position, _Start(opened, *(cost + ONE for cost in base[1:])), session_at)
    solved = [
        cost + (want - getattr(low, name)) / slope if (slope := getattr(high, name) - getattr(low, name)) else cost
        for cost, want, name in zip(base[1:], wanted[1:], _Start._fields[1:], strict=True)
    ]
    start = _Start(opened, *solved)
    is_closed = high.session_cost == low.session_cost
    return start._replace(session_cost=_realizing(position, start, session_at)) if is_closed else start


def _realizing(position: Position, start: _Start, session_at: int) -> Decimal:
    """Return the session cost of an opening that was closed, of which its profit is left."""
    wanted = position.amount("realized_profit_loss") - position.amount("realized_funding")
    folded = [
        _fold(position, start._replace(session_cost=start.session_cost + more), session_at).realized
        for more in (ZERO, ONE)
    ]
    slope = folded[1] - folded[0]
    return start.session_cost + ((wanted - folded[0]) / slope if slope else ZERO)


def _rounded(position: Position, worth: Decimal) -> Decimal:
    is_inverse = position.terms.form is Form.INVERSE and not is_option(position.terms)
    return round(worth, 9) if is_inverse else worth


def _fold(position: Position, start: _Start, session_at: int) -> Holding:
    form = form_of(position.terms)
    held = Holding(**start._asdict())
    has_begun = session_at == 0
    for trade in position.trades:
        if not has_begun and trade.at > session_at:
            held.end_session(form, position.settlement)
            has_begun = True
        held.trade(form, trade.size, trade.price, trade.price * unit_usd(position.terms, trade.index_price))
    if not has_begun:
        held.end_session(form, position.settlement)
    return held
