"""The JSON objects of answers by name, each as a table of its fields by date."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from mockexchange.venues.dated import ApiDate, Field, compile_message
from mockexchange.venues.signalplus.objects.positions import POSITION
from mockexchange.venues.signalplus.objects.trades import TRADE

OBJECTS: dict[str, tuple[Field, ...]] = {"Position": POSITION, "Trade": TRADE}


@lru_cache(maxsize=64)
def encoder(table: str, api_date: ApiDate) -> Callable[[Any], bytes]:
    """Return a function that encodes a value by a table of fields, with its keys in the order of the table."""
    return compile_message(OBJECTS[table], api_date)


def encode_list(table: str, api_date: ApiDate, values: list[Any]) -> bytes:
    """Return values as a JSON list of objects, encoded by a table of fields."""
    return b"[%b]" % b",".join(map(encoder(table, api_date), values))
