"""Defines the query parameters of the operations that answer with objects of the scenario."""

from mockexchange.venues.dated import ALWAYS, FOREVER
from mockexchange.venues.kalshi.parameters.rows import CURSOR, WINDOW, Kind, Parameter

ITEMS_MAX = 2_000
PERCENTILES_NARROWED = "2026-05-16"
USER_FILTERS_ADDED = "2026-05-03"


def _text(
    *names: str, kind: Kind = "text", since: str = ALWAYS, until: str = FOREVER, source: str = "docs-2025-11"
) -> tuple[Parameter, ...]:
    return tuple(Parameter(name=name, kind=kind, since=since, until=until, source=source) for name in names)


def _limit(maximum: int, default: int = 100, name: str = "limit", source: str = "docs-2025-11") -> Parameter:
    return Parameter(name=name, kind="integer", minimum=1, maximum=maximum, default=default, source=source)


def _choice(name: str, *choices: str, since: str = ALWAYS, source: str = "docs-2025-11") -> Parameter:
    return Parameter(name=name, kind="choice", choices=choices, since=since, source=source)


def _flag(name: str, since: str = ALWAYS, source: str = "docs-2025-11") -> Parameter:
    return Parameter(name=name, kind="boolean", default=False, since=since, source=source)


UPDATED_SINCE = Parameter(name="min_updated_ts", kind="integer", since="2026-02-25", source="docs-daily")
PLAYER_STATS = _flag("include_player_stats", "2026-03-31", "docs-daily")
INCENTIVE_TYPES = ("all", "liquidity", "volume")

PARAMETERS: dict[str, tuple[Parameter, ...]] = {
    "GetMilestones": (
        Parameter(name="limit", kind="integer", minimum=1, maximum=500, required=True, source="docs-2025-11"),
        CURSOR,
        *_text("minimum_start_date", kind="instant"),
        *_text("category", "competition", "source_id", "type", "related_event_ticker"),
        UPDATED_SINCE,
    ),
    "GetStructuredTargets": (
        Parameter(name="ids", kind="repeated", items_max=ITEMS_MAX, since="2026-03-31", source="docs-daily"),
        *_text("type", "competition"),
        _limit(ITEMS_MAX, name="page_size"),
        CURSOR,
    ),
    "GetIncentivePrograms": (
        _choice("status", "all", "active", "upcoming", "closed", "paid_out"),
        Parameter(name="type", kind="choice", choices=INCENTIVE_TYPES, until="2026-08-22", source="docs-2025-11"),
        _choice("type", *INCENTIVE_TYPES, "margin_maker_volume", since="2026-08-22", source="docs-daily"),
        *_text("incentive_description", since="2026-04-29", source="docs-daily"),
        _limit(10_000),
        CURSOR,
    ),
    "GetSeriesFeeChanges": (*_text("series_ticker"), _flag("show_historical")),
    "GetEventFeeChanges": (*_text("event_ticker", source="docs-daily"), _limit(1_000, source="docs-daily"), CURSOR),
    "GetEventForecastPercentilesHistory": (
        Parameter(
            name="percentiles",
            kind="repeated",
            items_max=10,
            minimum=0,
            maximum=10_000,
            required=True,
            until=PERCENTILES_NARROWED,
            lenient=True,
            source="docs-2025-11",
        ),
        Parameter(
            name="percentiles",
            kind="repeated",
            items_max=10,
            minimum=0,
            maximum=9_999,
            required=True,
            since=PERCENTILES_NARROWED,
            source="docs-daily",
        ),
        Parameter(name="start_ts", kind="integer", required=True, source="docs-2025-11"),
        Parameter(name="end_ts", kind="integer", required=True, source="docs-2025-11"),
        Parameter(
            name="period_interval", kind="integer", numbers=(0, 1, 60, 1440), required=True, source="docs-2025-11"
        ),
    ),
    "GetMultivariateEventCollections": (
        _choice("status", "unopened", "open", "closed"),
        *_text("associated_event_ticker", "series_ticker"),
        _limit(200),
        CURSOR,
    ),
    "GetMultivariateEventCollectionLookupHistory": (
        Parameter(
            name="lookback_seconds", kind="integer", numbers=(10, 60, 300, 3600), required=True, source="docs-2025-11"
        ),
    ),
    "GetMultivariateEvents": (
        _limit(200),
        CURSOR,
        *_text("series_ticker", "collection_ticker"),
        _flag("with_nested_markets"),
    ),
    "GetLiveDatas": (
        Parameter(name="milestone_ids", kind="repeated", items_max=100, required=True, source="docs-2025-11"),
        PLAYER_STATS,
    ),
    "GetLiveData": (PLAYER_STATS,),
    "GetLiveDataByMilestone": (_flag("include_player_stats", source="docs-daily"),),
    "GetEventLiveData": _text("range", source="docs-daily"),
    "GetWeatherIndex": (
        *_text("from", "to", "last_sec", kind="integer", source="docs-daily"),
        Parameter(name="detailed", kind="boolean", default=False, source="docs-daily"),
    ),
    "GetRFQs": (
        CURSOR,
        *_text("event_ticker", "market_ticker"),
        Parameter(name="subaccount", kind="integer", minimum=0, maximum=63, since="2026-02-05", source="docs-daily"),
        _limit(100),
        *_text("status", "creator_user_id"),
        _choice("user_filter", "self", since=USER_FILTERS_ADDED, source="docs-daily"),
    ),
    "GetQuotes": (
        CURSOR,
        *_text("event_ticker", "market_ticker", until="2026-06-21"),
        *(Parameter(name=row.name, kind="integer", since="2026-06-13", source="docs-daily") for row in WINDOW),
        _limit(500, 500),
        *_text("status", "quote_creator_user_id", "rfq_creator_user_id", "rfq_id"),
        *_text("rfq_creator_subtrader_id", since="2025-11-14", source="docs-daily"),
        _choice("user_filter", "self", since=USER_FILTERS_ADDED, source="docs-daily"),
        _choice("rfq_user_filter", "self", since="2026-05-08", source="docs-daily"),
    ),
    "GetBlockTradeProposals": (
        CURSOR,
        *_text("market_ticker", "status", source="docs-daily"),
        _limit(100, source="docs-daily"),
    ),
}
