"""Rules of order entry that the venue's sources leave open, so that a scenario can choose them."""

from enum import StrEnum

from msgspec import Struct

from mockexchange.core.instants import MICROSECONDS_PER_SECOND

SHARE_WHOLE = 10_000
ORDERS_MAX = 200_000
"""Largest number of resting orders per account (the venue's page on creating orders, since 2025-12-01)."""
GROUP_WINDOW_US = 15 * MICROSECONDS_PER_SECOND


class FillRule(StrEnum):
    """What fills orders that are placed: the order book, only steps of the scenario, or each at once at its limit."""

    BOOK = "book"
    NONE = "none"
    ALL = "all"


class QueueRule(StrEnum):
    """Whether outside bids at the price of an order trade before the order."""

    AHEAD = "ahead"
    FRONT = "front"


class BalanceRule(StrEnum):
    """Whether the balance that reads show falls by the cost of an order when the order rests."""

    RESERVED = "reserved"
    FREE = "free"


class RowRule(StrEnum):
    """Whether a post-only order that would cross is listed as a canceled order."""

    KEPT = "kept"
    NONE = "none"


class AmendRule(StrEnum):
    """The remaining count that the answer to an amendment shows if the order matches at once.

    It is the count after the match, 0, or the count before it.
    """

    AFTER = "after"
    ZERO = "zero"
    BEFORE = "before"


class OrderRules(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The rules of order entry of one exchange, chosen by the scenario."""

    fill: FillRule = FillRule.BOOK
    share_parts: int = SHARE_WHOLE
    """Largest part of an outside bid that one taker gets, in ten-thousandths; outside traders take the rest."""
    queue: QueueRule = QueueRule.AHEAD
    balance: BalanceRule = BalanceRule.RESERVED
    check_cash: bool = True
    post_only_row: RowRule = RowRule.KEPT
    position_limit_centis: int | None = None
    """Largest position in a market that an order may lead to; None: no limit."""
    orders_max: int = ORDERS_MAX
    count_step_centis: int = 1
    group_window_us: int | None = GROUP_WINDOW_US
    """How long a fill counts for its order group; None: until the group's reset."""
    amend_counts: AmendRule = AmendRule.AFTER
    replenish_us: int | None = None
    """Delay after which contracts taken from an outside bid come back; None: they never do."""
    confirmation_us: int | None = None
    """The time to confirm an accepted quote of an RFQ; None: 30 s, and 3 s in markets that combine others."""
    execution_us: int | None = None
    """The time from the confirmation of a quote to its execution; None: 15 s, and 1 s in such markets."""
