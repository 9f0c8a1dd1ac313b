"""Converts the timestamps in rows to instants."""

from datetime import UTC, datetime

SECONDS_MAX = 253_402_300_799
"""The last second of the year 9999, the latest that `datetime` can hold."""


def instant_of(value: object) -> datetime | None:
    """Return the instant of an RFC 3339 text or of Unix seconds; None for any other value."""
    if isinstance(value, int) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC) if 0 <= value <= SECONDS_MAX else None
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else None
