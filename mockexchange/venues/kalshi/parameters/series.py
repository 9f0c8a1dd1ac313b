"""Defines the query parameters of the operations that read series."""

from mockexchange.venues.kalshi.dates import SPRING_2026
from mockexchange.venues.kalshi.parameters.rows import Parameter

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
