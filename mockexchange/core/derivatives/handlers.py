"""The table from each derivative command to its handler."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.derivatives import cash, listing, settlement
from mockexchange.core.derivatives.order_entry import canceling, editing, placing, quotes
from mockexchange.core.derivatives.order_entry.triggering import fire
from mockexchange.core.derivatives.precision import precise
from mockexchange.core.derivatives.trading import trading
from mockexchange.core.events import Event
from mockexchange.core.model.state import State

Handler = Callable[[State, Any, int], Iterator[Event]]


def _precise(handler: Handler) -> Handler:
    """Wrap a handler so that it runs to its end under the decimal context of derivatives; then triggers fire."""

    @wraps(handler)
    @precise
    def run(state: State, command: Any, at: int) -> Iterator[Event]:
        events = tuple(handler(state, command, at))
        return iter((*events, *fire(state, at)) if state.derivatives.waiting else events)

    return run


HANDLERS: dict[type[Command], Handler] = {
    commands.ListDerivative: _precise(listing.list_derivative),
    commands.SetIndex: _precise(listing.set_index),
    commands.MarkDerivative: _precise(listing.mark_derivative),
    commands.TradeDerivative: _precise(trading.trade_derivative),
    commands.QuoteDerivative: _precise(quotes.quote_derivative),
    commands.PlaceDerivativeOrder: _precise(placing.place_order),
    commands.EditDerivativeOrder: _precise(editing.edit_order),
    commands.CancelDerivativeOrders: _precise(canceling.cancel_orders),
    commands.SetCancelOnDisconnect: _precise(canceling.set_cancel_on_disconnect),
    commands.OpenHolding: _precise(trading.open_holding),
    commands.SettleSession: _precise(settlement.settle_session),
    commands.PayFunding: _precise(settlement.pay_funding),
    commands.DeliverDerivative: _precise(settlement.deliver_derivative),
    commands.CreditCurrency: _precise(cash.credit_currency),
}


@precise
def resume(state: State, at: int) -> Iterator[Event]:
    """Place the orders whose trigger was reached while the exchange was paused."""
    return iter(tuple(fire(state, at)))


cancel_order: Handler = _precise(canceling.cancel_order)
"""The handler of `CancelOrder` for an order of a derivative."""
