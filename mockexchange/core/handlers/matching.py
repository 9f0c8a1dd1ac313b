"""Matches an incoming order with the best bids of the other side of its market.

A market has one order book, kept as bids for YES and bids for NO: an offer of YES at p is a bid for NO at 1 - p. A bid
for one side trades with a bid for the other side if the two prices add up to a dollar or more: the best price first,
then the outside bid, then orders by time. The order trades until it is filled or no bid within its limit is left;
meanwhile it is in no order book. The price of each trade is that of the bid that was there first.
"""

from collections.abc import Iterator, Mapping
from heapq import merge
from typing import NamedTuple

from msgspec import Struct

from mockexchange.core.events import Event, LevelChanged
from mockexchange.core.handlers.order_bookkeeping import cancel, order_book_of
from mockexchange.core.handlers.trades import Leg, carry_out
from mockexchange.core.model.accounts import Account
from mockexchange.core.model.markets import ConsumedQuote, Market
from mockexchange.core.model.order_book import OrderBook, Queue
from mockexchange.core.model.order_rules import SHARE_WHOLE, FillRule, QueueRule
from mockexchange.core.model.orders import OTHER_SIDE, Order, Trade
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, AccountKind, OrderReason, SelfTradePrevention, Side


def match(state: State, order: Order, wanted_centis: int, at: int) -> tuple[list[Event], OrderReason | None]:
    """Match an order with the order book, for at most `wanted_centis` contracts.

    Return the events, and the reason why the rest of the order must be canceled; None if it may rest.
    """
    events: list[Event] = []
    if state.rules.fill is FillRule.ALL and wanted_centis:
        events += _trade(state, order, None, order.yes_centicents, wanted_centis, at)
    if state.rules.fill is not FillRule.BOOK:
        return events, None
    opposite, account = opposite_to(state, order), state.accounts[order.subaccount.ref.account]
    least_left = order.remaining_centis - wanted_centis
    while order.remaining_centis > least_left and (bid := opposite.best()) is not None:
        if bid.order is not None and is_self_trade(order, bid.order, account):
            if order.self_trade_prevention is not SelfTradePrevention.MAKER:
                return events, OrderReason.SELF_TRADE
            events += cancel(state, bid.order, at, OrderReason.SELF_TRADE)
            continue
        left_centis, share_centis = order.remaining_centis - least_left, shared(bid, state.rules.share_parts)
        count_centis = min(left_centis, share_centis)
        if bid.order is None:
            # Of an outside bid that is shared, strangers take what the order does not get of it.
            gone_centis = bid.count_centis if left_centis > share_centis else count_centis
            events.append(consume_quote(state, order.market, opposite.side, bid.price_centicents, gone_centis, at))
        if count_centis:
            bid_price = bid.price_centicents
            yes_centicents = bid_price if opposite.side is Side.YES else CENTICENTS_PER_DOLLAR - bid_price
            events += _trade(state, order, bid.order, yes_centicents, count_centis, at)
        if order.group is not None and order.group.is_triggered:
            return events, OrderReason.GROUP
    return events, None


def _trade(
    state: State, order: Order, resting: Order | None, yes_centicents: int, count_centis: int, at: int
) -> list[Event]:
    """Trade an incoming order with a resting one, or with strangers."""
    traded = new_trade(state, order.market, yes_centicents, count_centis, order.bid_side, at)
    taker = Leg(order, is_taker=True, is_incoming=True)
    legs = (taker,) if resting is None else (Leg(resting, is_taker=False), taker)
    return carry_out(state, traded, legs, at)


def consume_quote(state: State, market: Market, side: Side, price_centicents: int, count_centis: int, at: int) -> Event:
    """Deduct traded contracts from an outside bid, and schedule their return if the order rules set a delay for it."""
    assert market.quotes is not None, "an outside bid was met"
    levels = market.quotes[side]
    levels[price_centicents] -= count_centis
    if not levels[price_centicents]:
        del levels[price_centicents]
    if state.rules.replenish_us is not None:
        consumed = ConsumedQuote(at + state.rules.replenish_us, side, price_centicents, count_centis)
        if market.consumed is None:
            market.consumed = []
        market.consumed.append(consumed)
    return LevelChanged(market=market.ticker, side=side, price_centicents=price_centicents, change_centis=-count_centis)


def take_resting(state: State, order: Order, count_centis: int, at: int) -> list[Event]:
    """Fill a resting order at its own price, with an outside trader as taker."""
    traded = new_trade(state, order.market, order.yes_centicents, count_centis, OTHER_SIDE[order.bid_side], at)
    return carry_out(state, traded, (Leg(order, is_taker=False),), at)


def new_trade(state: State, market: Market, yes_centicents: int, count_centis: int, taker_side: Side, at: int) -> Trade:
    """Return a new trade."""
    return Trade(
        given_id=None,
        market=market,
        yes_centicents=yes_centicents,
        count_centis=count_centis,
        taker_side=taker_side,
        created_at=at,
        serial=state.next_revision(),
        market_volume_centis=market.volume_centis,
    )


# The bids that an order can trade with


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
            if price == last:
                continue
            last, quoted = price, self.quotes.get(price, 0)
            if quoted and self.quotes_first:
                yield Bid(price, quoted)
            for order_id in queues.get(price) or ():
                order = self.order_book.orders[order_id]
                yield Bid(price, order.remaining_centis, order)
            if quoted and not self.quotes_first:
                yield Bid(price, quoted)


def opposite_to(state: State, order: Order) -> Opposite:
    """Return the bids of the other side that an order can trade with in its market."""
    bid_side, bid_centicents = order.bid
    side, quotes = OTHER_SIDE[bid_side], order.market.quotes
    levels: Mapping[int, int] = {} if quotes is None else quotes[side]
    least_centicents = CENTICENTS_PER_DOLLAR - bid_centicents
    quotes_first = state.rules.queue is QueueRule.AHEAD
    return Opposite(order_book_of(state, order.market), levels, side, least_centicents, quotes_first)


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
