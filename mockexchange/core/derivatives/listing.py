"""Handlers that list derivatives and set their mark and index prices."""

from collections.abc import Iterator
from decimal import Decimal

from mockexchange.core.commands import ListDerivative, MarkDerivative, SetIndex
from mockexchange.core.derivatives import black76
from mockexchange.core.derivatives.derivative import NO_GREEKS, Derivative, Greeks, Terms
from mockexchange.core.derivatives.lookup import open_derivative_of, require_index
from mockexchange.core.derivatives.vocabulary import COMBOS
from mockexchange.core.events import DerivativeListed, DerivativeMarked, Event, IndexSet
from mockexchange.core.handlers import derivative_handler
from mockexchange.core.instants import format_instant
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused


@derivative_handler
def list_derivative(state: State, command: ListDerivative, at: int) -> Iterator[Event]:
    """List a derivative under its terms.

    If its implied volatility is given without Greeks, they are computed from it.
    """
    terms = command.terms
    if terms.name in state.derivatives.listed:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"contract {terms.name} exists already")
    require_index(state, terms.index)
    _require_time(terms, at)
    for leg, _ in terms.legs:
        _require_leg(terms, open_derivative_of(state, leg).terms)
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
            _touch(state, derivative, at)
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
    _touch(state, derivative, at)
    yield DerivativeMarked(derivative=command.derivative, price=command.price)


def require_price(terms: Terms, price: Decimal) -> None:
    """Raise Refused for a price of 0 or below, except for a combo, whose price is a difference of its legs' prices."""
    if price <= 0 and terms.kind not in COMBOS:
        raise Refused(RefusalCode.PRICE_OUT_OF_RANGE, f"{terms.name} at {price}: expected a price above 0")


def _require_time(terms: Terms, at: int) -> None:
    """Refuse a derivative with an expiry in the past: it would never be delivered and stay open forever."""
    if terms.expires_at is not None and terms.expires_at <= at:
        expires, now = format_instant(terms.expires_at), format_instant(at)
        message = f"{terms.name} expires at {expires}, which is past: expected an instant after now ({now})"
        raise Refused(RefusalCode.ILLEGAL_TRANSITION, message)


def _require_leg(combo: Terms, leg: Terms) -> None:
    if leg.kind in COMBOS or leg.settlement_currency != combo.settlement_currency:
        message = (
            f"{combo.name} cannot have the leg {leg.name}, a {leg.kind} in {leg.settlement_currency}:"
            f" expected futures and options in {combo.settlement_currency}"
        )
        raise Refused(RefusalCode.WRONG_KIND, message)


def _greeks(state: State, terms: Terms, iv: Decimal, at: int) -> Greeks:
    if terms.option_type is None or terms.strike is None or terms.expires_at is None:
        return NO_GREEKS
    forward = state.derivatives.indexes[terms.index]
    return black76.greeks_of(terms.option_type, forward, terms.strike, terms.expires_at - at, iv)


def _touch(state: State, derivative: Derivative, at: int) -> None:
    derivative.revision, derivative.updated_at = state.next_revision(), at
