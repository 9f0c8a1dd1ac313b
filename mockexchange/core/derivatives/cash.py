"""The handler of `CreditCurrency`, and the functions with which all handlers of derivatives move cash."""

from collections.abc import Iterator
from decimal import Decimal

from mockexchange.core.commands import CreditCurrency
from mockexchange.core.derivatives.holdings.holdings import ZERO, Cash
from mockexchange.core.derivatives.lookup import cash_of, require_trader
from mockexchange.core.events import CashChanged, Event
from mockexchange.core.handlers import derivative_handler
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import SubaccountRef


@derivative_handler
def credit_currency(state: State, command: CreditCurrency, at: int) -> Iterator[Event]:
    """Add cash to a subaccount, or deduct it. Raises Refused if a subaccount has less cash than is deducted."""
    require_trader(state, command.subaccount_ref)
    held = state.derivatives.cash.get(command.subaccount_ref, {}).get(command.currency, Cash()).amount
    if held + command.amount < 0 and command.amount < 0:
        message = f"{command.subaccount_ref} has {held} {command.currency}, {-command.amount} cannot leave it"
        raise Refused(RefusalCode.INSUFFICIENT_CASH, message)
    cash_of(state, command.subaccount_ref, command.currency).credited += command.amount
    yield from move(state, command.subaccount_ref, command.currency, command.amount)


def add_session_profit(state: State, subaccount_ref: SubaccountRef, currency: str, amount: Decimal) -> Iterator[Event]:
    """Add a session's profit to the cash of a subaccount; a loss is a negative amount."""
    cash_of(state, subaccount_ref, currency).settled += amount
    yield from move(state, subaccount_ref, currency, amount)


def charge(
    state: State, subaccount_ref: SubaccountRef, currency: str, fee: Decimal, premium: Decimal
) -> Iterator[Event]:
    """Deduct the fee and the option premium of a trade from cash; the premium is negative for the seller."""
    cash = cash_of(state, subaccount_ref, currency)
    cash.fees += fee
    cash.traded -= premium
    yield from move(state, subaccount_ref, currency, -fee - premium)


def move(state: State, subaccount_ref: SubaccountRef, currency: str, amount: Decimal) -> Iterator[Event]:
    """Add an amount to the cash of a subaccount and yield the event; an amount of 0 changes nothing."""
    cash = cash_of(state, subaccount_ref, currency)
    if amount == ZERO:
        return
    cash.amount += amount
    cash.revision = state.next_revision()
    yield CashChanged(subaccount_ref=subaccount_ref, currency=currency, cash=cash.amount)
