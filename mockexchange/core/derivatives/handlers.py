"""The handlers of the commands of derivatives, each under the decimal context of derivatives."""

from collections.abc import Iterator
from functools import wraps
from typing import Any

from mockexchange.core.commands import Command
from mockexchange.core.derivatives import balances, listing, matching, order_entry, settlement, trading
from mockexchange.core.derivatives.order_entry import fire
from mockexchange.core.derivatives.precision import precise
from mockexchange.core.events import Event
from mockexchange.core.handlers import OF_DERIVATIVES, Handler
from mockexchange.core.model.state import State


def _precise(handler: Handler) -> Handler:
    """Wrap a handler so that it runs to its end under the decimal context of derivatives; then triggers fire."""

    @wraps(handler)
    @precise
    def run(state: State, command: Any, at: int) -> Iterator[Event]:
        events = tuple(handler(state, command, at))
        return iter((*events, *fire(state, at)) if state.derivatives.waiting else events)

    return run


HOMES = (balances, listing, matching, order_entry, settlement, trading)
"""The modules that register handlers as they are imported."""
HANDLERS: dict[type[Command], Handler] = {kind: _precise(handler) for kind, handler in OF_DERIVATIVES.items()}


@precise
def resume(state: State, at: int) -> Iterator[Event]:
    """Place the orders whose trigger was reached while the exchange was paused."""
    return iter(tuple(fire(state, at)))


cancel_order: Handler = _precise(order_entry.cancel_order)
"""The handler of `CancelOrder` for an order of a derivative."""
