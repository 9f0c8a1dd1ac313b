"""Changes of orders that several handlers share, and their events.

A change of a resting order has three events: of the level of the order book, of the order, and of the position, which
shows resting contracts.
"""

from bisect import insort
from collections.abc import Iterator

from mockexchange.core.events import Event, LevelChanged, OrderCanceled, OrderChanged
from mockexchange.core.handlers.markets import touch_market
from mockexchange.core.handlers.position_rows import row_changed, row_of
from mockexchange.core.model.markets import Market
from mockexchange.core.model.one_or_more import total, with_one_more
from mockexchange.core.model.order_book import OrderBook
from mockexchange.core.model.orders import FillRow, Order
from mockexchange.core.model.paged_history import Partition, by_serial
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import Action, OrderReason, OrderStatus, Side


def count_fill(order: Order, fill: FillRow) -> None:
    """Add a fill to its order. An order that never rested shows the worst price of its fills as its limit price."""
    trade = fill.trade
    count_centis = trade.count_centis
    price_centicents = trade.yes_centicents if order.side is Side.YES else trade.no_centicents
    order.filled = with_one_more(order.filled, fill)
    order.filled_centis = total(order.filled_centis, count_centis)
    if fill.is_taker:
        order.taker_cost_micros += count_centis * price_centicents
        order.taker_fees_micros = total(order.taker_fees_micros, fill.fee_micros)
    else:
        order.maker_cost_micros += count_centis * price_centicents
        order.maker_fees_micros = total(order.maker_fees_micros, fill.fee_micros)
    if not order.is_placed:
        worst = max if order.action is Action.BUY else min
        order.initial_centis = total(order.initial_centis, count_centis)
        order.price_centicents = worst(order.price_centicents, price_centicents)


def cancel(state: State, order: Order, at: int, reason: OrderReason) -> Iterator[Event]:
    """Cancel the remaining contracts of a resting order."""
    released_centis = order.remaining_centis
    take_off(state, order, released_centis, at)
    yield OrderCanceled(order_id=order.given_id)
    yield level_changed(order, -released_centis)
    yield order_changed(order, reason)
    yield show_resting(state, order, -released_centis, at)


def take_off(state: State, order: Order, count_centis: int, at: int, fill: FillRow | None = None) -> None:
    """Remove contracts from a resting order: those of `fill`, or canceled ones if it is None."""
    release(order, count_centis)
    before = order.partition
    order.remaining_centis -= count_centis
    if not order.remaining_centis:
        order.end("cancel" if fill is None else "fill")
    if fill is not None:
        count_fill(order, fill)
    refile_order(state, order, at, before)
    state.order_books[order.market.ticker].change(order, -count_centis)
    if not order.remaining_centis:
        state.accounts[order.subaccount.ref.account].resting_orders -= 1
        if order.group is not None:
            del order.group.orders[order.given_id]


def order_book_of(state: State, market: Market) -> OrderBook:
    """Return the order book of a market; create an empty one if there is none."""
    order_book = state.order_books.get(market.ticker)
    if order_book is None:
        order_book = state.order_books[market.ticker] = OrderBook()
    return order_book


def enter_book(state: State, order: Order) -> None:
    """Add an order with contracts left to the order book and to its group, and hold back the cash that it needs."""
    order_book_of(state, order.market).add(order)
    state.accounts[order.subaccount.ref.account].resting_orders += 1
    hold(order)
    if order.group is not None:
        order.group.add(order)


def leave_book(state: State, order: Order) -> None:
    """Remove an order from the order book and its group and release its cash, before its price or count changes."""
    release(order, order.remaining_centis)
    state.order_books[order.market.ticker].remove(order)
    state.accounts[order.subaccount.ref.account].resting_orders -= 1
    if order.group is not None:
        del order.group.orders[order.given_id]


def hold(order: Order) -> None:
    """Hold back the cash that a resting order needs, and mark held contracts that it would sell as covered."""
    order.subaccount.reserve(order.needs_micros(), order.market.event.exchange_index)
    if order.action is Action.SELL and (covered_centis := order.covers_centis(order.remaining_centis)):
        order.subaccount.covered_centis[order.market.ticker] += covered_centis


def release(order: Order, count_centis: int) -> None:
    """Release the cash and the held contracts that `count_centis` contracts of a resting order hold back.

    Call this function before the order's price or count changes.
    """
    remaining_centis = order.remaining_centis
    left_centis = remaining_centis - count_centis
    if order.action is Action.BUY:
        freed_micros = count_centis * order.price_centicents
    else:
        freed_micros = order.needs_micros(remaining_centis) - order.needs_micros(left_centis)
        covered_centis = order.covers_centis(remaining_centis) - order.covers_centis(left_centis)
        if covered_centis:
            order.subaccount.covered_centis[order.market.ticker] -= covered_centis
    order.subaccount.reserve(-freed_micros, order.market.event.exchange_index)


def list_order(state: State, order: Order, revision: int, *, spends_id: bool = True) -> None:
    """Add a new order to the lists of its account, and mark its client order id as used unless `spends_id` is False."""
    account = state.accounts[order.subaccount.ref.account]
    state.orders.add(order)
    order.revision = revision
    account.ledger.orders.add(order, revision)
    if order.client_order_id:
        account.named_orders.setdefault(order.client_order_id, []).append(order)
        if spends_id:
            account.client_order_ids.add(order.client_order_id)


def rename_order(state: State, order: Order, client_order_id: str) -> None:
    """Give an order another client order id; the account can never use the old or the new one for another order."""
    account = state.accounts[order.subaccount.ref.account]
    account.ledger.orders.revision = state.next_revision()
    if order.client_order_id:
        account.named_orders[order.client_order_id].remove(order)
    order.client_order_id = client_order_id
    if client_order_id:
        insort(account.named_orders.setdefault(client_order_id, []), order, key=by_serial)
        account.client_order_ids.add(client_order_id)


def refile_order(state: State, order: Order, at: int, before: Partition) -> None:
    """Give a changed order a new time and revision, and move it to the lists of its new status.

    `before` is the partition of the order before the change.
    """
    order.updated_at = at
    order.is_archived = order.status is not OrderStatus.RESTING and at < state.archived_before
    order.revision = state.next_revision()
    state.accounts[order.subaccount.ref.account].ledger.orders.refile(order, order.revision, before)


def show_resting(state: State, order: Order, change_centis: int, at: int) -> Event:
    """Update the market and the position after resting contracts changed; return the event of the position."""
    touch_market(state, order.market, at)
    row = row_of(state, order.subaccount, order.market, at)
    order.subaccount.change_resting(row, state.next_revision(), change_centis)
    return row_changed(row, has_moved=False)


def level_changed(order: Order, change_centis: int) -> Event:
    """Return the event of a changed count at an order's price in the order book."""
    side, price_centicents = order.bid
    return LevelChanged(
        market=order.market.ticker,
        side=side,
        price_centicents=price_centicents,
        change_centis=change_centis,
        order_id=order.given_id,
    )


def order_changed(order: Order, reason: OrderReason) -> Event:
    """Return the event that describes an order after a change."""
    return OrderChanged(
        order_id=order.order_id,
        subaccount_ref=order.subaccount.ref,
        market=order.market.ticker,
        reason=reason,
        status=order.status,
        price_centicents=order.price_centicents,
        initial_centis=order.initial_centis,
        filled_centis=order.filled_centis,
        remaining_centis=order.remaining_centis,
        taker_cost_micros=order.taker_cost_micros,
        maker_cost_micros=order.maker_cost_micros,
        taker_fees_micros=order.taker_fees_micros,
        maker_fees_micros=order.maker_fees_micros,
        updated_at=order.updated_at,
    )
