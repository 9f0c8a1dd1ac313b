"""Events of orders of derivatives."""

from decimal import Decimal

from msgspec import Struct

from mockexchange.core.derivatives.vocabulary import CancelReason, OrderState
from mockexchange.core.vocabulary import SubaccountRef


class DerivativeQuoted(Struct, frozen=True, kw_only=True):
    """The quotes of outside traders were replaced or consumed; each level is (price, amount), the best first."""

    derivative: str
    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]


class DerivativeOrderChanged(Struct, frozen=True, kw_only=True):
    """An order of a derivative was placed, filled, edited or canceled; the fields have the values after the change."""

    order_id: str
    subaccount_ref: SubaccountRef
    derivative: str
    state: OrderState
    price: Decimal | None
    amount: Decimal
    filled: Decimal
    cancel_reason: CancelReason | None = None
