"""Events: fills, positions, orders and their groups."""

from dataclasses import dataclass

from mockexchange.core.vocabulary import Action, BookRef, Result, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    fill_id: str
    order_id: str
    purse: BookRef
    market: str
    side: Side
    action: Action
    count_centis: int
    price_centicents: int
    taker: bool
    fee_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionChanged:
    """The whole row after the change, as the next read will show it."""

    purse: BookRef
    market: str
    quantity_centis: int
    cost_micros: int
    realized_micros: int
    fees_micros: int
    traded_micros: int
    shares_centis: int
    resting_centis: int
    settled: bool
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionSettled:
    """What the settlement paid: `revenue_micros` before the `remainder_micros` kept as a fee (scalar results)."""

    purse: BookRef
    market: str
    result: Result
    quantity_centis: int
    cost_micros: int
    revenue_micros: int
    remainder_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRested:
    order_id: str
    purse: BookRef
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
class GroupOpened:
    group: str
    purse: BookRef
    limit_centis: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTriggered:
    """The group takes no orders until it is reset; those that rested are canceled, one event each."""

    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupReset:
    group: str
