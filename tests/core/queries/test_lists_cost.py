"""What a page of a list costs, counted and not timed: comparisons, however long the list is."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from math import log2
from typing import Any

import pytest

from mockexchange.core.commands import CancelOrder, Command, ListMarket, OpenAccount, SettleMarket
from mockexchange.core.exchange import Exchange
from mockexchange.core.model.paged_history import ALWAYS, Window
from mockexchange.core.model.state import State
from mockexchange.core.queries.lists import (
    FillQuery,
    OrderQuery,
    SettlementQuery,
    find_fills,
    find_orders,
    find_settlements,
)
from mockexchange.core.vocabulary import OrderStatus, Result
from tests.core.world import fill, rest
from tests.helpers.rows import each_row

pytestmark = pytest.mark.untraced

FEW, MANY = 300, 3_000
Query = FillQuery | OrderQuery | SettlementQuery


class Counted(int):
    """A number that counts how often it, and what is added to it, was compared."""

    comparisons = 0

    def __add__(self, other: int) -> "Counted":
        return Counted(int.__add__(self, other))

    def __lt__(self, other: int) -> bool:
        Counted.comparisons += 1
        return int.__lt__(self, other)

    def __gt__(self, other: int) -> bool:
        Counted.comparisons += 1
        return int.__gt__(self, other)

    __hash__ = int.__hash__


@cache
def state_of(size: int) -> State:
    """alice with `size` fills and as many orders of every status, in markets half of which are settled."""
    exchange = Exchange(archived_before=size // 2)
    exchange.state.revision = Counted(0)
    exchange.execute(OpenAccount(account="alice"), 0)
    for number in range(size):
        for command in _steps(number):
            assert isinstance(exchange.execute(command, Counted(number)), tuple)
    return exchange.state


def _steps(number: int) -> Iterator[Command]:
    market, order = f"M-{number}", f"order {number}"
    yield ListMarket(market=market, event=f"E-{number // 4}", series="S")
    yield rest("buy yes 1 @ 0.50", "alice", market, order)
    if number % 3 == 0:
        yield CancelOrder(order=order)
    yield fill("buy yes 1 @ 0.50", "alice", market, fee_micros=0)
    if number % 2:
        yield SettleMarket(market=market, result=Result.YES)


def queries() -> Iterator[Query]:
    for limit, window, tickers in product([1, 50], [ALWAYS, Window(20, 200)], [(), ("M-7", "M-70")]):
        shared: dict[str, Any] = {"limit": limit, "window": window, "tickers": tickers}
        yield from (FillQuery(**shared, archived=archived) for archived in (None, True, False))
        yield SettlementQuery(**shared)
        for statuses, events in product([(), (OrderStatus.RESTING,)], [(), ("E-3", "E-30")]):
            yield OrderQuery(**shared, statuses=statuses, events=events, archived=False)


def find(state: State, query: Query) -> Sequence[object]:
    if isinstance(query, FillQuery):
        return find_fills(state, "alice", query).rows
    if isinstance(query, OrderQuery):
        return find_orders(state, "alice", query).rows
    return find_settlements(state, "alice", query).rows


@each_row("size", [FEW, MANY])
def test_a_page_compares_as_often_as_the_logarithm_of_the_list_and_its_limit(size: int) -> None:
    state, lists = state_of(size), 8
    for query in queries():
        Counted.comparisons = 0
        find(state, query)
        assert Counted.comparisons <= 4 * lists * log2(size) + 4 * query.limit * log2(lists), query


def test_the_pages_compared_are_full_and_compare() -> None:
    Counted.comparisons = 0
    pages = [find(state_of(MANY), query) for query in queries() if not query.tickers and query.limit == 50]
    assert Counted.comparisons > 50
    assert sum(len(page) == 50 for page in pages) > len(pages) // 2
