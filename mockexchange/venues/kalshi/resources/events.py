"""Events: filtered lists, and one event by its ticker; the milestones beside them come from the scenario."""

from collections.abc import Callable, Iterator

from mockexchange.core.model.markets import EventListing
from mockexchange.core.model.paged_history import ALWAYS, EVERYTHING, HistoryPage, Selector, page_of
from mockexchange.venues.dated_fields import Field, Nested
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.formatting import BOOLEAN, DECIMAL, FREE_OBJECT, INSTANT, TEXT
from mockexchange.venues.kalshi.named_days import AUTUMN_2026, SPRING_2026
from mockexchange.venues.kalshi.resources import parameters
from mockexchange.venues.kalshi.resources.call import Call, PublicOperation, write_parts
from mockexchange.venues.kalshi.resources.fields import (
    CURSOR,
    NULLS_LEFT_OUT,
    exchange_index,
    list_of,
    maybe,
    table,
    text,
)
from mockexchange.venues.kalshi.resources.lists import (
    ListTable,
    Test,
    all_of,
    answer_list,
    bounds,
    encode_rows,
    is_between,
    named,
)
from mockexchange.venues.kalshi.resources.market_views import (
    EventView,
    aged_serial,
    close_at,
    page_revision,
    status_of_event,
)
from mockexchange.venues.kalshi.resources.markets import (
    MARKET,
    OLD_STATUS_WORDS,
    SERIES_TICKER,
    collection_of,
    encode_markets,
    instant_filters,
)
from mockexchange.venues.kalshi.resources.milestones import MILESTONES
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.resources.series import SETTLEMENT_SOURCE

# --- fields of answers

SOURCES_ADDED = "2026-06-18"
BROKERS_DEPRECATED = "2026-08-27"

EVENT_DATA = table(
    "EventData",
    Field(
        name="available_on_brokers",
        spelling=BOOLEAN,
        read="is_brokered",
        until=BROKERS_DEPRECATED,
        lenient=True,
        source="wire-2025-11",
    ),
    # Announced with its deprecation: no longer filled in, always false.
    Field(
        name="available_on_brokers",
        spelling=BOOLEAN,
        read="is_brokered_late",
        since=BROKERS_DEPRECATED,
        until=AUTUMN_2026,
        source="changelog",
    ),
    text("category", "category"),
    text("collateral_return_type", "collateral_return_type"),
    text("event_ticker", "event.ticker"),
    exchange_index("event.exchange_index"),
    maybe("fee_multiplier_override", DECIMAL, since=AUTUMN_2026, source="sdk-3.34"),
    maybe("fee_type_override", TEXT, since=AUTUMN_2026, source="sdk-3.34"),
    maybe("last_updated_ts", INSTANT, "event.updated_at", since=SPRING_2026, source="openapi-3.13"),
    maybe("markets", Nested("Market", MARKET, is_list=True), "markets"),
    Field(name="mutually_exclusive", spelling=BOOLEAN, read="event.details.mutually_exclusive", source="wire-2025-11"),
    # Documented as required, and left out of every recorded event.
    maybe("product_metadata", FREE_OBJECT),
    text("series_ticker", "event.series.ticker"),
    list_of(
        "settlement_sources",
        "SettlementSource",
        SETTLEMENT_SOURCE,
        read="sources",
        since=SOURCES_ADDED,
        source="docs-daily",
    ),
    maybe("strike_date", INSTANT, "event.details.strike_at"),
    text("strike_period", "event.details.strike_period", until=NULLS_LEFT_OUT),
    maybe("strike_period", TEXT, "strike_period", since=NULLS_LEFT_OUT, source="docs-daily"),
    text("sub_title", "event.details.sub_title"),
    text("title", "title"),
)

GET_EVENTS_RESPONSE = table(
    "GetEventsResponse",
    CURSOR,
    list_of("events", "EventData", EVENT_DATA),
    list_of("milestones", MILESTONES.name, MILESTONES.fields, until=NULLS_LEFT_OUT, source="wire-2025-11"),
    maybe("milestones", Nested(MILESTONES.name, MILESTONES.fields, is_list=True), "milestones", since=NULLS_LEFT_OUT),
)
GET_MULTIVARIATE_EVENTS_RESPONSE = table(
    "GetMultivariateEventsResponse",
    CURSOR,
    list_of("events", "EventData", EVENT_DATA, source="docs-daily"),
)
GET_EVENT_RESPONSE = table(
    "GetEventResponse",
    Field(name="event", spelling=Nested("EventData", EVENT_DATA), read="event", source="docs-2025-11"),
    list_of("markets", "Market", MARKET),
)

# --- parameters of queries

LIMIT_OF_EVENTS = (
    Parameter(
        name="limit", kind="integer", minimum=1, maximum=200, default=100, until=SPRING_2026, source="docs-2025-11"
    ),
    Parameter(
        name="limit", kind="integer", minimum=1, maximum=200, default=200, since=SPRING_2026, source="openapi-3.13"
    ),
)
STATUS_OF_EVENTS = (
    Parameter(
        name="status",
        kind="choice",
        choices=("open", "closed", "settled"),
        until=SPRING_2026,
        source="docs-2025-11",
    ),
    Parameter(name="status", kind="choice", choices=OLD_STATUS_WORDS, since=SPRING_2026, source="openapi-3.13"),
)
WITH_NESTED_MARKETS = Parameter(name="with_nested_markets", kind="boolean", default=False, source="docs-2025-11")

GET_EVENTS: tuple[Parameter, ...] = (
    *LIMIT_OF_EVENTS,
    parameters.CURSOR,
    WITH_NESTED_MARKETS,
    Parameter(name="with_milestones", kind="boolean", default=False, source="docs-2025-11"),
    *STATUS_OF_EVENTS,
    SERIES_TICKER,
    Parameter(name="tickers", kind="texts", since=AUTUMN_2026, source="sdk-3.34"),
    Parameter(name="min_close_ts", kind="integer", source="docs-2025-11"),
    *instant_filters("min_updated_ts", since=SPRING_2026, source="openapi-3.13"),
)
GET_EVENT: tuple[Parameter, ...] = (WITH_NESTED_MARKETS,)
GET_MULTIVARIATE_EVENTS: tuple[Parameter, ...] = (
    Parameter(name="limit", kind="integer", minimum=1, maximum=200, default=100, source="docs-2025-11"),
    parameters.CURSOR,
    Parameter(name="series_ticker", kind="text", source="docs-2025-11"),
    Parameter(name="collection_ticker", kind="text", source="docs-2025-11"),
    Parameter(name="with_nested_markets", kind="boolean", default=False, source="docs-2025-11"),
)

# --- operations

EVENTS = ListTable("events", "EventData")
LEFT_OUT, NOTHING = b'""', b"[]"


def get_events(call: Call) -> bytes:
    """Return a page of events; if requested, the answer also has the milestones of all events."""
    look, view = _finder(call), viewer(call)

    def find(limit: int, after: int | None) -> HistoryPage[EventView]:
        page = look(limit, after)
        return HistoryPage([view(event) for event in page.rows], page.after)

    milestones = LEFT_OUT if call.api_date.holds(NULLS_LEFT_OUT) else NOTHING
    if call.params["with_milestones"]:
        of_events = [row for row in reversed(call.data.rows("milestones")) if row.related_event_tickers]
        milestones = encode_rows(call, "Milestone", of_events)
    table = EVENTS._replace(more=(("milestones", milestones),))
    return answer_list(call, table, page_revision(call.state, call.at), find)


def get_event(call: Call) -> bytes:
    """Return an event. The answer also has its markets, inside the event only if requested (documented)."""
    event = event_of(call)
    row = encode_rows(call, EVENTS.row, [viewer(call)(event)])[1:-1]  # without the brackets of the list
    return write_parts(call, {"event": row, "markets": encode_markets(call, event.markets)})


def event_of(call: Call) -> EventListing:
    """Return the event that the path names. Raises Rejected if there is no such event."""
    ticker = call.path_params["event_ticker"]
    event = call.state.events.get(ticker)
    if event is None:
        raise Rejected(Situation.NOT_FOUND, f"there is no event {ticker!r}: tickers are spelt as in the scenario")
    return event


def event_of_series(call: Call) -> EventListing:
    """Return the event that the path names by `ticker`. Raises Rejected if it is not in the series of the path."""
    ticker, series = call.path_params["ticker"], call.path_params["series_ticker"]
    event = call.state.events.get(ticker)
    if event is None or event.series.ticker != series:
        raise Rejected(Situation.NOT_FOUND, f"there is no event {ticker!r} in series {series!r}")
    return event


def viewer(call: Call) -> Callable[[EventListing], EventView]:
    aged, is_nested = aged_serial(call.state, call.at), call.params["with_nested_markets"]
    return lambda event: EventView(call.state, event, call.at, aged, is_nested)


def _finder(call: Call) -> Callable[[int, int | None], HistoryPage[EventListing]]:
    tickers, series = call.params.get("tickers"), call.params["series_ticker"]
    keeps = all_of(list(_tests(call)))
    if tickers:
        rows = named(call.state.events, tickers)
        return lambda limit, after: page_of([rows], limit, ALWAYS, after, keeps)
    selectors: list[Selector] = [("series", series) if series else EVERYTHING]
    return lambda limit, after: call.state.listed_events.find(limit, selectors, after=after, keeps=keeps)


def _tests(call: Call) -> Iterator[Test[EventListing]]:
    params = call.params
    yield lambda event: not collection_of(call, event)
    status, series = params["status"], params["series_ticker"]
    if status:
        yield lambda event: status_of_event(event) == status
    if params.get("tickers") and series:
        yield lambda event: event.series.ticker == series
    closing, updated = bounds(params, "close"), bounds(params, "updated")
    if closing != (None, None):
        yield lambda event: any(is_between(close_at(market), *closing) for market in event.markets)
    if updated != (None, None):
        yield lambda event: is_between(event.updated_at, *updated)


def get_multivariate_events(call: Call) -> bytes:
    """Return a page of the events that belong to collections."""
    collection, series = call.params["collection_ticker"], call.params["series_ticker"]
    events = [
        event
        for event in call.state.events.values()
        if (found := collection_of(call, event))
        and collection in (None, found)
        and series in (None, event.series.ticker)
    ]
    view = viewer(call)

    def find(limit: int, after: int | None) -> HistoryPage[EventView]:
        page = page_of([events], limit, ALWAYS, after)
        return HistoryPage([view(event) for event in page.rows], page.after)

    return answer_list(call, EVENTS, 0, find, is_kept=False)


OPERATIONS = (
    PublicOperation(
        name="GetEvents", path="/events", answer=get_events, answer_table="GetEventsResponse", parameters=GET_EVENTS
    ),
    PublicOperation(
        name="GetEvent",
        path="/events/{event_ticker}",
        answer=get_event,
        answer_table="GetEventResponse",
        parameters=GET_EVENT,
    ),
    PublicOperation(
        name="GetMultivariateEvents",
        path="/events/multivariate",
        answer=get_multivariate_events,
        parameters=GET_MULTIVARIATE_EVENTS,
        answer_table="GetMultivariateEventsResponse",
    ),
)
