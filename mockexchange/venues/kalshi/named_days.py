"""Named days on which the venue's API changed, and the sources that its tables cite."""

from functools import lru_cache

from mockexchange.core.vocabulary import FeeRounding
from mockexchange.venues.dated_fields import ALWAYS, DATES_KEPT_MAX, ApiDate, parse_api_date

FIRST_DAY = "2025-11-03"
ALIASES = {
    "2025-11": "2025-11-03",
    "2025-12": "2025-12-01",
    "2026-02": "2026-02-20",
    "2026-04": "2026-04-21",
    "2026-06": "2026-06-11",
    "2026-10": "2026-10-31",
}

FEES_OF_2026 = "2026-01-01"
"""Day from which fees are rounded to the grid of the balance, with rebates, and no longer up to whole cents."""

# Days on which more than one table changed; the others stand beside their rows.
SUBACCOUNTS_ADDED = "2026-01-29"
FIXED_POINT_ADDED = "2026-01-29"
SIX_DECIMALS = "2026-03-07"
PRICE_STRINGS_ADDED = "2026-03-10"
INTEGERS_REMOVED = "2026-03-12"
SPRING_2026 = "2026-04-01"
"""Day given to changes between the documents of November 2025 and of April 2026 whose exact day is not known."""
FIXED_PRICES_REMOVED = "2026-04-02"
OUTCOMES_ADDED = "2026-05-06"
EXCHANGE_INDEX_ADDED = "2026-08-20"
AUTUMN_2026 = "2026-10-01"
"""Day given to changes between August 2026 and the official client of October 2026 whose exact day is not known."""

# Labels used by `source=` in the tables of objects, params and errors.
SOURCES = {
    "docs-2025-11": "docs.kalshi.com API reference, pages of 2025-11-03",
    "changelog": "docs.kalshi.com changelog",
    "wire-2025-11": "bodies recorded on the demo host, 2025-11-03",
    "wire-2026-01": "bodies recorded in production, 2026-01-12",
    "demo-2026-01": "bodies of order entry recorded on the demo host, 2026-01-14 and 2026-01-15",
    "wire-2026-06": "bodies recorded on the demo host, 2026-06-11",
    "stream-2026-06": "stream frames recorded on the demo host, 2026-06-11 and 2026-06-12",
    "sdk-3.0": "the official Python SDK 3.0.0, 2025-12-02",
    "openapi-3.13": "OpenAPI document 3.13.0, April 2026",
    "openapi-3.21": "OpenAPI document 3.21.0, June 2026",
    "docs-daily": "docs.kalshi.com API reference as a daily mirror kept it, November 2025 to August 2026",
    "docs-3.28": "docs.kalshi.com at 3.28.0, August 2026",
    "sdk-3.34": "the official Python SDK 3.34.0, October 2026",
    "asyncapi": "the stream's AsyncAPI documents, kept by a daily mirror of docs.kalshi.com, January to August 2026",
    "asyncapi-2026-10": "the stream's AsyncAPI document of October 2026",
    "client-report": "bodies and statuses quoted by client authors, 2026",
    "choice": "not settled by any source: a choice of this project, see docs/choices.md",
}


def fee_rounding(date: ApiDate) -> FeeRounding:
    """Return how the venue rounds fees at an API date; `compat` rounds as the newest day does."""
    return FeeRounding.CENT if date.is_day_from(ALWAYS, FEES_OF_2026) else FeeRounding.GRID


@lru_cache(maxsize=DATES_KEPT_MAX)
def api_date(text: str) -> ApiDate:
    """Parse "compat", "latest", an alias or a day from 2025-11-03 on. Raises ValueError with the known dates."""
    return parse_api_date(text, ALIASES, FIRST_DAY)
