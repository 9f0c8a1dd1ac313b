"""Fields that several messages share, and the JSON forms that only the stream has."""

from mockexchange.core.decimals import exact
from mockexchange.core.vocabulary import MICROS_PER_CENT
from mockexchange.venues.dated import ALWAYS, FOREVER, Empty, Field, Spelling
from mockexchange.venues.kalshi.formatting import (
    BOOK_SIDE,
    CENTICENTS_PER_CENT,
    CONTRACTS,
    COUNT_2,
    MICROS_PER_CENTICENT,
    PRICE_4,
    PRICE_CENTS,
    SIDE,
    TEXT,
    UNIX_SECONDS,
    truncate,
)
from mockexchange.venues.kalshi.frame_dates import (
    COUNTS_ADDED,
    MILLISECONDS_ADDED,
    OUTCOMES_SHOWN,
    REVISED,
    WHOLE_NUMBERS_REMOVED,
)

MICROSECONDS_PER_MILLISECOND = 1_000


def price_3(centicents: int) -> str:
    """Return a price as text with three decimals, as in the first documents, or with four if it needs them."""
    text = exact(centicents, 4)
    return f'"{text.removesuffix("0")}"'


def centicents(micros: int) -> str:
    return str(truncate(micros, MICROS_PER_CENTICENT))


def centicents_of_cents(micros: int) -> str:
    return str(truncate(micros, MICROS_PER_CENT) * CENTICENTS_PER_CENT)


def unix_milliseconds(at: int) -> str:
    return str(at // MICROSECONDS_PER_MILLISECOND)


PRICE_3 = Spelling("dollar string, 3 decimals, or 4 where they are needed", price_3)
CENTICENTS_OF_CENTS = Spelling("integer centi-cents, whole cents truncated", centicents_of_cents)
CENTICENTS = Spelling("integer centi-cents, truncated", centicents)
UNIX_MILLISECONDS = Spelling("integer Unix milliseconds", unix_milliseconds)


def row(
    name: str,
    spelling: Spelling,
    read: str,
    since: str = ALWAYS,
    until: str = FOREVER,
    *,
    source: str = "docs-2025-11",
    empty: Empty = "never",
) -> Field:
    return Field(name=name, spelling=spelling, read=read, since=since, until=until, source=source, empty=empty)


def market_ticker(read: str) -> Field:
    return row("market_ticker", TEXT, read)


def market_id(read: str) -> Field:
    return row("market_id", TEXT, read, REVISED, source="asyncapi")


def whole(name: str, spelling: Spelling, read: str) -> Field:
    """Return a field with whole cents or whole contracts; the venue removed all such fields on one day."""
    return row(name, spelling, read, until=WHOLE_NUMBERS_REMOVED)


def dollars(name: str, read: str, since: str = ALWAYS, source: str = "docs-2025-11") -> tuple[Field, ...]:
    """Return the two dated rows of a price in dollars: one with three decimals, and a later one with four.

    The documents of 2025 show three decimals, those of June 2026 four. The day of the change is a choice of this
    project: the day on which the venue removed prices in cents.
    """
    return (
        row(name, PRICE_3, read, since, WHOLE_NUMBERS_REMOVED, source=source),
        row(name, PRICE_4, read, WHOLE_NUMBERS_REMOVED, source="choice"),
    )


def count(name: str, read: str) -> tuple[Field, ...]:
    """Return the two dated rows of a count: whole contracts, and from a later day on a text with two decimals."""
    return (
        whole(name, CONTRACTS, read),
        row(f"{name}_fp", COUNT_2, read, COUNTS_ADDED, source="changelog"),
    )


def price_cents(name: str, read: str) -> Field:
    return whole(name, PRICE_CENTS, read)


def seconds(name: str, read: str) -> Field:
    return row(name, UNIX_SECONDS, read)


def milliseconds(name: str, read: str, empty: Empty = "never") -> Field:
    return row(name, UNIX_MILLISECONDS, read, MILLISECONDS_ADDED, source="changelog", empty=empty)


def outcome(prefix: str, read: str) -> tuple[Field, ...]:
    """Return the two fields that name the outcome which is gained: outcome_side (yes, no) and book_side."""
    return (
        row(f"{prefix}outcome_side", SIDE, read, OUTCOMES_SHOWN, source="changelog"),
        row(f"{prefix}book_side", BOOK_SIDE, read, OUTCOMES_SHOWN, source="changelog"),
    )
