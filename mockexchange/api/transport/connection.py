"""Holds the settings and the client with which an exchange object reaches its server, in this process or elsewhere."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp

from mockexchange.api.errors import Unavailable
from mockexchange.api.transport.control_client import AsyncControlClient, ControlClient


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
