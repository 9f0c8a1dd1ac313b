"""Handlers of outside bids: the bids of traders without an account here, in a market's order book.

A new outside bid fills the resting orders that it crosses, each at the order's own price; what is left of the bid
stays.
"""

from collections.abc import Iterator

from mockexchange.core.commands import QuoteMarket, ReplenishMarket
from mockexchange.core.events import Event, LevelChanged, MarketQuoted
from mockexchange.core.handlers import handler
from mockexchange.core.handlers.markets import touch_market
from mockexchange.core.handlers.orders.matching import consume_quote, take_resting
from mockexchange.core.handlers.trades import exact_fee
from mockexchange.core.model.markets import Levels, Market, require_open
from mockexchange.core.model.order_rules import FillRule
from mockexchange.core.model.orders import OTHER_SIDE, Order
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, Side

NO_LEVELS: Levels = {Side.YES: {}, Side.NO: {}}


@handler
def quote_market(state: State, command: QuoteMarket, at: int) -> Iterator[Event]:
    """Replace the outside bids of a market, and fill the resting orders that they cross."""
    market = require_open(state.market(command.market))
    levels = {side: dict(sorted(bids, reverse=True)) for side, bids in ((Side.YES, command.yes), (Side.NO, command.no))}
    changes = list(_level_changes(market, levels))
    market.quotes = levels
    market.consumed = None
    touch_market(state, market, at)
    yes_levels, no_levels = (tuple(levels[side].items()) for side in (Side.YES, Side.NO))
    yield MarketQuoted(market=market.ticker, yes_levels=yes_levels, no_levels=no_levels)
    yield from changes
    yield from _fill_crossed(state, market, at)


def drop_quotes(market: Market) -> Iterator[Event]:
    """Remove the outside bids of a market that no longer trades."""
    changes = list(_level_changes(market, NO_LEVELS))
    market.quotes = None
    market.consumed = None
    yield from changes


@handler
def replenish_market(state: State, command: ReplenishMarket, at: int) -> Iterator[Event]:
    """Restore the contracts that trades took from outside bids, after the delay `OrderRules.replenish_us`.

    The restored bids fill the orders that they cross.
    """
    market = require_open(state.market(command.market))
    levels = {side: dict((market.quotes or NO_LEVELS)[side]) for side in Side}
    while market.consumed and market.consumed[0].back_at <= at:
        back = market.consumed.pop(0)
        levels[back.side][back.price_centicents] = levels[back.side].get(back.price_centicents, 0) + back.count_centis
    levels = {side: dict(sorted(bids.items(), reverse=True)) for side, bids in levels.items()}
    changes = list(_level_changes(market, levels))
    market.quotes = levels
    touch_market(state, market, at)
    yield from changes
    yield from _fill_crossed(state, market, at)


def _fill_crossed(state: State, market: Market, at: int) -> Iterator[Event]:
    """Fill the orders that outside bids cross; in a series without a formula for fees they stay."""
    if state.rules.fill is not FillRule.BOOK or exact_fee(market, False, 1, 1) is None:
        return
    for side in (Side.YES, Side.NO):
        while (crossed := _crossed(state, market, side)) is not None:
            price_centicents, order = crossed
            assert market.quotes is not None, "an outside bid was found"
            count_centis = min(market.quotes[side][price_centicents], order.remaining_centis)
            yield consume_quote(state, market, side, price_centicents, count_centis, at)
            yield from take_resting(state, order, count_centis, at)


def _crossed(state: State, market: Market, side: Side) -> tuple[int, Order] | None:
    """Return the best outside bid of a side and the first order of the other side, if they cross."""
    order_book, levels = state.order_books.get(market.ticker), (market.quotes or NO_LEVELS)[side]
    if order_book is None or not levels or not order_book.sides[OTHER_SIDE[side]]:
        return None
    price_centicents, (resting_centicents, queue) = next(iter(levels)), order_book.sides[OTHER_SIDE[side]].peekitem()
    if price_centicents + resting_centicents < CENTICENTS_PER_DOLLAR:
        return None
    return price_centicents, order_book.orders[queue.first]


def _level_changes(market: Market, levels: Levels) -> Iterator[Event]:
    """Yield the changes from the current outside bids to `levels`, the best price first."""
    before = market.quotes or NO_LEVELS
    for side in (Side.YES, Side.NO):
        for price in sorted({*before[side], *levels[side]}, reverse=True):
            change_centis = levels[side].get(price, 0) - before[side].get(price, 0)
            if change_centis:
                yield LevelChanged(market=market.ticker, side=side, price_centicents=price, change_centis=change_centis)
