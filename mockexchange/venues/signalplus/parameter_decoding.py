"""Decodes the params of a request; each value must have exactly the type that the venue's page gives it.

Parameters that the method does not have are ignored, and the journal gets a finding about them.
"""

import difflib
from collections.abc import Mapping
from typing import Any

from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.jsonrpc.envelope import describe_value, read_integer
from mockexchange.venues.parameter_decoding import FINDINGS_MAX, NAME_CHARS_MAX, Given, Reader, decode_rows, rows_of
from mockexchange.venues.quoting import quote
from mockexchange.venues.signalplus.errors import Rejected, Situation
from mockexchange.venues.signalplus.resources.parameters import PARAMETERS, Parameter

ITEMS_MAX = 500
"""Largest length of a list in the params, chosen to be about what a frame of 32 kB can hold."""


def decode(operation: str, params: Mapping[str, Any], api_date: ApiDate, findings: list[str]) -> dict[str, Any]:
    """Return the value of every known parameter, None for an absent one. Raises Rejected for an invalid value."""
    rows = rows_of(PARAMETERS.get(operation, ()), api_date)
    if not params.keys() <= rows.keys():
        unknown = [name for name in params if name not in rows]
        findings += [_unknown_finding(name, operation, list(rows)) for name in unknown[:FINDINGS_MAX]]
    return decode_rows(operation, rows, params, READERS, _missing)


def _unknown_finding(name: str, operation: str, known: list[str]) -> str:
    near = [each for each in known if each.lower() == name.replace("_", "").lower()]
    near = near or difflib.get_close_matches(name[:NAME_CHARS_MAX], known, n=1, cutoff=0.7)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"parameter {quote(name, NAME_CHARS_MAX)} is unknown to {operation}: ignored{hint}"


def _missing(given: Given[Parameter]) -> Rejected:
    return _bad(given, "it is required")


def _integer(given: Given[Parameter]) -> int:
    number = read_integer(given.value)
    if number is None:
        raise _bad(given, f"expected an integer, got {describe_value(given.value)}")
    return number


def _choice(given: Given[Parameter]) -> str:
    value, choices = given.value, given.row.choices
    if not isinstance(value, str):
        raise _bad(given, f"expected a string, got {describe_value(value)}")
    if value not in choices:
        near = next((choice for choice in choices if choice.lower() == value.lower()), None)
        hint = f"; did you mean {near}?" if near else ""
        raise _bad(given, f"expected one of {', '.join(choices)}, got {quote(value, NAME_CHARS_MAX)}{hint}")
    return value


def _texts(given: Given[Parameter]) -> tuple[str, ...]:
    value = given.value
    if not isinstance(value, list):
        raise _bad(given, f"expected a list of strings, got {describe_value(value)}")
    wrong = [item for item in value if not isinstance(item, str)]
    if wrong:
        raise _bad(given, f"expected a list of strings, got one with {describe_value(wrong[0])} in it")
    if len(value) > ITEMS_MAX:
        raise _bad(given, f"expected at most {ITEMS_MAX}, got {len(value):,}")
    return tuple(value)


def _bad(given: Given[Parameter], problem: str) -> Rejected:
    return Rejected(Situation.BAD_PARAMS, f"{given.row.name}: {problem}")


READERS: dict[str, Reader[Parameter]] = {"choice": _choice, "integer": _integer, "texts": _texts}
