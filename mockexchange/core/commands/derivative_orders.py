"""Commands for orders of derivatives: quoting, placing, editing and canceling."""

from decimal import Decimal

from mockexchange.core.commands.validation import CommandStruct, require, require_above_0
from mockexchange.core.derivatives.vocabulary import (
    RESTING_LIVES,
    CancelReason,
    Direction,
    OrderLife,
    TriggerKind,
    TriggerSource,
)
from mockexchange.core.vocabulary import SubaccountRef

LABEL_CHARS_MAX = 64


class QuoteDerivative(CommandStruct, frozen=True, kw_only=True):
    """Replace the bids and asks in a derivative of traders without an account here; a level is (price, amount)."""

    derivative: str
    bids: tuple[tuple[Decimal, Decimal], ...] = ()
    asks: tuple[tuple[Decimal, Decimal], ...] = ()

    def __post_init__(self) -> None:
        for name, levels in (("bids", self.bids), ("asks", self.asks)):
            for price, amount in levels:
                require_above_0(f"{name}: price", price)
                require_above_0(f"{name}: amount", amount)
            require(len({price for price, _ in levels}) == len(levels), f"{name}: expected each price once")
        if self.bids and self.asks:
            crossed = max(price for price, _ in self.bids) >= min(price for price, _ in self.asks)
            require(not crossed, "bids: expected prices below those of the asks")


class PlaceDerivativeOrder(CommandStruct, frozen=True, kw_only=True):
    """Place an order, which may match at once. `price` is None for a market order, which never rests.

    With a trigger the order waits outside the order book until the price that `trigger` names reaches `trigger_price`.
    """

    subaccount_ref: SubaccountRef
    derivative: str
    direction: Direction
    amount: Decimal
    price: Decimal | None = None
    life: OrderLife = OrderLife.GOOD_TIL_CANCELLED
    post_only: bool = False
    reject_post_only: bool = False
    """Whether a post-only order that would trade is refused; otherwise its price is changed so that it rests."""
    reduce_only: bool = False
    label: str = ""
    order: str | None = None
    """The id of the order; None derives one from the seed and the command."""
    trigger: TriggerSource | None = None
    trigger_kind: TriggerKind = TriggerKind.STOP
    trigger_price: Decimal | None = None

    def __post_init__(self) -> None:
        require_above_0("amount", self.amount)
        require((self.trigger is None) == (self.trigger_price is None), "trigger: expected it with trigger_price")
        if self.trigger_price is not None:
            require_above_0("trigger_price", self.trigger_price)
        if self.price is not None:
            require_above_0("price", self.price)
        can_rest = self.price is not None and self.life in RESTING_LIVES
        require(not self.post_only or can_rest, "post_only: expected an order that may rest")
        require(len(self.label) <= LABEL_CHARS_MAX, f"label: expected at most {LABEL_CHARS_MAX} characters")


class EditDerivativeOrder(CommandStruct, frozen=True, kw_only=True):
    """Change fields of an open order, which may match then.

    A field that is None stays unchanged. `amount` is the new amount of the whole order, including what is filled
    already.
    """

    order: str
    amount: Decimal | None = None
    price: Decimal | None = None
    post_only: bool | None = None
    reject_post_only: bool | None = None
    reduce_only: bool | None = None
    trigger_price: Decimal | None = None

    def __post_init__(self) -> None:
        for name in ("amount", "price", "trigger_price"):
            if getattr(self, name) is not None:
                require_above_0(name, getattr(self, name))


class CancelDerivativeOrders(CommandStruct, frozen=True, kw_only=True):
    """Cancel all open orders of a subaccount that pass the filters given here; `CancelOrder` cancels one by its id."""

    subaccount_ref: SubaccountRef
    derivative: str | None = None
    currency: str | None = None
    kinds: tuple[str, ...] = ()
    """Kinds of derivatives whose orders are canceled; empty for all kinds."""
    label: str | None = None
    types: tuple[str, ...] = ()
    """Types of orders to cancel, such as limit and stop_market; empty for all types."""
    orders: tuple[str, ...] = ()
    """Ids of the orders to cancel; empty for all orders."""
    reason: CancelReason = CancelReason.USER_REQUEST


class SetCancelOnDisconnect(CommandStruct, frozen=True, kw_only=True):
    """Switch cancel-on-disconnect on or off for the streams that a subaccount opens from now on.

    The end of a stream with cancel-on-disconnect cancels the orders that were placed on it.
    """

    subaccount_ref: SubaccountRef
    enabled: bool
