"""The API dates of SignalPlus that have names, and the sources that its tables cite."""

from functools import lru_cache

from mockexchange.venues.dated_fields import DATES_KEPT_MAX, ApiDate, parse_api_date

FIRST_DAY = "2025-10-14"
"""First known day: the date from which the page of the channel user.changes lists it."""
ALIASES = {"2026-10": "2026-10-31"}

# Labels used by `source=` in the tables of objects, parameters and errors.
SOURCES = {
    "docs": "docs-rfq.signalplus.com, section deribit",
    "docs-sister": "the same site's sections bullish and strategy/smart-dealing, which have the same framing",
    "deribit": "what Deribit does, whose service this is a gateway to",
    "json-rpc": "JSON-RPC 2.0, which the venue's pages refer to",
    "choice": "not settled by any source: a choice of this project, see docs/choices.md",
}


@lru_cache(maxsize=DATES_KEPT_MAX)
def api_date(text: str) -> ApiDate:
    """Read "compat", "latest", an alias or a day from 2025-10-14 on. Raises ValueError with the known values."""
    return parse_api_date(text, ALIASES, FIRST_DAY)
