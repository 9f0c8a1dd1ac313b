"""Handlers of traders without an account here: their bids in a market's order book, and the trades between them.

A new outside bid fills the resting orders that it crosses, each at the order's own price; what is left of the bid
stays. A public trade takes the bids at its price or better as one order would: outside bids and orders, each in its
turn. An order is filled at its own price once everything ahead of it is consumed. The contracts that no order got are
published as traded at the given price.
"""

from collections.abc import Iterator

from mockexchange.core.commands import QuoteMarket, ReplenishMarket, TradeMarket
from mockexchange.core.events import Event, LevelChanged, MarketQuoted
from mockexchange.core.fees import COEFFICIENTS
from mockexchange.core.handlers import handler
from mockexchange.core.handlers.markets import touch_market
from mockexchange.core.handlers.matching import Opposite, consume_quote, new_trade, take_resting
from mockexchange.core.handlers.order_checks import require_formula
from mockexchange.core.handlers.trades import print_trade
from mockexchange.core.model.markets import Levels, Market, require_open
from mockexchange.core.model.order_book import OrderBook
from mockexchange.core.model.order_rules import FillRule, QueueRule
from mockexchange.core.model.orders import OTHER_SIDE
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


def _level_changes(market: Market, levels: Levels) -> Iterator[Event]:
    """Yield the changes from the current outside bids to `levels`, the best price first."""
    before = market.quotes or NO_LEVELS
    for side in (Side.YES, Side.NO):
        for price in sorted({*before[side], *levels[side]}, reverse=True):
            change_centis = levels[side].get(price, 0) - before[side].get(price, 0)
            if change_centis:
                yield LevelChanged(market=market.ticker, side=side, price_centicents=price, change_centis=change_centis)


def _fill_crossed(state: State, market: Market, at: int) -> Iterator[Event]:
    """Fill the orders that outside bids cross; in a series without a formula for fees they stay."""
    order_book = state.order_books.get(market.ticker)
    if order_book is None or state.rules.fill is not FillRule.BOOK or market.event.series.fee_type not in COEFFICIENTS:
        return
    assert market.quotes is not None, "they were set before"
    for side in (Side.YES, Side.NO):
        levels, queues = market.quotes[side], order_book.sides[OTHER_SIDE[side]]
        while levels and queues:
            price_centicents, (resting_centicents, queue) = next(iter(levels)), queues.peekitem()
            if price_centicents + resting_centicents < CENTICENTS_PER_DOLLAR:
                break
            order = order_book.orders[queue.first]
            count_centis = min(levels[price_centicents], order.remaining_centis)
            yield consume_quote(state, market, side, price_centicents, count_centis, at)
            yield from take_resting(state, order, count_centis, at)


@handler
def trade_market(state: State, command: TradeMarket, at: int) -> Iterator[Event]:
    """Publish a trade between outside traders, and fill the resting orders that its price reaches."""
    market, taker_side, price_centicents = (
        require_open(state.market(command.market)),
        command.side,
        command.price_centicents,
    )
    side, order_book, levels = OTHER_SIDE[taker_side], state.order_books.get(command.market), {}
    if order_book is None or state.rules.fill is not FillRule.BOOK:  # only steps fill orders
        order_book = OrderBook()
    if market.quotes is not None and state.rules.fill is FillRule.BOOK:
        levels = market.quotes[side]
    quotes_first = state.rules.queue is QueueRule.AHEAD
    opposite = Opposite(order_book, levels, side, CENTICENTS_PER_DOLLAR - price_centicents, quotes_first)
    left_centis = strangers_centis = command.count_centis
    if opposite.best() is not None:
        require_formula(market)
    while left_centis and (bid := opposite.best()) is not None:
        count_centis = min(left_centis, bid.count_centis)
        left_centis -= count_centis
        if bid.order is None:
            yield consume_quote(state, market, side, bid.price_centicents, count_centis, at)
        else:
            strangers_centis -= count_centis
            yield from take_resting(state, bid.order, count_centis, at)
    if strangers_centis:
        yes_centicents = price_centicents if taker_side is Side.YES else CENTICENTS_PER_DOLLAR - price_centicents
        traded = new_trade(state, market, yes_centicents, strangers_centis, taker_side, at)
        yield from print_trade(state, traded, at)
