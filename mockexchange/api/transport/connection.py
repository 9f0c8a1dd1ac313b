"""How an exchange object reaches its server: the client of the control API, and the settings of a connection."""

import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode

from starlette.types import ASGIApp

from mockexchange.api.errors import MockExchangeError, TimedOut, Unavailable, WrongRequest
from mockexchange.api.values.arguments import require
from mockexchange.api.values.records import read_events

# The client of the control API: one callable, for a server in this process or a remote one


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


# The connection


def no_application(sandbox: str) -> ASGIApp:
    """Raise Unavailable, since the ASGI application of a remote sandbox is in another process."""
    raise Unavailable(f"the sandbox {sandbox!r} is in another process: its application is had with serve() alone")


def _run_nothing(coroutine: Coroutine[Any, Any, Any]) -> Any:
    coroutine.close()
    raise Unavailable("this exchange is in another process: nothing can be run in its loop")


def _unchanged(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """The address, token and certificates of a server.

    The functions among the fields hide whether the server is remote. For a server in this process they return their
    argument unchanged.
    """

    control_url: str
    token: str
    ca_cert: str | None
    """Path of the certificate of the authority that signed the server's certificate; None without TLS."""
    ca_bundle: str | None
    """Path of `ca_cert` bundled with this system's authorities, for clients that trust one file; None without TLS."""
    app_of: Callable[[str], ASGIApp]
    """A function from a sandbox's name to its ASGI application. It raises Unavailable for a remote server."""
    map_url: Callable[[str], str] = _unchanged
    """A function from a URL as the server knows it to the URL that works from this machine."""
    prepare_creation: Callable[[dict[str, Any]], dict[str, Any]] = _unchanged
    """A function that converts the body of a request that creates a sandbox to a form that this server can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncConnection(ConnectionSettings):
    """A connection with an asynchronous client: for the server's own loop, or for any loop if the server is remote."""

    ask: AsyncControlClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(ConnectionSettings):
    """A connection with a blocking client, for any thread; `run` runs a coroutine in the server's loop."""

    ask: ControlClient
    run: Callable[[Coroutine[Any, Any, Any]], Any] = _run_nothing
    async_ask: AsyncControlClient | None = None
    """The asynchronous client for loops other than the server's; None if the connection has none."""
