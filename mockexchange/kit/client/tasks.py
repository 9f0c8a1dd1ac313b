"""Tasks that adapters carry out: which operation each asks, and what the names of its rows mean on the wire.

A venue brings its own table. A name has a field of the wire for each way in which it was ever spelt, the finest first.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

Row = Mapping[str, Any]


class Unit(StrEnum):
    """What a field of the wire is in; the unit of a name itself is that of its first field."""

    DOLLARS = "dollars"
    CENTS = "cents"
    CONTRACTS = "contracts"
    INSTANT = "an instant"
    TEXT = "text"


class WireField(NamedTuple):
    """A field of the wire. `or_cents`: nobody knows whether its first documents meant it exactly or in whole cents."""

    name: str
    unit: Unit
    or_cents: bool = False


def unchanged(row: Row) -> Row:
    return row


class Task(NamedTuple):
    """`rows` is the list in the body that has the rows; the body itself is the only row where it is empty.

    `schema` is the component that describes a row, `key` the name that tells rows apart. `agreed` takes a row of the
    wire that was made up, and returns it with one fact wherever it tells a fact by several fields.
    """

    name: str
    path: str
    rows: str
    schema: str
    key: str
    names: Mapping[str, Sequence[WireField]]
    make_consistent: Callable[[Row], Row] = unchanged


def money(wire: str) -> tuple[WireField, WireField]:
    """Return an amount that was integer cents under a name, and is dollars under another."""
    return WireField(f"{wire}_dollars", Unit.DOLLARS), WireField(wire, Unit.CENTS)


def count(wire: str) -> tuple[WireField, WireField]:
    """Return a count that was whole contracts under a name, and is fixed point under another."""
    return WireField(f"{wire}_fp", Unit.CONTRACTS), WireField(wire, Unit.CONTRACTS)


def text(*wire: str) -> tuple[WireField, ...]:
    return tuple(WireField(name, Unit.TEXT) for name in wire)


def instant(wire: str) -> tuple[WireField, ...]:
    return (WireField(wire, Unit.INSTANT),)
