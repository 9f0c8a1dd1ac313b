"""Handlers: cash by currency. And how every other handler moves it."""

from collections.abc import Iterator
from decimal import Decimal

from mockexchange.core.commands import CreditCurrency
from mockexchange.core.derivatives.holdings import ZERO, Cash
from mockexchange.core.derivatives.lookup import cash_of, require_trader
from mockexchange.core.events import CashChanged, Event
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import BookRef


def credit_currency(state: State, command: CreditCurrency, at: int) -> Iterator[Event]:
    require_trader(state, command.purse)
    held = state.derivatives.cash.get(command.purse, {}).get(command.currency, Cash()).amount
    if held + command.amount < 0 and command.amount < 0:
        message = f"{command.purse} has {held} {command.currency}, {-command.amount} cannot leave it"
        raise Refused(RefusalCode.INSUFFICIENT_CASH, message)
    cash_of(state, command.purse, command.currency).credited += command.amount
    yield from move(state, command.purse, command.currency, command.amount)


def settle(state: State, purse: BookRef, currency: str, amount: Decimal) -> Iterator[Event]:
    cash_of(state, purse, currency).settled += amount
    yield from move(state, purse, currency, amount)


def charge(state: State, purse: BookRef, currency: str, fee: Decimal, premium: Decimal) -> Iterator[Event]:
    """Take the fee of a trade, and the premium, which is below 0 where it is received."""
    cash = cash_of(state, purse, currency)
    cash.fees += fee
    cash.traded -= premium
    yield from move(state, purse, currency, -fee - premium)


def move(state: State, purse: BookRef, currency: str, amount: Decimal) -> Iterator[Event]:
    cash = cash_of(state, purse, currency)
    if amount == ZERO:
        return
    cash.amount += amount
    cash.revision = state.next_revision()
    yield CashChanged(purse=purse, currency=currency, cash=cash.amount)
