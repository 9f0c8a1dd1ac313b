"""The JSON objects of answers by name: a table of fields per object, with the API dates of each field."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from mockexchange.venues.dated_fields import ApiDate, Field, compile_message

OBJECTS: dict[str, tuple[Field, ...]] = {}
"""The tables of the objects in answers; each resource declares its own."""


def table(name: str, *fields: Field) -> tuple[Field, ...]:
    """Declare the table of an object by its name, and return its fields."""
    OBJECTS[name] = fields
    return fields


@lru_cache(maxsize=64)
def encoder(table: str, api_date: ApiDate) -> Callable[[Any], bytes]:
    """Return a function that encodes a value by a table of fields, with its keys in the order of the table."""
    return compile_message(OBJECTS[table], api_date)


def encode_list(table: str, api_date: ApiDate, values: list[Any]) -> bytes:
    """Return values as a JSON list of objects, each encoded by the table of fields with this name."""
    return b"[%b]" % b",".join(map(encoder(table, api_date), values))
