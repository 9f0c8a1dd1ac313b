"""What happened: frozen values in the order in which it did. Units are those of `vocabulary`."""

from dataclasses import dataclass

from mockexchange.core.vocabulary import AccountKind, Action, BookRef, MarketStatus, Result, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened:
    account: str
    kind: AccountKind


@dataclass(frozen=True, slots=True, kw_only=True)
class BookOpened:
    purse: BookRef


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAdded:
    account: str
    key: str
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesListed:
    series: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketListed:
    market: str
    event: str
    series: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketPriced:
    market: str
    price_centicents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketMoved:
    """The market entered `status`; `result` and `value_centicents` are set from its determination on."""

    market: str
    status: MarketStatus
    result: Result | None = None
    value_centicents: int | None = None


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
class CashMoved:
    """Cash entered (positive) or left (negative) a book other than by trading."""

    purse: BookRef
    amount_micros: int
    cash_micros: int


Event = (
    AccountOpened
    | BookOpened
    | KeyAdded
    | SeriesListed
    | MarketListed
    | MarketPriced
    | MarketMoved
    | Filled
    | PositionChanged
    | PositionSettled
    | OrderRested
    | OrderReduced
    | OrderCanceled
    | OrderExecuted
    | CashMoved
)
