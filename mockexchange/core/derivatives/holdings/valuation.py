"""Computes every number of a position that follows from its size, its costs, and the mark and index prices."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from mockexchange.core.derivatives.derivative import Derivative, Greeks, Terms
from mockexchange.core.derivatives.forms import coins, form_of, future_of, is_option, unit_usd
from mockexchange.core.derivatives.holdings.holdings import ZERO, Holding
from mockexchange.core.derivatives.holdings.views import PositionView
from mockexchange.core.derivatives.orders import NO_ORDERS, OpenOrders
from mockexchange.core.derivatives.precision import in_nine_decimals, quotient
from mockexchange.core.derivatives.vocabulary import Form
from mockexchange.core.instruments import option
from mockexchange.core.vocabulary import SubaccountRef


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
    greeks = _greeks_of(derivative, size, amount)
    return PositionView(
        subaccount_ref=subaccount_ref,
        derivative=derivative,
        size=_shown(terms, size, mark),
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
    if is_option(derivative.terms):
        return _option_margins(derivative, size, index)
    rates, mark = derivative.terms.margin, derivative.mark
    value = future_of(derivative.terms).value(size, mark)
    extra = rates.slope * abs(coins(derivative.terms, size, mark))
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
    value = future_of(derivative.terms).value(size, derivative.mark)
    ratio = quotient(value, initial_margin) if initial_margin else quotient(Decimal(1), derivative.terms.margin.initial)
    return int(ratio.to_integral_value(ROUND_HALF_EVEN))


def _option_margins(derivative: Derivative, size: Decimal, index: Decimal) -> Margins:
    terms = derivative.terms
    if size >= 0 or terms.option_type is None or terms.strike is None:
        return Margins(ZERO, ZERO)
    unit = Decimal(1) if terms.form is Form.INVERSE else index
    initial, maintenance = option.short_margins(terms.option_type, terms.strike, index, derivative.mark, unit)
    return Margins(-size * initial, -size * maintenance)


def _shown(terms: Terms, size: Decimal, mark: Decimal) -> Decimal:
    """Return the size that the venue shows: for a linear future the quote notional [recorded: ccxt#13313]."""
    return size * mark if terms.form is Form.LINEAR and not is_option(terms) else size


def _greeks_of(derivative: Derivative, size: Decimal, coins_held: Decimal | None) -> Greeks:
    """Return the Greeks of a position. A future's delta is its size in coins. Adding zero avoids -0 for a flat one."""
    if coins_held is not None:
        return Greeks(delta=coins_held)
    one = derivative.greeks
    return Greeks(
        delta=size * one.delta + ZERO,
        gamma=size * one.gamma + ZERO,
        vega=size * one.vega + ZERO,
        theta=size * one.theta + ZERO,
    )
