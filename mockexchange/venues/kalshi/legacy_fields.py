"""Finds legacy fields: numbers that the venue replaced by fixed-point fields and then removed.

A field is legacy if all its rows in the dated tables are numbers and end, and another name of the same table reads the
same value: `position` beside `position_fp`, `total_traded` beside `total_traded_dollars`; not `balance`, which stays.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from mockexchange.venues.dated_fields import FOREVER, Field, Nested
from mockexchange.venues.kalshi.formatting import CENTS, CONTRACTS, PRICE_CENTS, PRICE_CENTS_NUMBER, PRICE_NUMBER
from mockexchange.venues.kalshi.resources import OBJECTS

NUMBERS = (CENTS, CONTRACTS, PRICE_CENTS, PRICE_CENTS_NUMBER, PRICE_NUMBER)
Change = Callable[[float], int]


class Places(NamedTuple):
    """The names of an object's legacy fields, and the nested objects that contain legacy fields."""

    names: tuple[str, ...]
    below: dict[str, "Places"]


def change_legacy(body: Any, table: str, change: Change | None) -> int:
    """Change each legacy field in an answer, or remove it if `change` is None; return the number of legacy fields."""
    return _change(body, places_of(table), change)


@lru_cache(maxsize=256)
def places_of(table: str) -> Places:
    """Return the places of legacy fields in one of the venue's objects, which is given by the name of its table."""
    return _places(OBJECTS[table])


def _places(fields: tuple[Field, ...]) -> Places:
    names = {field.name for field in fields if field.spelling in NUMBERS}
    stays = {field.name for field in fields if field.until == FOREVER}
    nested = {field.name: _places(field.spelling.fields) for field in fields if isinstance(field.spelling, Nested)}
    below = {name: places for name, places in nested.items() if places.names or places.below}
    return Places(tuple(sorted(name for name in names - stays if _has_twin(name, fields))), below)


def _has_twin(name: str, fields: tuple[Field, ...]) -> bool:
    reads = {field.read for field in fields if field.name == name}
    return any(field.read in reads and field.name != name for field in fields)


def _change(value: Any, places: Places, change: Change | None) -> int:
    if isinstance(value, list):
        return sum(_change(item, places, change) for item in value)
    if not isinstance(value, dict):
        return 0
    found = [name for name in places.names if isinstance(value.get(name), int | float)]
    for name in found:
        number = value.pop(name) if change is None else value[name]
        if change is not None:
            value[name] = change(number)
    return len(found) + sum(
        _change(value[name], inner, change) for name, inner in places.below.items() if name in value
    )
