"""Parameters of the operation about a series."""

from mockexchange.venues.kalshi.dates import SPRING_2026
from mockexchange.venues.kalshi.parameters.rows import Parameter

GET_SERIES: tuple[Parameter, ...] = (
    Parameter(name="include_volume", kind="boolean", default=False, since=SPRING_2026, source="openapi-3.13"),
)
