"""Fields that several objects share, and the functions that write objects by their tables."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from mockexchange.venues.dated_fields import ApiDate, Empty, Field, Nested, Spelling, compile_object
from mockexchange.venues.deribit.formatting import INTEGER, NUMBER, TEXT, constant

DOCUMENT = "openapi-2.1.1"


DATES_MAX = 64


Writer = Callable[[Any, ApiDate], str]


def writer(table: tuple[Field, ...]) -> Writer:
    """Return a function that encodes a value as JSON by a table of fields, with the keys in alphabetical order."""

    @lru_cache(maxsize=DATES_MAX)
    def compiled(api_date: ApiDate) -> Callable[[Any], bytes]:
        return compile_object(table, api_date)

    return lambda value, api_date: compiled(api_date)(value).decode()


def field(
    name: str, spelling: Spelling | Nested, read: str, *, empty: Empty = "never", source: str = DOCUMENT
) -> Field:
    return Field(name=name, spelling=spelling, read=read, empty=empty, source=source)


def number(name: str, read: str = "", *, empty: Empty = "never", source: str = DOCUMENT) -> Field:
    return field(name, NUMBER, read or name, empty=empty, source=source)


def integer(name: str, read: str = "", *, source: str = DOCUMENT) -> Field:
    return field(name, INTEGER, read or name, source=source)


def text(name: str, read: str = "", *, empty: Empty = "never", source: str = DOCUMENT) -> Field:
    return field(name, TEXT, read or name, empty=empty, source=source)


def always(name: str, written: str, read: str, *, source: str = "choice") -> Field:
    """Return a field with a constant value, which `written` gives as JSON text.

    `read` may be any attribute, since its value is not used.
    """
    return field(name, constant(written), read, source=source)
