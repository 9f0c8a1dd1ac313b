"""Converts API dates as users write them to the names of API documents."""

from mockexchange.kit.venue import VenueKit
from mockexchange.runtime import api_documents

LATEST, COMPAT = "latest", "compat"


def aliases(venue: str) -> list[str]:
    """Return the API dates of a venue that have documents, oldest first; `compat`, which is no date, is the last."""
    return [subject.partition("/")[2] for subject in api_documents.subjects() if subject.startswith(f"{venue}/")]


def alias_at(day: str | None, venue: VenueKit) -> str | None:
    """Return the API date whose documents describe a venue on a day; None if no documents do.

    Without a day it is `compat`. If the venue's API changes only on days with documents, the last one before applies.
    """
    alias = api_documents.alias_of(venue.name, day)
    if alias is None and day is not None and not venue.changes_daily:
        return api_documents.alias_before(venue.name, day)
    return alias


def read_alias(text: str, venue: str) -> str:
    """Return the API date with documents for "latest", an alias or an alias's day. Raises ValueError for other text."""
    known = aliases(venue)
    if text == LATEST:
        return max(alias for alias in known if alias[0].isdecimal())
    alias = text if text in known else api_documents.alias_of(venue, text)
    if alias is None:
        raise ValueError(f"no contract document of {text!r}: expected {LATEST}, {', '.join(known)} or the day of one")
    return alias
