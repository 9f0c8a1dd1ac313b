"""Connects stream clients to an ASGI application in this process, without sockets and pings."""

import queue
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import anyio
from anyio.from_thread import BlockingPortal
from starlette.types import ASGIApp, Message

from mockexchange.kit.streaming.connection import ABNORMAL, Arrival, Connect, FrameType, HandshakeRefused
from mockexchange.kit.target import Unreachable

NORMAL = 1000
UNSUBSCRIBED: Message = {"type": "websocket.disconnect", "code": NORMAL}
DROP_S = 10.0
"""The seconds in which an application must notice the end of a connection."""
UNREAD_MAX = 100_000
"""The most messages that wait for an application that reads none."""


def connect_app(app: ASGIApp, portal: BlockingPortal) -> Connect:
    """Return a function that opens streams to an application, in the event loop of `portal`."""

    def connect(url: str, headers: Mapping[str, str], timeout_s: float) -> "AppConnection":
        connection = AppConnection(app, portal, scope_of(url, headers))
        try:
            connection.shake_hands(timeout_s)
        except BaseException:
            connection.drop()
            raise
        return connection

    return connect


class AppConnection:
    """A `StreamConnection` to an application in this process."""

    has_pings = False

    def __init__(self, app: ASGIApp, portal: BlockingPortal, scope: dict[str, Any]) -> None:
        self._portal = portal
        self._from_app: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._end: Arrival | None = None
        self._to_app, recording = anyio.create_memory_object_stream[Message](UNREAD_MAX)
        self._to_app_reader, self._is_end_sent = recording, False
        self._serving = portal.start_task_soon(app, scope, recording.receive, self._collect)

    async def _collect(self, message: Message) -> None:
        self._from_app.put(message)

    def shake_hands(self, timeout_s: float) -> None:
        """Send the handshake. Raises HandshakeRefused and Unreachable."""
        self._put({"type": "websocket.connect"})
        answer = self._next(timeout_s)
        if answer is None:
            raise Unreachable(f"no answer to the handshake within {timeout_s:g} seconds")
        if answer["type"] == "websocket.http.response.start":
            body = self._next(timeout_s) or {}
            raise HandshakeRefused(answer["status"], body.get("body", b""))

    def send(self, raw: bytes, *, is_binary: bool = False) -> None:
        if self._end:
            raise Unreachable("the connection is closed")
        content: Message = {"bytes": raw} if is_binary else {"text": raw.decode()}
        self._put({"type": "websocket.receive", **content})

    def ping(self, payload: bytes) -> None:
        """Do nothing, since a connection without a socket has no pings."""

    def receive(self, timeout_s: float) -> Arrival | None:
        message = None if self._end else self._next(timeout_s)
        if message is None:
            return self._end
        if message["type"] == "websocket.close":
            self._end = Arrival(FrameType.CLOSE, b"", message.get("code", ABNORMAL))
            return self._end
        text = message.get("text")
        return Arrival(FrameType.BINARY, message["bytes"]) if text is None else Arrival(FrameType.TEXT, text.encode())

    def close(self) -> None:
        self._end = self._end or Arrival(FrameType.CLOSE, b"", NORMAL)
        if not self._is_end_sent:
            self._is_end_sent = True
            self._put(UNSUBSCRIBED)

    def drop(self) -> None:
        self.close()
        self._serving.result(DROP_S)
        self._to_app.close()
        self._to_app_reader.close()

    def _put(self, message: Message) -> None:
        self._portal.call(self._to_app.send_nowait, message)

    def _next(self, timeout_s: float) -> Message | None:
        try:
            return self._from_app.get(timeout=max(timeout_s, 0.001))
        except queue.Empty:
            return None


def scope_of(url: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the ASGI scope of a WebSocket handshake at this URL, with these headers."""
    parts = urlsplit(url)
    raw = [(name.lower().encode(), value.encode()) for name, value in {"Host": parts.netloc, **headers}.items()]
    return {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": parts.scheme,
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": raw,
        "subprotocols": [],
        "server": (parts.hostname, parts.port),
        "client": ("127.0.0.1", 0),
        "extensions": {"websocket.http.response": {}},
    }
