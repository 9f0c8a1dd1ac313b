"""The days on which this venue's objects changed, and rows that several of them share."""

from mockexchange.venues.dated import ALWAYS, FOREVER, Empty, Field, Nested, Spelling
from mockexchange.venues.kalshi.spelling import CENTS, DOLLARS_6, DOLLARS_OF_CENTS, INTEGER, TEXT

SCOPES_ADDED = "2025-12-18"
SUBACCOUNTS_ADDED = "2026-01-29"
FIXED_POINT_ADDED = "2026-01-29"
SIX_DECIMALS = "2026-03-07"
PRICE_STRINGS_ADDED = "2026-03-10"
INTEGERS_REMOVED = "2026-03-12"
FIXED_PRICES_REMOVED = "2026-04-02"
OUTCOMES_ADDED = "2026-05-01"
BALANCE_DOLLARS_ADDED = "2026-05-28"
NULLS_LEFT_OUT = "2026-06-01"
RESTING_REMOVED = "2026-07-09"
EXCHANGE_INDEX_ADDED = "2026-08-20"
AUTUMN_2026 = "2026-10-01"

CURSOR = Field(name="cursor", spelling=TEXT, read="cursor", source="docs-2025-11")


def money(name: str, read: str) -> tuple[Field, ...]:
    """An amount's three rows: integer cents, their dollar twin, and the exact dollars that replaced both."""
    dollars = f"{name}_dollars"
    return (
        Field(name=name, spelling=CENTS, read=read, until=INTEGERS_REMOVED, source="docs-2025-11"),
        Field(name=dollars, spelling=DOLLARS_OF_CENTS, read=read, until=SIX_DECIMALS, source="wire-2025-11"),
        Field(name=dollars, spelling=DOLLARS_6, read=read, since=SIX_DECIMALS, source="wire-2026-06"),
    )


def optional(
    name: str, spelling: Spelling | Nested, read: str, since: str = ALWAYS, until: str = FOREVER, source: str = ""
) -> tuple[Field, ...]:
    """A key that was null while empty, as recorded in 2025, and is left out since, as recorded in June 2026."""
    spans: tuple[tuple[str, str, Empty, str], ...] = (
        (since, min(until, NULLS_LEFT_OUT), "null", source),
        (max(since, NULLS_LEFT_OUT), until, "absent", "wire-2026-06"),
    )
    return tuple(
        Field(name=name, spelling=spelling, read=read, empty=empty, since=first, until=last, source=label)
        for first, last, empty, label in spans
        if first < last
    )


def exchange_index(read: str) -> Field:
    return Field(name="exchange_index", spelling=INTEGER, read=read, since=EXCHANGE_INDEX_ADDED, source="docs-3.28")


def list_of(
    name: str,
    table: str,
    fields: tuple[Field, ...],
    *,
    read: str = "",
    since: str = ALWAYS,
    until: str = FOREVER,
    source: str = "docs-2025-11",
) -> Field:
    """A list of another table's objects; `read` is its name where it has none of its own."""
    nested = Nested(table, fields, is_list=True)
    return Field(name=name, spelling=nested, read=read or name, since=since, until=until, source=source)
