"""The tables of the objects in answers, and JSON fields that several share, each with the API dates that have it."""

from mockexchange.venues.dated_fields import ALWAYS, FOREVER, Empty, Field, Nested, Spelling
from mockexchange.venues.kalshi.formatting import CENTS, DOLLARS_6, DOLLARS_OF_CENTS, INTEGER, TEXT
from mockexchange.venues.kalshi.named_days import EXCHANGE_INDEX_ADDED, INTEGERS_REMOVED, SIX_DECIMALS

NULLS_LEFT_OUT = "2026-06-01"

OBJECTS: dict[str, tuple[Field, ...]] = {}
"""The tables of the objects in answers, by their names in the venue's documents; each resource declares its own."""


def table(name: str, *fields: Field) -> tuple[Field, ...]:
    """Declare the table of an object by its name in the venue's documents, and return its fields."""
    OBJECTS[name] = fields
    return fields


CURSOR = Field(name="cursor", spelling=TEXT, read="cursor", source="docs-2025-11")


def text(name: str, read: str, until: str = FOREVER) -> Field:
    return Field(name=name, spelling=TEXT, read=read, until=until, source="docs-2025-11")


def money(name: str, read: str) -> tuple[Field, ...]:
    """Return the rows of an amount, which are three fields with different API dates.

    They are integer cents, the same amount in dollars with four decimals, and the exact dollars that replaced both.
    """
    dollars = f"{name}_dollars"
    return (
        Field(name=name, spelling=CENTS, read=read, until=INTEGERS_REMOVED, source="docs-2025-11"),
        Field(name=dollars, spelling=DOLLARS_OF_CENTS, read=read, until=SIX_DECIMALS, source="wire-2025-11"),
        Field(name=dollars, spelling=DOLLARS_6, read=read, since=SIX_DECIMALS, source="wire-2026-06"),
    )


def optional(
    name: str, spelling: Spelling | Nested, read: str, since: str = ALWAYS, until: str = FOREVER, source: str = ""
) -> tuple[Field, ...]:
    """Return the rows of a key that was null without a value (recorded 2025), and is left out since June 2026."""
    spans: tuple[tuple[str, str, Empty, str], ...] = (
        (since, min(until, NULLS_LEFT_OUT), "null", source),
        (max(since, NULLS_LEFT_OUT), until, "absent", "wire-2026-06"),
    )
    return tuple(
        Field(name=name, spelling=spelling, read=read, empty=empty, since=first, until=last, source=label)
        for first, last, empty, label in spans
        if first < last
    )


def maybe(
    name: str, spelling: Spelling | Nested, read: str = "nothing", since: str = ALWAYS, source: str = "docs-2025-11"
) -> Field:
    """Return a field that is left out if it has no value."""
    return Field(name=name, spelling=spelling, read=read, empty="absent", since=since, source=source)


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
    """Return a field with a list of objects, which the table `table` describes; `read` defaults to the field's name."""
    nested = Nested(table, fields, is_list=True)
    return Field(name=name, spelling=nested, read=read or name, since=since, until=until, source=source)
