"""Decodes parameters: a JSON value must have the right type, a text in a query is parsed by the parameter's kind.

Parameters that the method does not have are ignored, and the journal entry of the request gets a finding.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.deribit.errors import Rejected, invalid, missing
from mockexchange.venues.deribit.resources.parameters import LABEL_CHARS_MAX, Parameter
from mockexchange.venues.jsonrpc.envelope import Number, describe_value, read_integer
from mockexchange.venues.parameter_decoding import Given, Reader, decode_rows, rows_of, unknown_findings
from mockexchange.venues.query import query_pairs
from mockexchange.venues.request import Request

COMMON_PARAMETERS = frozenset({"access_token"})
"""Parameters that every operation accepts."""


NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,2})?")
"""The form of a number in an order; the bound on its digits keeps arithmetic exact."""


QUERIES_MAX = 1_024


QUERY_CHARS_CACHED_MAX = 512


QUERY_BOOLEANS = {"true": True, "false": False}


class QueryText(str):
    """A value from a query string; the parameter's kind determines how it is parsed."""

    __slots__ = ()


REPEATED = object()
"""Placeholder for the value of a parameter that a query gives more than once."""


def read_query(query: str) -> Mapping[str, Any]:
    """Return the parameters of a raw query by name.

    `name[]=` makes a list [wire]. A plain name that is given twice has the value `REPEATED`, which is refused. The
    parameters of a short query are cached, since clients poll with the same few queries.
    """
    return _read_cached(query) if len(query) <= QUERY_CHARS_CACHED_MAX else _read(query)


@lru_cache(maxsize=QUERIES_MAX)
def _read_cached(query: str) -> Mapping[str, Any]:
    return _read(query)


def _read(query: str) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for name, value in query_pairs(query):
        if name.endswith("[]"):
            earlier = found.setdefault(name[:-2], [])
            if not isinstance(earlier, list):
                earlier = found[name[:-2]] = [earlier]
            earlier.append(QueryText(value))
        elif name in found:
            found[name] = REPEATED
        else:
            found[name] = QueryText(value)
    return found


def decode(
    method: str, parameters: tuple[Parameter, ...], params: Mapping[str, Any], api_date: ApiDate, findings: list[str]
) -> dict[str, Any]:
    """Return the value of every known parameter, None for an absent one. Raises Rejected for an invalid value."""
    rows = rows_of(parameters, api_date)
    if not params.keys() <= rows.keys():
        unknown = [name for name in params if name not in rows and name not in COMMON_PARAMETERS]
        findings += unknown_findings(method, unknown)
    return decode_rows(method, rows, params, READERS, _missing)


def _missing(given: Given[Parameter]) -> Rejected:
    return missing(given.row.name, given.operation)


def _text(given: Given[Parameter]) -> str:
    if not isinstance(given.value, str):
        raise _wrong_type(given, "a string")
    return str(given.value)


def _choice(given: Given[Parameter]) -> str:
    row, value = given.row, given.value
    if isinstance(value, str) and value in row.choices:
        return str(value)
    diagnosis = f"{row.name}: expected one of {', '.join(row.choices)}, got {_shown(value)}"
    raise invalid(row.name, row.reason, diagnosis)


def integer_of(value: object) -> int | None:
    return read_integer(Number(str(value)) if isinstance(value, QueryText) else value)


def _integer(given: Given[Parameter]) -> int:
    row, number = given.row, integer_of(given.value)
    if number is None:
        raise _wrong_type(given, "an integer")
    broken = row.broken_bound(number)
    if broken is not None:
        side, limit = broken
        raise invalid(row.name, f"value must be {side} {limit}", f"{row.name}={number}")
    return number


def _number(given: Given[Parameter]) -> Decimal:
    """Return a number above 0 as it was written."""
    value = given.value
    written = value.text if isinstance(value, Number) else str(value) if isinstance(value, QueryText) else ""
    if not NUMBER.fullmatch(written):
        raise _wrong_type(given, "a number")
    number = Decimal(written)
    if number <= 0:
        raise invalid(given.row.name, "value must be greater than 0", f"{given.row.name}={written}")
    return number


def _label(given: Given[Parameter]) -> str:
    text = _text(given)
    if len(text) > LABEL_CHARS_MAX:
        raise invalid("label", f"value must be at most {LABEL_CHARS_MAX} characters", f"label has {len(text)}")
    return text


def _boolean(given: Given[Parameter]) -> bool:
    value = QUERY_BOOLEANS.get(given.value) if isinstance(given.value, QueryText) else given.value
    if not isinstance(value, bool):
        raise _wrong_type(given, "a boolean")
    return value


def _texts(given: Given[Parameter]) -> tuple[str, ...]:
    name, value = given.row.name, given.value
    if not isinstance(value, list):
        raise _wrong_type(given, "a list")
    if not all(isinstance(item, str) for item in value):
        raise invalid(name, "value must be a list of strings", f"{name}: an item is no string")
    return tuple(map(str, value))


def _wrong_type(given: Given[Parameter], expected: str) -> Rejected:
    """Return the rejection of a wrong type. The reason for a list is recorded [wire]; others follow it [choice]."""
    name = given.row.name
    return invalid(name, f"value must be {expected}", f"{name}: expected {expected}, got {_shown(given.value)}")


def _shown(value: Any) -> str:
    return "several values" if value is REPEATED else describe_value(value)


class CappedRequest(Request, frozen=True):
    """A request whose pages are limited to `rows_max` objects by a fault; the signed content is unchanged."""

    rows_max: int = 0


def with_count(request: Request, rows: int) -> Request:
    return CappedRequest(request.method, request.path, request.query, request.headers, request.body, rows)


def cap_count(params: Mapping[str, Any], rows_max: int) -> Mapping[str, Any]:
    """Return a copy of parameters whose `count` is at most `rows_max`; an unusable count stays unchanged."""
    asked = params.get("count")
    count = rows_max if asked is None else integer_of(asked)
    return params if count is None or count < 1 else {**params, "count": Number(str(min(count, rows_max)))}


READERS: dict[str, Reader[Parameter]] = {
    "text": _text,
    "texts": _texts,
    "integer": _integer,
    "label": _label,
    "number": _number,
    "boolean": _boolean,
    "choice": _choice,
}
