"""What can be read of holdings and cash: every number that a venue shows, exact. Rounding is the wire's."""

from decimal import Decimal

from msgspec import Struct

from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.vocabulary import SubaccountRef


class PositionView(Struct, frozen=True, kw_only=True):
    """A position as of now; a flat one has zeros. Amounts are in settlement currency but those in `_usd`.

    Numbers that the derivative's kind does not have are None; each venue chooses the fields that it prints.
    """

    subaccount_ref: SubaccountRef
    derivative: Derivative
    size: Decimal
    """Signed; of a linear future the quote notional, as the venue shows it (ccxt#13313)."""
    size_currency: Decimal | None
    """In the base coin, signed; None for options."""
    average_price: Decimal
    mark_price: Decimal
    index_price: Decimal
    settlement_price: Decimal
    delta: Decimal
    total: Decimal
    floating: Decimal
    printed_total: Decimal
    printed_floating: Decimal
    """As the venue shows them: of an inverse future differences of worths in nine decimals each."""
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
    """The summary of a subaccount in one currency."""

    subaccount_ref: SubaccountRef
    currency: str
    balance: Decimal
    """Cash: deposits, premiums, fees, and what sessions settled."""
    equity: Decimal
    """Balance, what the session made so far, and the value of options."""
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
