"""The order book of a market: resting orders by side and price, each price a queue in the order of arrival."""

from collections import OrderedDict
from collections.abc import Iterator
from itertools import pairwise

from sortedcontainers import SortedDict

from mockexchange.core.model.orders import Order
from mockexchange.core.vocabulary import Side

SHED_MIN = 16
"""A queue drops its empty places once it has at least this many more empty places than orders."""


class Queue:
    """The orders at one price, in the order of arrival. Changing an order or reading its count ahead costs O(log n).

    A binary indexed tree has the sums of counts by place in the queue; the place of an order that leaves stays empty.
    Contracts that leave the first order, which is the one that trades, are only added to a total, which is subtracted
    when a sum is read.
    """

    __slots__ = ("_gone_centis", "_places", "_sums", "count_centis")

    def __init__(self) -> None:
        # A plain dict is slow to find its first key again and again.
        self._places: OrderedDict[str, int] = OrderedDict()
        self._empty()

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids of the orders, the first in the queue first."""
        return iter(self._places)

    @property
    def first(self) -> str:
        """The id of the order that trades next."""
        return next(iter(self._places))

    def join(self, order_id: str, count_centis: int) -> None:
        """Append an order to the queue of its price."""
        sums, total_centis = self._sums, count_centis
        self._places[order_id] = place = len(sums)
        before, end = place - 1, place & place - 1
        while before > end:  # the sums that the new one contains
            total_centis += sums[before]
            before &= before - 1
        sums.append(total_centis)
        self.count_centis += count_centis

    def change(self, order_id: str, change_centis: int) -> None:
        """Add `change_centis` contracts to an order in the queue; negative if it lost contracts.

        Cost: O(1) for the first order, O(log n) for others.
        """
        self.count_centis += change_centis
        if order_id == self.first:
            self._gone_centis -= change_centis
            return
        place, sums = self._places[order_id], self._sums
        while place < len(sums):
            sums[place] += change_centis
            place += place & -place

    def leave(self, order_id: str) -> None:
        """Remove an order with no contracts left; its place in the queue stays empty."""
        del self._places[order_id]
        if len(self._sums) > SHED_MIN + 2 * len(self._places):
            self._shed()

    def ahead_centis(self, order_id: str) -> int:
        """Return the number of contracts in the queue ahead of an order."""
        return max(0, self._sum_to(self._places[order_id] - 1) - self._gone_centis)

    def _shed(self) -> None:
        """Drop the empty places. Of the first order only what it still has is ahead of the others."""
        order_ids, ahead = list(self._places), [*map(self.ahead_centis, self._places), self.count_centis]
        self._empty()
        for order_id, (before, after) in zip(order_ids, pairwise(ahead), strict=True):
            self.join(order_id, after - before)

    def _empty(self) -> None:
        self.count_centis = self._gone_centis = 0
        self._sums = [0]

    def _sum_to(self, place: int) -> int:
        total_centis = 0
        while place:
            total_centis += self._sums[place]
            place &= place - 1
        return total_centis


class OrderBook:
    """The resting orders of a market, which have given ids, and their queues by side and price."""

    __slots__ = ("orders", "sides")

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        """Resting orders by id, in the order of arrival."""
        self.sides: dict[Side, SortedDict[int, Queue]] = {Side.YES: SortedDict(), Side.NO: SortedDict()}
        """Queues by price, the best price last."""

    def __iter__(self) -> Iterator[Order]:
        return iter(self.orders.values())

    def add(self, order: Order) -> None:
        """Add an order to the order book, at the end of the queue of its price."""
        self.orders[order.given_id] = order
        side, price_centicents = order.bid
        queues = self.sides[side]
        queue = queues.get(price_centicents)
        if queue is None:
            queue = queues[price_centicents] = Queue()
        queue.join(order.given_id, order.remaining_centis)

    def change(self, order: Order, change_centis: int) -> None:
        """Change an order's count in its queue (negative if it fell); remove an order with no contracts left."""
        queues, price_centicents = self.sides[order.bid_side], order.bid_centicents
        queues[price_centicents].change(order.given_id, change_centis)
        if not order.remaining_centis:
            self._leave(order, queues, price_centicents)

    def remove(self, order: Order) -> None:
        """Remove a resting order from its queue. Call this function before the order's price or count changes."""
        queues, price_centicents = self.sides[order.bid_side], order.bid_centicents
        queues[price_centicents].change(order.given_id, -order.remaining_centis)
        self._leave(order, queues, price_centicents)

    def _leave(self, order: Order, queues: SortedDict[int, Queue], price_centicents: int) -> None:
        queue = queues[price_centicents]
        queue.leave(order.given_id)
        del self.orders[order.given_id]
        if not queue.count_centis:
            del queues[price_centicents]
