"""Checks of every market against its positions, orders and trades: open interest, order book and volume."""

from collections.abc import Iterator
from itertools import chain

from mockexchange.core.model.markets import Market
from mockexchange.core.model.one_or_more import as_list
from mockexchange.core.model.order_book import OrderBook
from mockexchange.core.model.orders import Trade
from mockexchange.core.model.state import State
from mockexchange.core.queries.order_books import count_ahead_centis
from mockexchange.core.vocabulary import Side


def violations(state: State) -> Iterator[str]:
    """Yield one line of text per broken invariant of the markets."""
    traded: dict[str, list[Trade]] = {}
    for trade in state.tape:
        traded.setdefault(trade.market.ticker, []).append(trade)
    for ticker, market in state.markets.items():
        yield from _held(state, market)
        yield from _volume(market, traded.get(ticker, []))
        yield from _resting(state, market, state.order_books.get(ticker) or OrderBook())
    yield from _lost_orders(state)


def _held(state: State, market: Market) -> Iterator[str]:
    quantities = [row.stake.quantity_centis for row in as_list(state.market_positions.get(market.ticker))]
    held = (sum(max(each, 0) for each in quantities), sum(max(-each, 0) for each in quantities))
    if (market.yes_held_centis, market.no_held_centis) != held:
        yield f"{market.ticker}: keeps held {market.yes_held_centis}, {market.no_held_centis}, its rows hold {held}"


def _volume(market: Market, trades: list[Trade]) -> Iterator[str]:
    volume_centis = 0
    for trade in trades:
        before_centis = trade.market_volume_centis
        if before_centis != volume_centis:
            yield f"{market.ticker}: trade {trade.trade_id} came after {before_centis}, not {volume_centis}"
        volume_centis += trade.count_centis
    if market.volume_centis != volume_centis:
        yield f"{market.ticker}: volume {market.volume_centis}, its trades sum to {volume_centis}"


def _resting(state: State, market: Market, order_book: OrderBook) -> Iterator[str]:
    """Check that the queues hold the remaining counts of the resting orders, in the order of arrival."""
    waiting: dict[tuple[Side, int], int] = {}
    for order in order_book:
        place = (order.bid_side, order.bid_centicents)
        quoted = {} if market.quotes is None else market.quotes[order.bid_side]
        bids = (other for other in order_book if other.bid_side is order.bid_side)
        better_centis = sum(other.remaining_centis for other in bids if other.bid_centicents > order.bid_centicents)
        ahead_centis = waiting.get(place, 0) + better_centis
        ahead_centis += sum(count for price, count in quoted.items() if price >= order.bid_centicents)
        told_centis = count_ahead_centis(state, order)
        if told_centis != ahead_centis:
            yield f"{market.ticker}: order {order.order_id} has {ahead_centis} ahead, not {told_centis}"
        waiting[place] = waiting.get(place, 0) + order.remaining_centis
    queued = {
        (side, price): queue.count_centis
        for side, queues in order_book.sides.items()
        for price, queue in queues.items()
    }
    if queued != waiting:
        yield f"{market.ticker}: queues hold {queued}, its orders {waiting}"


def _lost_orders(state: State) -> Iterator[str]:
    """Check that the order books and the groups hold exactly the orders with a remaining count."""
    left = {order.order_id: order for order in state.orders.oldest_first() if order.remaining_centis}
    resting = {order.order_id for order_book in state.order_books.values() for order in order_book}
    books = state.order_books.values()
    for name, account in state.accounts.items():
        own_orders = sum(order.subaccount_ref.account == name for order in chain.from_iterable(books))
        if own_orders != account.resting_orders:
            yield f"{name}: counts {account.resting_orders} resting orders, has {own_orders}"
    if left.keys() != resting:
        yield f"orders {sorted(left)} have contracts left, {sorted(resting)} rest"
    for group_id, group in state.groups.items():
        own = [order_id for order_id, order in left.items() if order.group is group]
        if list(group.orders) != own:
            yield f"group {group_id} has {list(group.orders)}, of its orders {own} rest"
