"""Handlers that change the exchange as a whole: its status, announcements, and notes in the log."""

from collections.abc import Iterator

from mockexchange.core.commands import Announce, Note, SwitchExchange, SwitchMarket
from mockexchange.core.events import Announced, Event, ExchangeSwitched, MarketSwitched, Noted
from mockexchange.core.handlers import handler
from mockexchange.core.handlers.markets import touch_market
from mockexchange.core.handlers.order_bookkeeping import cancel
from mockexchange.core.model.markets import require_open
from mockexchange.core.model.state import Announcement, State
from mockexchange.core.vocabulary import OrderReason


@handler
def switch_exchange(state: State, command: SwitchExchange, at: int) -> Iterator[Event]:
    """Open or halt the exchange. A halt cancels the orders with `cancel_on_pause`; fills are still accepted during it.

    Opening the exchange places the derivative orders whose trigger was reached during the halt.
    """
    service = state.service
    service.is_active, service.is_trading, service.resume_at = command.active, command.trading, command.resume_at
    yield ExchangeSwitched(active=command.active, trading=command.trading, resume_at=command.resume_at)
    if command.active and command.trading:
        if state.derivatives.waiting:
            from mockexchange.core.derivatives import handlers as derivative_handlers

            yield from derivative_handlers.resume(state, at)
    else:
        books = state.order_books.values()
        for order in [order for order_book in books for order in order_book if order.cancel_on_pause]:
            yield from cancel(state, order, at, OrderReason.HALT)


@handler
def switch_market(state: State, command: SwitchMarket, at: int) -> Iterator[Event]:
    """Pause trading in a market, which cancels orders with `cancel_on_pause`, or resume it, which cancels all of them.

    The venue cancels every resting order of a market when the market is active again [doc market_lifecycle, 2026-06].
    """
    market = require_open(state.market(command.market))
    is_resumed = command.trading and not market.is_trading
    market.is_trading = command.trading
    touch_market(state, market, at)
    yield MarketSwitched(market=market.ticker, trading=command.trading)
    for order in list(state.order_books.get(market.ticker, ())):
        if is_resumed or (order.cancel_on_pause and not command.trading):
            yield from cancel(state, order, at, OrderReason.HALT)


@handler
def announce(state: State, command: Announce, at: int) -> Iterator[Event]:
    """Publish an announcement."""
    delivered_at = at if command.delivered_at is None else command.delivered_at
    announcement = Announcement(command.message, command.severity, command.active, delivered_at)
    state.announcements.append(announcement)
    yield Announced(
        message=announcement.message,
        severity=announcement.severity,
        active=announcement.is_active,
        delivered_at=delivered_at,
    )


@handler
def note(_state: State, command: Note, _at: int) -> Iterator[Event]:
    """Record in the log an action that does not change the state."""
    yield Noted(subject=command.subject, text=command.text)
