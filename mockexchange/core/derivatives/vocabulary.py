"""Enumerations of derivatives, such as kinds, order states and triggers.

A *size* is signed, short below zero, in the unit a derivative is traded in: quote currency for inverse futures (USD),
base coin for linear futures and for options. Amounts of money are in the derivative's settlement currency.
"""

from enum import StrEnum


class Form(StrEnum):
    """How a derivative is settled: inverse (sizes in dollars, profit in coins) or linear (profit in quote currency)."""

    INVERSE = "inverse"
    LINEAR = "linear"


class DerivativeKind(StrEnum):
    """Kinds of derivatives: futures, options and combos of them."""

    FUTURE = "future"
    OPTION = "option"
    FUTURE_COMBO = "future_combo"
    OPTION_COMBO = "option_combo"


COMBOS = frozenset((DerivativeKind.FUTURE_COMBO, DerivativeKind.OPTION_COMBO))
"""Kinds of derivatives that are never held: a fill of a combo is a fill of each of its legs."""


class OptionType(StrEnum):
    """Call or put."""

    CALL = "call"
    PUT = "put"


class Direction(StrEnum):
    """Direction of a trade or an order: buy or sell."""

    BUY = "buy"
    SELL = "sell"


class Period(StrEnum):
    """Settlement periods: how long a future or an option runs before it expires; a perpetual never expires."""

    PERPETUAL = "perpetual"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class OrderLife(StrEnum):
    """How long an order of a derivative may rest: until canceled, until the session ends, or not at all."""

    GOOD_TIL_CANCELLED = "good_til_cancelled"
    GOOD_TIL_DAY = "good_til_day"
    FILL_OR_KILL = "fill_or_kill"
    IMMEDIATE_OR_CANCEL = "immediate_or_cancel"


RESTING_LIVES = frozenset((OrderLife.GOOD_TIL_CANCELLED, OrderLife.GOOD_TIL_DAY))


class OrderState(StrEnum):
    """States of an order of a derivative. An order that waits for its trigger is untriggered."""

    OPEN = "open"
    FILLED = "filled"
    CANCELLED = "cancelled"
    UNTRIGGERED = "untriggered"
    TRIGGERED = "triggered"
    """The trigger of the order was reached, and the order that it waited to place was placed."""
    REJECTED = "rejected"
    """The trigger of the order was reached, but the order that it waited to place was refused."""


class TriggerKind(StrEnum):
    """The kinds of trigger orders: a stop waits for a price that is worse for its side, a take for a better one."""

    STOP = "stop"
    TAKE = "take"


class TriggerSource(StrEnum):
    """The price that a trigger order watches."""

    LAST = "last_price"
    MARK = "mark_price"
    INDEX = "index_price"


class CancelReason(StrEnum):
    """The reason why an order of a derivative was canceled."""

    USER_REQUEST = "user_request"
    DISCONNECT = "cancel_on_disconnect"
    """The stream on which the order was placed ended."""
    SETTLEMENT = "settlement"
    """The session of the order ended, or its derivative was delivered."""
    EDIT_POST_ONLY = "edit_post_only_reject"
    """An edit would have made the order trade, and the order is post-only and refuses another price."""
    UNFILLED = "unfilled"
    """The order may not rest, or is reduce-only and nothing is left to reduce."""
