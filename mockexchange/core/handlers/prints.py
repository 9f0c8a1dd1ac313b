"""The handler of public trades between outside traders, which fill the resting orders that they reach.

A public trade takes the bids at its price or better as one order would: outside bids and orders, each in its turn. An
order is filled at its own price once everything ahead of it is consumed. The contracts that no order got are published
as traded at the given price.
"""

from collections.abc import Iterator

from mockexchange.core.commands import TradeMarket
from mockexchange.core.events import Event
from mockexchange.core.handlers import handler
from mockexchange.core.handlers.orders.matching import consume_quote, new_trade, take_resting
from mockexchange.core.handlers.orders.order_checks import require_formula
from mockexchange.core.handlers.trades import print_trade
from mockexchange.core.matching.crossing import Opposite
from mockexchange.core.model.markets import require_open
from mockexchange.core.model.order_book import OrderBook
from mockexchange.core.model.order_rules import FillRule, QueueRule
from mockexchange.core.model.orders import OTHER_SIDE
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, Side


@handler
def trade_market(state: State, command: TradeMarket, at: int) -> Iterator[Event]:
    """Publish a trade between outside traders, and fill the resting orders that its price reaches."""
    market = require_open(state.market(command.market))
    opposite = _reached(state, command)
    left_centis = strangers_centis = command.count_centis
    if opposite.best() is not None:
        require_formula(market)
    while left_centis and (bid := opposite.best()) is not None:
        count_centis = min(left_centis, bid.count_centis)
        left_centis -= count_centis
        if bid.order is None:
            yield consume_quote(state, market, opposite.side, bid.price_centicents, count_centis, at)
        else:
            strangers_centis -= count_centis
            yield from take_resting(state, bid.order, count_centis, at)
    if strangers_centis:
        price_centicents = command.price_centicents
        yes_centicents = price_centicents if command.side is Side.YES else CENTICENTS_PER_DOLLAR - price_centicents
        traded = new_trade(state, market, yes_centicents, strangers_centis, command.side, at)
        yield from print_trade(state, traded, at)


def _reached(state: State, command: TradeMarket) -> Opposite:
    """Return the bids at the price of the print or better; none if only steps fill orders."""
    side, quotes = OTHER_SIDE[command.side], state.markets[command.market].quotes
    order_book = state.order_books.get(command.market)
    if order_book is None or state.rules.fill is not FillRule.BOOK:
        order_book = OrderBook()
    levels = {} if quotes is None or state.rules.fill is not FillRule.BOOK else quotes[side]
    least_centicents = CENTICENTS_PER_DOLLAR - command.price_centicents
    return Opposite(order_book, levels, side, least_centicents, state.rules.queue is QueueRule.AHEAD)
