"""Implements the operations that read markets: filtered lists, and one market by its ticker."""

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial

from mockexchange.core.model.history import ALWAYS, EVERYTHING, HistoryPage, Partition, Selector, Window, page_of
from mockexchange.core.model.markets import Market
from mockexchange.core.vocabulary import MarketStatus
from mockexchange.venues.kalshi.dates import SPRING_2026
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import Call, PublicOperation, write_parts
from mockexchange.venues.kalshi.operations.filters import Test, all_of, bounds, is_between, named
from mockexchange.venues.kalshi.operations.lists import ListTable, answer_list, encode_rows, live_since, names_of
from mockexchange.venues.kalshi.operations.market_data.market_views import (
    MarketView,
    aged_serial,
    close_at,
    is_paused,
    page_revision,
)

MARKETS = ListTable("markets", "Market")
TIMES_EXCLUSIVE_SINCE = "2025-11-20"

# Statuses by value of the status filter: closed is every market that has closed and is not paid out (documented).
STATUS_VALUES: dict[str, tuple[MarketStatus, ...]] = {
    "unopened": (),
    "open": (MarketStatus.OPEN,),
    "paused": (MarketStatus.OPEN,),
    "closed": (MarketStatus.CLOSED, MarketStatus.DETERMINED, MarketStatus.DISPUTED),
    "settled": (MarketStatus.FINALIZED,),
}
TIMES: dict[str, Callable[[Market], int | None]] = {
    "created": lambda market: market.created_at,
    "close": close_at,
    "settled": lambda market: market.settled_at,
    "updated": lambda market: market.updated_at,
}
# Values of the status filter that may be combined with a filter of that time (documented).
STATUSES_BESIDE: dict[str, Collection[str]] = {
    "created": ("unopened", "open"),
    "close": ("closed",),
    "settled": ("settled",),
    "updated": (),
}


def get_markets(call: Call) -> bytes:
    _require_one_time(call)
    look, aged = _finder(call), aged_serial(call.state, call.at)

    def find(limit: int, after: int | None) -> HistoryPage[MarketView]:
        page = look(limit, after)
        return HistoryPage([MarketView(call.state, market, call.at, aged) for market in page.rows], page.after)

    return answer_list(call, MARKETS, page_revision(call.state, call.at), find)


def get_market(call: Call) -> bytes:
    return write_parts(call, {"market": encode_markets(call, [market_of(call)])[1:-1]})


def get_historical_markets(call: Call) -> bytes:
    """Return a page of the markets that were paid out before the cutoff; none of them combines other markets."""
    params, keeps = call.params, _archived(call)
    events, series, aged = params["event_ticker"], params.get("series_ticker"), aged_serial(call.state, call.at)
    tests, lists = all_of([keeps, *_tests_of_names(events, series)]), _named_lists(call)
    if lists is not None:
        look = partial(page_of, lists, keeps=tests)
    else:
        selector: Selector = ("series", series) if series else EVERYTHING
        look = partial(call.state.listed_markets.find, selectors=[selector], admits=_is_paid_out, keeps=tests)

    def find(limit: int, after: int | None) -> HistoryPage[MarketView]:
        page = look(limit=limit, after=after)
        return HistoryPage([MarketView(call.state, market, call.at, aged) for market in page.rows], page.after)

    return answer_list(call, MARKETS, page_revision(call.state, call.at), find)


def get_historical_market(call: Call) -> bytes:
    return write_parts(call, {"market": encode_markets(call, [historical_market_of(call)])[1:-1]})


def market_of(call: Call) -> Market:
    """Return the market that the path names. Raises Rejected if there is no such market, or only a historical one."""
    market = _known_market_of(call)
    if not is_listed(call, market):
        message = f"{market.ticker} was paid out before the cutoff: see GET /historical/markets/{market.ticker}"
        raise Rejected(Situation.NOT_FOUND, message)
    return market


def historical_market_of(call: Call) -> Market:
    """Return the historical market that the path names. Raises Rejected if there is none."""
    market = _known_market_of(call)
    if not is_archived(call, market):
        raise Rejected(Situation.NOT_FOUND, f"{market.ticker} was not paid out before the cutoff: see GET /markets")
    return market


def _known_market_of(call: Call) -> Market:
    ticker = call.path_params["ticker"]
    market = call.state.markets.get(ticker)
    if market is None:
        raise Rejected(Situation.NOT_FOUND, f"there is no market {ticker!r}: tickers are spelt as in the scenario")
    return market


def is_archived(call: Call, market: Market) -> bool:
    """Return whether a market was paid out before the cutoff of historical markets."""
    return market.settled_at is not None and market.settled_at < call.state.archived_before


def is_listed(call: Call, market: Market) -> bool:
    """Return whether live operations show a market.

    From April 2026 on they leave out historical markets, except at the date `compat`.
    """
    return live_since(call) is None or not is_archived(call, market)


def _archived(call: Call) -> Test[Market]:
    return lambda market: is_archived(call, market)


def _is_paid_out(partition: Partition) -> bool:
    return partition[0] is MarketStatus.FINALIZED


def _tests_of_names(event: str | None, series: str | None) -> Iterator[Test[Market]]:
    if event:
        yield lambda market: market.event.ticker == event
    if series:
        yield lambda market: market.event.series.ticker == series


def encode_markets(call: Call, markets: Iterable[Market]) -> bytes:
    """Return markets as a JSON list."""
    aged = aged_serial(call.state, call.at)
    return encode_rows(call, "Market", [MarketView(call.state, market, call.at, aged) for market in markets])


def _finder(call: Call) -> Callable[[int, int | None], HistoryPage[Market]]:
    """Return the function that finds a page of markets; empty for markets that combine others (not emulated)."""
    if call.params.get("mve_filter") == "only":
        return lambda limit, after: HistoryPage([], None)
    lists = _named_lists(call)
    if lists is not None:
        keeps = all_of(list(_all_tests(call)))
        return lambda limit, after: page_of(lists, limit, ALWAYS, after, keeps)
    return _indexed(call)


def _named_lists(call: Call) -> list[list[Market]] | None:
    """Return the markets that the call names by tickers, or by events; None if it names neither."""
    tickers, events = call.params["tickers"], names_of(call.params["event_ticker"])
    if tickers:
        return [named(call.state.markets, tickers)]
    return [event.markets for event in named(call.state.events, events)] if events else None


def _indexed(call: Call) -> Callable[[int, int | None], HistoryPage[Market]]:
    selectors: list[Selector] = [("series", name) for name in names_of(call.params["series_ticker"])] or [EVERYTHING]
    statuses, window = _statuses(call), Window(*bounds(call.params, "created"))
    keeps = all_of(list(_tests_beside_index(call)))

    def admits(partition: Partition) -> bool:
        return statuses is None or partition[0] in statuses

    return lambda limit, after: call.state.listed_markets.find(limit, selectors, admits, window, after, keeps)


def _tests_beside_index(call: Call) -> Iterator[Test[Market]]:
    yield from _test_of_archive(call)
    yield from _test_of_pause(call)
    yield from _tests_of_times(call, ("close", "settled", "updated"))


def _all_tests(call: Call) -> Iterator[Test[Market]]:
    yield from _test_of_archive(call)
    yield from _test_of_pause(call)
    statuses, events = _statuses(call), names_of(call.params["event_ticker"])
    if statuses is not None:
        yield lambda market: market.status in statuses
    if events:
        yield lambda market: market.event.ticker in events
    yield from _test_of_series(call)
    yield from _tests_of_times(call, TIMES)


def _test_of_pause(call: Call) -> Iterator[Test[Market]]:
    """Yield the test of open markets by whether they trade; before April 2026 there was no word for paused ones."""
    words = names_of(call.params["status"])
    wants_paused = "paused" in words
    if call.api_date.holds(SPRING_2026) and wants_paused != ("open" in words):
        yield lambda market: market.status is not MarketStatus.OPEN or is_paused(market) is wants_paused


def _test_of_archive(call: Call) -> Iterator[Test[Market]]:
    """Yield the test of live markets, on days whose historical ones are listed apart."""
    if live_since(call) is not None:
        yield lambda market: not is_archived(call, market)


def _test_of_series(call: Call) -> Iterator[Test[Market]]:
    series = call.params["series_ticker"]
    if series:
        yield lambda market: market.event.series.ticker == series


def _tests_of_times(call: Call, names: Iterable[str]) -> Iterator[Test[Market]]:
    for name in names:
        least, most = bounds(call.params, name)
        if (least, most) != (None, None):
            yield _test_of_time(TIMES[name], least, most)


def _test_of_time(read: Callable[[Market], int | None], least: int | None, most: int | None) -> Test[Market]:
    return lambda market: is_between(read(market), least, most)


def _statuses(call: Call) -> set[MarketStatus] | None:
    names = names_of(call.params["status"])
    return {status for name in names for status in STATUS_VALUES[name]} if names else None


def _require_one_time(call: Call) -> None:
    """Raise Rejected for filters by several kinds of time, or by a time and a status that excludes it.

    The rule holds from 2025-11-20 on, but not in compat.
    """
    if call.api_date.is_compat or not call.api_date.holds(TIMES_EXCLUSIVE_SINCE):
        return
    asked = [name for name in TIMES if bounds(call.params, name) != (None, None)]
    if len(asked) > 1:
        raise Rejected(
            Situation.CLASHING, f"filters by {' and '.join(asked)} time exclude each other: ask for one kind"
        )
    clash = [word for name in asked for word in names_of(call.params["status"]) if word not in STATUSES_BESIDE[name]]
    if clash:
        may = " or ".join(STATUSES_BESIDE[asked[0]]) or "no status at all"
        raise Rejected(Situation.CLASHING, f"a filter by {asked[0]} time goes with {may}, not with status {clash[0]}")


OPERATIONS = (
    PublicOperation(name="GetMarkets", path="/markets", answer=get_markets, answer_table="GetMarketsResponse"),
    PublicOperation(name="GetMarket", path="/markets/{ticker}", answer=get_market, answer_table="GetMarketResponse"),
    PublicOperation(
        name="GetHistoricalMarkets",
        path="/historical/markets",
        answer=get_historical_markets,
        answer_table="GetMarketsResponse",
    ),
    PublicOperation(
        name="GetHistoricalMarket",
        path="/historical/markets/{ticker}",
        answer=get_historical_market,
        answer_table="GetMarketResponse",
    ),
)
