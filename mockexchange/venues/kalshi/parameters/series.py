"""Parameters of the operation about a series."""

from mockexchange.venues.kalshi.parameters.rows import BOUNDS_WIDENED, Parameter

GET_SERIES: tuple[Parameter, ...] = (
    Parameter(name="include_volume", kind="boolean", default=False, since=BOUNDS_WIDENED, source="openapi-3.13"),
)
