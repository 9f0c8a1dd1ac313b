"""How an exchange object reaches its server, be that in this process or elsewhere."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp

from mockexchange.api.errors import Unavailable
from mockexchange.api.transport.control_client import AsyncControlClient, ControlClient


def no_application(sandbox: str) -> ASGIApp:
    """Stands for the application of a sandbox elsewhere."""
    raise Unavailable(f"the sandbox {sandbox!r} is in another process: its application is had with serve() alone")


def _run_nothing(coroutine: Coroutine[Any, Any, Any]) -> Any:
    coroutine.close()
    raise Unavailable("this exchange is in another process: nothing can be run in its loop")


def _unchanged(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """Where the server is, and how what it says and is told goes there."""

    control_url: str
    token: str
    ca_cert: str | None
    """The file of the authority that signed the server's certificate; None without TLS."""
    ca_bundle: str | None
    """The same beside the authorities of this system, for clients that trust what is in one file alone."""
    app_of: Callable[[str], ASGIApp]
    """The application that serves a sandbox, by its name. Raises Unavailable where the server is elsewhere."""
    map_url: Callable[[str], str] = _unchanged
    """A URL of a sandbox, as the server has it, as it is reached from here."""
    prepare_creation: Callable[[dict[str, Any]], dict[str, Any]] = _unchanged
    """The body of a creation as this server can read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncConnection(ConnectionSettings):
    """Asked from the loop that the server lives in, or from any where it lives elsewhere."""

    ask: AsyncControlClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(ConnectionSettings):
    """Asked from any thread; `run` carries a coroutine out in the loop that the server lives in."""

    ask: ControlClient
    run: Callable[[Coroutine[Any, Any, Any]], Any] = _run_nothing
    async_ask: AsyncControlClient | None = None
    """The same, to be awaited in any loop but the server's; None where only threads can wait."""
