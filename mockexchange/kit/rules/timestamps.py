"""What the values of a row tell: instants."""

from datetime import UTC, datetime

SECONDS_MAX = 253_402_300_799
"""The last second of the year 9999, after which there are no dates."""


def instant_of(value: object) -> datetime | None:
    """Return the instant that a text of RFC 3339 or a number of Unix seconds tells; None where it tells none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC) if 0 <= value <= SECONDS_MAX else None
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else None
