"""Enumerations of derivatives.

A *size* is signed, short below zero, in the unit a derivative is traded in: quote currency for inverse futures (USD),
base coin for linear futures and for options. Amounts of money are in the derivative's settlement currency.
"""

from enum import StrEnum


class Form(StrEnum):
    """The form of payout: inverse has sizes in quote currency and pays base coins, linear pays quote currency."""

    INVERSE = "inverse"
    LINEAR = "linear"


class DerivativeKind(StrEnum):
    """Kinds of derivatives."""

    FUTURE = "future"
    OPTION = "option"
    FUTURE_COMBO = "future_combo"
    OPTION_COMBO = "option_combo"


COMBOS = frozenset((DerivativeKind.FUTURE_COMBO, DerivativeKind.OPTION_COMBO))
"""Kinds that are never held: a fill of a combo is a fill of each of its legs."""


class OptionType(StrEnum):
    """Call or put."""

    CALL = "call"
    PUT = "put"


class Direction(StrEnum):
    """Direction of a trade."""

    BUY = "buy"
    SELL = "sell"


class Period(StrEnum):
    """Settlement periods: how long a future or an option runs before it expires; a perpetual never does."""

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
    """States of an order of a derivative. One that waits for its trigger is untriggered."""

    OPEN = "open"
    FILLED = "filled"
    CANCELLED = "cancelled"
    UNTRIGGERED = "untriggered"
    TRIGGERED = "triggered"
    """It was replaced by the order that it waited to place."""
    REJECTED = "rejected"
    """Its trigger was reached, and the order that it waited to place was refused."""


ALIVE = frozenset((OrderState.OPEN, OrderState.UNTRIGGERED))
"""States of orders that can be edited and canceled."""


class TriggerKind(StrEnum):
    """What a trigger order waits for: a price that is worse for its side, or one that is better."""

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
    """The stream that placed it ended."""
    SETTLEMENT = "settlement"
    """Its session ended, or its derivative was delivered."""
    EDIT_POST_ONLY = "edit_post_only_reject"
    """It was edited to a price at which it would have traded, and rejects that."""
    UNFILLED = "unfilled"
    """It may not rest, or nothing is left to reduce."""
