"""Markets: filtered lists, and one market by its ticker.

Changes between the documents of November 2025 and April 2026 without a known day are dated 2026-04-01 by choice; counts
and whole numbers came and went on the same days as those of positions. If the changelog names a release day, that day
takes precedence over that of the pages. Keys without a value are left out of every recorded market.
"""

from collections.abc import Callable, Collection, Iterable, Iterator

from mockexchange.core.model import paged_history
from mockexchange.core.model.markets import EventListing, Market
from mockexchange.core.model.paged_history import EVERYTHING, HistoryPage, Partition, Selector, Window, page_of
from mockexchange.core.vocabulary import MarketStatus
from mockexchange.venues.dated_fields import ALWAYS, COMPAT_ONLY, Field, Nested, Spelling
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.formatting import (
    BOOLEAN,
    CENTS,
    CONTRACTS,
    COUNT_2,
    DECIMAL,
    DOLLARS_4,
    FREE_OBJECT,
    INSTANT,
    INTEGER,
    LATE_RESULT,
    OLD_RESULT,
    OLD_STATUS,
    OLD_STRUCTURE,
    PRICE_4,
    PRICE_CENTS,
    PRICE_CENTS_NUMBER,
    RESULT,
    STATUS,
    STRIKE_TYPE,
    TEXT,
    WINTER_STATUS,
    one_of,
)
from mockexchange.venues.kalshi.named_days import AUTUMN_2026, FIXED_POINT_ADDED, INTEGERS_REMOVED, SPRING_2026
from mockexchange.venues.kalshi.resources import parameters
from mockexchange.venues.kalshi.resources.call import Call, PublicOperation, write_parts
from mockexchange.venues.kalshi.resources.fields import CURSOR, exchange_index, list_of, maybe, table, text
from mockexchange.venues.kalshi.resources.lists import (
    Find,
    ListTable,
    Test,
    all_of,
    answer_list,
    bounds,
    encode_rows,
    is_between,
    live_since,
    named,
    names_of,
)
from mockexchange.venues.kalshi.resources.market_views import (
    MarketView,
    aged_serial,
    close_at,
    is_paused,
    page_revision,
)
from mockexchange.venues.kalshi.resources.parameters import Parameter

# --- fields of answers

CREATION_ADDED = "2025-11-20"
"""Day on which the creation time was added, with its filters; the official client of December requires it."""
WINTER_2025 = "2025-12-01"
"""Day from which the status of an open market is written active.

Open was recorded in November 2025, active in January 2026; the official client of December knows only active.
"""
NULL_RESULTS_REMOVED = "2025-11-28"
SETTLEMENT_TIME_ADDED = "2025-12-25"
"""Day on which the settlement time was added; the pages have it from 2025-12-20 on."""
CATEGORY_REMOVED = "2026-01-08"
"""Day on which the category keys were removed; the pages lack them from 2026-01-06 on, and recordings on 2026-01-12."""
PROVISIONAL_ADDED = "2026-01-09"
UPDATE_TIME_ADDED = "2026-01-22"
FRACTIONS_ADDED = "2026-02-12"
NO_LIQUIDITY = "2026-02-13"
BID_SIZES_ADDED = "2026-02-25"
EMPTY_SUBTITLES_LEFT_OUT = "2026-03-21"
OCCURRENCE_ADDED = "2026-04-16"
TICK_SIZE_REMOVED = "2026-05-07"
"""Day on which the tick size was removed; the pages lack it from 2026-05-01 on."""
UNITS_REMOVED = "2026-07-09"


def _price(name: str, read: str, cents: Spelling = PRICE_CENTS) -> tuple[Field, ...]:
    return (
        Field(name=name, spelling=cents, read=read, until=INTEGERS_REMOVED, source="wire-2025-11"),
        Field(name=f"{name}_dollars", spelling=PRICE_4, read=read, source="wire-2025-11"),
    )


def _count(name: str, read: str) -> tuple[Field, ...]:
    return (
        Field(name=name, spelling=CONTRACTS, read=read, until=INTEGERS_REMOVED, source="wire-2025-11"),
        Field(name=f"{name}_fp", spelling=COUNT_2, read=read, since=FIXED_POINT_ADDED, source="openapi-3.13"),
    )


def _time(name: str, read: str, since: str = ALWAYS, source: str = "docs-2025-11") -> Field:
    return Field(name=name, spelling=INSTANT, read=read, since=since, source=source)


PRICE_RANGE = table(
    "PriceRange",
    Field(name="end", spelling=PRICE_4, read="end_centicents", source="openapi-3.13"),
    Field(name="start", spelling=PRICE_4, read="start_centicents", source="openapi-3.13"),
    Field(name="step", spelling=PRICE_4, read="step_centicents", source="openapi-3.13"),
)

MVE_SELECTED_LEG = table(
    "MveSelectedLeg",
    maybe("event_ticker", TEXT, "event_ticker"),
    maybe("market_ticker", TEXT, "market_ticker"),
    maybe("side", TEXT, "side"),
    # Of the legs of RFQs alone: a market's answer does not change when a market that it combines is settled.
    maybe("yes_settlement_value_dollars", PRICE_4, "yes_settlement_value", since=SPRING_2026, source="openapi-3.13"),
)

_STATUS = (
    Field(name="status", spelling=OLD_STATUS, read="status", until=WINTER_2025, source="wire-2025-11"),
    Field(
        name="status",
        spelling=WINTER_STATUS,
        read="status",
        since=WINTER_2025,
        until=SPRING_2026,
        source="client-report",
    ),
    Field(name="status", spelling=STATUS, read="status", since=SPRING_2026, source="openapi-3.13"),
)
_RESULT = (
    Field(
        name="result",
        spelling=OLD_RESULT,
        read="market.result",
        empty="null",
        until=NULL_RESULTS_REMOVED,
        source="wire-2025-11",
    ),
    Field(
        name="result",
        spelling=OLD_RESULT,
        read="market.result",
        since=NULL_RESULTS_REMOVED,
        until=SPRING_2026,
        source="wire-2026-01",
    ),
    Field(
        name="result",
        spelling=RESULT,
        read="market.result",
        since=SPRING_2026,
        until=AUTUMN_2026,
        source="openapi-3.13",
    ),
    Field(name="result", spelling=LATE_RESULT, read="market.result", since=AUTUMN_2026, source="choice"),
)
_SETTLEMENT_VALUE = (
    Field(
        name="settlement_value",
        spelling=PRICE_CENTS,
        read="value_centicents",
        empty="absent",
        until=INTEGERS_REMOVED,
        source="wire-2025-11",
    ),
    maybe("settlement_value_dollars", PRICE_4, "value_centicents", source="wire-2025-11"),
)
_STRUCTURE = (
    Field(
        name="price_level_structure",
        spelling=OLD_STRUCTURE,
        read="price_level_structure",
        until=AUTUMN_2026,
        source="docs-2025-11",
    ),
    Field(
        name="price_level_structure", spelling=TEXT, read="price_level_structure", since=AUTUMN_2026, source="sdk-3.34"
    ),
)
_LIQUIDITY = (
    Field(name="liquidity", spelling=CENTS, read="liquidity_micros", until=NO_LIQUIDITY, source="wire-2025-11"),
    Field(
        name="liquidity",
        spelling=CENTS,
        read="no_liquidity_micros",
        since=NO_LIQUIDITY,
        until=INTEGERS_REMOVED,
        source="changelog",
    ),
    Field(
        name="liquidity_dollars", spelling=DOLLARS_4, read="liquidity_micros", until=NO_LIQUIDITY, source="wire-2025-11"
    ),
    Field(
        name="liquidity_dollars",
        spelling=DOLLARS_4,
        read="no_liquidity_micros",
        since=NO_LIQUIDITY,
        until=AUTUMN_2026,
        source="wire-2026-06",
    ),
)
_SUBTITLE = (
    Field(
        name="subtitle",
        spelling=TEXT,
        read="market.details.subtitle",
        until=EMPTY_SUBTITLES_LEFT_OUT,
        lenient=True,
        source="docs-2025-11",
    ),
    maybe("subtitle", TEXT, "subtitle_or_none", since=EMPTY_SUBTITLES_LEFT_OUT, source="wire-2026-06"),
)
_BID_SIZES = tuple(
    Field(name=name, spelling=COUNT_2, read=read, since=BID_SIZES_ADDED, source="docs-daily")
    for name, read in (("yes_ask_size_fp", "no_bid.count_centis"), ("yes_bid_size_fp", "yes_bid.count_centis"))
)

MARKET = table(
    "Market",
    Field(name="can_close_early", spelling=BOOLEAN, read="market.details.can_close_early", source="docs-2025-11"),
    maybe("cap_strike", DECIMAL, "market.details.cap_strike"),
    text("category", "category", until=CATEGORY_REMOVED),
    _time("close_time", "close_at"),
    _time("created_time", "market.created_at", CREATION_ADDED, "client-report"),
    maybe("custom_strike", FREE_OBJECT),
    maybe("early_close_condition", TEXT),
    text("event_ticker", "market.event.ticker"),
    exchange_index("market.event.exchange_index"),
    maybe("expected_expiration_time", INSTANT, "expected_expiration_at"),
    _time("expiration_time", "expiration_at"),
    text("expiration_value", "expiration_value"),
    maybe("fee_waiver_expiration_time", INSTANT),
    maybe("floor_strike", DECIMAL, "market.details.floor_strike"),
    Field(
        name="fractional_trading_enabled",
        spelling=BOOLEAN,
        read="is_fractional",
        since=FRACTIONS_ADDED,
        until=UNITS_REMOVED,
        source="docs-daily",
    ),
    maybe("functional_strike", TEXT),
    maybe("is_provisional", BOOLEAN, since=PROVISIONAL_ADDED, source="docs-daily"),
    *_price("last_price", "price_centicents", PRICE_CENTS_NUMBER),
    _time("latest_expiration_time", "expiration_at"),
    *_LIQUIDITY,
    Field(name="market_type", spelling=one_of("binary", "scalar"), read="market_type", source="docs-2025-11"),
    maybe("mve_collection_ticker", TEXT, "collection_or_none"),
    maybe("mve_selected_legs", Nested("MveSelectedLeg", MVE_SELECTED_LEG, is_list=True), "legs"),
    *_price("no_ask", "no_ask_centicents", PRICE_CENTS_NUMBER),
    *_price("no_bid", "no_bid.price_centicents", PRICE_CENTS_NUMBER),
    text("no_sub_title", "no_title"),
    *_price("notional_value", "notional_centicents"),
    maybe("occurrence_datetime", INSTANT, since=OCCURRENCE_ADDED, source="changelog"),
    *_count("open_interest", "open_interest_centis"),
    _time("open_time", "open_at"),
    *_price("previous_price", "previous_centicents"),
    # The state has no earlier quotes: the previous price stands for the previous ask and bid too.
    *_price("previous_yes_ask", "previous_centicents"),
    *_price("previous_yes_bid", "previous_centicents"),
    *_STRUCTURE,
    list_of("price_ranges", "PriceRange", PRICE_RANGE),
    maybe("primary_participant_key", TEXT),
    Field(
        name="response_price_units",
        spelling=one_of("usd_cent"),
        read="units",
        until=UNITS_REMOVED,
        source="wire-2025-11",
    ),
    *_RESULT,
    Field(
        name="risk_limit_cents",
        spelling=INTEGER,
        read="risk_limit_cents",
        until=CATEGORY_REMOVED,
        source="wire-2025-11",
    ),
    text("rules_primary", "market.details.rules_primary"),
    text("rules_secondary", "market.details.rules_secondary"),
    Field(
        name="settlement_bounds_type",
        spelling=one_of("default", "floor"),
        read="settlement_bounds",
        since=AUTUMN_2026,
        source="sdk-3.34",
    ),
    maybe("settlement_floor_dollars", PRICE_4, since=AUTUMN_2026, source="sdk-3.34"),
    Field(
        name="settlement_timer_seconds",
        spelling=INTEGER,
        read="market.details.settlement_timer_s",
        source="docs-2025-11",
    ),
    maybe("settlement_ts", INSTANT, "market.settled_at", since=SETTLEMENT_TIME_ADDED, source="changelog"),
    *_SETTLEMENT_VALUE,
    *_STATUS,
    maybe("strike_type", STRIKE_TYPE, "market.details.strike_type"),
    *_SUBTITLE,
    Field(name="tick_size", spelling=INTEGER, read="tick_cents", until=TICK_SIZE_REMOVED, source="changelog"),
    text("ticker", "market.ticker"),
    text("title", "title"),
    _time("updated_time", "market.updated_at", UPDATE_TIME_ADDED, "docs-daily"),
    *_count("volume", "market.volume_centis"),
    *_count("volume_24h", "volume_24h_centis"),
    *_price("yes_ask", "yes_ask_centicents", PRICE_CENTS_NUMBER),
    *_price("yes_bid", "yes_bid.price_centicents", PRICE_CENTS_NUMBER),
    *_BID_SIZES,
    text("yes_sub_title", "yes_title"),
)

GET_MARKETS_RESPONSE = table("GetMarketsResponse", CURSOR, list_of("markets", "Market", MARKET))
GET_MARKET_RESPONSE = table(
    "GetMarketResponse",
    Field(name="market", spelling=Nested("Market", MARKET), read="market", source="docs-2025-11"),
)

# --- parameters of queries

OLD_STATUS_WORDS = ("unopened", "open", "closed", "settled")
STATUS_WORDS = ("unopened", "open", "paused", "closed", "settled")

SERIES_TICKER = Parameter(name="series_ticker", kind="text", source="docs-2025-11")
TICKERS = Parameter(name="tickers", kind="texts", source="docs-2025-11")
STATUS_FILTER = (
    Parameter(name="status", kind="choices", choices=OLD_STATUS_WORDS, until=SPRING_2026, source="docs-2025-11"),
    Parameter(
        name="status", kind="choice", choices=STATUS_WORDS, since=SPRING_2026, until=COMPAT_ONLY, source="openapi-3.13"
    ),
    # A list, as clients of 2025 send it, of every value that ever existed.
    Parameter(name="status", kind="choices", choices=STATUS_WORDS, since=COMPAT_ONLY, source="choice"),
)


def instant_filters(*names: str, since: str, source: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name=name, kind="integer", since=since, source=source) for name in names)


CLOSE_TIMES = (
    Parameter(name="min_close_ts", kind="integer", source="docs-2025-11"),
    Parameter(name="max_close_ts", kind="integer", source="docs-2025-11"),
)
# With the rule that they exclude each other; a filter by updates is first seen in the document of 2026-02-25.
OTHER_TIMES = (
    *instant_filters(
        "min_created_ts", "max_created_ts", "min_settled_ts", "max_settled_ts", since=CREATION_ADDED, source="changelog"
    ),
    *instant_filters("min_updated_ts", since="2026-02-25", source="client-report"),
    *instant_filters("max_updated_ts", since=AUTUMN_2026, source="sdk-3.34"),
)

GET_MARKETS: tuple[Parameter, ...] = (
    *parameters.LIMIT_FROM_ZERO,
    parameters.CURSOR,
    *parameters.EVENT_TICKER_NARROWED,
    SERIES_TICKER,
    *CLOSE_TIMES,
    *OTHER_TIMES,
    *STATUS_FILTER,
    TICKERS,
    # The official client released on that day sends it; the document of 2025-11-03 does not have it.
    Parameter(name="mve_filter", kind="choice", choices=("only", "exclude"), since="2025-12-02", source="sdk-3.0"),
)

SERIES_OR_EVENT = (
    Parameter(name="event_ticker", kind="text", source="openapi-3.13"),
    Parameter(name="series_ticker", kind="text", since="2026-04-11", source="docs-daily"),
)
GET_HISTORICAL_MARKETS: tuple[Parameter, ...] = (
    Parameter(name="limit", kind="integer", minimum=0, maximum=1000, default=100, source="openapi-3.13"),
    parameters.CURSOR,
    TICKERS,
    *SERIES_OR_EVENT,
    Parameter(name="mve_filter", kind="choice", choices=("exclude",), source="openapi-3.13"),
)

# --- operations

MULTIVARIATE_EVENTS_NAME = "multivariate_events"
"""The table of those events of the scenario that belong to a collection."""


def collection_of(call: Call, event: EventListing) -> str:
    """Return the collection whose markets an event has, by its ticker; empty for an event that combines no others."""
    row = call.data.find(MULTIVARIATE_EVENTS_NAME, event.ticker)
    return str(row.collection_ticker) if row is not None else event.markets[0].collection


def _combination_tests(call: Call) -> Iterator[Test[Market]]:
    """Yield the test of markets by whether they combine others."""
    asked = call.params.get("mve_filter")
    if asked:
        yield lambda market: bool(collection_of(call, market.event)) == (asked == "only")


MARKETS = ListTable("markets", "Market")
TIMES_EXCLUSIVE_SINCE = CREATION_ADDED

# Statuses by value of the status filter: closed is every market that has closed and is not paid out (documented).
STATUS_VALUES: dict[str, tuple[MarketStatus, ...]] = {
    # `MarketStatus` has no value for a market before its opening.
    "unopened": (),
    "open": (MarketStatus.OPEN,),
    # A paused market is an open one: `_test_of_pause` separates it from those that trade.
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
    return answer_list(call, MARKETS, page_revision(call.state, call.at), _viewed(call, _finder(call)))


def get_market(call: Call) -> bytes:
    return write_parts(call, {"market": encode_market(call, market_of(call))})


def get_historical_markets(call: Call) -> bytes:
    """Return a page of the markets that were paid out before the cutoff."""
    return answer_list(call, MARKETS, page_revision(call.state, call.at), _viewed(call, _historical_finder(call)))


def get_historical_market(call: Call) -> bytes:
    return write_parts(call, {"market": encode_market(call, historical_market_of(call))})


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


def _is_paid_out(partition: Partition) -> bool:
    return partition[0] is MarketStatus.FINALIZED


def _tests_of_names(call: Call) -> Iterator[Test[Market]]:
    """Yield the tests of markets by the names of their event and of their series."""
    events, series = names_of(call.params["event_ticker"]), call.params.get("series_ticker")
    if events:
        yield lambda market: market.event.ticker in events
    if series:
        yield lambda market: market.event.series.ticker == series


def encode_market(call: Call, market: Market) -> bytes:
    """Return a market as a JSON object."""
    return encode_markets(call, [market])[1:-1]  # without the brackets of the list


def encode_markets(call: Call, markets: Iterable[Market]) -> bytes:
    """Return markets as a JSON list."""
    aged = aged_serial(call.state, call.at)
    return encode_rows(call, "Market", [MarketView(call.state, market, call.at, aged) for market in markets])


def _viewed(call: Call, look: Find[Market]) -> Callable[[int, int | None], HistoryPage[MarketView]]:
    """Return a function that finds what `look` finds, as the JSON of markets shows it."""
    aged = aged_serial(call.state, call.at)

    def find(limit: int, after: int | None) -> HistoryPage[MarketView]:
        page = look(limit, after)
        return HistoryPage([MarketView(call.state, market, call.at, aged) for market in page.rows], page.after)

    return find


def _finder(call: Call) -> Find[Market]:
    """Return the function that finds a page of markets."""
    lists = _named_lists(call)
    if lists is not None:
        keeps = all_of(list(_all_tests(call)))
        return lambda limit, after: page_of(lists, limit, paged_history.ALWAYS, after, keeps)
    # The index selects by series, status and creation time, which need no tests.
    selectors: list[Selector] = [("series", name) for name in names_of(call.params["series_ticker"])] or [EVERYTHING]
    statuses, window = _statuses(call), Window(*bounds(call.params, "created"))
    keeps = all_of(list(_tests_beside_index(call)))

    def admits(partition: Partition) -> bool:
        return statuses is None or partition[0] in statuses

    return lambda limit, after: call.state.listed_markets.find(limit, selectors, admits, window, after, keeps)


def _historical_finder(call: Call) -> Find[Market]:
    """Return the function that finds a page of historical markets."""
    keeps = all_of([lambda market: is_archived(call, market), *_tests_of_names(call), *_combination_tests(call)])
    lists = _named_lists(call)
    if lists is not None:
        return lambda limit, after: page_of(lists, limit, after=after, keeps=keeps)
    series = call.params.get("series_ticker")
    selectors: list[Selector] = [("series", series) if series else EVERYTHING]
    return lambda limit, after: call.state.listed_markets.find(limit, selectors, _is_paid_out, after=after, keeps=keeps)


def _named_lists(call: Call) -> list[list[Market]] | None:
    """Return the markets that the call names by tickers, or by events; None if it names neither."""
    tickers, events = call.params["tickers"], names_of(call.params["event_ticker"])
    if tickers:
        return [named(call.state.markets, tickers)]
    return [event.markets for event in named(call.state.events, events)] if events else None


def _tests_beside_index(call: Call) -> Iterator[Test[Market]]:
    yield from _test_of_archive(call)
    yield from _test_of_pause(call)
    yield from _combination_tests(call)
    yield from _tests_of_times(call, ("close", "settled", "updated"))


def _all_tests(call: Call) -> Iterator[Test[Market]]:
    yield from _test_of_archive(call)
    yield from _test_of_pause(call)
    yield from _combination_tests(call)
    statuses = _statuses(call)
    if statuses is not None:
        yield lambda market: market.status in statuses
    yield from _tests_of_names(call)
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


def _tests_of_times(call: Call, names: Iterable[str]) -> Iterator[Test[Market]]:
    for name in names:
        least, most = bounds(call.params, name)
        if (least, most) != (None, None):
            yield _test_of_time(TIMES[name], least, most)


def _test_of_time(read: Callable[[Market], int | None], least: int | None, most: int | None) -> Test[Market]:
    # A function of its own: lambdas made in the loop would all read the values of its last round.
    return lambda market: is_between(read(market), least, most)


def _statuses(call: Call) -> set[MarketStatus] | None:
    names = names_of(call.params["status"])
    return {status for name in names for status in STATUS_VALUES[name]} if names else None


def _require_one_time(call: Call) -> None:
    """Raise Rejected for filters by several kinds of time, or by a time and a status that excludes it.

    The rule holds from 2025-11-20 on, but not in compat.
    """
    if not call.api_date.is_day_from(TIMES_EXCLUSIVE_SINCE):
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
    PublicOperation(
        name="GetMarkets",
        path="/markets",
        answer=get_markets,
        answer_table="GetMarketsResponse",
        parameters=GET_MARKETS,
    ),
    PublicOperation(name="GetMarket", path="/markets/{ticker}", answer=get_market, answer_table="GetMarketResponse"),
    PublicOperation(
        name="GetHistoricalMarkets",
        path="/historical/markets",
        answer=get_historical_markets,
        answer_table="GetMarketsResponse",
        parameters=GET_HISTORICAL_MARKETS,
    ),
    PublicOperation(
        name="GetHistoricalMarket",
        path="/historical/markets/{ticker}",
        answer=get_historical_market,
        answer_table="GetMarketResponse",
    ),
)
