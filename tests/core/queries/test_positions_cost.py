"""What a page costs, counted and not timed: comparisons of ranks, and memory taken.

Instants that count how often they are compared go through the real exchange into every rank; nothing is replaced.
"""

import tracemalloc
from functools import cache
from itertools import product
from math import log2

import pytest
from msgspec.structs import replace

from mockexchange.core.commands import ListMarket, OpenAccount, OpenPosition, SettleMarket
from mockexchange.core.exchange import Exchange
from mockexchange.core.model.positions import NONZERO_QUANTITY, NONZERO_TRADED
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.queries.positions import PositionQuery, find_positions
from mockexchange.core.vocabulary import Result, SubaccountRef
from tests.helpers.rows import each_row

pytestmark = pytest.mark.untraced

FEW, MANY = 2_000, 30_000
MARKETS_OF_AN_EVENT = 4
PEAK_GROWTH_BYTES_MAX = 4_096

QUERIES = [
    PositionQuery(
        limit=limit, settled=settled, nonzero=nonzero, exchange_index=index, events=events, whole_events=whole
    )
    for limit, settled, nonzero, index, events, whole in product(
        [1, 50],
        [False, True, None],
        [0, NONZERO_QUANTITY, NONZERO_QUANTITY | NONZERO_TRADED],
        [None, 1],
        [(), ("E-7", "E-70")],
        [False, True],
    )
]


class CountedInstant(int):
    """An instant that counts how often it was compared."""

    comparisons = 0

    def __neg__(self) -> "CountedInstant":
        return CountedInstant(int.__neg__(self))

    def __lt__(self, other: int) -> bool:
        CountedInstant.comparisons += 1
        return int.__lt__(self, other)

    def __gt__(self, other: int) -> bool:
        CountedInstant.comparisons += 1
        return int.__gt__(self, other)

    def __eq__(self, other: object) -> bool:
        CountedInstant.comparisons += 1
        return int.__eq__(self, other)

    __hash__ = int.__hash__


@cache
def subaccount_of(size: int) -> Subaccount:
    """A book with `size` rows of many kinds, two thirds of the way through a settlement."""
    exchange = Exchange()
    exchange.execute(OpenAccount(account="alice"), 0)
    for number in range(size):
        _add_row(exchange, number)
    return exchange.state.subaccounts[SubaccountRef("alice")]


def _add_row(exchange: Exchange, number: int) -> None:
    market, event = f"M-{number}", number // MARKETS_OF_AN_EVENT
    at = CountedInstant(number + 1)
    held = OpenPosition(
        subaccount_ref=SubaccountRef("alice"),
        market=market,
        quantity_centis=100 * (number % 3),
        cost_micros=0,
        traded_micros=500_000 * (number % 5),
    )
    index = event % 2
    exchange.execute(ListMarket(market=market, event=f"E-{event}", series=f"S-{index}", exchange_index=index), at)
    exchange.execute(held, at)
    if number % 7 == 0:
        exchange.execute(SettleMarket(market=market, result=Result.YES), at)


def starts(query: PositionQuery, size: int) -> list[PositionQuery]:
    """The first page, and one from the middle of the book."""
    middle = (CountedInstant(-size // 2), "")
    return [query, replace(query, after=middle)]


def comparisons(subaccount: Subaccount, query: PositionQuery) -> int:
    CountedInstant.comparisons = 0
    find_positions(subaccount, query)
    return CountedInstant.comparisons


def peak_bytes(subaccount: Subaccount, query: PositionQuery) -> int:
    """Memory a page takes while it is made and when it is done; what the first one keeps for good is left out."""
    find_positions(subaccount, query)
    tracemalloc.start()
    find_positions(subaccount, query)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@each_row("size", [FEW, MANY])
def test_a_page_compares_as_often_as_the_logarithm_of_the_book_and_its_limit(size: int) -> None:
    subaccount = subaccount_of(size)
    indexes = len(subaccount.rows) + len(subaccount.event_classes)
    for query in QUERIES:
        comparisons_max = 5 * (indexes * log2(size) + query.limit * log2(indexes))
        for start in starts(query, size):
            assert comparisons(subaccount, start) <= comparisons_max, start


def test_a_page_takes_no_more_memory_from_a_larger_book() -> None:
    for query in QUERIES:
        for few, many in zip(starts(query, FEW), starts(query, MANY), strict=True):
            assert (
                peak_bytes(subaccount_of(MANY), many) <= peak_bytes(subaccount_of(FEW), few) + PEAK_GROWTH_BYTES_MAX
            ), query


def test_comparisons_are_counted() -> None:
    assert comparisons(subaccount_of(FEW), PositionQuery(limit=50)) > 50


@each_row("whole_events", [False, True])
@each_row("settled", [False, True, None])
def test_the_pages_compared_are_full(settled: bool | None, whole_events: bool) -> None:
    page = find_positions(subaccount_of(FEW), PositionQuery(limit=50, settled=settled, whole_events=whole_events))
    assert len(page.events if whole_events else page.rows) == 50
    assert page.after is not None
