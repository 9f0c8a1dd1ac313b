"""An answer, and the reasons for which there is none or nothing can be judged by it."""

import json
from collections.abc import Collection
from typing import Any, NamedTuple

import httpx

CHARS_SHOWN_MAX = 200
UNJUDGEABLE_STATUSES = (401, 403, 429, 502, 503, 504)
"""The key is not for it, or the exchange is busy or closed: no fault of what answers."""


class Unreachable(Exception):
    """No answer came; the message says from where and why."""


class NotJudged(Exception):
    """What a rule needs is not there; the message says what, such as "no row to look at"."""


class NotAnswered(NotJudged):
    """A read that should answer was refused: `where` and what was `seen`."""

    def __init__(self, where: str, seen: str) -> None:
        super().__init__(f"{where} was answered {seen}")
        self.where, self.seen = where, seen


class Answer(NamedTuple):
    """`where` is the request in a line: "GET /portfolio/positions?limit=2"."""

    where: str
    status: int
    headers: httpx.Headers
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.content)


def object_of(answer: Answer) -> dict[str, Any]:
    """Return the object that a read answers with. Raises NotJudged where it does not, NotAnswered where it should."""
    try:
        body = answer.json() if answer.status == 200 else None
    except ValueError:
        body = None
    if isinstance(body, dict):
        return body
    seen = f"{answer.status} {answer.text[:CHARS_SHOWN_MAX]}"
    if answer.status in UNJUDGEABLE_STATUSES:
        raise NotJudged(f"{answer.where} was answered {seen}")
    raise NotAnswered(answer.where, seen)


def still(answer: Answer, ticking: Collection[str]) -> tuple[int, Any]:
    """Return the status and the body of an answer, without the fields that change though nothing else does."""
    try:
        return answer.status, without(answer.json(), ticking)
    except ValueError:
        return answer.status, answer.text


def without(value: Any, names: Collection[str]) -> Any:
    """Return a JSON value without fields of these names, however deep."""
    if isinstance(value, dict):
        return {name: without(part, names) for name, part in value.items() if name not in names}
    return [without(part, names) for part in value] if isinstance(value, list) else value
