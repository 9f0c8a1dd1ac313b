"""One request and its answer on a connection, as uvicorn knows them, of which no more is made than is used.

uvicorn makes an ASGI scope and an event for each request, and takes its answer in messages. A venue answers from the
parsed request, in one piece. So scope and event are made when an ASGI application uses them: for the control API, for
faults, and for a body that has not arrived completely.
"""

import asyncio
import logging
from collections.abc import Awaitable
from functools import cached_property
from typing import Any
from urllib.parse import unquote

import httptools
from starlette.types import Scope
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

COPIED_BYTES_MAX = 8 * 1024
"""The size of the bodies that are joined with their head; to copy a longer one takes longer than a second buffer."""
LOGGER = logging.getLogger("uvicorn.error")


class RequestCycle(RequestResponseCycle):
    """A request with what was received of it, on which uvicorn's `receive` and `send` work too."""

    logger = access_logger = LOGGER
    access_log = False
    disconnected = response_started = response_complete = False
    more_body = True
    body: Any = b""
    """What was received of the body and not yet passed on by `receive`."""
    chunked_encoding = None
    expected_content_length = 0
    event: asyncio.Event | None = None
    """Set when a part of the body has arrived, and when none will any more; None while nothing waits for it."""

    def __init__(self, protocol: Any, method: str, http_version: str, is_kept_alive: bool) -> None:
        """Begin a request whose headers a connection's protocol has parsed. Raises an error for an invalid target."""
        self.transport, self.flow = protocol.transport, protocol.flow
        self.method, self.http_version, self.headers = method, http_version, protocol.headers
        path, _, query = protocol.url.partition(b"?")
        if path[:1] != b"/" or b"#" in protocol.url:  # in all other targets it finds the same parts
            parsed = httptools.parse_url(protocol.url)
            path, query = parsed.path, parsed.query or b""
        self.raw_path, self.query = path.decode("ascii"), query.decode("latin-1")
        self.keep_alive, self.waiting_for_100_continue = is_kept_alive, protocol.expect_100_continue
        self._protocol = protocol
        """The connection's protocol; None when the request is done with."""

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:  # type: ignore[override]  # an attribute of uvicorn's class
        headers: list[tuple[bytes, bytes]] = self._protocol.server_state.default_headers
        return headers

    @cached_property
    def scope(self) -> Scope:  # type: ignore[override]  # as above
        path = self.raw_path
        scope: Scope = self._protocol.new_scope(self.method, self.http_version, self.headers)
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"], scope["query_string"] = path.encode("ascii"), self.query.encode("latin-1")
        return scope

    @property
    def message_event(self) -> asyncio.Event:  # type: ignore[override]  # as above
        if self.event is None:
            self.event = asyncio.Event()
            if self.body or not self.more_body or self.disconnected or self.response_complete:
                self.event.set()
        return self.event

    def add_body(self, part: bytes) -> None:
        """Take a part of the body, or its end, which is empty; after the answer the rest of a body is dropped."""
        if self.response_complete:
            return
        self.body += part
        if len(self.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        if self.event is not None:
            self.event.set()

    def write(self, status_line: bytes, lines: bytes, body: bytes) -> None:
        """Write an answer at once, and end the request as uvicorn's `send` does after its two messages.

        `lines` are its headers, except those of all answers of the server. A long body is not copied.
        """
        protocol, self._protocol = self._protocol, None
        pieces = [status_line]
        for name, value in protocol.server_state.default_headers:
            pieces += name, b": ", value, b"\r\n"
        pieces += lines, b"\r\n"
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        if len(body) < COPIED_BYTES_MAX:
            pieces.append(body)
            self.transport.write(b"".join(pieces))
        else:
            self.transport.writelines((b"".join(pieces), body))
        if self.event is not None:
            self.event.set()
        protocol.on_response_complete()

    def on_response(self) -> None:
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            protocol.on_response_complete()

    async def run_asgi(self, app: Any) -> None:
        try:
            await super().run_asgi(app)
        finally:
            self._protocol = None

    async def run(self, answering: Awaitable[object]) -> None:
        """Answer the request without ASGI; uvicorn reports an exception."""
        try:
            await answering
        except BaseException as error:  # noqa: BLE001  # it is reported
            self.scope = {"type": "http", "method": self.method}  # the protocol may be gone
            await super().run_asgi(_raising(error))
        finally:
            self._protocol = None


def _raising(error: BaseException) -> Any:
    async def app(*_arguments: object) -> None:
        raise error

    return app
