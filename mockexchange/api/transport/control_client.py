"""How the API asks: one call, carried to the control API of this process or of another.

Everything above is written against `AsyncAsk`, or `Ask` in the synchronous twin; everything below carries one request.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode

from mockexchange.api.errors import MockExchangeError, TimedOut, WrongRequest
from mockexchange.api.values.arguments import require

PATIENCE_S = 60.0
"""Far above any answer, so that a server that is stopped in a debugger is told from one that is busy."""
JSON_LINES = "application/jsonl"
Query = Mapping[str, object]


class AsyncControlClient(Protocol):
    """Calls the control API; `path` is below /_mock. Raises MockExchangeError."""

    async def __call__(
        self, method: str, path: str, body: Any = None, query: Query | None = None, patience_s: float = PATIENCE_S
    ) -> Any: ...


class ControlClient(Protocol):
    """The same, and waits for the answer."""

    def __call__(
        self, method: str, path: str, body: Any = None, query: Query | None = None, patience_s: float = PATIENCE_S
    ) -> Any: ...


class Reply(NamedTuple):
    """What the control API answered."""

    status: int
    content_type: str
    body: bytes


def encode_body(body: Any) -> bytes | None:
    """The body of a request. Raises WrongArgument on what JSON cannot say."""
    require(json=body)
    return None if body is None else json.dumps(body).encode()


def encode_query(query: Query | None) -> str:
    """The query of a request; what is None is not asked for."""
    return urlencode({name: value for name, value in (query or {}).items() if value is not None})


def read_reply(reply: Reply, control_url: str) -> Any:
    """Return what a reply says: JSON, or a list where it is a document a line. Raises WrongRequest or TimedOut."""
    try:
        if reply.status < HTTPStatus.BAD_REQUEST:
            return _read(reply)
        error = json.loads(reply.body)["error"]
        code, message, where = error["code"], error["message"], error.get("where")
    except (ValueError, KeyError, TypeError):
        text = f"expected a control API at {control_url}, got status {reply.status}: {reply.body[:200]!r}"
        raise MockExchangeError(text) from None
    if reply.status == HTTPStatus.REQUEST_TIMEOUT:
        raise TimedOut(message)
    raise WrongRequest(code, message, where)


def _read(reply: Reply) -> Any:
    if reply.content_type.startswith(JSON_LINES):
        return [json.loads(line) for line in reply.body.splitlines()]
    return json.loads(reply.body or b"null")
