"""Multivariate event collections: the markets that combine others, how they are created, and the lookups of them.

A combination is created once, by the first who asks for it; its tickers follow from its legs, so whoever asks for the
same legs gets the same market. It trades like any other, and is settled like any other: by a step.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from mockexchange.core.commands import DescribeEvent, ListCombination, LookUpMarket
from mockexchange.core.ids import derived_id
from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.markets import EventDetails, Leg
from mockexchange.core.vocabulary import MarketStatus, Side
from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.dated_fields import Field, Nested
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.formatting import TEXT
from mockexchange.venues.kalshi.named_days import AUTUMN_2026
from mockexchange.venues.kalshi.resources import bodies
from mockexchange.venues.kalshi.resources.bodies import Body, BodyField
from mockexchange.venues.kalshi.resources.call import AccountCall, Write, WriteOperation, write
from mockexchange.venues.kalshi.resources.fields import table
from mockexchange.venues.kalshi.resources.market_views import MarketView, aged_serial, close_at
from mockexchange.venues.kalshi.resources.markets import MARKET, MULTIVARIATE_EVENTS_NAME
from mockexchange.venues.kalshi.resources.parameters import CURSOR, Parameter
from mockexchange.venues.kalshi.resources.refusals import invalid, submit
from mockexchange.venues.kalshi.resources.scenario_reads import (
    Asked,
    Column,
    Objects,
    always,
    choice,
    equal,
    limit,
    nested,
    nullable,
    one,
    page,
    rows,
    texts,
    unshown,
)

INDEX_ADDED = "2026-08-05"


def status_of(row: DataRow, at: int) -> str:
    """Return the status of an event collection at the time `at`."""
    if at < row.open_date:
        return "unopened"
    return "open" if at < row.close_date else "closed"


def has_event(call: Asked, row: DataRow, ticker: Any) -> bool:
    return ticker in row.associated_event_tickers or any(event.ticker == ticker for event in row.associated_events)


def is_recent(call: Asked, row: DataRow, seconds: Any) -> bool:
    return bool(call.at - seconds * MICROSECONDS_PER_SECOND <= row.last_queried_ts <= call.at)


def lookups_in(call: Asked, found: Sequence[DataRow]) -> Sequence[DataRow]:
    """Return the lookups in the collection of the path: the scenario's, and after them those of this exchange.

    Raises Rejected if there is no such collection.
    """
    ticker = COLLECTIONS.row_of(call, call.path_params["collection_ticker"]).collection_ticker
    made = [
        DataRow(
            LOOKUPS.columns,
            {
                "collection_ticker": ticker,
                "event_ticker": market.event.ticker,
                "market_ticker": market.ticker,
                "selected_markets": [
                    {"event_ticker": leg.event, "market_ticker": leg.market, "side": leg.side} for leg in market.legs
                ],
                "last_queried_ts": market.looked_up_at,
            },
            market.serial,
        )
        for market in call.state.markets.values()
        if market.collection == ticker
    ]
    recent = [row for row in made if is_recent(call, row, call.params["lookback_seconds"])]
    return [*(row for row in found if row.collection_ticker == ticker), *recent]


_ASSOCIATED: tuple[Column, ...] = (
    always("ticker", "text"),
    always("is_yes_only", "boolean", default=False),
    nullable("size_max", "integer"),
    nullable("size_min", "integer"),
    always("active_quoters", "texts", default=()),
)
_RANGE: tuple[Column, ...] = (always("start", "price"), always("end", "price"), always("step", "price"))
_PAIR: tuple[Column, ...] = (
    always("event_ticker", "text"),
    always("market_ticker", "text"),
    always("side", "text", choices=("yes", "no")),
)
COLLECTIONS = Objects(
    "multivariate_collections",
    "MultivariateEventCollection",
    (
        always("collection_ticker", "text"),
        always("series_ticker", "text"),
        always("title", "text"),
        always("description", "text", default=""),
        always("functional_description", "text", default=""),
        always("open_date", "instant"),
        always("close_date", "instant"),
        nested("associated_events", "AssociatedEvent", _ASSOCIATED),
        always("associated_event_tickers", "texts", default=()),
        always("is_ordered", "boolean", default=False),
        always("is_single_market_per_event", "boolean", default=False),
        always("is_all_yes", "boolean", default=False),
        always("size_min", "integer"),
        always("size_max", "integer"),
        always("exchange_index", "integer", default=0, since=INDEX_ADDED, source="docs-daily"),
        always("price_level_structure", "text", default="linear_cent", since=AUTUMN_2026, source="sdk-3.34"),
        nested("price_ranges", "PriceRange", _RANGE, since=AUTUMN_2026, source="sdk-3.34"),
    ),
    ("collection_ticker",),
)
LOOKUPS = Objects(
    "multivariate_lookups",
    "LookupPoint",
    (
        unshown("collection_ticker", "text"),
        always("event_ticker", "text"),
        always("market_ticker", "text"),
        nested("selected_markets", "TickerPair", _PAIR),
        always("last_queried_ts", "instant"),
    ),
)
MULTIVARIATE_EVENTS = Objects(
    MULTIVARIATE_EVENTS_NAME,
    "",
    (unshown("event_ticker", "text"), unshown("collection_ticker", "text")),
    ("event_ticker",),
)
"""Events of the scenario that belong to a collection; they are listed apart from other events, as combinations are."""
TABLES = (COLLECTIONS, LOOKUPS, MULTIVARIATE_EVENTS)
READS = (
    page(
        "GetMultivariateEventCollections",
        "/multivariate_event_collections",
        COLLECTIONS,
        "multivariate_contracts",
        choice("status", "unopened", "open", "closed"),
        *texts("associated_event_ticker", "series_ticker"),
        limit(200),
        CURSOR,
        filters={
            "status": lambda call, row, status: status_of(row, call.at) == status,
            "associated_event_ticker": has_event,
            **equal("series_ticker"),
        },
    ),
    one(
        "GetMultivariateEventCollection",
        "/multivariate_event_collections/{collection_ticker}",
        COLLECTIONS,
        "multivariate_contract",
    ),
    rows(
        "GetMultivariateEventCollectionLookupHistory",
        "/multivariate_event_collections/{collection_ticker}/lookup",
        LOOKUPS,
        "lookup_points",
        Parameter(
            name="lookback_seconds", kind="integer", numbers=(10, 60, 300, 3600), required=True, source="docs-2025-11"
        ),
        filters={"lookback_seconds": is_recent},
        select=lookups_in,
    ),
)

# --- writes

PAYLOAD_ADDED = "2026-02-19"
"""Day on which a published client began to ask for the payload; the documents of 2026-02-22 have it."""
RESTRICTED_KEYS_SINCE = "2026-08-20"
"""Day from which keys restricted to a subaccount, and those with `write::trade` alone, create markets [changelog]."""
SELECTED_MARKETS = BodyField(
    name="selected_markets",
    kind="objects",
    required=True,
    body=Body(
        struct="TickerPair",
        fields=(
            bodies.required("market_ticker", "text", source="docs-2025-11"),
            bodies.required("event_ticker", "text", source="docs-2025-11"),
            bodies.required("side", "choice", "yes", "no", source="docs-2025-11"),
        ),
    ),
    source="docs-2025-11",
)
CREATE_MARKET = Body(
    struct="CreateMarketInMultivariateEventCollectionRequest",
    fields=(
        SELECTED_MARKETS,
        bodies.optional("with_market_payload", "boolean", since=PAYLOAD_ADDED, source="docs-daily"),
    ),
)
LOOK_UP_TICKERS = Body(struct="LookupTickersForMarketInMultivariateEventCollectionRequest", fields=(SELECTED_MARKETS,))
_TICKERS = (
    Field(name="event_ticker", spelling=TEXT, read="event_ticker", source="docs-2025-11"),
    Field(name="market_ticker", spelling=TEXT, read="market_ticker", source="docs-2025-11"),
)
CREATED_MARKET = table(
    "CreateMarketInMultivariateEventCollectionResponse",
    *_TICKERS,
    Field(
        name="market",
        spelling=Nested("Market", MARKET),
        read="market",
        empty="absent",
        since=PAYLOAD_ADDED,
        source="docs-daily",
    ),
)
LOOKED_UP_TICKERS = table("LookupTickersForMarketInMultivariateEventCollectionResponse", *_TICKERS)
TRADE = ("write", "write::trade")
TICKER_DIGITS = 11


class Combination(NamedTuple):
    """The tickers that follow from a collection and its selected legs, which are in the collection's order."""

    collection: DataRow
    legs: tuple[Leg, ...]
    event_ticker: str
    market_ticker: str


class CreatedMarket(NamedTuple):
    event_ticker: str
    market_ticker: str
    market: MarketView | None = None


def create_market(call: AccountCall) -> Write:
    """Create the market that combines the selected sides; one that exists already is returned as it is."""
    wanted = _combination(call)
    market = call.state.markets.get(wanted.market_ticker)
    if market is None:
        combined = [call.state.markets[leg.market] for leg in wanted.legs]
        shut = [leg.ticker for leg in combined if leg.status is not MarketStatus.OPEN]
        if shut:
            raise invalid("SelectedMarkets", f"selected_markets: {', '.join(shut)} are not open")
        titles = [leg.title or leg.ticker for leg in combined]
        if wanted.event_ticker not in call.state.events:
            yield from submit(
                DescribeEvent(event=wanted.event_ticker, details=EventDetails(title=wanted.collection.title))
            )
        yield from submit(
            ListCombination(
                market=wanted.market_ticker,
                event=wanted.event_ticker,
                series=wanted.collection.series_ticker,
                title=",".join(f"{leg.side} {title}" for leg, title in zip(wanted.legs, titles, strict=True)),
                exchange_index=wanted.collection.exchange_index,
                close_at=max(map(close_at, combined)),
                collection=wanted.collection.collection_ticker,
                legs=wanted.legs,
            )
        )
        market = call.state.markets[wanted.market_ticker]
    else:
        yield from submit(LookUpMarket(market=market.ticker))
    shown = None
    if call.body.get("with_market_payload"):
        shown = MarketView(call.state, market, call.at, aged_serial(call.state, call.at))
    return write(call, CreatedMarket(wanted.event_ticker, wanted.market_ticker, shown))


def look_up_tickers(call: AccountCall) -> Write:
    """Return the tickers of the market that combines the selected sides. Raises Rejected if nobody has created it."""
    wanted = _combination(call)
    if wanted.market_ticker not in call.state.markets:
        message = (
            "nobody has created this combination in the sandbox:"
            f" POST /multivariate_event_collections/{wanted.collection.collection_ticker} does"
        )
        raise Rejected(Situation.NOT_FOUND_IN_WRITE, message)
    yield from submit(LookUpMarket(market=wanted.market_ticker))
    return write(call, wanted)


def _combination(call: AccountCall) -> Combination:
    """Return what the selected markets of a request combine to. Raises Rejected if the collection does not allow it."""
    collection = COLLECTIONS.row_of(call, call.path_params["collection_ticker"])
    ticker = collection.collection_ticker
    legs = [
        Leg(selected["event_ticker"], selected["market_ticker"], Side(selected["side"]))
        for selected in call.body["selected_markets"]
    ]
    for fault in _faults_of(call, collection, legs):
        raise invalid("SelectedMarkets", f"selected_markets in {ticker}: {fault}")
    if not collection.is_ordered:
        legs.sort(key=lambda leg: (leg.event, leg.market))
    year = datetime.fromtimestamp(collection.open_date / MICROSECONDS_PER_SECOND, UTC).year
    event = f"{ticker}-S{year}{_digits('event', ticker, *(leg.event for leg in legs))}"
    market = f"{event}-{_digits('market', event, *(part for leg in legs for part in (leg.market, leg.side)))}"
    return Combination(collection, tuple(legs), event, market)


def _faults_of(call: AccountCall, collection: DataRow, legs: Sequence[Leg]) -> Iterator[str]:
    """Yield the reasons why a collection does not allow these legs."""
    if (status := status_of(collection, call.at)) != "open":
        yield f"the collection is {status}"
    events = {row.ticker: row for row in collection.associated_events}
    known = dict.fromkeys([*events, *collection.associated_event_tickers])
    for leg in legs:
        market, event = call.state.markets.get(leg.market), events.get(leg.event)
        if leg.event not in known:
            yield f"event {leg.event!r} is not one of {', '.join(known)}"
        if market is None or market.event.ticker != leg.event:
            yield f"event {leg.event} has no market {leg.market!r}"
        if leg.side is Side.NO and (collection.is_all_yes or (event is not None and event.is_yes_only)):
            yield f"only the side yes of {leg.market} can be selected"
    if not collection.size_min <= len(legs) <= collection.size_max:
        yield f"expected {collection.size_min} to {collection.size_max} markets, got {len(legs)}"
    if len({leg.market for leg in legs}) < len(legs):
        yield "a market is selected twice"
    for ticker in known:
        row, selected = events.get(ticker), sum(leg.event == ticker for leg in legs)
        most = 1 if collection.is_single_market_per_event else row and row.size_max
        least = row and row.size_min
        if selected > (most or len(legs)) or selected < (least or 0):
            yield f"expected {least or 0} to {most or 'any number of'} markets of event {ticker}, got {selected}"


def _digits(*parts: str) -> str:
    return derived_id(*parts).replace("-", "").upper()[:TICKER_DIGITS]


OPERATIONS = (
    WriteOperation(
        name="CreateMarketInMultivariateEventCollection",
        method="POST",
        path="/multivariate_event_collections/{collection_ticker}",
        scopes=TRADE,
        per_subaccount_since=RESTRICTED_KEYS_SINCE,
        carry_out=create_market,
        body=CREATE_MARKET,
        answer_table="CreateMarketInMultivariateEventCollectionResponse",
    ),
    WriteOperation(
        name="LookupTickersForMarketInMultivariateEventCollection",
        method="PUT",
        path="/multivariate_event_collections/{collection_ticker}/lookup",
        scopes=TRADE,
        carry_out=look_up_tickers,
        body=LOOK_UP_TICKERS,
        answer_table="LookupTickersForMarketInMultivariateEventCollectionResponse",
    ),
)
