"""The order book of a derivative: open orders and the quotes of outside traders, by side and price."""

from collections import OrderedDict
from collections.abc import Iterator
from decimal import Decimal
from heapq import merge
from typing import NamedTuple

from sortedcontainers import SortedDict

from mockexchange.core.derivatives.orders import OTHER_DIRECTION, DerivativeOrder
from mockexchange.core.derivatives.vocabulary import Direction

Queue = OrderedDict[str, DerivativeOrder]
"""The orders at one price, in the order of arrival."""
Levels = SortedDict[Decimal, Decimal]


class Offer(NamedTuple):
    """An offer that an incoming order can trade with: an open order, or the outside quote at a price."""

    price: Decimal
    amount: Decimal
    order: DerivativeOrder | None = None


class DerivativeBook:
    """The open orders and outside quotes of one derivative. BUY is the side of the bids, SELL the side of the asks."""

    __slots__ = ("quotes", "sides")

    def __init__(self) -> None:
        self.sides: dict[Direction, SortedDict[Decimal, Queue]] = {side: SortedDict() for side in Direction}
        self.quotes: dict[Direction, Levels] = {side: SortedDict() for side in Direction}

    def add(self, order: DerivativeOrder) -> None:
        """Add an order to the order book, at the end of the queue of its price."""
        assert order.price is not None, "a market order never rests"
        queues = self.sides[order.direction]
        queue = queues.get(order.price)
        if queue is None:
            queue = queues[order.price] = OrderedDict()
        queue[order.order_id] = order

    def remove(self, order: DerivativeOrder) -> None:
        """Remove an order from the order book. Call this function before the order's price changes."""
        assert order.price is not None, "a market order never rests"
        queues = self.sides[order.direction]
        queue = queues[order.price]
        del queue[order.order_id]
        if not queue:
            del queues[order.price]

    def best(self, side: Direction, quotes_first: bool = True) -> Offer | None:
        """Return the offer of a side that trades next; None if the side has no offers."""
        place = -1 if side is Direction.BUY else 0
        queues, quotes = self.sides[side], self.quotes[side]
        quote = Offer(*quotes.peekitem(place)) if quotes else None
        if not queues:
            return quote
        price, queue = queues.peekitem(place)
        if quote is not None and (is_better(side, quote.price, price) or (quotes_first and quote.price == price)):
            return quote
        order = next(iter(queue.values()))
        return Offer(price, order.remaining, order)

    def offers(self, side: Direction, quotes_first: bool = True) -> Iterator[Offer]:
        """Iterate over the offers of a side, in the order in which they trade."""
        queues, quotes = self.sides[side], self.quotes[side]
        is_bids, last = side is Direction.BUY, None
        levels = (reversed(queues), reversed(quotes)) if is_bids else (iter(queues), iter(quotes))
        for price in merge(*levels, reverse=is_bids):
            if price == last:
                continue
            last = price
            quoted = [Offer(price, quotes[price])] if price in quotes else []
            yield from quoted if quotes_first else ()
            for order in queues.get(price, {}).values():
                yield Offer(price, order.remaining, order)
            yield from () if quotes_first else quoted

    def levels(self, side: Direction, depth: int) -> list[tuple[Decimal, Decimal]]:
        """Return the best levels of a side as (price, amount), where orders and quotes at a price are added up."""
        found: list[tuple[Decimal, Decimal]] = []
        for offer in self.offers(side):
            if found and found[-1][0] == offer.price:
                found[-1] = offer.price, found[-1][1] + offer.amount
            elif len(found) == depth:
                break
            else:
                found.append((offer.price, offer.amount))
        return found

    def consume_quote(self, side: Direction, price: Decimal, amount: Decimal) -> None:
        """Deduct a traded amount from the outside quote at a price."""
        left = self.quotes[side][price] - amount
        if left:
            self.quotes[side][price] = left
        else:
            del self.quotes[side][price]

    @property
    def orders(self) -> Iterator[DerivativeOrder]:
        """Iterate over the open orders of the derivative, by side and price."""
        return (order for queues in self.sides.values() for queue in queues.values() for order in queue.values())


def is_better(side: Direction, price: Decimal, other: Decimal) -> bool:
    """Return whether an offer of a side trades before an offer at the `other` price: the higher bid, the lower ask."""
    return price > other if side is Direction.BUY else price < other


def is_within(direction: Direction, price: Decimal, limit: Decimal) -> bool:
    """Return whether an order of a direction may trade at a price, given its limit."""
    return price == limit or is_better(OTHER_DIRECTION[direction], price, limit)
