"""Types of positions and account summaries with every number that a venue shows, exact; the venues' encoders round."""

from decimal import Decimal

from msgspec import Struct

from mockexchange.core.derivatives.derivative import Derivative
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
