"""Defines the JSON fields of series of events for each API date."""

from mockexchange.venues.dated import Field, Nested
from mockexchange.venues.kalshi.dates import AUTUMN_2026, SPRING_2026
from mockexchange.venues.kalshi.formatting import COUNT_2, INSTANT, INTEGER, TEXT, TEXTS
from mockexchange.venues.kalshi.market_formatting import FEE_TYPE, FREE_OBJECT, MULTIPLIER, OLD_FEE_TYPE
from mockexchange.venues.kalshi.objects.rows import list_of, maybe, text

COMBO_FEES_ADDED = "2026-08-20"
SERIES_INDEX_ADDED = "2026-07-30"
EMPTY_LISTS_NULL = "2026-01-01"
"""Day from which empty lists are null (recorded 2026-01-12); the official client of December 2025 refuses null."""

SETTLEMENT_SOURCE: tuple[Field, ...] = (maybe("name", TEXT, "name"), maybe("url", TEXT, "url"))

SERIES: tuple[Field, ...] = (
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
        name="exchange_index", spelling=INTEGER, read="exchange_index", since=SERIES_INDEX_ADDED, source="client-report"
    ),
    Field(name="fee_multiplier", spelling=MULTIPLIER, read="series.fee_multiplier", source="docs-2025-11"),
    Field(
        name="fee_type", spelling=OLD_FEE_TYPE, read="series.fee_type", until=COMBO_FEES_ADDED, source="docs-2025-11"
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

GET_SERIES_RESPONSE: tuple[Field, ...] = (
    Field(name="series", spelling=Nested("Series", SERIES), read="series", source="docs-2025-11"),
)
GET_SERIES_LIST_RESPONSE: tuple[Field, ...] = (list_of("series", "Series", SERIES),)
