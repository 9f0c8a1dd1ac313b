"""Series of events: a filtered list, and one series by its ticker."""

from collections.abc import Iterator
from typing import NamedTuple

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.markets import Series
from mockexchange.core.model.state import State
from mockexchange.venues.dated_fields import Field, Nested
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.formatting import (
    COUNT_2,
    FEE_TYPE,
    FREE_OBJECT,
    INSTANT,
    INTEGER,
    MULTIPLIER,
    OLD_FEE_TYPE,
    TEXT,
    TEXTS,
)
from mockexchange.venues.kalshi.named_days import AUTUMN_2026, SPRING_2026
from mockexchange.venues.kalshi.resources.call import Call, PublicOperation, cached_answer, write
from mockexchange.venues.kalshi.resources.fields import list_of, maybe, table, text
from mockexchange.venues.kalshi.resources.lists import Test, all_of
from mockexchange.venues.kalshi.resources.parameters import Parameter

# --- fields of answers

COMBO_FEES_ADDED = "2026-08-20"
SERIES_INDEX_ADDED = "2026-07-30"
EMPTY_LISTS_NULL = "2026-01-01"
"""Day from which empty lists are null (recorded 2026-01-12); the official client of December 2025 refuses null."""

SETTLEMENT_SOURCE = table("SettlementSource", maybe("name", TEXT, "name"), maybe("url", TEXT, "url"))

SERIES = table(
    "Series",
    Field(
        name="additional_prohibitions",
        spelling=TEXTS,
        read="prohibitions",
        until=EMPTY_LISTS_NULL,
        lenient=True,
        source="docs-2025-11",
    ),
    Field(
        name="additional_prohibitions",
        spelling=TEXTS,
        read="nothing",
        since=EMPTY_LISTS_NULL,
        empty="null",
        source="wire-2026-01",
    ),
    Field(name="categories", spelling=TEXTS, read="categories", since=AUTUMN_2026, source="sdk-3.34"),
    text("category", "series.details.category"),
    text("contract_terms_url", "contract_terms_url"),
    text("contract_url", "contract_url"),
    Field(
        name="exchange_index",
        spelling=INTEGER,
        read="exchange_index",
        since=SERIES_INDEX_ADDED,
        source="client-report",
    ),
    Field(name="fee_multiplier", spelling=MULTIPLIER, read="series.fee_multiplier", source="docs-2025-11"),
    Field(
        name="fee_type",
        spelling=OLD_FEE_TYPE,
        read="series.fee_type",
        until=COMBO_FEES_ADDED,
        source="docs-2025-11",
    ),
    Field(name="fee_type", spelling=FEE_TYPE, read="series.fee_type", since=COMBO_FEES_ADDED, source="changelog"),
    text("frequency", "series.details.frequency"),
    maybe("last_updated_ts", INSTANT, "series.updated_at", since=SPRING_2026, source="openapi-3.13"),
    maybe("product_metadata", FREE_OBJECT),
    list_of("settlement_sources", "SettlementSource", SETTLEMENT_SOURCE, read="sources"),
    Field(
        name="tags",
        spelling=TEXTS,
        read="series.details.tags",
        until=EMPTY_LISTS_NULL,
        lenient=True,
        source="docs-2025-11",
    ),
    Field(
        name="tags",
        spelling=TEXTS,
        read="tags_or_none",
        since=EMPTY_LISTS_NULL,
        empty="null",
        source="wire-2026-01",
    ),
    text("ticker", "series.ticker"),
    text("title", "title"),
    maybe("volume_fp", COUNT_2, "volume_centis", since=SPRING_2026, source="openapi-3.13"),
)

GET_SERIES_RESPONSE = table(
    "GetSeriesResponse",
    Field(name="series", spelling=Nested("Series", SERIES), read="series", source="docs-2025-11"),
)
GET_SERIES_LIST_RESPONSE = table("GetSeriesListResponse", list_of("series", "Series", SERIES))

# --- parameters of queries

GET_SERIES: tuple[Parameter, ...] = (
    Parameter(name="include_volume", kind="boolean", default=False, since=SPRING_2026, source="openapi-3.13"),
)
GET_SERIES_LIST: tuple[Parameter, ...] = (
    Parameter(name="category", kind="text", source="docs-2025-11"),
    Parameter(name="tags", kind="text", source="docs-2025-11"),
    Parameter(name="include_product_metadata", kind="boolean", default=False, source="docs-2025-11"),
    Parameter(name="include_volume", kind="boolean", default=False, since="2026-01-08", source="docs-daily"),
    Parameter(name="min_updated_ts", kind="integer", since="2026-02-25", source="docs-daily"),
)

# --- operations


class SeriesView:
    """A series as its JSON shows it; `volume_centis` is None if the volume was not requested."""

    nothing = None
    prohibitions = ()
    sources = ()
    contract_url = ""
    contract_terms_url = ""

    def __init__(self, state: State, series: Series, has_volume: bool) -> None:
        self.series = series
        self._state = state
        self._has_volume = has_volume

    @property
    def title(self) -> str:
        return self.series.details.title or self.series.ticker

    @property
    def tags_or_none(self) -> tuple[str, ...] | None:
        return self.series.details.tags or None

    @property
    def categories(self) -> tuple[str, ...]:
        category = self.series.details.category
        return (category,) if category else ()

    @property
    def exchange_index(self) -> int:
        """The shard (exchange index) of the series' newest event; in the mock a series has no shard of its own."""
        events = self._state.listed_events.find(1, (("series", self.series.ticker),)).rows
        return events[0].exchange_index if events else 0

    @property
    def volume_centis(self) -> int | None:
        """Volume of all markets of the series, None if not requested. Cost: O(markets of the series)."""
        if not self._has_volume:
            return None
        markets = self._state.listed_markets.find(len(self._state.markets), (("series", self.series.ticker),)).rows
        return sum(market.volume_centis for market in markets)


class SeriesAnswer(NamedTuple):
    series: SeriesView


def get_series(call: Call) -> bytes:
    ticker = call.path_params["series_ticker"]
    series = call.state.series.get(ticker)
    if series is None:
        raise Rejected(Situation.NOT_FOUND, f"there is no series {ticker!r}: tickers are spelt as in the scenario")
    has_volume = call.params.get("include_volume") is True
    answer = SeriesAnswer(SeriesView(call.state, series, has_volume))
    return cached_answer(call, call.state.sequence, lambda: write(call, answer))


class SeriesListAnswer(NamedTuple):
    series: list[SeriesView]


def get_series_list(call: Call) -> bytes:
    """Return all series that pass the filters, in the scenario's order."""
    keeps = all_of(list(_tests(call)))
    has_volume = call.params.get("include_volume") is True
    found = [series for series in call.state.series.values() if keeps is None or keeps(series)]
    answer = SeriesListAnswer([SeriesView(call.state, series, has_volume) for series in found])
    return cached_answer(call, call.state.sequence, lambda: write(call, answer))


def _tests(call: Call) -> Iterator[Test[Series]]:
    params = call.params
    category, tags, updated = (
        params["category"],
        set((params["tags"] or "").split(",")) - {""},
        params.get("min_updated_ts"),
    )
    if category:
        yield lambda series: series.details.category == category
    if tags:
        yield lambda series: not tags.isdisjoint(series.details.tags)
    if updated is not None:
        yield lambda series: series.updated_at >= updated * MICROSECONDS_PER_SECOND


OPERATIONS = (
    PublicOperation(
        name="GetSeriesList",
        path="/series",
        answer=get_series_list,
        answer_table="GetSeriesListResponse",
        parameters=GET_SERIES_LIST,
    ),
    PublicOperation(
        name="GetSeries",
        path="/series/{series_ticker}",
        answer=get_series,
        answer_table="GetSeriesResponse",
        parameters=GET_SERIES,
    ),
)
