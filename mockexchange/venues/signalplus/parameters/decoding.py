"""Decoding params: by the types that the page gives them, strictly.

A number is no string and a string no number; null is as good as absent. What no row names is ignored, and told to the
caller.
"""

import difflib
from collections.abc import Mapping
from typing import Any

from mockexchange.venues.dated import ApiDate, pick
from mockexchange.venues.jsonrpc.envelope import kind_of, whole
from mockexchange.venues.quoting import quote
from mockexchange.venues.signalplus.errors import Rejected, Situation
from mockexchange.venues.signalplus.parameters import PARAMETERS, Parameter

NAME_CHARS_MAX = 80
FINDINGS_MAX = 20
TEXTS_MAX = 500
"""Of one list; a frame of 32 kB has room for some more channels of one letter."""


def decode(operation: str, given: Mapping[str, Any], api_date: ApiDate, findings: list[str]) -> dict[str, Any]:
    """Return a value for every known parameter, None where absent. Raises Rejected on a bad value."""
    rows = pick(PARAMETERS.get(operation, ()), api_date)
    unknown = [name for name in given if name not in rows]
    findings += [_ignored(name, operation, list(rows)) for name in unknown[:FINDINGS_MAX]]
    return {name: _value(row, given.get(name)) for name, row in rows.items()}


def _ignored(name: str, operation: str, known: list[str]) -> str:
    near = [each for each in known if each.lower() == name.replace("_", "").lower()]
    near = near or difflib.get_close_matches(name[:NAME_CHARS_MAX], known, n=1, cutoff=0.7)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"parameter {quote(name, NAME_CHARS_MAX)} is unknown to {operation}: ignored{hint}"


def _value(row: Parameter, value: Any) -> Any:
    if value is None:
        if row.required:
            raise _bad(row, "it is required")
        return None
    if row.kind == "integer":
        return _integer(row, value)
    return _choice(row, value) if row.kind == "choice" else _texts(row, value)


def _integer(row: Parameter, value: Any) -> int:
    number = whole(value)
    if number is None:
        raise _bad(row, f"expected an integer, got {kind_of(value)}")
    return number


def _choice(row: Parameter, value: Any) -> str:
    if not isinstance(value, str):
        raise _bad(row, f"expected a string, got {kind_of(value)}")
    if value not in row.choices:
        near = next((choice for choice in row.choices if choice.lower() == value.lower()), None)
        hint = f"; did you mean {near}?" if near else ""
        raise _bad(row, f"expected one of {', '.join(row.choices)}, got {quote(value, NAME_CHARS_MAX)}{hint}")
    return value


def _texts(row: Parameter, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _bad(row, f"expected a list of strings, got {kind_of(value)}")
    wrong = [each for each in value if not isinstance(each, str)]
    if wrong:
        raise _bad(row, f"expected a list of strings, got one with {kind_of(wrong[0])} in it")
    if len(value) > TEXTS_MAX:
        raise _bad(row, f"expected at most {TEXTS_MAX}, got {len(value):,}")
    return tuple(value)


def _bad(row: Parameter, words: str) -> Rejected:
    return Rejected(Situation.BAD_PARAMS, f"{row.name}: {words}")
