"""Translates refusals of the exchange into errors of the venue."""

from collections.abc import Callable, Generator

from mockexchange.core.commands import Command
from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.order_checks import price_band
from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.events import Event
from mockexchange.core.exchange import Outcome
from mockexchange.core.model.state import State
from mockexchange.core.refusals import Refusal, RefusalCode
from mockexchange.venues.deribit import errors
from mockexchange.venues.deribit.errors import Rejected, invalid
from mockexchange.venues.deribit.formatting import number

CODES: dict[RefusalCode, int] = {
    RefusalCode.INSUFFICIENT_CASH: errors.NOT_ENOUGH_FUNDS,
    RefusalCode.POST_ONLY_WOULD_CROSS: errors.POST_ONLY_REJECT,
    RefusalCode.SELF_TRADE: errors.ORDER_OVERLAP,
    RefusalCode.UNKNOWN_ORDER: errors.ORDER_NOT_FOUND,
    RefusalCode.ORDER_NOT_RESTING: errors.NOT_OPEN_ORDER,
    RefusalCode.AMEND_COUNT_TOO_SMALL: errors.INVALID_AMOUNT,
    RefusalCode.DERIVATIVE_DELIVERED: errors.ORDERBOOK_CLOSED,
    RefusalCode.WRONG_KIND: errors.COMBO_BOOK,
    RefusalCode.NO_PASSIVE_PRICE: errors.NO_POST_ONLY_PRICE,
    RefusalCode.TRIGGER_REACHED: errors.INVALID_TRIGGER_PRICE,
    RefusalCode.TRADING_PAUSED: errors.SETTLEMENT_IN_PROGRESS,
    RefusalCode.EXCHANGE_PAUSED: errors.SYSTEM_MAINTENANCE,
}
"""Error codes of those refusals that need only a code."""


MADE: dict[RefusalCode, Callable[[str], Rejected]] = {
    # Both recorded; the codes 10027 and 10043, which the venue's table has for them, were not seen [wire].
    RefusalCode.PRICE_OFF_GRID: lambda why: invalid("price", "must conform to tick size", why),
    RefusalCode.AMOUNT_OUT_OF_RANGE: lambda why: invalid("amount", "must be a multiple of contract size", why),
    RefusalCode.NOTHING_TO_REDUCE: lambda why: Rejected(
        errors.OTHER_REJECT, why, message="other_reject reduce_only_without_position"
    ),
}


Submission = Generator[Command, Outcome, tuple[Event, ...]]


def submit(command: Command) -> Submission:
    """Yield a command for the sandbox to execute, and return its events. Raises Rejected if the exchange refuses it."""
    outcome = yield command
    if isinstance(outcome, Refusal):
        raise rejected(outcome)
    return outcome


def submit_priced(state: State, command: Command, derivative: Derivative, direction: Direction) -> Submission:
    """Yield a command that has a price, for the sandbox to execute, and return its events.

    Raises Rejected if the exchange refuses it; the error for a price beyond a limit shows that limit.
    """
    outcome = yield command
    if isinstance(outcome, Refusal) and outcome.code is RefusalCode.PRICE_OUT_OF_RANGE:
        raise _out_of_bounds(outcome.message, derivative, direction)
    if isinstance(outcome, Refusal) and outcome.code is RefusalCode.TOO_MANY_ORDERS:
        message = f"pme_max_total_open_orders {state.rules.orders_max}"
        raise Rejected(errors.TOO_MANY_ORDERS, outcome.message, message=message)
    if isinstance(outcome, Refusal):
        raise rejected(outcome)
    return outcome


def _out_of_bounds(why: str, derivative: Derivative, direction: Direction) -> Rejected:
    """Return the error of a price beyond a bound, which its message shows [code]."""
    least, most = price_band(derivative)
    if direction is Direction.BUY:
        return Rejected(errors.PRICE_TOO_HIGH, why, message=f"price_too_high {number(most)}")
    return Rejected(errors.PRICE_TOO_LOW, why, message=f"price_too_low {number(least)}")


def rejected(refusal: Refusal) -> Rejected:
    """Return the venue's error for a command that the exchange refused; the diagnosis is the refusal's message."""
    make = MADE.get(refusal.code)
    return make(refusal.message) if make else Rejected(CODES[refusal.code], refusal.message)
