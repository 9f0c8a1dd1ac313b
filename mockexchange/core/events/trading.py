"""Events of fills, positions, orders and order groups."""

from msgspec import Struct

from mockexchange.core.vocabulary import Action, OrderReason, OrderStatus, Result, Side, SubaccountRef


class Filled(Struct, frozen=True, kw_only=True):
    """One account's side of a trade was filled."""

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
    """A trade was published; one or both of its sides belong to accounts of this exchange.

    `taker_side` is the outcome that the taker gains from.
    """

    trade_id: str
    market: str
    yes_centicents: int
    count_centis: int
    taker_side: Side


class PositionChanged(Struct, frozen=True, kw_only=True):
    """A position changed; the fields are the position after the change, as the next read shows it."""

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
    """Whether the position, its cost, profit or fees changed, and not only its resting contracts."""


class PositionSettled(Struct, frozen=True, kw_only=True):
    """The settlement of a market paid out a position.

    `revenue_micros` includes `remainder_micros`, which a scalar settlement keeps back as a fee.
    """

    subaccount_ref: SubaccountRef
    market: str
    result: Result
    quantity_centis: int
    cost_micros: int
    revenue_micros: int
    remainder_micros: int


class OrderRested(Struct, frozen=True, kw_only=True):
    """An order was placed that rests in the order book."""

    order_id: str
    subaccount_ref: SubaccountRef
    market: str
    side: Side
    action: Action
    count_centis: int
    price_centicents: int


class OrderPlaced(Struct, frozen=True, kw_only=True):
    """An order was entered. This is the first event of its command, before those of its matches."""

    order_id: str
    subaccount_ref: SubaccountRef
    market: str
    client_order_id: str


class OrderAmended(Struct, frozen=True, kw_only=True):
    """A resting order was amended. This is the first event of its command, before those of its matches."""

    order_id: str


class OrderRejected(Struct, frozen=True, kw_only=True):
    """A rule canceled an order as soon as it was entered. Unlike a refused order, it is listed, as canceled."""

    order_id: str
    code: str
    message: str


class OrderReduced(Struct, frozen=True, kw_only=True):
    """A resting order was reduced."""

    order_id: str
    remaining_centis: int


class OrderCanceled(Struct, frozen=True, kw_only=True):
    """The remaining contracts of an order were canceled."""

    order_id: str


class OrderExecuted(Struct, frozen=True, kw_only=True):
    """Contracts of a resting order were filled; the order is done when none remain."""

    order_id: str
    remaining_centis: int


class OrderChanged(Struct, frozen=True, kw_only=True):
    """An order is new or changed.

    The fields that can change have their values after the change, as the next read shows them.
    """

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
    """A group was triggered and accepts no orders until its reset. Its resting orders are canceled, one event each."""

    group: str
    subaccount_ref: SubaccountRef


class GroupReset(Struct, frozen=True, kw_only=True):
    """An order group was reset: it counts its fills from zero again."""

    group: str
    subaccount_ref: SubaccountRef


class GroupLimited(Struct, frozen=True, kw_only=True):
    """The limit of an order group was changed."""

    group: str
    subaccount_ref: SubaccountRef
    limit_centis: int


class GroupDeleted(Struct, frozen=True, kw_only=True):
    """An order group was deleted. Its resting orders are canceled, one event each."""

    group: str
    subaccount_ref: SubaccountRef
