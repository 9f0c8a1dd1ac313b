"""Levels of a market's order book (outside bids and resting orders added up), and queue positions of orders.

Orders trade by price, then by time (the venue's words on queue positions: the contracts that trade before an order).
Outside bids have no time; they count as earlier than every order at their price.
"""

from collections.abc import Mapping
from typing import NamedTuple

from mockexchange.core.model.markets import Market
from mockexchange.core.model.order_book import Queue
from mockexchange.core.model.orders import Order
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import Side

NO_QUEUES: Mapping[int, Queue] = {}
NO_QUOTES: Mapping[int, int] = {}


class Level(NamedTuple):
    """One price of an order book, with the total count of the bids at this price."""

    price_centicents: int
    """Price of the contract of the requested side."""
    count_centis: int


def levels(state: State, market: Market, side: Side) -> list[Level]:
    """Return the bids of `side`, the best one last. Cost: O(n log n) for n prices, however many orders they have."""
    queues, quotes = _queues(state, market, side), _quotes(market, side)
    counts_centis = dict(quotes)
    for price, queue in queues.items():
        counts_centis[price] = counts_centis.get(price, 0) + queue.count_centis
    return [Level(price, counts_centis[price]) for price in sorted(counts_centis)]


def count_ahead_centis(state: State, order: Order) -> int:
    """Return how many centi-contracts trade before an order: 0 if the order is the next one or no longer rests."""
    if not order.remaining_centis:
        return 0
    price_centicents = order.bid_centicents
    queues = _queues(state, order.market, order.bid_side)
    quotes = _quotes(order.market, order.bid_side)
    better_centis = sum(queue.count_centis for price, queue in queues.items() if price > price_centicents)
    quoted_centis = sum(count for price, count in quotes.items() if price >= price_centicents)
    return better_centis + quoted_centis + queues[price_centicents].ahead_centis(order.order_id)


def _queues(state: State, market: Market, side: Side) -> Mapping[int, Queue]:
    order_book = state.order_books.get(market.ticker)
    return NO_QUEUES if order_book is None else order_book.sides[side]


def _quotes(market: Market, side: Side) -> Mapping[int, int]:
    return NO_QUOTES if market.quotes is None else market.quotes[side]
