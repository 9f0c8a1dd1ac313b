"""Finds the derivatives, indexes and accounts that a command names. An error lists the nearest known names."""

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.holdings.holdings import Cash, Holding
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import SubaccountRef

SHOWN_MAX = 5


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


def require_index(state: State, name: str) -> None:
    """Raise Refused for an index that has no price."""
    if name not in state.derivatives.indexes:
        known = nearest(name, state.derivatives.indexes)
        raise Refused(RefusalCode.UNKNOWN_INDEX, f"index {name!r} has no price; {known}: set it first")


def require_trader(state: State, subaccount_ref: SubaccountRef) -> None:
    """Raise Refused for an account of the default venue, which has cash in dollars only and cannot hold derivatives."""
    state.subaccount(subaccount_ref)
    if not state.accounts[subaccount_ref.account].venue:
        message = (
            f"account {subaccount_ref.account} has dollars and event contracts, and neither currencies nor instruments:"
            f" expected an account with a venue that has those"
        )
        raise Refused(RefusalCode.WRONG_KIND, message)


def holding_of(state: State, subaccount_ref: SubaccountRef, derivative: str) -> Holding:
    """Return the holding of a subaccount in a derivative; create a flat one if there is none."""
    return state.derivatives.holdings.setdefault(subaccount_ref, {}).setdefault(derivative, Holding())


def cash_of(state: State, subaccount_ref: SubaccountRef, currency: str) -> Cash:
    """Return the cash of a subaccount in a currency; create an empty one if there is none."""
    return state.derivatives.cash.setdefault(subaccount_ref, {}).setdefault(currency, Cash())


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a text with the known names nearest to `name`, or with the first few if none is similar."""
    names = list(known)
    close = get_close_matches(name, names, SHOWN_MAX)
    if close:
        return f"nearest: {', '.join(close)}"
    more = f" and {len(names) - SHOWN_MAX} more" if len(names) > SHOWN_MAX else ""
    return f"known: {', '.join(islice(names, SHOWN_MAX)) or 'none'}{more}"
