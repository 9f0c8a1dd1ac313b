"""Pages of fills, orders and settlements: every combination of filters against plain lists, and filters that clash."""

from collections.abc import Iterable
from itertools import cycle, product

import pytest
from msgspec.structs import replace

from mockexchange.core.commands import CancelOrder, Command, ListMarket, SettleMarket
from mockexchange.core.model.ledgers import Settlement
from mockexchange.core.model.orders import FillRow, Order
from mockexchange.core.model.paged_history import ALWAYS, HistoryPage, R, Window
from mockexchange.core.model.state import State
from mockexchange.core.queries.lists import (
    FillQuery,
    OrderQuery,
    SettlementQuery,
    find_fills,
    find_orders,
    find_settlements,
)
from mockexchange.core.vocabulary import OrderStatus, Result, SubaccountRef
from tests.core.world import World, fill, rest
from tests.helpers.rows import each_row

pytestmark = pytest.mark.untraced

MARKETS = {"E0-0": 0, "E0-1": 0, "E1-0": 1, "E1-1": 1, "E2-0": 0}
"""Event and number to exchange index; E2-0 is settled."""
DESK_BOOKS = ["0", "st1"]
START = 10**16
CUTOFF = START + 80
LATE = START + 120
FATES = 4
"""An order stays, is canceled, is filled in part, or whole."""

LIMITS = [1, 7, 100]
BOOKS: list[tuple[str, ...] | None] = [None, ("st1",), ("0", "st1"), ("elsewhere",)]
TICKERS: list[tuple[str, ...]] = [(), ("E0-0",), ("E1-0", "E0-1", "E1-0"), ("elsewhere", "E2-0")]
EVENTS: list[tuple[str, ...]] = [(), ("E0",), ("E2", "E1", "E2"), ("elsewhere",)]
INDEXES = [None, 0, 1, 5]
EDGES = [Window(CUTOFF), Window(None, CUTOFF - 1), Window(LATE), Window(None, CUTOFF - 20)]
WINDOWS = [ALWAYS, Window(CUTOFF - 5, LATE), *EDGES]
STATUSES: list[tuple[OrderStatus, ...]] = [(), (OrderStatus.RESTING,), (OrderStatus.CANCELED, OrderStatus.EXECUTED)]
ARCHIVED = [None, False, True]


@pytest.fixture(scope="module")
def state() -> State:
    """desk and its st1 with fills and orders of every kind in five markets, before the cutoff and after it."""
    exchange = World().exchange
    exchange.state.archived_before = CUTOFF
    for market, index in MARKETS.items():
        event = market.partition("-")[0]
        exchange.execute(ListMarket(market=market, event=event, series=f"S{index}", exchange_index=index), START)
    for place, (_, subaccount, market, fate) in enumerate(product(range(2), DESK_BOOKS, MARKETS, range(FATES))):
        for command in _trades(SubaccountRef("desk", subaccount), market, f"order {place}", fate):
            assert isinstance(exchange.execute(command, START + 2 * place), tuple)
    exchange.execute(SettleMarket(market="E2-0", result=Result.YES), LATE + 100)
    return exchange.state


def _trades(subaccount_ref: SubaccountRef, market: str, order: str, fate: int) -> list[Command]:
    """A fill that names no order, and an order with its fate."""
    rested = replace(rest("buy yes 2 @ 0.40", str(subaccount_ref), market, order), client_order_id=f"client {fate}")
    part = fill("buy yes 1 @ 0.40", str(subaccount_ref), market, order=order)
    fates: list[list[Command]] = [[], [CancelOrder(order=order)], [part], [part, part]]
    return [fill("sell no 1 @ 0.30", str(subaccount_ref), market, against=SubaccountRef("alice")), rested, *fates[fate]]


def in_places(query: FillQuery | OrderQuery | SettlementQuery, row: FillRow | Order | Settlement) -> bool:
    """Whether a row passes the filters that the lists share."""
    market = row.trade.market if isinstance(row, FillRow) else row.market
    events = () if isinstance(query, FillQuery) else query.events
    index = None if isinstance(query, SettlementQuery) else query.exchange_index
    earliest, latest = query.window
    return (
        (query.subaccounts is None or row.subaccount_ref.subaccount in query.subaccounts)
        and (not query.tickers or market.ticker in query.tickers)
        and (not events or market.event.ticker in events)
        and index in (None, market.event.exchange_index)
        and (earliest is None or row.created_at >= earliest)
        and (latest is None or row.created_at <= latest)
    )


@each_row("order_id", [None, "order 3", "order 43", "elsewhere"])
@each_row("archived", ARCHIVED)
def test_fills(state: State, archived: bool | None, order_id: str | None) -> None:
    for limit, subaccounts, tickers, index, window in product(LIMITS, BOOKS, TICKERS, INDEXES, WINDOWS):
        query = FillQuery(
            limit=limit,
            subaccounts=subaccounts,
            tickers=tickers,
            exchange_index=index,
            window=window,
            order_id=order_id,
            archived=archived,
        )
        expected = [
            row
            for row in newest_first(state.accounts["desk"].ledger.fills)
            if in_places(query, row)
            and order_id in (None, row.order.order_id)
            and archived in (None, row.created_at < CUTOFF)
        ]
        pages = walk_fills(state, query)
        assert [row for page in pages for row in page.rows] == expected, query
        assert all(len(page.rows) == limit for page in pages[:-1])


@each_row("statuses", STATUSES, ids=str)
@each_row("archived", ARCHIVED)
def test_orders(state: State, archived: bool | None, statuses: tuple[OrderStatus, ...]) -> None:
    named: list[tuple[str, ...]] = [(), ("client 2", "client 0", "nobody's")]
    filters = product(LIMITS, BOOKS, TICKERS, EVENTS, INDEXES, named)
    for (limit, subaccounts, tickers, events, index, names), window in zip(filters, cycle(WINDOWS + WINDOWS[:1])):
        query = OrderQuery(
            limit=limit,
            subaccounts=subaccounts,
            tickers=tickers,
            events=events,
            exchange_index=index,
            statuses=statuses,
            archived=archived,
            client_order_ids=names,
            window=window,
        )
        expected = [
            row
            for row in newest_first(state.accounts["desk"].ledger.orders)
            if in_places(query, row)
            and (not statuses or row.status in statuses)
            and archived in (None, row.status is not OrderStatus.RESTING and row.updated_at < CUTOFF)
            and (not names or row.client_order_id in names)
        ]
        pages = walk_orders(state, query)
        assert [row for page in pages for row in page.rows] == expected, query
        assert all(len(page.rows) == limit for page in pages[:-1])


def test_settlements(state: State) -> None:
    for limit, subaccounts, tickers, events, window in product(LIMITS, BOOKS, TICKERS, EVENTS, WINDOWS):
        query = SettlementQuery(limit=limit, subaccounts=subaccounts, tickers=tickers, events=events, window=window)
        rows = newest_first(state.accounts["desk"].ledger.settlements)
        expected = [row for row in rows if in_places(query, row)]
        pages = walk_settlements(state, query)
        assert [row for page in pages for row in page.rows] == expected, query


def test_the_lists_hold_something_of_everything(state: State) -> None:
    ledger = state.accounts["desk"].ledger
    assert {(row.subaccount_ref.subaccount, row.created_at < CUTOFF) for row in ledger.fills} == set(
        product(DESK_BOOKS, (0, 1))
    )
    kinds = {(row.status, row.is_placed, row.is_archived) for row in ledger.orders}
    assert kinds >= {(OrderStatus.RESTING, True, False), (OrderStatus.CANCELED, True, True)}
    assert kinds >= {(OrderStatus.EXECUTED, rested, archived) for rested, archived in product((0, 1), repeat=2)}
    assert [row.subaccount_ref.subaccount for row in ledger.settlements] == DESK_BOOKS


def test_an_order_of_another_account_has_no_fills_here(state: State) -> None:
    assert find_fills(state, "desk", FillQuery(limit=1, order_id="order 43")).rows
    assert not find_fills(state, "alice", FillQuery(limit=1, order_id="order 43")).rows


@each_row(
    "clash",
    [
        OrderQuery(limit=9, tickers=("E0-0",), events=("E1",)),
        OrderQuery(limit=9, tickers=("E0-0",), exchange_index=1),
        OrderQuery(limit=9, events=("E0",), exchange_index=1),
        OrderQuery(limit=9, client_order_ids=("client 0",), events=("E0",), exchange_index=1),
        OrderQuery(limit=9, statuses=(OrderStatus.RESTING,), archived=True),
    ],
    ids=str,
)
def test_filters_that_clash_find_nothing(state: State, clash: OrderQuery) -> None:
    assert find_orders(state, "desk", clash) == HistoryPage([], None)
    assert find_orders(state, "desk", OrderQuery(limit=9)).rows


def newest_first(rows: Iterable[R]) -> list[R]:
    return list(rows)[::-1]


def walk_fills(state: State, query: FillQuery) -> list[HistoryPage[FillRow]]:
    pages = [find_fills(state, "desk", query)]
    while pages[-1].after is not None:
        pages.append(find_fills(state, "desk", replace(query, after=pages[-1].after)))
    return pages


def walk_orders(state: State, query: OrderQuery) -> list[HistoryPage[Order]]:
    pages = [find_orders(state, "desk", query)]
    while pages[-1].after is not None:
        pages.append(find_orders(state, "desk", replace(query, after=pages[-1].after)))
    return pages


def walk_settlements(state: State, query: SettlementQuery) -> list[HistoryPage[Settlement]]:
    pages = [find_settlements(state, "desk", query)]
    while pages[-1].after is not None:
        pages.append(find_settlements(state, "desk", replace(query, after=pages[-1].after)))
    return pages
