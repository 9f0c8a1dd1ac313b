"""Runs a server with its control API in this process, in the event loop that starts it."""

import asyncio
import json
import secrets
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Scope

from mockexchange.api.errors import PortInUse, Unavailable, WrongArgument, WrongRequest
from mockexchange.api.transport.connection import PATIENCE_S, Query, Reply, encode_body, encode_query, read_reply
from mockexchange.api.transport.loop_bridge import LoopBridge, run_in_loop, running_loop
from mockexchange.api.values.arguments import require, require_as, wrong_argument
from mockexchange.runtime.ready_file import RunDirectory
from mockexchange.sandbox.options import DEFAULT
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import located_json
from mockexchange.server.app import ListenerApp
from mockexchange.server.control.access import IN_PROCESS, Tokens
from mockexchange.server.control.app import control_app
from mockexchange.server.control.errors import ControlError, misread
from mockexchange.server.control.requests import read_object
from mockexchange.server.control.sandbox_creation import SandboxCreation, parse_creation
from mockexchange.server.http import listener
from mockexchange.server.ready_content import describe_accounts
from mockexchange.server.server_state import ServerState
from mockexchange.server.tls.certificate_names import names_for

if TYPE_CHECKING:
    from mockexchange.runtime.overlay import Overlay

# The control API, which is called without a socket


ROOT = "/_mock/"


class InProcessClient:
    """A client of the control API. It may be called in any event loop; the request runs in the server's loop."""

    def __init__(self, control: LoopBridge, token: str, control_url: str) -> None:
        self._control, self._token, self._url = control, token, control_url

    async def __call__(
        self, method: str, path: str, body: Any = None, query: Query | None = None, patience_s: float = PATIENCE_S
    ) -> Any:
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(ROOT + path),
            "raw_path": (ROOT + path).encode(),
            "root_path": "",
            "query_string": encode_query(query).encode(),
            "headers": [
                (b"host", b"localhost"),
                (b"authorization", f"Bearer {self._token}".encode()),
                (b"content-type", b"application/json"),
            ],
            "client": None,
            "server": None,
            "extensions": {IN_PROCESS: {}},
        }
        content = encode_body(body) or b""
        running_loop()  # raises outside an event loop, where `await` could not work
        self._control.require_loop()
        return await run_in_loop(self._carry(scope, content), self._control.loop)

    async def _carry(self, scope: Scope, content: bytes) -> Any:
        """Call the application, in its own loop, and return the JSON of its answer."""
        contents, parts = [content], list[bytes]()
        status, content_type = 0, ""

        async def receive() -> Message:
            if not contents:  # this client never disconnects
                await asyncio.get_running_loop().create_future()
            return {"type": "http.request", "body": contents.pop(), "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, content_type
            if message["type"] == "http.response.start":
                status = message["status"]
                content_type = dict(message["headers"]).get(b"content-type", b"").decode("latin-1")
            else:
                parts.append(message.get("body", b""))

        mistake: Exception | None = None
        try:
            await self._control.app(scope, receive, send)
        except Exception as error:
            if not status:
                raise
            mistake = error  # an error in the server, which has answered 500 already
        try:
            return read_reply(Reply(status, content_type, b"".join(parts)), self._url)
        except Exception as refusal:
            raise refusal from mistake


# The server


INVALID_ORIGIN = "http://mockexchange.invalid"
"""The origin of a server that does not listen: a name that never resolves (RFC 2606)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSettings:
    """The address, token and TLS settings of a server. Port 0 takes any free port; without a token one is generated.

    With `tls` the server speaks https and wss under this machine's names and `tls_names`, with a certificate authority
    of its own.
    """

    host: str
    port: int
    token: str | None
    tls: bool = False
    tls_names: Sequence[str] = ()
    overlay: str | Path | None = None
    """A newer OpenAPI document, whose new fields answers get."""
    listens: bool = True
    """Whether the server opens a socket; if not, only the ASGI applications of its sandboxes can be called."""

    def __post_init__(self) -> None:
        require_as("host", self.host, "host")
        require_as("port", self.port, "port")
        require(token=self.token, tls=self.tls, tls_names=self.tls_names, overlay=self.overlay)
        if self.tls_names and not self.tls:
            raise wrong_argument("tls_names", "none without tls=True", self.tls_names)


def read_overlay(path: str | Path) -> "Overlay":
    """Read a newer OpenAPI document, whose new fields answers get. Raises WrongArgument."""
    from mockexchange.runtime.overlay import Overlay  # rarely needed

    try:
        return Overlay.read(path)
    except ValueError as error:
        raise WrongArgument(str(error), "overlay") from None


class LocalServer:
    """A server in the running event loop. The function `local_server` creates and stops it."""

    def __init__(self, settings: ListenerSettings) -> None:
        self._settings = settings
        self._files: RunDirectory | None = None
        self._described: list[dict[str, Any]] | None = None
        self.trust: dict[str, str] = {}
        self.server_state = ServerState(
            settings.host,
            public_url=None if settings.listens else INVALID_ORIGIN,
            overlay=None if settings.overlay is None else read_overlay(settings.overlay),
        )
        self._loop = asyncio.get_running_loop()
        if settings.tls:
            # Create an authority and a certificate. Raises WrongRequest for a name that is not valid.
            from mockexchange.server.tls.certificates import Authority  # slow to import, and rarely needed

            authority = Authority.make()
            try:
                self.server_state.identity = authority.identity(names_for(settings.host, settings.tls_names))
            except ValueError as error:
                raise WrongArgument(str(error), "tls_names") from None
            self.trust = self._directory().write_authority(authority.certificate_pem)
        self.token = settings.token or secrets.token_urlsafe(24)
        tokens = Tokens(self.token, hidden=self.server_state.tokens)
        self._control = control_app(self.server_state, tokens, list(settings.tls_names), self._describe)

    @property
    def control_url(self) -> str:
        return f"{self.server_state.local_origin() if self._settings.listens else INVALID_ORIGIN}/_mock"

    @property
    def ask(self) -> InProcessClient:
        return InProcessClient(LoopBridge(self._control, self._loop), self.token, self.control_url)

    def app_of(self, name: str) -> ASGIApp:
        """Return the ASGI application of a sandbox. It accepts requests of any key, and stays valid after a reset."""
        front = ListenerApp(
            lambda key_id: self.server_state.sandboxes.get(name).sandbox, self.server_state.diagnosis_worker, None
        )
        return LoopBridge(front, self._loop)

    async def start(self, body: dict[str, Any]) -> None:
        """Listen on the port and create the default sandbox that `body` describes.

        Raises WrongRequest, PortInUse or Unavailable.
        """
        wanted = read_creation(body)
        if self._settings.listens:
            self._bind()
        try:
            await self.server_state.open(wanted.plan, wanted.named(DEFAULT))
        except ScenarioError as error:
            raise _wrong(misread("bad_scenario", error)) from None
        if self._settings.listens:
            await self.server_state.listen(self._control)

    def _bind(self) -> None:
        """Bind the port. Raises PortInUse, or Unavailable for an address that this machine does not have."""
        host, port = self._settings.host, self._settings.port
        try:
            self.server_state.bind(port)
        except listener.PortInUse as error:
            raise PortInUse(error.explain("port=")) from None
        except OSError as error:
            what = f"cannot listen on port {port} of {host!r} ({error})"
            raise Unavailable(
                f"{what}: give a `host` that this machine has, such as 127.0.0.1, or another `port`"
            ) from None

    def _directory(self) -> RunDirectory:
        """Return the directory of this server's files; it is created for the first file."""
        if self._files is None:
            self._files = RunDirectory(Path(tempfile.gettempdir()))
        return self._files

    async def stop(self) -> None:
        await self.server_state.stop()
        if self._files:
            self._files.remove()

    def _describe(self) -> dict[str, Any]:
        """Return the front page's data, as in the ready file of `mockexchange serve`; key files are written once."""
        sandbox = self.server_state.sandboxes.get(DEFAULT).sandbox
        if self._described is None:
            self._described = describe_accounts(sandbox.credentials(), self._directory())
        return {
            "api_date": sandbox.options.api_date.name,
            "venues": self.server_state.urls(),
            "accounts": self._described,
        }


@asynccontextmanager
async def local_server(settings: ListenerSettings, body: dict[str, Any]) -> AsyncIterator[LocalServer]:
    """Run a server until the end of the block. Raises WrongRequest, PortInUse or Unavailable, after cleaning up."""
    server = LocalServer(settings)
    try:
        await server.start(body)
        yield server
    finally:
        await server.stop()


def read_creation(body: dict[str, Any]) -> SandboxCreation:
    """Parse the body of a request that creates a sandbox, by the control API's own rules. Raises WrongRequest."""
    try:
        return parse_creation(read_object(located_json(json.dumps(body), "", 0)))
    except ControlError as error:
        raise _wrong(error) from None
    except ScenarioError as error:
        raise _wrong(misread("bad_scenario", error)) from None


def _wrong(error: ControlError) -> WrongRequest:
    return WrongRequest(error.code, str(error), error.where)
