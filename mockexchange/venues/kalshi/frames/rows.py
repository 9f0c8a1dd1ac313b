"""Fields that several messages share, the JSON forms that only the stream has, and days on which messages changed."""

from mockexchange.core.decimal_text import exact
from mockexchange.core.vocabulary import MICROS_PER_CENT
from mockexchange.venues.dated_fields import ALWAYS, FOREVER, Empty, Field, Spelling
from mockexchange.venues.kalshi.formatting import (
    BOOK_SIDE,
    CENTICENTS_PER_CENT,
    CONTRACTS,
    COUNT_2,
    PRICE_4,
    PRICE_CENTS,
    SIDE,
    TEXT,
    UNIX_MILLISECONDS,
    UNIX_SECONDS,
    centicents,
    truncate,
)

# --- days on which messages, or several of their tables, changed
#
# The stream's documents are known day by day from January 2026 on; a change has the day of the changelog's entry or,
# without one, the first day of a document with it.


COUNTS_ADDED = "2026-01-22"
SUBACCOUNTS_SHOWN = "2026-01-27"
ORDER_GROUPS_ADDED = "2026-01-29"
"""Day on which the channel order_group_updates was added, announced a week before."""
FILL_FEES_ADDED = "2026-01-29"
REVISED = "2026-01-31"
"""Day from which the documents were written anew: ids of markets and trades, fee costs of positions, changed names."""
USER_ORDERS_ADDED = "2026-02-03"
TICKER_TIME_ADDED = "2026-02-11"
SIZES_ADDED = "2026-02-12"
COMBINATIONS_LEFT = "2026-02-12"
"""Day on which markets that combine others left the lifecycle channel; later they got a channel of their own."""
SETTLEMENT_VALUE_ADDED = "2026-02-26"
"""Day on which settlement values were added, announced on the 19th."""
IS_YES_ADDED = "2026-03-05"
POSITION_DOLLARS_ADDED = "2026-03-09"
WHOLE_NUMBERS_REMOVED = "2026-03-10"
"""Day on which whole numbers were removed, two days before REST's; on the 11th some were announced to return."""
STRUCTURES_ADDED = "2026-03-12"
CENTICENTS_BACK = "2026-03-13"
CENTICENTS_REMOVED = "2026-04-02"
MILLISECONDS_ADDED = "2026-04-15"
FRACTIONS_REMOVED = "2026-04-17"
GROUP_TIMES_ADDED = "2026-05-05"
METADATA_ADDED = "2026-05-05"
OUTCOMES_SHOWN = "2026-05-06"
SUBTITLE_UPDATES_ADDED = "2026-05-11"
STRIKE_UPDATES_ADDED = "2026-06-18"
PRICE_RANGES_ADDED = "2026-07-02"
LIFECYCLE_INDEX_ADDED = "2026-07-30"
BLOCK_TRADES_ADDED = "2026-08-13"
INDEX_ADDED = "2026-08-27"
"""Day on which orders got an exchange index; fills had got it a week before."""


# --- fields


def price_3(centicents: int) -> str:
    """Return a price as text with three decimals, as in the first documents, or with four if it needs them."""
    text = exact(centicents, 4)
    return f'"{text.removesuffix("0")}"'


def centicents_of_cents(micros: int) -> str:
    return str(truncate(micros, MICROS_PER_CENT) * CENTICENTS_PER_CENT)


PRICE_3 = Spelling("dollar string, 3 decimals, or 4 where they are needed", price_3)
CENTICENTS_OF_CENTS = Spelling("integer centi-cents, whole cents truncated", centicents_of_cents)
CENTICENTS = Spelling("integer centi-cents, truncated", centicents)


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
