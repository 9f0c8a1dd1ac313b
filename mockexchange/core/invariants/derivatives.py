"""Checks of positions in derivatives and of cash by currency against trades and terms."""

from collections.abc import Iterator
from decimal import Decimal

from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.forms import form_of
from mockexchange.core.derivatives.holdings.holdings import ZERO, Cash, Holding
from mockexchange.core.derivatives.precision import precise
from mockexchange.core.derivatives.vocabulary import COMBOS
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import SubaccountRef

ROUNDING_RATIO = Decimal("1e-40")
"""Tolerated error of a sum relative to its largest amount; quotients are rounded to 50 digits."""


@precise
def violations(state: State) -> Iterator[str]:
    """Yield one line of text per broken invariant of positions in derivatives."""
    return iter([*_holdings(state), *_cash(state)])


def _holdings(state: State) -> Iterator[str]:
    for subaccount_ref, held in state.derivatives.holdings.items():
        for name, holding in held.items():
            yield from _holding(f"{subaccount_ref}: {name}", state.derivatives.listed[name], holding)


def _holding(where: str, derivative: Derivative, holding: Holding) -> Iterator[str]:
    if derivative.terms.kind in COMBOS:
        yield f"{where} is a combo, which is never held"
    elif not derivative.is_open:
        yield f"{where} was delivered and is still held"
    elif not holding.size:
        costs = (holding.cost, holding.session_cost, holding.cost_usd)
        if any(costs):
            yield f"{where} is flat and cost {', '.join(map(str, costs))}"
    elif form_of(derivative.terms).price_of(holding.size, holding.cost) <= 0:
        yield f"{where}: {holding.size} for a cost of {holding.cost} has no price"


def _cash(state: State) -> Iterator[str]:
    """Check that a subaccount's cash is the sum of its sources, and its fees the sum of its trades' fees."""
    fees: dict[tuple[SubaccountRef, str], Decimal] = {}
    for trade in state.derivatives.trades:
        key = (trade.subaccount_ref, trade.currency)
        fees[key] = fees.get(key, ZERO) + trade.fee
    for subaccount_ref, currencies in state.derivatives.cash.items():
        for currency, cash in currencies.items():
            where = f"{subaccount_ref}: {currency}"
            if not _equal(cash.amount, cash.credited, cash.traded, cash.settled, -cash.fees):
                yield f"{where} is {cash.amount}, where it comes from makes it {_explained(cash)}"
            if not _equal(cash.fees, fees.get((subaccount_ref, currency), ZERO)):
                yield f"{where} paid {cash.fees} in fees, its trades {fees.get((subaccount_ref, currency), ZERO)}"


def _explained(cash: Cash) -> Decimal:
    return cash.credited + cash.traded + cash.settled - cash.fees


def _equal(total: Decimal, *parts: Decimal) -> bool:
    largest = max([abs(part) for part in (total, *parts)])
    return abs(sum(parts, ZERO) - total) <= largest * ROUNDING_RATIO
