"""Decoding a query the way the venue binds and validates it.

Binding failures and bounds answer the recorded `{"msg": ...}` bodies. An empty text is as good as absent (the zero
value of the venue's binding); an empty integer is not a number and an empty choice is none of the choices. What no
row names is ignored, and told to the caller.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from mockexchange.venues.dated import ApiDate, pick
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.parameters import PARAMETERS, Parameter

INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
FINDING_VALUE_CHARS_MAX = 80
FINDINGS_MAX = 20
"""A query can have tens of thousands of unknown parameters, and the journal keeps what is said of each."""
QUERIES_MAX = 1_024
QUERY_CHARS_CACHED_MAX = 512

BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
"""What the venue's binding reads as a boolean, among other spellings."""


@lru_cache(maxsize=QUERIES_MAX)
def parameters(operation: str, api_date: ApiDate) -> dict[str, Parameter]:
    """The operation's parameters at that date, by name."""
    return pick(PARAMETERS.get(operation, ()), api_date)


class Decoded(NamedTuple):
    """A value for every known parameter (None where absent, tuples for lists), and what was unusual."""

    params: dict[str, Any]
    findings: tuple[str, ...]


@lru_cache(maxsize=QUERIES_MAX)
def decode_cached(operation: str, query: str, api_date: ApiDate) -> Decoded:
    """`decode`, remembered: clients poll with the same few queries."""
    return decode(operation, query, api_date)


def decode(operation: str, query: str, api_date: ApiDate) -> Decoded:
    """Read a raw query. Raises Rejected with the venue's situation on a bad value."""
    rows = parameters(operation, api_date)
    given: dict[str, str] = {}
    unknown: list[str] = []
    for name, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
        row = rows.get(name)
        if row is None:
            unknown.append(name)
        elif name in given:
            raise _repeated(row)
        else:
            given[name] = value
    params = {name: _value(operation, row, given.get(name)) for name, row in rows.items()}
    return Decoded(params, tuple(_tell_unknown(operation, unknown)))


def _tell_unknown(operation: str, names: list[str]) -> Iterator[str]:
    for name in names[:FINDINGS_MAX]:
        yield f"parameter {name[:FINDING_VALUE_CHARS_MAX]!r} is unknown to {operation}: ignored"
    if len(names) > FINDINGS_MAX:
        yield f"and so are {len(names) - FINDINGS_MAX} more"


def _value(operation: str, row: Parameter, text: str | None) -> Any:
    if row.kind == "integer":
        return row.default if text is None else _integer(operation, row, text)
    if row.kind == "boolean":
        return row.default if text is None else _boolean(row, text)
    if text is None or (not text and not row.choices):
        if row.required:
            raise _missing(row)
        return () if row.kind in ("texts", "choices") else row.default
    if row.kind == "text":
        return text
    items = (text,) if row.kind == "choice" else tuple(text.split(","))
    _check_items(operation, row, items)
    return text if row.kind == "choice" else items


def _integer(operation: str, row: Parameter, text: str) -> int:
    if not INTEGER.fullmatch(text):
        raise Rejected(
            Situation.WRONG_TYPE,
            f"{row.name}={text[:FINDING_VALUE_CHARS_MAX]!r} is not an integer",
            parameter=row.name,
        )
    value = int(text)
    if row.minimum is not None and value < row.minimum:
        raise _invalid(operation, row, "gte", f"{row.name}={value}: expected at least {row.minimum}")
    if row.maximum is not None and value > row.maximum:
        raise _invalid(operation, row, "lte", f"{row.name}={value}: expected at most {row.maximum}")
    return value


def _boolean(row: Parameter, text: str) -> bool:
    value = BOOLEANS.get(text.lower())
    if value is None:
        words = f"{row.name}={text[:FINDING_VALUE_CHARS_MAX]!r} is neither true nor false"
        raise Rejected(Situation.WRONG_TYPE, words, parameter=row.name)
    return value


def _check_items(operation: str, row: Parameter, items: tuple[str, ...]) -> None:
    if row.items_max is not None and len(items) > row.items_max:
        raise _invalid(operation, row, "max", f"{row.name} has {len(items)} items: expected at most {row.items_max}")
    unknown = next((item for item in items if row.choices and item not in row.choices), None)
    if unknown is not None:
        known = ", ".join(row.choices)
        message = f"{row.name}={unknown[:FINDING_VALUE_CHARS_MAX]!r}: expected {known}"
        raise _invalid(operation, row, "oneof", message, situation=Situation.UNKNOWN_CHOICE)


def _invalid(
    operation: str, row: Parameter, tag: str, diagnosis: str, situation: Situation = Situation.OUT_OF_BOUNDS
) -> Rejected:
    return Rejected(situation, diagnosis, operation=operation, field=row.go_name, tag=tag)


def _repeated(row: Parameter) -> Rejected:
    return Rejected(Situation.REPEATED, f"{row.name} is given more than once", parameter=row.name)


def _missing(row: Parameter) -> Rejected:
    return Rejected(Situation.MISSING, f"{row.name} is required", parameter=row.name)


def with_limit(query: str, rows: int) -> str:
    """The query asking for `rows` a page at most; one whose limit is refused stays as it is."""
    parts = [part for part in query.split("&") if part]
    limits = [part for part in parts if part.partition("=")[0] == "limit"]
    asked = limits[0].partition("=")[2] if limits else ""
    if len(limits) > 1 or (limits and not (asked.isascii() and asked.isdigit() and len(asked) < 10)):
        return query
    wanted = min(rows, int(asked)) if limits else rows
    return "&".join([*(part for part in parts if part not in limits), f"limit={wanted}"])
