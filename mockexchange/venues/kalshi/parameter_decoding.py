"""Decodes query strings: it checks and converts their values as the venue does.

A value of a wrong type or out of bounds gets the recorded `{"msg": ...}` body. An empty text counts as absent; an empty
integer is not a number, and an empty choice is none of the choices. Parameters that the operation does not have are
ignored, and the journal gets a finding about them.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec.structs import replace

from mockexchange.core.instants import parse_instant
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.named_days import AUTUMN_2026
from mockexchange.venues.kalshi.resources import PARAMETERS
from mockexchange.venues.kalshi.resources.call import QUERY_CHARS_CACHED_MAX
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.parameter_decoding import Given, Reader, decode_rows, rows_of, unknown_findings
from mockexchange.venues.query import PAIRS_MAX, has_too_many_pairs, query_pairs

INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
FINDING_VALUE_CHARS_MAX = 80
QUERIES_MAX = 1_024

BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
"""Accepted spellings of a boolean; the venue's own binding knows more."""
PAGED_OPERATIONS = tuple(name for name, rows in PARAMETERS.items() if any(row.name == "cursor" for row in rows))
"""Names of the operations that answer with pages of a list at any API date."""
LIST_KINDS = ("texts", "choices", "repeated")
BOUND_TAGS = {"at least": "gte", "at most": "lte"}


@lru_cache(maxsize=QUERIES_MAX)
def parameters(operation: str, api_date: ApiDate) -> dict[str, Parameter]:
    """Return the parameters that an operation has at an API date, by name."""
    return rows_of(PARAMETERS.get(operation, ()), api_date)


class Decoded(NamedTuple):
    """A decoded query: the value of every known parameter, and findings about unknown parameters.

    A value is None if the parameter is absent, and a tuple for a list.
    """

    params: dict[str, Any]
    findings: tuple[str, ...]


def read_query(operation: str, query: str, api_date: ApiDate, unknown_status: str) -> Decoded:
    """Decode the query of a request; `unknown_status` is the scenario's setting of that name. Raises Rejected."""
    read = decode_cached if len(query) <= QUERY_CHARS_CACHED_MAX else decode
    try:
        return read(operation, query, api_date)
    except Rejected as rejected:
        is_choice = rejected.situation is Situation.UNKNOWN_CHOICE
        is_status_of_markets = operation == "GetMarkets" and is_choice and rejected.values["field"] == "Status"
        if unknown_status == "dated" and is_status_of_markets and api_date.is_day_from(AUTUMN_2026):
            # Clients reported this body; no recording has it.
            raise Rejected(Situation.UNKNOWN_STATUS, rejected.diagnosis) from None
        raise


def decode(operation: str, query: str, api_date: ApiDate) -> Decoded:
    """Parse a raw query string. Raises Rejected for an invalid value."""
    rows = parameters(operation, api_date)
    texts: dict[str, Any] = {}
    unknown: list[str] = []
    for name, text in query_pairs(query):
        if name not in rows:
            unknown.append(name)
        elif rows[name].kind == "repeated":
            texts.setdefault(name, []).append(text)
        elif name in texts:
            raise Rejected(Situation.REPEATED, f"{name} is given more than once", parameter=name)
        else:
            texts[name] = text
    # An empty text counts as absent.
    present = {name: text for name, text in texts.items() if text or rows[name].kind not in ("text", "texts")}
    params = decode_rows(operation, rows, present, READERS, _missing, LIST_KINDS)
    findings = [*unknown_findings(operation, unknown)] if unknown else []
    if has_too_many_pairs(query):
        findings.append(f"the query has more than {PAIRS_MAX:,} parameters: the rest is ignored")
    return Decoded(params, tuple(findings))


decode_cached = lru_cache(maxsize=QUERIES_MAX)(decode)
"""Decodes as `decode` does, and keeps the results, since clients poll with the same few queries."""


def _text(given: Given[Parameter]) -> str:
    text: str = given.value
    return text


def _texts(given: Given[Parameter]) -> tuple[str, ...]:
    items = tuple(given.value.split(","))
    _require_count(given, len(items), f"has {len(items)} items")
    _require_choices(given, items)
    return items


def _choice(given: Given[Parameter]) -> str:
    _require_choices(given, [given.value])
    return _text(given)


def _require_choices(given: Given[Parameter], items: Iterable[str]) -> None:
    choices = given.row.choices
    unknown = next((item for item in items if choices and item not in choices), None)
    if unknown is not None:
        diagnosis = f"{_shown(given, unknown)}: expected {', '.join(choices)}"
        raise _invalid(given, "oneof", diagnosis, Situation.UNKNOWN_CHOICE)


def _integer(given: Given[Parameter]) -> int:
    if not INTEGER.fullmatch(given.value):
        raise _wrong_type(given, "is not an integer")
    number = int(given.value)
    numbers = given.row.numbers
    if numbers and number not in numbers:
        diagnosis = f"{given.row.name}={number}: expected {', '.join(map(str, numbers))}"
        raise _invalid(given, "oneof", diagnosis, Situation.UNKNOWN_CHOICE)
    broken = given.row.broken_bound(number)
    if broken is not None:
        side, limit = broken
        raise _invalid(given, BOUND_TAGS[side], f"{given.row.name}={number}: expected {side} {limit}")
    return number


def _boolean(given: Given[Parameter]) -> bool:
    value = BOOLEANS.get(given.value.lower())
    if value is None:
        raise _wrong_type(given, "is neither true nor false")
    return value


def _instant(given: Given[Parameter]) -> int:
    try:
        return parse_instant(given.value)
    except ValueError:
        raise _wrong_type(given, "is not an instant such as 2026-01-31T12:00:00Z") from None


def _repeated(given: Given[Parameter]) -> tuple[str | int, ...]:
    items = given.value
    _require_count(given, len(items), f"is given {len(items)} times")
    if given.row.maximum is None:  # a bound means integers (`Parameter`)
        return tuple(items)
    return tuple(_integer(replace(given, value=item)) for item in items)


def _require_count(given: Given[Parameter], count: int, how_many: str) -> None:
    """Raise Rejected if a list has too many items; `how_many` is the number in the words of the message."""
    row = given.row
    if row.items_max is not None and count > row.items_max:
        raise _invalid(given, "max", f"{row.name} {how_many}: expected at most {row.items_max}")


def _wrong_type(given: Given[Parameter], problem: str) -> Rejected:
    name = given.row.name
    return Rejected(Situation.WRONG_TYPE, f"{_shown(given, given.value)} {problem}", parameter=name)


def _shown(given: Given[Parameter], text: str) -> str:
    return f"{given.row.name}={text[:FINDING_VALUE_CHARS_MAX]!r}"


def _invalid(
    given: Given[Parameter], tag: str, diagnosis: str, situation: Situation = Situation.OUT_OF_BOUNDS
) -> Rejected:
    return Rejected(situation, diagnosis, operation=given.operation, field=given.row.go_name, tag=tag)


def _missing(given: Given[Parameter]) -> Rejected:
    return Rejected(Situation.MISSING, f"{given.row.name} is required", parameter=given.row.name)


READERS: dict[str, Reader[Parameter]] = {
    "text": _text,
    "texts": _texts,
    "integer": _integer,
    "boolean": _boolean,
    "choice": _choice,
    "choices": _texts,
    "instant": _instant,
    "repeated": _repeated,
}


def with_limit(query: str, rows: int) -> str:
    """Return a query whose parameter `limit` is at most `rows`; a query with an unusable limit stays unchanged."""
    parts = [part for part in query.split("&") if part]
    limits = [part for part in parts if part.partition("=")[0] == "limit"]
    asked = limits[0].partition("=")[2] if limits else ""
    if len(limits) > 1 or (limits and not (asked.isascii() and asked.isdigit() and len(asked) < 10)):
        return query
    wanted = min(rows, int(asked)) if limits else rows
    return "&".join([*(part for part in parts if part not in limits), f"limit={wanted}"])
