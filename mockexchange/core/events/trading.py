"""Events of fills, positions, orders and order groups."""

from msgspec import Struct

from mockexchange.core.vocabulary import Action, OrderReason, OrderStatus, Result, Side, SubaccountRef


class Filled(Struct, frozen=True, kw_only=True):
    """One side of a trade was filled."""

    fill_id: str
    order_id: str
    subaccount_ref: SubaccountRef
    market: str
    side: Side
    action: Action
    count_centis: int
    price_centicents: int
    taker: bool
    fee_micros: int
    post_position_centis: int
    """The position of the subaccount in the market after the fill."""


class Traded(Struct, frozen=True, kw_only=True):
    """A trade was printed: the public side of one fill, or of two. `taker_side` is the outcome the taker gains from."""

    trade_id: str
    market: str
    yes_centicents: int
    count_centis: int
    taker_side: Side


class PositionChanged(Struct, frozen=True, kw_only=True):
    """The whole row after the change, as the next read will show it."""

    subaccount_ref: SubaccountRef
    market: str
    quantity_centis: int
    cost_micros: int
    realized_micros: int
    fees_micros: int
    held_fees_micros: int
    """The part of the fees that belongs to the contracts held."""
    traded_micros: int
    shares_centis: int
    resting_centis: int
    settled: bool
    updated_at: int
    has_moved: bool
    """Whether what is held, its cost, profit or fees changed, and not only what rests."""


class PositionSettled(Struct, frozen=True, kw_only=True):
    """What the settlement paid: `revenue_micros` before the `remainder_micros` kept as a fee (scalar results)."""

    subaccount_ref: SubaccountRef
    market: str
    result: Result
    quantity_centis: int
    cost_micros: int
    revenue_micros: int
    remainder_micros: int


class OrderRested(Struct, frozen=True, kw_only=True):
    """An order was placed and rests."""

    order_id: str
    subaccount_ref: SubaccountRef
    market: str
    side: Side
    action: Action
    count_centis: int
    price_centicents: int


class OrderReduced(Struct, frozen=True, kw_only=True):
    """A resting order was reduced."""

    order_id: str
    remaining_centis: int


class OrderCanceled(Struct, frozen=True, kw_only=True):
    """The rest of an order was canceled."""

    order_id: str


class OrderExecuted(Struct, frozen=True, kw_only=True):
    """Contracts of the order were filled; with none remaining it is done."""

    order_id: str
    remaining_centis: int


class OrderChanged(Struct, frozen=True, kw_only=True):
    """What can change of an order, after the change, as the next read will show it; new orders come with one too."""

    order_id: str
    subaccount_ref: SubaccountRef
    market: str
    reason: OrderReason
    status: OrderStatus
    price_centicents: int
    initial_centis: int
    filled_centis: int
    remaining_centis: int
    taker_cost_micros: int
    maker_cost_micros: int
    taker_fees_micros: int
    maker_fees_micros: int
    updated_at: int


class GroupOpened(Struct, frozen=True, kw_only=True):
    """An order group was opened."""

    group: str
    subaccount_ref: SubaccountRef
    limit_centis: int | None


class GroupTriggered(Struct, frozen=True, kw_only=True):
    """The group takes no orders until it is reset; those that rested are canceled, one event each."""

    group: str
    subaccount_ref: SubaccountRef


class GroupReset(Struct, frozen=True, kw_only=True):
    """An order group counts its fills from zero again."""

    group: str
    subaccount_ref: SubaccountRef


class GroupLimited(Struct, frozen=True, kw_only=True):
    """An order group has a new limit."""

    group: str
    subaccount_ref: SubaccountRef
    limit_centis: int


class GroupDeleted(Struct, frozen=True, kw_only=True):
    """The group is no more; those of its orders that rested are canceled, one event each."""

    group: str
    subaccount_ref: SubaccountRef
