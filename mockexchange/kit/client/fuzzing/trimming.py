"""Removes rows, then optional fields, one after the other from a failing body while it still fails.

Hypothesis stops shrinking after a number of tasks. Removing the remaining rows here makes the same mistake of a client
yield the same body for every random draw.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from mockexchange.kit.validation.references import resolved
from mockexchange.runtime.api_documents import Document

TRIM_TASKS_MAX = 100
"""The most tasks for trimming, enough for twelve rows of twenty fields.

It is a count and not a time, so that a slow client gets the same body.
"""


def trimmed(
    body: Any, smaller: Callable[[Any], Iterator[Any]], is_wrong: Callable[[Any], bool], tasks_max: int = TRIM_TASKS_MAX
) -> Any:
    """Shrink a failing body, and return the smallest one found that still fails.

    `smaller(body)` yields the bodies with one part of `body` removed. `is_wrong(body)` serves a body in one task and
    returns whether it fails; it is called at most `tasks_max` times.
    """
    tried = {_key(body)}
    candidates = smaller(body)
    while len(tried) <= tasks_max:
        candidate = next((one for one in candidates if _key(one) not in tried), None)
        if candidate is None:
            break
        tried.add(_key(candidate))
        if is_wrong(candidate):
            body, candidates = candidate, smaller(candidate)
    return body


def smaller_bodies(document: Document, schema: Any, body: Any) -> Iterator[Any]:
    """Yield the bodies that lack one part of `body` and that its schema still allows.

    For a list, these are first each row alone.
    """
    node = resolved(document, schema)
    if isinstance(body, dict) and "properties" in node:
        yield from _lesser_objects(document, node, body)
    if isinstance(body, list) and "items" in node:
        yield from _lesser_lists(document, node, body)


def _lesser_objects(document: Document, node: Any, body: dict[str, Any]) -> Iterator[Any]:
    known = node["properties"]
    optional = {name for name in body if name in known} - set(node.get("required", ()))
    for left_out in (optional, *({name} for name in sorted(optional))):
        yield {name: value for name, value in body.items() if name not in left_out}
    for name in [name for name in body if name in known]:
        for less in smaller_bodies(document, known[name], body[name]):
            yield {**body, name: less}


def _lesser_lists(document: Document, node: Any, rows: list[Any]) -> Iterator[Any]:
    least = node.get("minItems", 0)
    if least <= 1:
        yield from ([row] for row in rows)
    if len(rows) > least:
        yield from (rows[:index] + rows[index + 1 :] for index in range(len(rows)))
    for index, row in enumerate(rows):
        for less in smaller_bodies(document, node["items"], row):
            yield [*rows[:index], less, *rows[index + 1 :]]


def _key(body: Any) -> str:
    return json.dumps(body, sort_keys=True)
