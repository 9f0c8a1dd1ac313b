"""Finds the parts of a request, an answer or a frame that are retired: the newest API date does not have them."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from mockexchange.venues.dated_fields import ALWAYS, COMPAT_ONLY, FOREVER, ApiDate, DatedRow, Field, Nested, pick
from mockexchange.venues.kalshi.catalogue import PREFIX, find_entry
from mockexchange.venues.kalshi.frames import FRAMES, NESTED
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.resources import OBJECTS, OPERATIONS, PARAMETERS
from mockexchange.venues.kalshi.resources.call import Operation
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.stream.channels import CHANNELS
from mockexchange.venues.query import query_pairs
from mockexchange.venues.retirement import Retirement

NEWEST = api_date("latest")
SECOND_GENERATION = "V2"
"""Suffix in the names of operations that replace the first generation of order entry."""
WHOLE = re.compile("-?[0-9]{1,18}")
_BY_PLACE = {(operation.method, operation.path): operation for operation in OPERATIONS}
_BY_NAME = {operation.name: operation for operation in OPERATIONS}
_FRAME_TABLES = {**FRAMES, **NESTED}
Tables = Mapping[str, Sequence[Field]]


def of_request(method: str, path: str, query: str, answer: bytes | None, day: ApiDate) -> Iterator[Retirement]:
    """Yield the retired parts (operation, parameters, fields) of a request and its answer.

    `day` is the day of the request.
    """
    known = find_entry(method, path.removeprefix(PREFIX)) if path.startswith(f"{PREFIX}/") else None
    if known is None:
        return
    operation = _BY_PLACE.get((method, known.path))
    until = min(known.until, operation.retired_since if operation else FOREVER)
    if until != FOREVER:
        yield _retired("operation", f"{method} {PREFIX}{known.path}", known.since, until, successor(operation))
    if operation:
        yield from _parameters(operation, query, day)
        yield from _fields(OBJECTS, operation.answer_table, answer)


def of_frame(direction: str, raw: bytes, kind: str) -> Iterator[Retirement]:
    """Yield the retired parts that a frame contained."""
    if direction == "in":
        yield from _channels(_read(raw))
    elif kind in FRAMES and _may_hold(_FRAME_TABLES, kind, raw):
        body = _read(raw)
        yield from _walk(_FRAME_TABLES, kind, body.get("msg") if isinstance(body, dict) else None)


def _retired(kind: Any, name: str, since: str, until: str, advice: str, source: str = "changelog") -> Retirement:
    return Retirement(kind, name, "" if since == ALWAYS else since, until, advice, source)


def successor(operation: Operation | None) -> str:
    """Return a sentence about what to use instead of a retired operation."""
    follower = _BY_NAME.get(f"{operation.name}{SECOND_GENERATION}") if operation else None
    return f"call {follower.method} {follower.full_path}" if follower else "nothing replaces it: do without"


# --- parameters


def _parameters(operation: Operation, query: str, day: ApiDate) -> Iterator[Retirement]:
    for name, value in query_pairs(query):
        rows = [row for row in PARAMETERS.get(operation.name, ()) if row.name == name and row.since != COMPAT_ONLY]
        if rows:
            yield from _parameter(f"{operation.name} {name}", rows, value, day)


def _parameter(title: str, rows: list[Parameter], value: str, day: ApiDate) -> Iterator[Retirement]:
    """Yield the retirement of a parameter that is removed, or of a value that it no longer takes."""
    alive = next(iter(pick(rows, NEWEST).values()), None)
    last = max(rows, key=lambda row: row.until)
    if alive is None:
        yield _row("parameter", title, last, "leave it out: it is ignored")
        return
    gap = next((row for row in rows if _is_away(row, rows, day)), None)
    if gap:
        back = min(row.since for row in rows if row.since > gap.until)
        yield _row("parameter", title, gap, f"leave it out until {back}, when it comes back: it is ignored")
    elif not _takes(alive, value) and (past := [row for row in rows if _takes(row, value)]):
        yield _row("value", f"{title}={value}", max(past, key=lambda row: row.until), f"it takes {_range(alive)}")


def _is_away(row: Parameter, rows: list[Parameter], day: ApiDate) -> bool:
    """Return whether a parameter is gone for a while: a day is after the row's end and before the next row begins."""
    later = [other.since for other in rows if other.since > row.until]
    is_continued = any(other.since == row.until for other in rows)
    return day.day is not None and bool(later) and not is_continued and row.until <= day.day < min(later)


def _takes(row: Parameter, value: str) -> bool:
    parts = value.split(",")
    match row.kind:
        case "integer":
            return bool(WHOLE.fullmatch(value)) and _is_within(row, int(value))
        case "choice":
            return value in row.choices
        case "choices":
            return set(parts) <= set(row.choices)
        case "texts":
            return row.items_max is None or len(parts) <= row.items_max
    return len(parts) == 1


def _is_within(row: Parameter, number: int) -> bool:
    return (row.minimum is None or row.minimum <= number) and (row.maximum is None or number <= row.maximum)


def _range(row: Parameter) -> str:
    """Return the values that a parameter takes on the newest day, as text for the advice."""
    if row.choices:
        return f"{'some' if row.kind == 'choices' else 'one'} of {', '.join(row.choices)}"
    return f"{row.minimum} to {row.maximum}" if row.kind == "integer" else "one, no list"


def _row(kind: Any, name: str, row: DatedRow, advice: str) -> Retirement:
    return _retired(kind, name, row.since, row.until, advice, row.source)


# --- fields of answers and messages


class _Table(NamedTuple):
    """Keys of a table that are removed by the newest day, or are objects of other tables."""

    gone: dict[str, Retirement]
    nested: dict[str, str]


def _fields(tables: Tables, table: str, answer: bytes | None) -> Iterator[Retirement]:
    if table and answer and _may_hold(tables, table, answer):
        yield from _walk(tables, table, _read(answer))


def _walk(tables: Tables, table: str, value: Any) -> Iterator[Retirement]:
    for item in value if isinstance(value, list) else [value]:
        gone, nested = _table(tables is OBJECTS, table)
        for key in item if isinstance(item, dict) else ():
            if key in gone:
                yield gone[key]
            if key in nested:
                yield from _walk(tables, nested[key], item[key])


@lru_cache(maxsize=256)
def _table(is_object: bool, table: str) -> _Table:
    tables: Tables = OBJECTS if is_object else _FRAME_TABLES
    rows = tables[table]
    alive = pick(rows, NEWEST)
    lives = {row.name: max((one for one in rows if one.name == row.name), key=lambda one: one.until) for row in rows}
    title = table if is_object else f"{table} message"
    gone = {
        name: _row("field", f"{title} {name}", row, _instead(row, alive))
        for name, row in lives.items()
        if name not in alive
    }
    return _Table(gone, {row.name: row.spelling.table for row in rows if isinstance(row.spelling, Nested)})


def _instead(row: Field, alive: Mapping[str, Field]) -> str:
    """Return the advice for a removed field: fields of the newest day with the same value, if any."""
    same = [name for name, other in alive.items() if other.read == row.read]
    similar = [name for name in (f"{row.name}_dollars", f"{row.name}_fp") if name in alive]
    found = similar or same
    return f"read {' or '.join(found)}" if found else "nothing replaces it: do without"


def _may_hold(tables: Tables, table: str, raw: bytes) -> bool:
    """Return whether the raw bytes contain the name of a removed key; most bodies do not, and need no parsing."""
    return any(name in raw for name in _gone_below(tables is OBJECTS, table))


@lru_cache(maxsize=256)
def _gone_below(is_object: bool, table: str) -> tuple[bytes, ...]:
    gone, nested = _table(is_object, table)
    below = [name for other in nested.values() for name in _gone_below(is_object, other)]
    return tuple(dict.fromkeys([*(f'"{name}":'.encode() for name in gone), *below]))


# --- channels


def _channels(command: Any) -> Iterator[Retirement]:
    params = command.get("params") if isinstance(command, dict) else None
    asked = params.get("channels") if isinstance(params, dict) else None
    for name in asked if isinstance(asked, list) else ():
        rows = [row for row in CHANNELS if row.name == name]
        if rows and not pick(rows, NEWEST):
            last = max(rows, key=lambda row: row.until)
            yield _row("channel", name, last, "nothing replaces it: do without")


def _read(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None
