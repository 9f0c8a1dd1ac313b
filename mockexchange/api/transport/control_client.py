"""Defines the interface of a client of the control API: one callable, for a server in this process or a remote one.

Exchange objects use `AsyncControlClient`, or `ControlClient` in the synchronous classes. The modules `in_process` and
`remote` implement them.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode

from mockexchange.api.errors import MockExchangeError, TimedOut, WrongRequest
from mockexchange.api.values.arguments import require
from mockexchange.api.values.live_events import read_events

PATIENCE_S = 60.0
"""The timeout of a call in seconds, far above any answer's time: only a server stopped in a debugger exceeds it."""
JSON_LINES = "application/jsonl"
EVENT_STREAM = "text/event-stream"
Query = Mapping[str, object]


class AsyncControlClient(Protocol):
    """A coroutine function that calls the control API and returns the answer's JSON.

    `path` is relative to /_mock. Raises MockExchangeError.
    """

    async def __call__(
        self, method: str, path: str, body: Any = None, query: Query | None = None, patience_s: float = PATIENCE_S
    ) -> Any: ...


class ControlClient(Protocol):
    """A blocking function that calls the control API, with the parameters of AsyncControlClient."""

    def __call__(
        self, method: str, path: str, body: Any = None, query: Query | None = None, patience_s: float = PATIENCE_S
    ) -> Any: ...


class Reply(NamedTuple):
    """An answer of the control API before it is parsed."""

    status: int
    content_type: str
    body: bytes


def encode_body(body: Any) -> bytes | None:
    """Encode the body of a request. Raises WrongArgument if it cannot be JSON."""
    require(json=body)
    return None if body is None else json.dumps(body).encode()


def encode_query(query: Query | None) -> str:
    """Encode the query of a request; parameters that are None are left out."""
    return urlencode({name: value for name, value in (query or {}).items() if value is not None})


def read_reply(reply: Reply, control_url: str) -> Any:
    """Return the JSON of a reply, or a list of its JSON lines. Raises WrongRequest or TimedOut."""
    try:
        if reply.status < HTTPStatus.BAD_REQUEST:
            if reply.content_type.startswith(JSON_LINES):
                return [json.loads(line) for line in reply.body.splitlines()]
            if reply.content_type.startswith(EVENT_STREAM):
                return read_events(reply.body.decode())
            return json.loads(reply.body or b"null")
        error = json.loads(reply.body)["error"]
        code, message, where = error["code"], error["message"], error.get("where")
    except (ValueError, KeyError, TypeError):
        text = f"expected a control API at {control_url}, got status {reply.status}: {reply.body[:200]!r}"
        raise MockExchangeError(text) from None
    if reply.status == HTTPStatus.REQUEST_TIMEOUT:
        raise TimedOut(message)
    raise WrongRequest(code, message, where)
