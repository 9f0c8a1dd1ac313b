"""Trading fees: the quadratic formula, and the two rules by which the venue has rounded fees.

Formula: multiplier x coefficient x contracts x price x (1 - price), in dollars. Exact fees are integers of 1e-18
dollars ("atto"), so nothing is lost before the rounding that the exchange itself does. Source: the venue's fee rounding
page of 2026-08 and its fee schedule of 2026-02-05; recorded 2026-06-11: one contract at 0.52 costs 0.0175, at 0.99
costs 0.0007.
"""

from typing import NamedTuple

from mockexchange.core.vocabulary import (
    CENTICENTS_PER_DOLLAR,
    MICROS_PER_CENT,
    MICROS_PER_DOLLAR,
    FeeRounding,
    FeeType,
)

ATTOS_PER_MICRO = 10**12
MICROS_PER_CENTICENT = MICROS_PER_DOLLAR // CENTICENTS_PER_DOLLAR
REBATE_STEP_MICROS = MICROS_PER_CENT

# In ten-thousandths: 700 is 0.07. A pair is (taker, maker). `flat` has no published formula.
COEFFICIENTS: dict[FeeType, tuple[int, int]] = {
    FeeType.QUADRATIC: (700, 0),
    FeeType.QUADRATIC_WITH_MAKER_FEES: (700, 175),
    FeeType.QUADRATIC_WITH_COMBO_MAKER_FEES: (700, 350),
}


class Charge(NamedTuple):
    """A rounded fee, and the sum of rounding differences that the order has accumulated."""

    fee_micros: int
    accrued_attos: int
    """Excess of rounded fees over exact fees of the order so far, which is given back cent by cent."""


def exact_fee_attos(
    fee_type: FeeType, multiplier: int, taker: bool, count_centis: int, price_centicents: int
) -> int | None:
    """Return the fee before rounding in 1e-18 dollars; None for the fee type flat, which has no published formula."""
    if fee_type not in COEFFICIENTS:
        return None
    taker_coefficient, maker_coefficient = COEFFICIENTS[fee_type]
    coefficient = taker_coefficient if taker else maker_coefficient
    spread = price_centicents * (CENTICENTS_PER_DOLLAR - price_centicents)
    return multiplier * coefficient * count_centis * spread  # 1e-4 * 1e-4 * 1e-2 * 1e-8


def charge(
    exact_attos: int, cash_change_micros: int, rounding: FeeRounding, balance_step_micros: int, accrued_attos: int
) -> Charge:
    """Round the fee of a trade that changed cash by `cash_change_micros`, by one of two rules.

    Rules of 2025: round up to the next whole cent. Rules of 2026: round up to the centi-cent, then floor the change of
    the balance to `balance_step_micros` and charge the difference too. The order accumulates the excess over the exact
    fee and gets a cent back each time the sum exceeds one.
    """
    if rounding is FeeRounding.CENT:
        return Charge(_round_up(exact_attos, MICROS_PER_CENT), accrued_attos)
    fee_micros = _round_up(exact_attos, MICROS_PER_CENTICENT)
    fee_micros += (cash_change_micros - fee_micros) % balance_step_micros
    accrued_attos += fee_micros * ATTOS_PER_MICRO - exact_attos
    if accrued_attos <= REBATE_STEP_MICROS * ATTOS_PER_MICRO:
        return Charge(fee_micros, accrued_attos)
    due_cents = (accrued_attos - 1) // (REBATE_STEP_MICROS * ATTOS_PER_MICRO)
    # In whole cents, and at most the fee, so that a net fee is never negative.
    rebate_micros = min(due_cents, fee_micros // REBATE_STEP_MICROS) * REBATE_STEP_MICROS
    return Charge(fee_micros - rebate_micros, accrued_attos - rebate_micros * ATTOS_PER_MICRO)


def _round_up(exact_attos: int, step_micros: int) -> int:
    return -(-exact_attos // (step_micros * ATTOS_PER_MICRO)) * step_micros
