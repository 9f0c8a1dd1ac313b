"""Derivatives and indexes: the handlers that list and price them, and how commands find them by name."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from difflib import get_close_matches
from itertools import islice

from mockexchange.core.commands import ListDerivative, MarkDerivative, SetIndex
from mockexchange.core.derivatives import black76
from mockexchange.core.derivatives.derivative import NO_GREEKS, Derivative, Greeks, Terms
from mockexchange.core.derivatives.vocabulary import COMBOS
from mockexchange.core.events import DerivativeListed, DerivativeMarked, Event, IndexSet
from mockexchange.core.handlers import derivative_handler
from mockexchange.core.instants import format_instant
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import SubaccountRef

SHOWN_MAX = 5


@derivative_handler
def list_derivative(state: State, command: ListDerivative, at: int) -> Iterator[Event]:
    """List a derivative under its terms.

    If its implied volatility is given without Greeks, they are computed from it.
    """
    terms = command.terms
    if terms.name in state.derivatives.listed:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"contract {terms.name} exists already")
    if terms.index not in state.derivatives.indexes:
        known = nearest(terms.index, state.derivatives.indexes)
        raise Refused(RefusalCode.UNKNOWN_INDEX, f"index {terms.index!r} has no price; {known}: set it first")
    if terms.expires_at is not None and terms.expires_at <= at:  # it would never be delivered, and stay open for ever
        expires, now = format_instant(terms.expires_at), format_instant(at)
        message = f"{terms.name} expires at {expires}, which is past: expected an instant after now ({now})"
        raise Refused(RefusalCode.ILLEGAL_TRANSITION, message)
    for name, _ in terms.legs:
        leg = open_derivative_of(state, name).terms
        if leg.kind in COMBOS or leg.settlement_currency != terms.settlement_currency:
            message = (
                f"{terms.name} cannot have the leg {leg.name}, a {leg.kind} in {leg.settlement_currency}:"
                f" expected futures and options in {terms.settlement_currency}"
            )
            raise Refused(RefusalCode.WRONG_KIND, message)
    greeks = command.greeks
    if greeks == NO_GREEKS and command.iv is not None:
        greeks = _greeks(state, terms, command.iv, at)
    serial = state.next_revision()
    state.derivatives.listed[terms.name] = Derivative(
        terms=terms,
        serial=serial,
        created_at=at,
        mark=command.mark,
        settlement=command.settlement,
        greeks=greeks,
        iv=command.iv,
        revision=serial,
        updated_at=at,
    )
    yield DerivativeListed(derivative=terms.name)


@derivative_handler
def set_index(state: State, command: SetIndex, at: int) -> Iterator[Event]:
    """Set the price of an index, and give each derivative on this index a new revision.

    The values of a derivative depend on its index, so cached answers must not be used any more.
    """
    state.derivatives.indexes[command.index] = command.price
    for derivative in state.derivatives.listed.values():
        if derivative.terms.index == command.index:
            touch(state, derivative, at)
    yield IndexSet(index=command.index, price=command.price)


@derivative_handler
def mark_derivative(state: State, command: MarkDerivative, at: int) -> Iterator[Event]:
    """Set the mark price of a derivative, and its implied volatility and Greeks if given."""
    derivative = open_derivative_of(state, command.derivative)
    require_price(derivative.terms, command.price)
    derivative.mark = command.price
    if command.iv is not None:
        derivative.iv = command.iv
        derivative.greeks = _greeks(state, derivative.terms, command.iv, at)
    if command.greeks is not None:
        derivative.greeks = command.greeks
    touch(state, derivative, at)
    yield DerivativeMarked(derivative=command.derivative, price=command.price)


def _greeks(state: State, terms: Terms, iv: Decimal, at: int) -> Greeks:
    if terms.option_type is None or terms.strike is None or terms.expires_at is None:
        return NO_GREEKS
    forward = state.derivatives.indexes[terms.index]
    return black76.greeks_of(terms.option_type, forward, terms.strike, terms.expires_at - at, iv)


def require_price(terms: Terms, price: Decimal) -> None:
    """Raise Refused for a price of 0 or below, except for a combo, whose price is a difference of its legs' prices."""
    if price <= 0 and terms.kind not in COMBOS:
        raise Refused(RefusalCode.PRICE_OUT_OF_RANGE, f"{terms.name} at {price}: expected a price above 0")


def touch(state: State, derivative: Derivative, at: int) -> None:
    """Give a derivative that changed a new revision and the time `at`."""
    derivative.revision, derivative.updated_at = state.next_revision(), at


# What a command names


def derivative_of(state: State, name: str) -> Derivative:
    """Return a derivative by name. Raises Refused if it is unknown."""
    derivative = state.derivatives.listed.get(name)
    if derivative is None:
        known = nearest(name, state.derivatives.listed)
        raise Refused(RefusalCode.UNKNOWN_DERIVATIVE, f"no instrument {name!r}; {known}: list it first")
    return derivative


def open_derivative_of(state: State, name: str) -> Derivative:
    """Return a derivative that has not been delivered. Raises Refused if it has been, or is unknown."""
    derivative = derivative_of(state, name)
    if not derivative.is_open:
        message = f"contract {name} was delivered at {derivative.delivery}: nothing happens to it any more"
        raise Refused(RefusalCode.DERIVATIVE_DELIVERED, message)
    return derivative


def orderable(state: State, name: str) -> Derivative:
    """Return a derivative in which orders can be placed.

    Raises Refused if the derivative is unknown, delivered or a combo, or while trading is paused.
    """
    require_active(state)
    if not state.service.is_trading:
        message = "trading is paused: orders rest and can be canceled, but none can be placed or edited"
        raise Refused(RefusalCode.TRADING_PAUSED, message)
    derivative = open_derivative_of(state, name)
    if derivative.terms.kind in COMBOS:
        message = f"{name} is a {derivative.terms.kind}: orders are matched in its legs, not in combos"
        raise Refused(RefusalCode.WRONG_KIND, message)
    return derivative


def require_active(state: State) -> None:
    """Raise Refused for every command on orders while the whole exchange is paused."""
    if not state.service.is_active:
        raise Refused(RefusalCode.EXCHANGE_PAUSED, "the exchange is paused: orders can be neither placed nor canceled")


def require_trader(state: State, subaccount_ref: SubaccountRef) -> None:
    """Raise Refused for an account of the default venue, which has cash in dollars only and cannot hold derivatives."""
    state.subaccount(subaccount_ref)
    if not state.accounts[subaccount_ref.account].venue:
        message = (
            f"account {subaccount_ref.account} has dollars and event contracts, and neither currencies nor instruments:"
            f" expected an account with a venue that has those"
        )
        raise Refused(RefusalCode.WRONG_KIND, message)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a text with the known names nearest to `name`, or with the first few if none is similar."""
    names = list(known)
    close = get_close_matches(name, names, SHOWN_MAX)
    if close:
        return f"nearest: {', '.join(close)}"
    more = f" and {len(names) - SHOWN_MAX} more" if len(names) > SHOWN_MAX else ""
    return f"known: {', '.join(islice(names, SHOWN_MAX)) or 'none'}{more}"
