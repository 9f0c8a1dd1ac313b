"""Handlers of the daily settlement, of delivery at expiry and of funding.

A settlement pays the session profit of each future; the next session begins at the settlement price. Options only
begin a new session: their premiums were paid when they traded. Flat holdings are removed. Funding of perpetuals goes
into the realized profit of the session.
"""

from collections.abc import Iterator
from decimal import Decimal

from mockexchange.core.commands import DeliverDerivative, PayFunding, SettleSession
from mockexchange.core.derivatives import cash
from mockexchange.core.derivatives.derivative import Derivative, Terms
from mockexchange.core.derivatives.forms import form_of, future_of, is_option, unit_usd
from mockexchange.core.derivatives.holdings.holding_changes import changed_holding
from mockexchange.core.derivatives.holdings.holdings import ZERO, Holding
from mockexchange.core.derivatives.listing import require_price
from mockexchange.core.derivatives.lookup import open_derivative_of
from mockexchange.core.derivatives.order_entry.canceling import close_book, end_session
from mockexchange.core.events import DerivativeDelivered, Event, SessionSettled
from mockexchange.core.handlers import derivative_handler
from mockexchange.core.instruments import option
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import SubaccountRef

Held = dict[str, Holding]


@derivative_handler
def settle_session(state: State, command: SettleSession, at: int) -> Iterator[Event]:
    """Settle every open derivative at the price that the command gives for it, or at its mark price."""
    given = dict(command.prices)
    for name, price in given.items():
        require_price(open_derivative_of(state, name).terms, price)
    derivatives = [derivative for derivative in state.derivatives.listed.values() if derivative.is_open]
    for derivative in derivatives:
        derivative.settlement = given.get(derivative.name, derivative.mark)
        derivative.revision, derivative.updated_at = state.next_revision(), at
    yield SessionSettled(prices=tuple((derivative.name, derivative.settlement) for derivative in derivatives))
    for subaccount_ref, held in state.derivatives.holdings.items():
        yield from _settle_subaccount(state, subaccount_ref, held, at)
        for name in [name for name, holding in held.items() if not holding.size]:
            del held[name]
    yield from end_session(state, at)


def _settle_subaccount(state: State, subaccount_ref: SubaccountRef, held: Held, at: int) -> Iterator[Event]:
    made: dict[str, Decimal] = {}
    for name, holding in held.items():
        derivative = state.derivatives.listed[name]
        if holding.is_settled:
            continue
        amount = holding.end_session(form_of(derivative.terms), derivative.settlement)
        yield changed_holding(state, subaccount_ref, name, holding, at)
        if not is_option(derivative.terms):
            currency = derivative.terms.settlement_currency
            made[currency] = made.get(currency, ZERO) + amount
    for currency, amount in made.items():
        yield from cash.add_session_profit(state, subaccount_ref, currency, amount)


@derivative_handler
def deliver_derivative(state: State, command: DeliverDerivative, at: int) -> Iterator[Event]:
    """Deliver an expired derivative at the given price, or at its index price, and set its positions to zero."""
    derivative = open_derivative_of(state, command.derivative)
    if derivative.terms.is_perpetual:
        message = f"{derivative.name} is perpetual: expected a contract that expires"
        raise Refused(RefusalCode.WRONG_KIND, message)
    index = state.derivatives.indexes[derivative.terms.index]
    derivative.delivery = index if command.price is None else command.price
    derivative.revision, derivative.updated_at = state.next_revision(), at
    yield DerivativeDelivered(derivative=derivative.name, price=derivative.delivery)
    yield from close_book(state, derivative, at)
    for subaccount_ref, held in state.derivatives.holdings.items():
        if derivative.name in held:
            yield from _deliver(state, subaccount_ref, derivative, held.pop(derivative.name), at)


def _deliver(
    state: State, subaccount_ref: SubaccountRef, derivative: Derivative, holding: Holding, at: int
) -> Iterator[Event]:
    if holding.is_settled:
        return
    amount = _paid_out(derivative.terms, holding, derivative.delivery or ZERO)
    holding.clear()
    yield changed_holding(state, subaccount_ref, derivative.name, holding, at)
    yield from cash.add_session_profit(state, subaccount_ref, derivative.terms.settlement_currency, amount)


def _paid_out(terms: Terms, holding: Holding, price: Decimal) -> Decimal:
    """Return the final payment of a holding: an option's payoff, or a future's profit since its last settlement."""
    if terms.option_type is None or terms.strike is None:
        return holding.end_session(form_of(terms), price)
    return holding.size * option.payoff(terms.option_type, terms.strike, price, unit_usd(terms, price))


@derivative_handler
def pay_funding(state: State, command: PayFunding, at: int) -> Iterator[Event]:
    """Pay funding, `rate` of each position's value at the mark price.

    Longs pay shorts, or shorts pay longs if `rate` is below 0.
    """
    derivative = open_derivative_of(state, command.derivative)
    if not derivative.terms.is_perpetual:
        raise Refused(RefusalCode.WRONG_KIND, f"{derivative.name} expires: only perpetuals have funding")
    future = future_of(derivative.terms)
    for subaccount_ref, held in state.derivatives.holdings.items():
        holding = held.get(derivative.name)
        if holding is None or not holding.size:
            continue
        paid = command.rate * future.value(holding.size, derivative.mark)
        holding.fund(-paid if holding.size > 0 else paid, command.interest_value)
        yield changed_holding(state, subaccount_ref, derivative.name, holding, at)
