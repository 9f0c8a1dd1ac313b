"""Reads of a subaccount's positions and account summaries at the present prices. All numbers are exact."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.forms import is_option
from mockexchange.core.derivatives.holdings.holdings import ZERO, Cash, Holding
from mockexchange.core.derivatives.holdings.valuation import view_of
from mockexchange.core.derivatives.holdings.views import PositionView, SummaryView
from mockexchange.core.derivatives.orders import NO_ORDERS, OpenOrders
from mockexchange.core.derivatives.precision import precise
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import SubaccountRef


class Held(NamedTuple):
    """A position in a derivative, with the derivative and the owner, from which its numbers are computed."""

    subaccount_ref: SubaccountRef
    derivative: Derivative
    holding: Holding
    opened: OpenOrders = NO_ORDERS

    @property
    def revision(self) -> tuple[int, int]:
        """A cache key of the position's numbers: a new one if the position, the derivative or its index changes."""
        return self.derivative.revision, self.holding.revision


def held_of(state: State, subaccount_ref: SubaccountRef, with_flat: bool = False) -> list[Held]:
    """Return the positions of a subaccount in the order of their first opening; an empty list if it is unknown.

    `with_flat` adds flat positions, which were closed since the last settlement.
    """
    derivatives = state.derivatives.listed
    return [
        Held(subaccount_ref, derivatives[name], holding, state.derivatives.open_orders_of(subaccount_ref, name))
        for name, holding in state.derivatives.holdings.get(subaccount_ref, {}).items()
        if holding.size or with_flat
    ]


@precise
def view_of_held(state: State, held: Held) -> PositionView:
    """Return all values that venues show of a position (margins, profits, Greeks), at the present prices."""
    index = state.derivatives.indexes[held.derivative.terms.index]
    return view_of(held.subaccount_ref, held.derivative, held.holding, index, held.opened)


def positions_of(state: State, subaccount_ref: SubaccountRef, with_flat: bool = False) -> list[PositionView]:
    """Return a subaccount's positions with all their numbers; order and arguments are those of `held_of`."""
    return [view_of_held(state, held) for held in held_of(state, subaccount_ref, with_flat)]


@precise
def position_of(state: State, subaccount_ref: SubaccountRef, derivative: str) -> PositionView:
    """Return the position in one derivative, flat if it was never held. Raises KeyError for an unknown derivative."""
    return _view(
        state, subaccount_ref, derivative, state.derivatives.holdings.get(subaccount_ref, {}).get(derivative, Holding())
    )


def currencies_of(state: State, subaccount_ref: SubaccountRef) -> list[str]:
    """Return the currencies in which a subaccount has or had cash or holdings, sorted by name."""
    held = {*state.derivatives.holdings.get(subaccount_ref, ()), *state.derivatives.open_orders.get(subaccount_ref, ())}
    of_derivatives = {state.derivatives.listed[name].terms.settlement_currency for name in held}
    return sorted({*state.derivatives.cash.get(subaccount_ref, ()), *of_derivatives})


@precise
def summary_of(state: State, subaccount_ref: SubaccountRef, currency: str) -> SummaryView:
    """Return the summary of a subaccount in one currency; zeros in a currency that it never had."""
    cash = state.derivatives.cash.get(subaccount_ref, {}).get(currency, Cash())
    held = state.derivatives.holdings.get(subaccount_ref, {})
    views = [
        _view(state, subaccount_ref, name, held.get(name) or Holding())
        for name in {**held, **state.derivatives.open_orders.get(subaccount_ref, {})}
        if state.derivatives.listed[name].terms.settlement_currency == currency
    ]
    options = [view for view in views if is_option(view.derivative.terms)]
    futures = [view for view in views if not is_option(view.derivative.terms)]
    # Recomputed from the official example of get_account_summary, to its 8 decimals: options count in equity but not
    # in the margin balance, and what a session has not settled yet cannot be withdrawn [doc].
    margin_balance = cash.amount + _sum(view.realized + view.floating for view in futures)
    options_value = _sum(view.size * view.mark_price for view in options)
    initial_margin = _sum(view.initial_margin + view.open_orders_margin for view in views)
    return SummaryView(
        subaccount_ref=subaccount_ref,
        currency=currency,
        balance=cash.amount,
        equity=margin_balance + options_value,
        margin_balance=margin_balance,
        initial_margin=initial_margin,
        maintenance_margin=_sum(view.maintenance_margin for view in views),
        available_funds=margin_balance - initial_margin,
        available_withdrawal_funds=min(cash.amount, margin_balance) - initial_margin,
        session_realized=_sum(view.realized for view in views),
        session_floating=_sum(view.floating for view in views),
        total=_sum(view.total for view in views),
        futures_session_realized=_sum(view.realized for view in futures),
        futures_session_floating=_sum(view.floating for view in futures),
        futures_total=_sum(view.total for view in futures),
        options_session_realized=_sum(view.realized for view in options),
        options_session_floating=_sum(view.floating for view in options),
        options_total=_sum(view.total for view in options),
        options_value=options_value,
        options_delta=_sum(view.delta for view in options),
        options_gamma=_sum(view.gamma for view in options),
        options_vega=_sum(view.vega for view in options),
        options_theta=_sum(view.theta for view in options),
        delta_total=_sum(view.delta for view in views),
        session_funding=_sum(view.realized_funding for view in futures),
        revision=max([cash.revision, *(view.revision for view in views)]),
    )


def _view(state: State, subaccount_ref: SubaccountRef, name: str, holding: Holding) -> PositionView:
    derivative = state.derivatives.listed[name]
    index, opened = (
        state.derivatives.indexes[derivative.terms.index],
        state.derivatives.open_orders_of(subaccount_ref, name),
    )
    return view_of(subaccount_ref, derivative, holding, index, opened)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), ZERO)
