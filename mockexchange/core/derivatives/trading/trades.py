"""The type of a row in lists of trades of derivatives: each account's side of a trade is a row."""

from decimal import Decimal

from msgspec import Struct

from mockexchange.core.derivatives.vocabulary import Direction, OrderState
from mockexchange.core.model.history import EVERYTHING, Partition, Selector
from mockexchange.core.vocabulary import SubaccountRef


class DerivativeTrade(Struct, frozen=True):
    """One account's side of a trade, with the mark and index price at that time.

    `combo` names the combo of which this fill is a leg.
    """

    subaccount_ref: SubaccountRef
    derivative: str
    currency: str
    """The settlement currency, which is also the currency of the fee."""
    kind: str
    serial: int
    created_at: int
    trade_id: str
    trade_seq: int
    order_id: str
    direction: Direction
    amount: Decimal
    price: Decimal
    fee: Decimal
    mark: Decimal
    index: Decimal
    iv: Decimal | None
    profit: Decimal
    """Profit that the trade realized by closing, measured against the session cost of the holding."""
    is_taker: bool
    is_long_tick: bool
    """Whether the price is at or above the price of the derivative's previous trade."""
    label: str
    combo: str | None = None
    position_size: Decimal = Decimal(0)
    """Signed size of the position after the trade."""
    order_type: str = "limit"
    order_state: OrderState = OrderState.FILLED
    """State of the order after the trade. A recorded trade has no order: it shows a filled limit order."""
    post_only: bool = False
    reduce_only: bool = False

    @property
    def selectors(self) -> tuple[Selector, ...]:
        return (
            EVERYTHING,
            ("subaccount_ref", self.subaccount_ref),
            ("currency", self.subaccount_ref, self.currency),
            self.derivative_selector,
            ("order", self.subaccount_ref, self.order_id),
        )

    @property
    def derivative_selector(self) -> Selector:
        """The key of the list that has one subaccount's trades in one derivative."""
        return "derivative", self.subaccount_ref, self.derivative

    @property
    def partition(self) -> Partition:
        """The values by which lists filter the trade: (kind of derivative,)."""
        return (self.kind,)
