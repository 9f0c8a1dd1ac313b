"""The rules of order entry that a scenario can switch: the venue's sources leave them open."""

from enum import StrEnum

from msgspec import Struct

from mockexchange.core.instants import MICROSECONDS_PER_SECOND

SHARE_WHOLE = 10_000
ORDERS_MAX = 200_000
"""Resting orders per account (the venue's page on creating orders, since 2025-12-01)."""
GROUP_WINDOW_US = 15 * MICROSECONDS_PER_SECOND


class FillRule(StrEnum):
    """What fills orders: the order book, nothing but steps, or every order at once at its limit."""

    BOOK = "book"
    NONE = "none"
    ALL = "all"


class QueueRule(StrEnum):
    """Whether outside bids at the price of an order trade before it."""

    AHEAD = "ahead"
    FRONT = "front"


class BalanceRule(StrEnum):
    """Whether a shown balance falls when an order rests."""

    RESERVED = "reserved"
    FREE = "free"


class RowRule(StrEnum):
    """Whether a post-only order that would cross leaves a canceled order."""

    KEPT = "kept"
    NONE = "none"


class AmendRule(StrEnum):
    """The remaining count that answers an amendment which matches at once: the true one, zero, or that before it."""

    AFTER = "after"
    ZERO = "zero"
    BEFORE = "before"


class OrderRules(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The rules of order entry of one exchange."""

    fill: FillRule = FillRule.BOOK
    share_parts: int = SHARE_WHOLE
    """The largest part of an outside level that one taker gets; strangers take the rest of it."""
    queue: QueueRule = QueueRule.AHEAD
    balance: BalanceRule = BalanceRule.RESERVED
    check_cash: bool = True
    post_only_row: RowRule = RowRule.KEPT
    position_limit_centis: int | None = None
    """Largest position in a market that an order may lead to; None: no limit."""
    orders_max: int = ORDERS_MAX
    count_step_centis: int = 1
    group_window_us: int | None = GROUP_WINDOW_US
    """Fills of an order group count for this long; None: until its reset."""
    amend_counts: AmendRule = AmendRule.AFTER
    replenish_us: int | None = None
    """Contracts taken from an outside bid come back after this time; None: never."""
