"""Defines responses of a server under verification, and errors for responses that are missing or useless."""

import json
from collections.abc import Collection
from typing import Any, NamedTuple

import httpx

CHARS_SHOWN_MAX = 200
UNJUDGEABLE_STATUSES = (401, 403, 429, 502, 503, 504)
"""Statuses for a key without access, and for a busy or closed exchange, which are no defects of the server."""


class Unreachable(Exception):
    """Raised if a request gets no response. The message has the request and the reason."""


class NotJudged(Exception):
    """Raised by a rule that lacks the data it needs. The message names the data, such as "no row to look at"."""


class NotAnswered(NotJudged):
    """Raised if a read that should succeed is refused: its request is `where`, the response `seen`."""

    def __init__(self, where: str, seen: str) -> None:
        super().__init__(f"{where} was answered {seen}")
        self.where, self.seen = where, seen


class Answer(NamedTuple):
    """A response of the server. `where` is the request in one line: "GET /portfolio/positions?limit=2"."""

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
    """Return the JSON object of a response.

    Raises NotAnswered if it has none, NotJudged if the key or the exchange's load is the reason.
    """
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
    """Return status and body of a response without the fields `ticking`, whose values change by themselves."""
    try:
        return answer.status, without(answer.json(), ticking)
    except ValueError:
        return answer.status, answer.text


def without(value: Any, names: Collection[str]) -> Any:
    """Return a JSON value without the fields of these names, at any depth."""
    if isinstance(value, dict):
        return {name: without(part, names) for name, part in value.items() if name not in names}
    return [without(part, names) for part in value] if isinstance(value, list) else value
