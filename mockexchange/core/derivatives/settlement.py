"""Handlers of the daily settlement, of delivery at expiry and of funding.

A settlement pays the session profit of each future; the next session begins at the settlement price. Options only
begin a new session: their premiums were paid when they traded. Flat holdings are removed. Funding of perpetuals goes
into the realized profit of the session.
"""

from collections.abc import Iterator
from decimal import Decimal

from mockexchange.core.commands import DeliverDerivative, PayFunding, SettleSession
from mockexchange.core.derivatives.balances import add_session_profit, changed_holding
from mockexchange.core.derivatives.formulas import form_of, is_option, payoff, unit_usd
from mockexchange.core.derivatives.listing import open_derivative_of, require_price, touch
from mockexchange.core.derivatives.order_entry import close_book, end_session
from mockexchange.core.derivatives.precision import ZERO
from mockexchange.core.events import DerivativeDelivered, Event, SessionSettled
from mockexchange.core.handlers import derivative_handler
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused


@derivative_handler
def settle_session(state: State, command: SettleSession, at: int) -> Iterator[Event]:
    """Settle every open derivative at the price that the command gives for it, or at its mark price."""
    given = dict(command.prices)
    for name, price in given.items():
        require_price(open_derivative_of(state, name).terms, price)
    derivatives = [derivative for derivative in state.derivatives.listed.values() if derivative.is_open]
    for derivative in derivatives:
        derivative.settlement = given.get(derivative.name, derivative.mark)
        touch(state, derivative, at)
    yield SessionSettled(prices=tuple((derivative.name, derivative.settlement) for derivative in derivatives))
    for subaccount_ref, held in state.derivatives.holdings.items():
        made: dict[str, Decimal] = {}
        for name, holding in held.items():
            terms = state.derivatives.listed[name].terms
            if holding.is_settled:
                continue
            amount = holding.end_session(form_of(terms), state.derivatives.listed[name].settlement)
            yield changed_holding(state, subaccount_ref, name, holding, at)
            if not is_option(terms):
                made[terms.settlement_currency] = made.get(terms.settlement_currency, ZERO) + amount
        for currency, amount in made.items():
            yield from add_session_profit(state, subaccount_ref, currency, amount)
        for name in [name for name, holding in held.items() if not holding.size]:
            del held[name]
    yield from end_session(state, at)


@derivative_handler
def deliver_derivative(state: State, command: DeliverDerivative, at: int) -> Iterator[Event]:
    """Deliver an expired derivative at the given price, or at its index price, and set its positions to zero.

    An option pays its payoff, a future its profit since the last settlement.
    """
    derivative = open_derivative_of(state, command.derivative)
    terms = derivative.terms
    if terms.is_perpetual:
        message = f"{derivative.name} is perpetual: expected a contract that expires"
        raise Refused(RefusalCode.WRONG_KIND, message)
    price = state.derivatives.indexes[terms.index] if command.price is None else command.price
    derivative.delivery = price
    touch(state, derivative, at)
    yield DerivativeDelivered(derivative=derivative.name, price=price)
    yield from close_book(state, derivative, at)
    for subaccount_ref, held in state.derivatives.holdings.items():
        holding = held.pop(derivative.name, None)
        if holding is None or holding.is_settled:
            continue
        if terms.option_type is None or terms.strike is None:
            amount = holding.end_session(form_of(terms), price)
        else:
            amount = holding.size * payoff(terms.option_type, terms.strike, price, unit_usd(terms, price))
        holding.clear()
        yield changed_holding(state, subaccount_ref, derivative.name, holding, at)
        yield from add_session_profit(state, subaccount_ref, terms.settlement_currency, amount)


@derivative_handler
def pay_funding(state: State, command: PayFunding, at: int) -> Iterator[Event]:
    """Pay funding, `rate` of each position's value at the mark price.

    Longs pay shorts, or shorts pay longs if `rate` is below 0.
    """
    derivative = open_derivative_of(state, command.derivative)
    if not derivative.terms.is_perpetual:
        raise Refused(RefusalCode.WRONG_KIND, f"{derivative.name} expires: only perpetuals have funding")
    form = form_of(derivative.terms)
    for subaccount_ref, held in state.derivatives.holdings.items():
        holding = held.get(derivative.name)
        if holding is None or not holding.size:
            continue
        paid = command.rate * form.value(holding.size, derivative.mark)
        holding.fund(-paid if holding.size > 0 else paid, command.interest_value)
        yield changed_holding(state, subaccount_ref, derivative.name, holding, at)
