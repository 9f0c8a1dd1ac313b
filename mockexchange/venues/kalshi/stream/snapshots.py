"""Makes the first messages about a market: its whole order book, and its ticker with prices and volume."""

from mockexchange.core.model.markets import Market
from mockexchange.core.model.state import State
from mockexchange.core.queries.order_books import Level, levels
from mockexchange.core.vocabulary import Side
from mockexchange.venues.kalshi.market_ids import market_id
from mockexchange.venues.kalshi.resources.market_views import NO_BID
from mockexchange.venues.kalshi.stream.messages import Message
from mockexchange.venues.kalshi.stream.views import SnapshotView, TickerView

ORDERBOOK = "orderbook_delta"
TICKER = "ticker"


def snapshot_of(state: State, market: Market, *, has_empty_sides: bool = False) -> Message:
    """Return a market's order book as a message.

    A side without bids is left out (recorded) unless `has_empty_sides`.
    """
    yes, no = (levels(state, market, side) for side in (Side.YES, Side.NO))
    nothing: list[Level] | None = [] if has_empty_sides else None
    view = SnapshotView(market, market_id(market.ticker), yes or nothing, no or nothing)
    return Message(ORDERBOOK, "orderbook_snapshot", view, market=market)


def ticker_of(state: State, market: Market, at: int) -> Message:
    """Return a market's ticker as a message at `at` (exchange time in microseconds)."""
    last = state.tape.find(1, (market.ticker,)).rows
    view = TickerView(
        market=market,
        market_id=market_id(market.ticker),
        price_centicents=market.price_centicents or 0,
        yes_bid=best_bid(state, market, Side.YES),
        no_bid=best_bid(state, market, Side.NO),
        volume_centis=market.volume_centis,
        open_interest_centis=max(market.yes_held_centis, market.no_held_centis),
        last_trade_centis=last[0].count_centis if last else 0,
        at=at,
    )
    return Message(TICKER, TICKER, view, market=market)


def best_bid(state: State, market: Market, side: Side) -> Level:
    """Return the highest bid of a side, with outside bids and orders added up; price and count are 0 without bids."""
    order_book = state.order_books.get(market.ticker)
    queues = order_book.sides[side] if order_book else {}
    quotes = market.quotes[side] if market.quotes else {}
    if not queues and not quotes:
        return NO_BID
    price = max(max(queues, default=0), max(quotes, default=0))
    queue = queues.get(price)
    return Level(price, quotes.get(price, 0) + (queue.count_centis if queue else 0))
