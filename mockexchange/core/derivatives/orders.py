"""Orders of derivatives, a subaccount's open orders in one derivative, and the rows of the list of trades."""

from dataclasses import dataclass, field
from decimal import Decimal

from msgspec import Struct

from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.formulas import form_of, is_option
from mockexchange.core.derivatives.precision import ZERO, quotient
from mockexchange.core.derivatives.vocabulary import (
    CancelReason,
    Direction,
    OrderLife,
    OrderState,
    TriggerKind,
    TriggerSource,
)
from mockexchange.core.model.paged_history import EVERYTHING, Partition, Selector
from mockexchange.core.vocabulary import SubaccountRef

OTHER_DIRECTION = {Direction.BUY: Direction.SELL, Direction.SELL: Direction.BUY}

# (state, what happens): state after. Nothing else happens to an order that has been listed.
ORDER_TRANSITIONS: dict[tuple[OrderState, str], OrderState] = {
    (OrderState.OPEN, "fill"): OrderState.FILLED,  # by its last fill; until then it stays open
    (OrderState.OPEN, "cancel"): OrderState.CANCELLED,
    (OrderState.UNTRIGGERED, "trigger"): OrderState.TRIGGERED,
    (OrderState.UNTRIGGERED, "refuse"): OrderState.REJECTED,
    (OrderState.UNTRIGGERED, "cancel"): OrderState.CANCELLED,
}
ALIVE = frozenset(state for state, _ in ORDER_TRANSITIONS)
"""States in which an order can be edited and canceled."""


class Trigger(Struct, frozen=True):
    """The condition that a trigger order waits for: which price is watched, and at which level it triggers."""

    kind: TriggerKind
    source: TriggerSource
    price: Decimal

    def is_reached(self, direction: Direction, current: Decimal | None) -> bool:
        """Return whether the watched price `current` has reached the trigger price.

        A buy stop and a sell take are reached from below, the other two from above.
        """
        if current is None:
            return False
        is_upward = (self.kind is TriggerKind.STOP) == (direction is Direction.BUY)
        return current >= self.price if is_upward else current <= self.price


@dataclass(slots=True, eq=False, kw_only=True)
class DerivativeOrder:
    """An order of a derivative: open, waiting for its trigger, or done.

    Amounts are above 0, in the unit in which the derivative trades.
    """

    order_id: str
    subaccount_ref: SubaccountRef
    derivative: Derivative
    direction: Direction
    amount: Decimal
    price: Decimal | None
    """Limit price; None for a market order."""
    life: OrderLife
    post_only: bool
    reject_post_only: bool
    reduce_only: bool
    label: str
    created_at: int
    updated_at: int
    serial: int
    revision: int
    state: OrderState = OrderState.OPEN
    filled: Decimal = ZERO
    worth: Decimal = ZERO
    """Sum of the worths of the order's fills, from which the average price is computed."""
    is_edited: bool = False
    cancel_reason: CancelReason | None = None
    trigger: Trigger | None = None
    """The trigger that the order waits or waited for; None for the order that is placed once a trigger is reached."""
    trigger_order_id: str | None = None
    """The id of the trigger order that placed this one."""

    @property
    def order_type(self) -> str:
        base = "market" if self.price is None else "limit"
        return base if self.trigger is None else f"{self.trigger.kind}_{base}"

    @property
    def trigger_source(self) -> TriggerSource | None:
        return None if self.trigger is None else self.trigger.source

    @property
    def trigger_price(self) -> Decimal | None:
        return None if self.trigger is None else self.trigger.price

    @property
    def is_triggered(self) -> bool | None:
        """Whether the order's trigger was reached; None for an order without a trigger.

        An order that was placed by a trigger counts as triggered.
        """
        if self.trigger is None:
            return True if self.trigger_order_id is not None else None
        return self.state not in (OrderState.UNTRIGGERED, OrderState.CANCELLED)

    @property
    def rejects_move(self) -> bool | None:
        """Whether a post-only order that would trade is refused instead of repriced; None if it is not post-only."""
        return self.reject_post_only if self.post_only else None

    @property
    def remaining(self) -> Decimal:
        """The amount that can still be filled; 0 for an order that is done."""
        return self.amount - self.filled if self.state is OrderState.OPEN else ZERO

    @property
    def contracts(self) -> Decimal:
        """The amount of the order as a number of contracts."""
        return quotient(self.amount, self.derivative.terms.contract_size)

    @property
    def average_price(self) -> Decimal:
        """Average price of the order's fills, 0 without fills."""
        return form_of(self.derivative.terms).price_of(self.sign * self.filled, self.worth) if self.filled else ZERO

    @property
    def sign(self) -> int:
        """1 for an order that buys, -1 for one that sells."""
        return 1 if self.direction is Direction.BUY else -1

    @property
    def kind(self) -> str:
        return self.derivative.terms.kind

    @property
    def currency(self) -> str:
        return self.derivative.terms.settlement_currency

    @property
    def selectors(self) -> tuple[Selector, ...]:
        owner = self.subaccount_ref
        places = EVERYTHING, ("currency", owner, self.currency), ("derivative", owner, self.derivative.name)
        return (*places, ("label", owner, self.currency, self.label)) if self.label else places

    @property
    def partition(self) -> Partition:
        """The values by which lists filter the order: (kind, state, whether it has fills)."""
        return self.kind, self.state, bool(self.filled)

    def fill(self, amount: Decimal, price: Decimal) -> None:
        """Add a fill to the order; a fill of all that remains ends the order."""
        self.filled += amount
        self.worth += form_of(self.derivative.terms).worth(self.sign * amount, price)
        if self.filled == self.amount:
            self.move("fill")

    def move(self, move: str) -> None:
        """Give the order the state that follows its own by the table of transitions."""
        self.state = ORDER_TRANSITIONS[self.state, move]


@dataclass(slots=True, eq=False)
class OpenOrders:
    """The open orders of a subaccount in one derivative, and the sums from which their margin follows."""

    orders: dict[str, DerivativeOrder] = field(default_factory=dict)
    buying: Decimal = ZERO
    selling: Decimal = ZERO
    """Amount of the open orders that sell, without reduce-only orders."""
    premium: Decimal = ZERO
    """Total price of the options that the open orders would buy."""

    def count(self, order: DerivativeOrder, sign: int, limit: Decimal | None = None) -> None:
        """Add the remaining amount of an order to the sums; with `sign` -1, subtract it before the order changes.

        `limit` is the worst price of a market order, which has no price of its own.
        """
        amount = sign * order.remaining
        if order.direction is Direction.BUY and is_option(order.derivative.terms):
            self.premium += amount * (order.price or limit or ZERO)
        if order.reduce_only:
            return
        if order.direction is Direction.BUY:
            self.buying += amount
        else:
            self.selling += amount


NO_ORDERS = OpenOrders()
"""A shared, empty value for a subaccount without open orders; it is never changed."""


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
