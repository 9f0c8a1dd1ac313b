"""Arithmetic of a position in event contracts, which pay one dollar or nothing: trades and settlements of its stake.

A stake is signed: YES contracts are positive, NO contracts negative, never both. Buying the side not held closes pairs,
and a pair is worth one dollar with any result. A sale beyond the holding flips the position through zero: it opens the
other side at one dollar less the price. Reference: wire facts, semantics of total_traded, market_exposure and
realized_pnl (2.50 traded for fills of 0.99 + 0.99 + 0.52, recorded 2026-06-11).
"""

from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, MICROS_PER_CENT, Action, Result, Side


class Stake(Struct, frozen=True, gc=False):
    """The contracts of a position in one market (YES above zero, NO below), with their cost basis and totals.

    These are the parts of a position that trades change.
    """

    quantity_centis: int = 0
    cost_micros: int = 0
    """Cost basis of the contracts held."""
    realized_micros: int = 0
    """Realized profit or loss, without fees."""
    traded_micros: int = 0
    """Money spent on buying contracts of either side."""
    shares_centis: int = 0
    """Contracts bought so far, of both sides together."""


class Payout(NamedTuple):
    """The payout of one stake at the settlement of its market."""

    revenue_micros: int
    remainder_micros: int
    """Part of a cent that a scalar settlement keeps back as a fee."""


def trade(stake: Stake, side: Side, action: Action, count_centis: int, price_centicents: int) -> tuple[Stake, int]:
    """Apply one trade; return the new stake and the change of cash in micro-dollars, without fees.

    A trade gains contracts of one side: a purchase of the side that it names, a sale of the other side at one dollar
    less the price. The contracts gained first close what is held of the opposite side, pair by pair; the rest opens.
    The cost basis falls pro rata, to exactly 0 with the last contract. A sale counts as bought only what it opens.
    """
    if action is Action.BUY and not (stake.quantity_centis or stake.shares_centis or stake.traded_micros):
        # The first contracts of a position: its equal numbers are one object, which is kept once.
        spent_micros = count_centis * price_centicents
        quantity_centis = count_centis if side is Side.YES else -count_centis
        first = Stake(quantity_centis, spent_micros, stake.realized_micros, spent_micros, count_centis)
        return first, -spent_micros
    quantity_centis, cost_micros, realized_micros = stake.quantity_centis, stake.cost_micros, stake.realized_micros
    is_purchase = action is Action.BUY
    sign = 1 if is_purchase is (side is Side.YES) else -1
    gained_centicents = price_centicents if is_purchase else CENTICENTS_PER_DOLLAR - price_centicents
    closed_centis = min(count_centis, max(0, -sign * quantity_centis))
    opened_centis = count_centis - closed_centis
    opened_micros, closed_micros = opened_centis * gained_centicents, 0
    if closed_centis:
        basis_micros = cost_micros * closed_centis // abs(quantity_centis)
        closed_micros = closed_centis * (CENTICENTS_PER_DOLLAR - gained_centicents)
        cost_micros -= basis_micros
        realized_micros += closed_micros - basis_micros
    bought_centis = count_centis if is_purchase else opened_centis
    after = Stake(
        quantity_centis + sign * count_centis,
        cost_micros + opened_micros,
        realized_micros,
        stake.traded_micros + bought_centis * gained_centicents,
        stake.shares_centis + bought_centis,
    )
    return after, closed_micros - opened_micros


def settle(stake: Stake, result: Result, value_centicents: int | None) -> tuple[Stake, Payout]:
    """Settle the contracts of a position (`stake`); return the flat stake and the payout.

    A scalar payout is cut to whole cents and the rest is shown as a fee (docs: market settlement).
    """
    if result is Result.VOID:
        revenue_micros = stake.cost_micros
    else:
        if result is not Result.SCALAR:
            value_centicents = CENTICENTS_PER_DOLLAR if result is Result.YES else 0
        assert value_centicents is not None, "a scalar result has a value: commands check it"
        revenue_micros = value_micros(stake.quantity_centis, value_centicents)
    remainder_micros = revenue_micros % MICROS_PER_CENT if result is Result.SCALAR else 0
    realized_micros = stake.realized_micros + revenue_micros - stake.cost_micros
    flat = replace(stake, quantity_centis=0, cost_micros=0, realized_micros=realized_micros)
    return flat, Payout(revenue_micros, remainder_micros)


def held_fees(held_micros: int, before: Stake, after: Stake, count_centis: int, fee_micros: int) -> int:
    """Return the part of the fees paid that belongs to the contracts held after a trade of `count_centis`.

    `held_micros` is this part before the trade. Closed contracts subtract their share of it, opened contracts add their
    share of the trade's fee; both shares are cut to the micro-dollar.
    """
    held_centis, holds_centis = before.quantity_centis, after.quantity_centis
    if not held_centis and abs(holds_centis) == count_centis:
        return fee_micros
    kept_centis = min(abs(held_centis), abs(holds_centis)) if held_centis * holds_centis > 0 else 0
    kept_micros = held_micros * kept_centis // abs(held_centis) if held_centis else 0
    return kept_micros + fee_micros * (abs(holds_centis) - kept_centis) // count_centis


def value_micros(quantity_centis: int, price_centicents: int) -> int:
    """Return the value of a signed quantity with YES at `price_centicents`; NO is worth one dollar minus that price."""
    if quantity_centis >= 0:
        return quantity_centis * price_centicents
    return -quantity_centis * (CENTICENTS_PER_DOLLAR - price_centicents)
