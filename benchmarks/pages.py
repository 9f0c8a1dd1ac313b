"""Page times: the same page of few and of many rows, each filter alone and several together, rows warm.

Pages are kept whole between changes of a subaccount, so they are asked for in spellings of the same query: each page
that is timed is made anew, except in the rows "first page, kept".
"""

import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import cycle
from typing import Any, NamedTuple

from benchmarks import history, world
from benchmarks.load import Server, made_anew, repeat, run
from benchmarks.size import Size
from benchmarks.world import DATES, PREFIX, START_S

POSITION_FILTERS = {
    "no filter": "limit=100",
    "count_filter=position": "limit=100&count_filter=position",
    "count_filter=total_traded": "limit=100&count_filter=total_traded",
    "settlement_status=settled": "limit=100&settlement_status=settled",
    "settlement_status=all": "limit=100&settlement_status=all",
    "ticker": f"ticker={world.market_name(13)}",
    "event_ticker": f"event_ticker={world.event_name(13)}",
    "subaccount": "limit=100&subaccount=0",
    "exchange_index": "limit=100&exchange_index=0",
    "count_filter and settlement_status": "limit=100&count_filter=total_traded&settlement_status=settled",
    "both, nothing to find": "limit=100&count_filter=position&settlement_status=settled",
}
FULL_PAGE = "limit=100"
WALKED_LIMIT_MAX = 1_000
WINDOW = (0.4, 0.6)
BUSY_INDEX = f"exchange_index={history.BUSY_INDEX}"


class Listing(NamedTuple):
    """One of the lists. Filters in braces are filled in by size: `window` is the middle of the rows' time."""

    key: str
    begins: int
    """When its rows begin, in the seconds that the rows take."""
    filters: dict[str, str]

    @property
    def path(self) -> str:
        return f"{PREFIX}/portfolio/{self.key}"

    def filters_of(self, rows: int) -> dict[str, str]:
        first, last = (int(START_S + (self.begins + share) * rows) for share in WINDOW)
        words = {
            "min_ts": f"min_ts={first}",
            "max_ts": f"max_ts={last}",
            "window": f"min_ts={first}&max_ts={last}",
            "order": f"order_id={history.busy_order(history.busy_orders_of(rows) // 2)}",
            "market": world.market_name(history.markets_of(rows) // 2),
            "event": world.event_name(history.markets_of(rows) // 2),
        }
        return {name: query.format_map(words) for name, query in self.filters.items()}


TIMES = {
    "min_ts": "limit=100&{min_ts}",
    "max_ts": "limit=100&{max_ts}",
    "min_ts and max_ts": "limit=100&{window}",
    "subaccount": "limit=100&subaccount=0",
}
FILLS = Listing(
    "fills",
    0,
    {
        **TIMES,
        "ticker": f"limit=100&ticker={history.BUSY[0]}",
        "ticker, a list of 2": f"limit=100&ticker={','.join(history.BUSY)}",
        "order_id": "limit=100&{order}",
        "exchange_index": f"limit=100&{BUSY_INDEX}",
        "all but order_id": f"limit=5&ticker={','.join(history.BUSY)}&{{window}}&subaccount=0&{BUSY_INDEX}",
        "nothing to find": f"limit=100&ticker={history.BUSY[0]}&exchange_index=3",
    },
)
SETTLEMENTS = Listing(
    "settlements",
    1,
    {
        **TIMES,
        "ticker": "limit=2&ticker={market}",
        "event_ticker": "limit=5&event_ticker={event}",
        "all": "limit=1&ticker={market}&event_ticker={event}&{window}",
        "nothing to find": f"limit=100&ticker={history.BUSY[0]}",
    },
)
ORDERS = Listing(
    "orders",
    0,
    {
        **TIMES,
        "ticker": f"limit=100&ticker={history.BUSY[0]}",
        "event_ticker": f"limit=100&event_ticker={history.BUSY_EVENT}",
        "event_ticker, a list of 2": f"limit=100&event_ticker={history.BUSY_EVENT},{{event}}",
        "status=resting": "limit=100&status=resting",
        "status=executed": "limit=100&status=executed",
        "exchange_index": f"limit=100&{BUSY_INDEX}",
        "all": f"limit=5&ticker={history.BUSY[0]}&event_ticker={history.BUSY_EVENT}&{{window}}"
        f"&status=resting&subaccount=0&{BUSY_INDEX}",
        "nothing to find": f"limit=100&ticker={history.BUSY[0]}&status=resting&subaccount=3",
    },
)
LISTINGS = (FILLS, SETTLEMENTS, ORDERS)


def positions(size: Size) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(Server("positions", rows)) for rows in size.rows]
        for date in DATES:
            table = Table(servers, world.PATH, "market_positions", date, size)
            table.print_head("positions")
            for name, query in POSITION_FILTERS.items():
                table.print_row(name, table.second_pages([query] * len(servers)))


def lists(size: Size) -> None:
    """Fills, settlements and orders: the pages of a walk, then every filter."""
    with ExitStack() as stack:
        servers = [stack.enter_context(Server("history", rows)) for rows in size.rows]
        for listing in LISTINGS:
            cursors = [_cursors(server, listing, rows) for server, rows in zip(servers, size.rows, strict=True)]
            for date in DATES:
                table = Table(servers, listing.path, listing.key, date, size)
                table.print_head(listing.key)
                _print_walked(table, cursors)
                _print_filtered(table, listing)


def walk(server: Server, path: str, limit: int, key: str) -> Iterator[tuple[str, int]]:
    """For every page of a list its cursor and its number of rows."""
    cursor = ""
    while True:
        page = server.ask(f"limit={limit}&cursor={cursor}" if cursor else f"limit={limit}", path)
        yield cursor, len(page[key])
        cursor = page["cursor"]
        if not cursor:
            return


class Table(NamedTuple):
    """Times of the same page at each size."""

    servers: list[Server]
    path: str
    key: str
    date: str
    size: Size

    def print_head(self, title: str) -> None:
        columns = "".join(f"{rows:>12,}" for rows in self.size.rows)
        print(f"\nPage time of {title}, one connection, median of {self.size.pages} in microseconds, ", end="")
        print(f"API date {self.date}; goal 2x\n  {'filter'.ljust(36)}{columns}   last/first")

    def print_row(self, name: str, queries: Sequence[str], is_kept: bool = False) -> None:
        """Time one page of each server. Raises RuntimeError where they differ in rows, for then so would the times."""
        pairs = list(zip(self.servers, queries, strict=True))
        lengths = {len(self._ask(server, query)[self.key]) for server, query in pairs}
        if len(lengths) > 1:
            raise RuntimeError(f"{name}: pages of {lengths} {self.key} cannot be compared")
        prepared = [(server, server.request(query, self.path, self.date)) for server, query in pairs]
        spelt = cycle if is_kept else made_anew
        times = self._times_us([(server, spelt([request])) for server, request in prepared])
        row = "".join(f"{micros:>12,.0f}" for micros in times)
        print(f"  {name.ljust(36)}{row}{times[-1] / times[0]:>12.2f}x", flush=True)

    def second_pages(self, queries: Sequence[str]) -> list[str]:
        """The query of each server's second page, or of its only one."""
        return [self._second(server, query) for server, query in zip(self.servers, queries, strict=True)]

    def _second(self, server: Server, query: str) -> str:
        cursor = self._ask(server, query)["cursor"]
        return f"{query}&cursor={cursor}" if cursor else query

    def _ask(self, server: Server, query: str) -> Any:
        return server.ask(query, self.path, self.date)

    def _times_us(self, requests: Sequence[tuple[Server, Iterator[bytes]]]) -> list[float]:
        """The median for each server; they take turns, so that a noisy machine is noisy for all of them."""
        turns, pages = self.size.rounds, self.size.pages // self.size.rounds
        for server, asked in requests:
            run(repeat(server.port, asked, pages // 2))
        medians = [[_median_us(server, asked, pages) for server, asked in requests] for _ in range(turns)]
        return [statistics.median(column) for column in zip(*medians, strict=True)]


def _median_us(server: Server, requests: Iterator[bytes], pages: int) -> float:
    return run(repeat(server.port, requests, pages)).quantile_us(0.5)


def _cursors(server: Server, listing: Listing, rows: int) -> dict[str, str]:
    """Of a walk through the whole list. Raises RuntimeError where it has fewer rows than it should."""
    pages = list(walk(server, listing.path, min(WALKED_LIMIT_MAX, rows // 10), listing.key))
    found = sum(length for _, length in pages)
    if found < rows:
        raise RuntimeError(f"{listing.key}: expected {rows} rows or more, walked through {found}")
    cursors = [cursor for cursor, _ in pages]
    return {"second page": cursors[1], "page in the middle": cursors[len(cursors) // 2], "an oldest page": cursors[-2]}


def _print_walked(table: Table, cursors: list[dict[str, str]]) -> None:
    table.print_row("first page, kept", [FULL_PAGE] * len(cursors), is_kept=True)
    for name in cursors[0]:
        table.print_row(name, [f"{FULL_PAGE}&cursor={known[name]}" for known in cursors])


def _print_filtered(table: Table, listing: Listing) -> None:
    queries = [listing.filters_of(rows) for rows in table.size.rows]
    for name in listing.filters:
        table.print_row(name, table.second_pages([query[name] for query in queries]))
