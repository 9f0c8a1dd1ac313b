"""Finds a remote server, and sends requests to its control API: one HTTP request a call, and never through a proxy."""

import asyncio
import os
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from mockexchange.api.errors import Unreachable, WrongRequest
from mockexchange.api.transport.connection import PATIENCE_S, Query, Reply, encode_body, encode_query, read_reply
from mockexchange.api.values.arguments import ARGUMENTS, require, wrong_argument
from mockexchange.clients.published import LOOPBACK
from mockexchange.runtime import http_request
from mockexchange.runtime.http_request import ControlApi
from mockexchange.runtime.ready_file import START_ONE, NoServer, default_ready_file, read_ready

# Finding a server, and its URLs as they work from this machine


ROOT = "/_mock"
URL = "MOCKEXCHANGE_URL"
READY_FILE = "MOCKEXCHANGE_READY_FILE"
"""`mockexchange run` sets this variable and TOKEN for the program that it runs; users may set all three."""
SECURE = {"http": "ws", "https": "wss"}


class FoundServer(NamedTuple):
    """The URL and token of a server's control API, and the path of the CA bundle that its clients trust.

    The path is None without TLS.
    """

    control: ControlApi
    ca_bundle: str | None


def find_control(
    url: str | None, token: str | None, ready_file: Path | str | None, ca_cert: Path | str | None
) -> FoundServer:
    """Find the server at a URL or of a ready file.

    Raises Unreachable, or WrongRequest if the two contradict each other.

    If neither is given, environment variables determine the server, else the default ready file. The default of `token`
    is the token in the ready file if that determined the server, else the environment's, else the one in the ready file
    of the server at the URL. Without any of these the token is "", which the server refuses. The default of `ca_cert`
    is the certificate in the ready file of the server.
    """
    require(url=url, token=token)
    if url is None and ready_file is None:
        url = os.environ.get(URL)
    ready = _read(ready_file, is_needed=url is None or ready_file is not None)
    control_url = ready["control_url"] if url is None else _control_url(url)
    if ready_file is not None and ready["control_url"] != control_url:
        raise wrong_argument(
            "url", f"the server of the ready file, {ready['control_url']}, or one of the two alone", url
        )
    known = ready if ready.get("control_url") == control_url else {}
    usual = None if url is None else os.environ.get(TOKEN)
    shown = token or usual or known.get("control_token") or ""
    authority = ca_cert or known.get("ca_cert")
    bundle = authority if ca_cert else known.get("ca_bundle") or authority
    return FoundServer(ControlApi(control_url, shown, str(authority) if authority else None), bundle and str(bundle))


def _read(ready_file: Path | str | None, *, is_needed: bool) -> dict[str, Any]:
    try:
        return read_ready(Path(ready_file or os.environ.get(READY_FILE) or default_ready_file()))
    except NoServer as error:
        if not is_needed:
            return {}
        advice = f": {START_ONE}, or give a URL or another ready file" if error.is_missing else ""
        raise Unreachable(f"{error}{advice}") from None


def _control_url(url: str) -> str:
    """Return the URL of the control API for an origin, with or without /_mock. Raises WrongRequest."""
    try:
        parts = urlsplit(url.rstrip("/"))
        is_right = parts.scheme in SECURE and parts.hostname and parts.port != 0 and parts.path in ("", ROOT)
    except ValueError:
        raise wrong_argument("url", ARGUMENTS["url"].expected, url) from None
    if not is_right or parts.query or parts.fragment:
        raise wrong_argument("url", ARGUMENTS["url"].expected, url)
    return f"{parts.scheme}://{parts.netloc}{ROOT}"


def url_mapper(control_url: str, server_url: str) -> Callable[[str], str]:
    """Return a function that converts a URL as the server knows it to the URL that works from this machine.

    `server_url` is the main port's URL as the server knows it, `control_url` the one that works here. A server in a
    container knows only its own loopback address. Its main port may have another number here; its other ports keep
    their numbers.
    """
    ours, theirs = urlsplit(control_url), urlsplit(server_url)
    if theirs.hostname not in LOOPBACK:
        return lambda url: url  # it was started with its public URL

    def map_url(url: str) -> str:
        parts = urlsplit(url)
        if parts.port == theirs.port:
            netloc, is_secure = ours.netloc, ours.scheme == "https"
        elif ours.hostname in LOOPBACK:
            return url
        else:
            host = f"[{ours.hostname}]" if ":" in (ours.hostname or "") else ours.hostname
            netloc, is_secure = f"{host}:{parts.port}", parts.scheme in ("https", "wss")
        scheme = ("wss" if is_secure else "ws") if parts.scheme.startswith("ws") else ("https" if is_secure else "http")
        return urlunsplit(parts._replace(scheme=scheme, netloc=netloc))

    return map_url


# Requests to its control API


TOKEN = "MOCKEXCHANGE_TOKEN"  # noqa: S105  # the variable's name


class RemoteClient:
    """A client of a remote control API that blocks until the answer."""

    def __init__(self, control: ControlApi) -> None:
        self._control = control

    def __call__(
        self, method: str, path: str, body: Any = None, query: Query | None = None, patience_s: float = PATIENCE_S
    ) -> Any:
        return _RemoteRequest(self._control, method, path, query, patience_s).carry(body)


class AsyncRemoteClient:
    """A client of a remote control API that sends each request in a thread; cancellation aborts the request."""

    def __init__(self, control: ControlApi) -> None:
        self._control = control

    async def __call__(
        self, method: str, path: str, body: Any = None, query: Query | None = None, patience_s: float = PATIENCE_S
    ) -> Any:
        call = _RemoteRequest(self._control, method, path, query, patience_s)
        try:
            return await asyncio.to_thread(call.carry, body)
        except asyncio.CancelledError:
            http_request.shut_down(call.connection)
            raise


class _RemoteRequest:
    """One request on a connection of its own."""

    def __init__(self, control: ControlApi, method: str, path: str, query: Query | None, patience_s: float) -> None:
        words = encode_query(query)
        self._control, self._method = control, method
        self._url = f"{control.url}/{path}{'?' if words else ''}{words}"
        try:
            self.connection = http_request.connection_to(self._url, patience_s, control.ca_cert)
        except (OSError, ValueError) as error:
            raise _unreachable(control, http_request.reason_of(error)) from None

    def carry(self, body: Any) -> Any:
        try:
            reply = http_request.carry(
                self.connection, self._method, self._url, self._control.headers, encode_body(body)
            )
        except http_request.Unreachable as error:
            raise _unreachable(self._control, str(error)) from None
        if reply.status == HTTPStatus.UNAUTHORIZED and not self._control.token:
            raise WrongRequest("no_token", f"expected the control API's token: give a `token`, or set {TOKEN}")
        content_type = reply.headers.get("Content-Type", "")
        return read_reply(Reply(reply.status, content_type, reply.body), self._control.url)


def _unreachable(control: ControlApi, reason: str) -> Unreachable:
    return Unreachable(f"no server answers at {control.url} ({reason}): {START_ONE}, or give another URL")
