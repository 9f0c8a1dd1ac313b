"""Positions and account summaries with every number that venues show, at the present prices. All numbers are exact."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from msgspec import Struct

from mockexchange.core.derivatives.derivative import Derivative, Greeks, Terms
from mockexchange.core.derivatives.formulas import coins, form_of, is_option, short_margins, unit_usd
from mockexchange.core.derivatives.holdings import Cash, Holding
from mockexchange.core.derivatives.orders import NO_ORDERS, OpenOrders
from mockexchange.core.derivatives.precision import ZERO, in_nine_decimals, precise, quotient
from mockexchange.core.derivatives.vocabulary import Form
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import SubaccountRef


class PositionView(Struct, frozen=True, kw_only=True):
    """All numbers of a position at the time of the read; zeros for a flat one. Amounts are in settlement currency.

    Amounts with `_usd` are in dollars. Numbers that the derivative's kind does not have are None; each venue chooses
    the fields that it shows.
    """

    subaccount_ref: SubaccountRef
    derivative: Derivative
    size: Decimal
    """Signed size. For a linear future it is the notional in quote currency, as the venue shows it (ccxt#13313)."""
    size_currency: Decimal | None
    """Signed size in the base coin; None for options."""
    average_price: Decimal
    mark_price: Decimal
    index_price: Decimal
    settlement_price: Decimal
    delta: Decimal
    total: Decimal
    floating: Decimal
    printed_total: Decimal
    printed_floating: Decimal
    """Profits as the venue shows them.

    For an inverse future each is the difference of two worths rounded to nine decimals.
    """
    realized: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    open_orders_margin: Decimal
    leverage: int | None
    realized_funding: Decimal | None
    interest_value: Decimal | None
    average_price_usd: Decimal | None
    floating_usd: Decimal | None
    gamma: Decimal | None
    vega: Decimal | None
    theta: Decimal | None
    revision: int


class SummaryView(Struct, frozen=True, kw_only=True):
    """The summary of a subaccount in one currency: balance, equity, margins and profits."""

    subaccount_ref: SubaccountRef
    currency: str
    balance: Decimal
    """Cash: the sum of deposits, premiums, fees and settled session profits."""
    equity: Decimal
    """Balance, plus the profit of the session so far, plus the value of options."""
    margin_balance: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    available_funds: Decimal
    available_withdrawal_funds: Decimal
    session_realized: Decimal
    session_floating: Decimal
    total: Decimal
    futures_session_realized: Decimal
    futures_session_floating: Decimal
    futures_total: Decimal
    options_session_realized: Decimal
    options_session_floating: Decimal
    options_total: Decimal
    options_value: Decimal
    options_delta: Decimal
    options_gamma: Decimal
    options_vega: Decimal
    options_theta: Decimal
    delta_total: Decimal
    session_funding: Decimal
    revision: int


# Reads


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
    index = state.derivatives.indexes[derivative.terms.index]
    return view_of(subaccount_ref, derivative, holding, index, state.derivatives.open_orders_of(subaccount_ref, name))


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), ZERO)


# The numbers of a position that follow from its size, its costs, and the mark and index prices


class Margins(NamedTuple):
    """Initial and maintenance margin of a position, in settlement currency."""

    initial: Decimal
    maintenance: Decimal


def view_of(
    subaccount_ref: SubaccountRef,
    derivative: Derivative,
    holding: Holding,
    index: Decimal,
    opened: OpenOrders = NO_ORDERS,
) -> PositionView:
    """Return all values that venues show of a position (margins, profits, Greeks); a flat one has zeros.

    The caller must run in the decimal context of `core.derivatives.precision`.
    """
    terms, size, mark = derivative.terms, holding.size, derivative.mark
    worth = form_of(terms).worth(size, mark)
    margins = margins_of(derivative, size, index)
    amount = None if is_option(terms) else coins(terms, size, mark)
    one = derivative.greeks
    # A future's delta is its size in coins. Adding zero avoids -0 for a flat option.
    greeks = (
        Greeks(delta=amount)
        if amount is not None
        else Greeks(
            delta=size * one.delta + ZERO,
            gamma=size * one.gamma + ZERO,
            vega=size * one.vega + ZERO,
            theta=size * one.theta + ZERO,
        )
    )
    return PositionView(
        subaccount_ref=subaccount_ref,
        derivative=derivative,
        # The venue shows the quote notional of a linear future [recorded: ccxt#13313].
        size=size * mark if terms.form is Form.LINEAR and not is_option(terms) else size,
        size_currency=amount,
        average_price=form_of(terms).price_of(size, holding.cost) if size else ZERO,
        mark_price=mark,
        index_price=index,
        settlement_price=derivative.settlement,
        delta=greeks.delta,
        total=worth - holding.cost,
        floating=worth - holding.session_cost,
        printed_total=_printed_profit(terms, worth, holding.cost),
        printed_floating=_printed_profit(terms, worth, holding.session_cost),
        realized=holding.realized,
        initial_margin=margins.initial,
        maintenance_margin=margins.maintenance,
        open_orders_margin=open_orders_margin(derivative, size, opened, index),
        leverage=None if is_option(terms) else leverage_of(derivative, size, margins.initial),
        realized_funding=holding.realized_funding if terms.is_perpetual else None,
        interest_value=holding.interest_value if terms.is_perpetual else None,
        average_price_usd=(quotient(holding.cost_usd, size) if size else ZERO) if is_option(terms) else None,
        floating_usd=worth * unit_usd(terms, index) - holding.cost_usd if is_option(terms) else None,
        gamma=greeks.gamma if is_option(terms) else None,
        vega=greeks.vega if is_option(terms) else None,
        theta=greeks.theta if is_option(terms) else None,
        revision=max(derivative.revision, holding.revision),
    )


def _printed_profit(terms: Terms, worth: Decimal, cost: Decimal) -> Decimal:
    """Return a profit as the venue shows it: for an inverse future both amounts are rounded to nine decimals first.

    Recomputed: in this way the prices of source-docs/004 give the floating profit there, and the prices of ccxt#26913
    the total profit there; rounding the difference of the exact amounts gives another last digit in both.
    """
    if is_option(terms) or terms.form is not Form.INVERSE:
        return worth - cost
    return in_nine_decimals(worth) - in_nine_decimals(cost)


def margins_of(derivative: Derivative, size: Decimal, index: Decimal) -> Margins:
    """Return the initial and the maintenance margin of a position."""
    terms, mark = derivative.terms, derivative.mark
    if is_option(terms):
        if size >= 0 or terms.option_type is None or terms.strike is None:
            return Margins(ZERO, ZERO)
        unit = Decimal(1) if terms.form is Form.INVERSE else index
        initial, maintenance = short_margins(terms.option_type, terms.strike, index, mark, unit)
        return Margins(-size * initial, -size * maintenance)
    rates, value = terms.margin, form_of(terms).value(size, mark)
    extra = rates.slope * abs(coins(terms, size, mark))
    return Margins(value * (rates.initial + extra), value * (rates.maintenance + extra))


def open_orders_margin(derivative: Derivative, size: Decimal, opened: OpenOrders, index: Decimal) -> Decimal:
    """Return the initial margin that open orders require beyond that of the position.

    It is computed as if all buy orders, or all sell orders, were filled, whichever requires more margin.
    """
    if opened is NO_ORDERS:
        return ZERO
    held = margins_of(derivative, size, index).initial
    bought = margins_of(derivative, size + opened.buying, index).initial
    sold = margins_of(derivative, size - opened.selling, index).initial
    return max(held, bought, sold) - held + opened.premium


def leverage_of(derivative: Derivative, size: Decimal, initial_margin: Decimal) -> int:
    """Return the leverage of a future's position, value / initial margin, rounded.

    Without a position it is the leverage of the smallest position, 1 / the initial margin rate.
    """
    value = form_of(derivative.terms).value(size, derivative.mark)
    ratio = quotient(value, initial_margin) if initial_margin else quotient(Decimal(1), derivative.terms.margin.initial)
    return int(ratio.to_integral_value(ROUND_HALF_EVEN))
