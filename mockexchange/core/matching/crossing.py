"""Finds the bids that an incoming order trades with: best price first, then the outside bid, then orders by time.

A market has one order book, kept as bids for YES and bids for NO: an offer of YES at p is a bid for NO at 1 - p. A bid
for one side trades with a bid for the other side if the two prices add up to a dollar or more.
"""

from collections.abc import Iterator, Mapping
from heapq import merge
from typing import NamedTuple

from msgspec import Struct

from mockexchange.core.model.accounts import Account
from mockexchange.core.model.order_book import OrderBook, Queue
from mockexchange.core.model.order_rules import SHARE_WHOLE
from mockexchange.core.model.orders import OTHER_SIDE, Order
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, AccountKind, Side


class Bid(Struct, frozen=True):
    """A bid of an order book: an order, or the outside bid at a price."""

    price_centicents: int
    """Price of the contract of the bid's own side."""
    count_centis: int
    order: Order | None = None


NOTHING = 0, Queue()


class Opposite(Struct, frozen=True):
    """The bids that an order can trade with: those for the other side at `least_centicents` or more."""

    order_book: OrderBook
    quotes: Mapping[int, int]
    """Counts of the outside bids by price, the best price first."""
    side: Side
    least_centicents: int
    quotes_first: bool = True

    def best(self) -> Bid | None:
        """Return the bid that trades next; None if no bid is good enough. Cost: O(1)."""
        queues = self.order_book.sides[self.side]
        queued, queue = queues.peekitem() if queues else NOTHING
        quoted = next(iter(self.quotes), 0)
        if queued < self.least_centicents and quoted < self.least_centicents:
            return None
        if quoted > queued or (quoted == queued and self.quotes_first):
            return Bid(quoted, self.quotes[quoted])
        order = self.order_book.orders[queue.first]
        return Bid(queued, order.remaining_centis, order)

    def bids(self) -> Iterator[Bid]:
        """Iterate over all the bids, in the order in which they trade."""
        queues = self.order_book.sides[self.side]
        last = 0
        for price in merge(reversed(queues), self.quotes, reverse=True):
            if price < self.least_centicents:
                return
            if price != last:
                yield from self._at(price)
            last = price

    def _at(self, price_centicents: int) -> Iterator[Bid]:
        quoted, queue = self.quotes.get(price_centicents, 0), self.order_book.sides[self.side].get(price_centicents)
        if quoted and self.quotes_first:
            yield Bid(price_centicents, quoted)
        for order_id in queue or ():
            order = self.order_book.orders[order_id]
            yield Bid(price_centicents, order.remaining_centis, order)
        if quoted and not self.quotes_first:
            yield Bid(price_centicents, quoted)


def opposite_of(order: Order, order_book: OrderBook, *, quotes_first: bool) -> Opposite:
    """Return the bids of the other side that an order can trade with."""
    bid_side, bid_centicents = order.bid
    side, quotes = OTHER_SIDE[bid_side], order.market.quotes
    least_centicents = CENTICENTS_PER_DOLLAR - bid_centicents
    return Opposite(order_book, {} if quotes is None else quotes[side], side, least_centicents, quotes_first)


def is_self_trade(one: Order, other: Order, account: Account) -> bool:
    """Return whether two orders are of one account, or of one subtrader of an FCM.

    `account` is the account of `one`.
    """
    if account.kind is AccountKind.FCM:
        return one.subaccount is other.subaccount
    return one.subaccount.ref.account == other.subaccount.ref.account


def shared(bid: Bid, share_parts: int) -> int:
    """Return how many contracts of a bid one taker gets: all of an order, but only a share of an outside bid.

    `share_parts` is the share in ten-thousandths.
    """
    if bid.order is not None or share_parts == SHARE_WHOLE:
        return bid.count_centis
    return bid.count_centis * share_parts // SHARE_WHOLE


class Reach(NamedTuple):
    """The result that an order would have at once: contracts, their cost, and whether it then meets an own order.

    An own order is another order of the same account (or subtrader), which must not trade with it.
    """

    count_centis: int = 0
    cost_micros: int = 0
    meets_own: bool = False


def reach(order: Order, wanted_centis: int, opposite: Opposite, account: Account, share_parts: int) -> Reach:
    """Return how much of `wanted_centis` an order would get at once, up to the first order of its own account.

    The result includes the cost, and whether the order would meet such an order.
    """
    count_centis = cost_micros = 0
    for bid in opposite.bids():
        if count_centis == wanted_centis:
            break
        if bid.order is not None and is_self_trade(order, bid.order, account):
            return Reach(count_centis, cost_micros, True)
        taken_centis = min(wanted_centis - count_centis, shared(bid, share_parts))
        count_centis += taken_centis
        gained = order.side is order.bid_side
        price = CENTICENTS_PER_DOLLAR - bid.price_centicents if gained else bid.price_centicents
        cost_micros += taken_centis * price
    return Reach(count_centis, cost_micros)
