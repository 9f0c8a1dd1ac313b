"""Events of derivatives, holdings and cash by currency."""

from decimal import Decimal

from msgspec import Struct

from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.vocabulary import SubaccountRef


class DerivativeListed(Struct, frozen=True, kw_only=True):
    """A derivative was listed."""

    derivative: str


class IndexSet(Struct, frozen=True, kw_only=True):
    """The price of an index was set."""

    index: str
    price: Decimal


class DerivativeMarked(Struct, frozen=True, kw_only=True):
    """The mark price of a derivative was set."""

    derivative: str
    price: Decimal


class DerivativeTraded(Struct, frozen=True, kw_only=True):
    """An account traded a derivative: one side of a trade.

    `serial` is the serial of the trade's row in `state.derivatives.trades`.
    """

    subaccount_ref: SubaccountRef
    derivative: str
    trade_id: str
    order_id: str
    serial: int
    direction: Direction
    amount: Decimal
    price: Decimal
    fee: Decimal


class HoldingChanged(Struct, frozen=True, kw_only=True):
    """A position in a derivative changed; the fields have the values after the change."""

    subaccount_ref: SubaccountRef
    derivative: str
    size: Decimal
    cost: Decimal
    session_cost: Decimal
    realized: Decimal
    realized_funding: Decimal


class CashChanged(Struct, frozen=True, kw_only=True):
    """Cash in a currency changed; `cash` is the new amount."""

    subaccount_ref: SubaccountRef
    currency: str
    cash: Decimal


class SessionSettled(Struct, frozen=True, kw_only=True):
    """The daily settlement of derivatives was carried out at these prices."""

    prices: tuple[tuple[str, Decimal], ...]


class DerivativeDelivered(Struct, frozen=True, kw_only=True):
    """A derivative was delivered."""

    derivative: str
    price: Decimal
