"""The changes of a subaccount's cash and positions in derivatives, with their events, and the handler of credits."""

from collections.abc import Iterator
from decimal import Decimal

from mockexchange.core.commands import CreditCurrency
from mockexchange.core.derivatives.holdings import Cash, Holding
from mockexchange.core.derivatives.listing import require_trader
from mockexchange.core.events import CashChanged, Event, HoldingChanged
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
    if not amount:
        return
    cash.amount += amount
    cash.revision = state.next_revision()
    yield CashChanged(subaccount_ref=subaccount_ref, currency=currency, cash=cash.amount)


def cash_of(state: State, subaccount_ref: SubaccountRef, currency: str) -> Cash:
    """Return the cash of a subaccount in a currency; create an empty one if there is none."""
    return state.derivatives.cash.setdefault(subaccount_ref, {}).setdefault(currency, Cash())


def holding_of(state: State, subaccount_ref: SubaccountRef, derivative: str) -> Holding:
    """Return the holding of a subaccount in a derivative; create a flat one if there is none."""
    return state.derivatives.holdings.setdefault(subaccount_ref, {}).setdefault(derivative, Holding())


def changed_holding(
    state: State, subaccount_ref: SubaccountRef, derivative: str, holding: Holding, at: int
) -> HoldingChanged:
    """Give a changed holding a new revision and the time `at`; return the event that describes it."""
    holding.revision, holding.updated_at = state.next_revision(), at
    return HoldingChanged(
        subaccount_ref=subaccount_ref,
        derivative=derivative,
        size=holding.size,
        cost=holding.cost,
        session_cost=holding.session_cost,
        realized=holding.realized,
        realized_funding=holding.realized_funding,
    )
