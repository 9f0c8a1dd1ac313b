"""Implements the operations that read series: a filtered list, and one series by its ticker."""

from collections.abc import Iterator
from typing import NamedTuple

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.markets import Series
from mockexchange.core.model.state import State
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import Call, PublicOperation, cached_answer, write
from mockexchange.venues.kalshi.operations.filters import Test, all_of


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
    PublicOperation(name="GetSeriesList", path="/series", answer=get_series_list, answer_table="GetSeriesListResponse"),
    PublicOperation(
        name="GetSeries", path="/series/{series_ticker}", answer=get_series, answer_table="GetSeriesResponse"
    ),
)
