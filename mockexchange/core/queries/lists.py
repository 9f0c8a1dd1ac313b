"""Pages of fills, orders and settlements, newest first, and the filters of each list.

A page reads only the lists of the most specific filter, so it costs O(log n + limit) with any filters; a page of an
event with k markets reads the lists of each, and costs O(k log n + limit log k). Filters that contradict each other (a
market of another event, an order of another account) match no row.
"""

from collections.abc import Collection

from msgspec import Struct

from mockexchange.core.model.ledgers import Settlement
from mockexchange.core.model.markets import EventListing
from mockexchange.core.model.orders import FillRow, Order
from mockexchange.core.model.paged_history import ALWAYS, EVERYTHING, HistoryPage, Partition, Selector, Window, page_of
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import OrderStatus


class ListQuery(Struct, frozen=True, kw_only=True):
    """The filters that all lists have in common.

    `subaccounts` None means all; `after` is the serial at which the previous page ended.
    """

    limit: int
    subaccounts: Collection[str] | None = None
    tickers: Collection[str] = ()
    window: Window = ALWAYS
    after: int | None = None

    def admits(self, partition: Partition) -> bool:
        """Return whether rows of a partition pass the filters."""
        return self.subaccounts is None or partition[0] in self.subaccounts


class FillQuery(ListQuery, frozen=True, kw_only=True):
    """Filters of a list of fills. `archived` True returns only archived fills, False all others, None both."""

    order_id: str | None = None
    exchange_index: int | None = None
    archived: bool | None = None


class OrderQuery(ListQuery, frozen=True, kw_only=True):
    """Filters of a list of orders. Empty `statuses` means all.

    `archived`: True for archived orders only, False for all others, None for both.
    """

    events: Collection[str] = ()
    exchange_index: int | None = None
    statuses: Collection[OrderStatus] = ()
    archived: bool | None = None
    client_order_ids: Collection[str] = ()

    def admits(self, partition: Partition) -> bool:
        subaccount, status, archived = partition
        return (
            (self.subaccounts is None or subaccount in self.subaccounts)
            and (not self.statuses or status in self.statuses)
            and self.archived in (None, archived)
        )


class SettlementQuery(ListQuery, frozen=True, kw_only=True):
    """Filters of a list of settlements."""

    events: Collection[str] = ()


def find_fills(state: State, account: str, query: FillQuery) -> HistoryPage[FillRow]:
    """Return the page of an account's fills that a query selects."""
    selectors = _selectors(state, query.tickers, (), query.exchange_index)
    window, before = query.window, state.archived_before
    if query.archived:  # the window ends before the instant from which on fills are not archived
        window = window._replace(latest=before - 1 if window.latest is None else min(window.latest, before - 1))
    elif query.archived is False:
        window = window._replace(earliest=before if window.earliest is None else max(window.earliest, before))
    if query.order_id is None:
        fills = state.accounts[account].ledger.fills
        return fills.find(query.limit, selectors, query.admits, window, query.after)
    order = state.orders.get(query.order_id)
    if order is None or order.subaccount_ref.account != account or not _is_in(selectors, order):
        return HistoryPage([], None)
    admitted = query.admits((order.subaccount_ref.subaccount,))
    return page_of([order.fills] if admitted else [], query.limit, window, query.after)


def find_orders(state: State, account: str, query: OrderQuery) -> HistoryPage[Order]:
    """Return the page of an account's orders that a query selects."""
    selectors = _selectors(state, query.tickers, query.events, query.exchange_index)
    if not query.client_order_ids:
        orders = state.accounts[account].ledger.orders
        return orders.find(query.limit, selectors, query.admits, query.window, query.after)
    named = state.accounts[account].named_orders
    lists = [named.get(name, ()) for name in dict.fromkeys(query.client_order_ids)]
    return page_of(
        lists,
        query.limit,
        query.window,
        query.after,
        lambda order: query.admits(order.partition) and _is_in(selectors, order),
    )


def find_settlements(state: State, account: str, query: SettlementQuery) -> HistoryPage[Settlement]:
    """Return the page of an account's settlements that a query selects."""
    selectors = _selectors(state, query.tickers, query.events, None)
    settlements = state.accounts[account].ledger.settlements
    return settlements.find(query.limit, selectors, query.admits, query.window, query.after)


def _selectors(
    state: State, tickers: Collection[str], events: Collection[str], exchange_index: int | None
) -> list[Selector]:
    """Return the selectors of the shortest lists with all rows that pass the filters; empty if no row can pass."""
    if tickers:
        markets = [state.markets[ticker] for ticker in tickers if ticker in state.markets]
        return [market.ticker for market in markets if _passes(market.event, events, exchange_index)]
    if events:
        listed = [state.events[event] for event in events if event in state.events]
        return [market.ticker for event in listed if _passes(event, (), exchange_index) for market in event.markets]
    return [EVERYTHING if exchange_index is None else ("index", exchange_index)]


def _passes(event: EventListing, events: Collection[str], exchange_index: int | None) -> bool:
    return (not events or event.ticker in events) and exchange_index in (None, event.exchange_index)


def _is_in(selectors: list[Selector], order: Order) -> bool:
    return any(selector in selectors for selector in order.selectors)
