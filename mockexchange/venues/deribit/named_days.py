"""The API dates of Deribit that have names, and the sources that its tables cite."""

from functools import lru_cache

from mockexchange.venues.dated_fields import DATES_KEPT_MAX, ApiDate, parse_api_date

FIRST_DAY = "2025-10-01"
ALIASES = {"2026-10": "2026-10-31"}

# Labels used by `source=` in the tables of objects, parameters and errors.
SOURCES = {
    "openapi-2.1.1": "OpenAPI document 2.1.1, 2026",
    "docs": "docs.deribit.com",
    "docs-2025": "docs.deribit.com, 2025 and before",
    "wire": "answers recorded, or quoted by client authors",
    "code": "read in the code of clients",
    "inferred": "follows from what is documented",
    "choice": "not settled by any source: a choice of this project, see docs/choices.md",
}


@lru_cache(maxsize=DATES_KEPT_MAX)
def api_date(text: str) -> ApiDate:
    """Read "compat", "latest", an alias or a day from 2025-10-01 on. Raises ValueError with the known values."""
    return parse_api_date(text, ALIASES, FIRST_DAY)
