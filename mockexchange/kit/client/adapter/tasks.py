"""Defines the tasks of adapters: the operation that each task reads, and the API fields behind the names in its rows.

Each venue has a table of its own. A name lists its API fields of all dates, the most precise first.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

Row = Mapping[str, Any]


class Unit(StrEnum):
    """The unit of an API field."""

    DOLLARS = "dollars"
    CENTS = "cents"
    CONTRACTS = "contracts"
    INSTANT = "an instant"
    TEXT = "text"


class WireField(NamedTuple):
    """A field of the venue's API, with its unit.

    With `or_cents`, the oldest documents leave open whether the field is exact or cut to whole cents.
    """

    name: str
    unit: Unit
    or_cents: bool = False


def unchanged(row: Row) -> Row:
    return row


class Task(NamedTuple):
    """A task that an adapter carries out: the operation to read, and the names in the rows that it reports.

    `rows` is the key of the list of rows in the answer's body; if it is "", the body is the only row. `schema` is the
    schema of a row in the document, `key` the name that identifies a row. `make_consistent` takes a generated row, and
    returns it with equal values in fields of equal meaning.
    """

    name: str
    path: str
    rows: str
    schema: str
    key: str
    names: Mapping[str, Sequence[WireField]]
    make_consistent: Callable[[Row], Row] = unchanged


def money(wire: str) -> tuple[WireField, WireField]:
    """Return the API fields of an amount of money: dollars under `<wire>_dollars`, whole cents under `wire`."""
    return WireField(f"{wire}_dollars", Unit.DOLLARS), WireField(wire, Unit.CENTS)


def count(wire: str) -> tuple[WireField, WireField]:
    """Return the API fields of a number of contracts: with decimals under `<wire>_fp`, whole under `wire`."""
    return WireField(f"{wire}_fp", Unit.CONTRACTS), WireField(wire, Unit.CONTRACTS)


def text(*wire: str) -> tuple[WireField, ...]:
    return tuple(WireField(name, Unit.TEXT) for name in wire)


def instant(wire: str) -> tuple[WireField, ...]:
    return (WireField(wire, Unit.INSTANT),)
