"""Applies faults to the JSON of answers. The rest of a body keeps its bytes: compact JSON with its keys in order."""

import json
from collections.abc import Callable
from typing import Any

from mockexchange.scenario import fault_effects
from mockexchange.scenario.fault_effects import Effect
from mockexchange.venues.query import query_pairs
from mockexchange.venues.registry import venue_at
from mockexchange.venues.request import Request

CURSOR = "cursor"
WRONG_BY = 1_000
"""Amount that the fault adds to a number: ten dollars, or a thousand contracts, more than rounding can explain."""
RESULT = "result"
"""Key of the result in a JSON-RPC answer."""
Change = Callable[[Any], Any]
CHANGES: dict[str, Change | None] = {
    "absent": None,
    "zero": lambda number: 0,
    "wrong": lambda number: int(number) + WRONG_BY,
}
Edit = Callable[[Any, Any, Request, str | None], bool]


def edit_json(body: bytes, effect: Effect, request: Request, operation: str | None) -> bytes | None:
    """Return the body with the effect applied; None if the body has nothing that the effect could edit."""
    value = json.loads(body)
    return _compact(value) if EDITS[type(effect)](value, effect, request, operation) else None


def truncate(body: bytes) -> bytes:
    """Return the first half of a body, which is never complete JSON."""
    return body[: len(body) // 2]


def cursor_of(request: Request) -> str | None:
    """Return the cursor in a request's query; None if the query has none."""
    if CURSOR not in request.query:
        return None
    return dict(reversed(query_pairs(request.query, keep_blank_values=False))).get(CURSOR)


def _edit_cursor(value: Any, effect: fault_effects.Cursor, request: Request, operation: str | None) -> bool:
    """Edit the cursor; `repeat` returns the cursor of the request, except on a first page, which has none."""
    if not isinstance(value, dict) or CURSOR not in value:
        return False
    if effect.how == "absent":
        del value[CURSOR]
        return True
    asked = cursor_of(request)
    if effect.how == "repeat" and not asked:
        return False
    value[CURSOR] = asked if effect.how == "repeat" else None
    return True


def _duplicate_row(value: Any, effect: fault_effects.DuplicateRow, request: Request, operation: str | None) -> bool:
    """Repeat the last row of the longest list. If several lists have this length, the last of them is used."""
    lists = [item for item in _lists(value) if item]
    if not lists:
        return False
    longest = max(reversed(lists), key=len)
    longest.append(longest[-1])
    return True


def _no_rows(value: Any, effect: fault_effects.NoRows, request: Request, operation: str | None) -> bool:
    lists = [item for item in _lists(value) if item]
    for rows in lists:
        rows.clear()
    return bool(lists)


def _lists(value: Any) -> list[Any]:
    """Return the lists in an answer; none if it also has scalar fields besides a cursor, as a balance has."""
    found = value.get(RESULT, value)
    if not isinstance(found, dict):
        return [found] if isinstance(found, list) else []
    is_balance = any(name != CURSOR and not isinstance(item, list | dict | bool) for name, item in found.items())
    return [] if is_balance else [item for item in found.values() if isinstance(item, list)]


def _edit_legacy(value: Any, effect: fault_effects.Legacy, request: Request, operation: str | None) -> bool:
    return venue_at(request.path).faults.edit_legacy(value, operation, CHANGES[effect.how])


def _compact(value: Any) -> bytes:
    """Return compact JSON. An unpaired surrogate, which a client may send in its id, stays escaped."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(errors="backslashreplace")


EDITS: dict[type, Edit] = {
    fault_effects.Cursor: _edit_cursor,
    fault_effects.DuplicateRow: _duplicate_row,
    fault_effects.NoRows: _no_rows,
    fault_effects.Legacy: _edit_legacy,
}
