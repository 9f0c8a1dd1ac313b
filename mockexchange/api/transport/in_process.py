"""Calls the control API of a server in this process, without a socket, through its ASGI application."""

import asyncio
from typing import Any
from urllib.parse import unquote

from starlette.types import Message, Scope

from mockexchange.api.transport.control_client import PATIENCE_S, Query, Reply, encode_body, encode_query, read_reply
from mockexchange.api.transport.loop_bridge import LoopBridge, run_in_loop, running_loop
from mockexchange.server.control.access import IN_PROCESS

ROOT = "/_mock/"


class InProcessClient:
    """A client of the control API. It may be called in any event loop; the request runs in the server's loop."""

    def __init__(self, control: LoopBridge, token: str, control_url: str) -> None:
        self._control, self._token, self._url = control, token, control_url

    async def __call__(
        self, method: str, path: str, body: Any = None, query: Query | None = None, patience_s: float = PATIENCE_S
    ) -> Any:
        call = _InProcessRequest(encode_body(body) or b"")
        scope = self._scope(method, path, encode_query(query))
        running_loop()
        self._control.require_loop()
        return await run_in_loop(self._carry(scope, call), self._control.loop)

    async def _carry(self, scope: Scope, call: "_InProcessRequest") -> Any:
        mistake: Exception | None = None
        try:
            await self._control.app(scope, call.receive, call.send)
        except Exception as error:
            if not call.status:
                raise
            mistake = error  # an error in the server, which has answered 500 already
        try:
            return read_reply(call.reply(), self._url)
        except Exception as refusal:
            raise refusal from mistake

    def _scope(self, method: str, path: str, query: str) -> Scope:
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(ROOT + path),
            "raw_path": (ROOT + path).encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [
                (b"host", b"localhost"),
                (b"authorization", f"Bearer {self._token}".encode()),
                (b"content-type", b"application/json"),
            ],
            "client": None,
            "server": None,
            "extensions": {IN_PROCESS: {}},
        }


class _InProcessRequest:
    """One request of the ASGI application, and its answer."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._parts: list[bytes] = []
        self._content_type = ""
        self.status = 0

    async def receive(self) -> Message:
        """Return the body. A second call waits for ever, because this client never disconnects."""
        if self._body is None:
            await asyncio.get_running_loop().create_future()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._content_type = dict(message["headers"]).get(b"content-type", b"").decode("latin-1")
        else:
            self._parts.append(message.get("body", b""))

    def reply(self) -> Reply:
        return Reply(self.status, self._content_type, b"".join(self._parts))
