"""API dates as users write them."""

from mockexchange.runtime import api_documents

LATEST = "latest"


def aliases(venue: str) -> list[str]:
    """Return the aliases of a venue that have documents, by date; "compat", which has no date, is the last."""
    return [subject.partition("/")[2] for subject in api_documents.subjects() if subject.startswith(f"{venue}/")]


def read_alias(text: str, venue: str) -> str:
    """Return the alias for "latest", an alias or the day of an alias. Raises ValueError for any other text."""
    known = aliases(venue)
    if text == LATEST:
        return max(alias for alias in known if alias[0].isdecimal())
    alias = text if text in known else api_documents.alias_of(venue, text)
    if alias is None:
        raise ValueError(f"no contract document of {text!r}: expected {LATEST}, {', '.join(known)} or the day of one")
    return alias
