"""What a reader sees of each row of each list, in the units of the core.

An order is told by its place among all of the exchange, since ids are made up where none is given.
"""

from collections.abc import Sequence
from typing import NamedTuple

from mockexchange.core.vocabulary import MarketStatus, Result, Side, SubaccountRef


class TradeSeen(NamedTuple):
    market: str
    yes_centicents: int
    count_centis: int
    taker_side: Side
    volume_before_centis: int
    taker: int | None
    maker: int | None
    """Orders of the sides that are here."""
    created_at: int


class FillSeen(NamedTuple):
    market: str
    subaccount_ref: SubaccountRef
    order: int
    yes_centicents: int
    count_centis: int
    outcome_side: Side
    is_taker: bool
    fee_micros: int
    created_at: int


class OrderSeen(NamedTuple):
    client_order_id: str
    subaccount_ref: SubaccountRef
    market: str
    outcome_side: Side
    price_centicents: int
    initial_centis: int
    remaining_centis: int
    filled_centis: int
    spent_micros: tuple[int, int]
    """As taker, as maker."""
    paid_micros: tuple[int, int]
    status: str
    is_archived: bool
    created_at: int
    updated_at: int
    ahead_centis: int
    group: str | None


class SettlementSeen(NamedTuple):
    subaccount_ref: SubaccountRef
    market: str
    result: Result
    value_centicents: int | None
    yes: tuple[int, int]
    no: tuple[int, int]
    held: tuple[int, int]
    revenue_micros: int
    fees_micros: int
    created_at: int


class MarketSeen(NamedTuple):
    market: str
    status: MarketStatus
    price_centicents: int | None
    previous_centicents: int | None
    volume_centis: int
    yes_held_centis: int
    no_held_centis: int
    settled_at: int | None
    yes_levels: Sequence[tuple[int, int]]
    no_levels: Sequence[tuple[int, int]]


class GroupSeen(NamedTuple):
    subaccount_ref: SubaccountRef
    limit_centis: int | None
    filled_centis: int
    is_triggered: bool
    resting: list[int]
