"""Events: fills, positions, orders and their groups."""

from dataclasses import dataclass

from mockexchange.core.vocabulary import Action, OrderReason, OrderStatus, Result, Side, SubaccountRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
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
    """What the book holds in the market after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """A trade was printed: the public side of one fill, or of two. `taker_side` is the outcome the taker gains from."""

    trade_id: str
    market: str
    yes_centicents: int
    count_centis: int
    taker_side: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionChanged:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionSettled:
    """What the settlement paid: `revenue_micros` before the `remainder_micros` kept as a fee (scalar results)."""

    subaccount_ref: SubaccountRef
    market: str
    result: Result
    quantity_centis: int
    cost_micros: int
    revenue_micros: int
    remainder_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRested:
    order_id: str
    subaccount_ref: SubaccountRef
    market: str
    side: Side
    action: Action
    count_centis: int
    price_centicents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReduced:
    order_id: str
    remaining_centis: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCanceled:
    order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderExecuted:
    """Contracts of the order were filled; with none remaining it is done."""

    order_id: str
    remaining_centis: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOpened:
    group: str
    subaccount_ref: SubaccountRef
    limit_centis: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTriggered:
    """The group takes no orders until it is reset; those that rested are canceled, one event each."""

    group: str
    subaccount_ref: SubaccountRef


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupReset:
    group: str
    subaccount_ref: SubaccountRef


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLimited:
    group: str
    subaccount_ref: SubaccountRef
    limit_centis: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDeleted:
    """The group is no more; those of its orders that rested are canceled, one event each."""

    group: str
    subaccount_ref: SubaccountRef
