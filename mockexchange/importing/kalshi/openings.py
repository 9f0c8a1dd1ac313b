"""Computes which part of a position was held before its first recorded fill.

Size, traded amount and fees are linear. The exposure after all fills is affine in the exposure before them, except that
each reduction cuts it to a micro-dollar. So two replays of the fills determine it, and nearby values are tried.
"""

from collections.abc import Sequence
from typing import NamedTuple

from mockexchange.core.position_arithmetic import Stake, trade
from mockexchange.core.vocabulary import Action, Side

NEARBY_MICROS = 3


class Trade(NamedTuple):
    """One fill of a position. The fee is None if the API date does not have it exactly."""

    side: Side
    action: Action
    count_centis: int
    price_centicents: int
    fee_micros: int | None


class Row(NamedTuple):
    """The amounts in the row of a recorded position."""

    quantity_centis: int
    exposure_micros: int
    realized_micros: int
    traded_micros: int
    fees_micros: int


def opening_of(row: Row, trades: Sequence[Trade], fees_micros: int) -> Row | None:
    """Return the position before the first trade, from which the trades lead to the recorded row.

    Returns None if the trades explain the whole row. `fees_micros` is the sum of the trades' fees.
    """
    folded = fold(Stake(), trades)
    size = row.quantity_centis - folded.quantity_centis
    exposure = _exposure(row, trades, size)
    end = fold(Stake(quantity_centis=size, cost_micros=exposure), trades)
    found = Row(
        size,
        exposure,
        row.realized_micros - end.realized_micros,
        row.traded_micros - end.traded_micros,
        row.fees_micros - fees_micros,
    )
    return found if any(found) else None


def fold(stake: Stake, trades: Sequence[Trade]) -> Stake:
    for one in trades:
        stake, _ = trade(stake, one.side, one.action, one.count_centis, one.price_centicents)
    return stake


def _exposure(row: Row, trades: Sequence[Trade], size: int) -> int:
    """Return the opening exposure; 0 if nothing was open, or if the trades leave nothing of it in the row."""
    if not size:
        return 0
    most = abs(size) * 10_000
    low, high = (fold(Stake(quantity_centis=size, cost_micros=cost), trades).cost_micros for cost in (0, most))
    if low == high:
        return min(most, max(0, row.exposure_micros)) if not trades else most // 2
    guess = (row.exposure_micros - low) * most // (high - low)
    nearby = sorted(range(guess - NEARBY_MICROS, guess + NEARBY_MICROS + 1), key=lambda one: abs(one - guess))
    allowed = [one for one in nearby if 0 <= one <= most] or [min(most, max(0, guess))]
    exact = (one for one in allowed if _ends_at(row, trades, size, one))
    return next(exact, allowed[0])


def _ends_at(row: Row, trades: Sequence[Trade], size: int, cost: int) -> bool:
    return fold(Stake(quantity_centis=size, cost_micros=cost), trades).cost_micros == row.exposure_micros
