"""Asks an exchange in this process, through its ASGI application, and writes down what it answers."""

import asyncio
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import unquote

from mockexchange import Key

Headers = Iterable[tuple[str, str]]
App = Any
"""An ASGI application."""
PATIENCE_S = 30
_SIGNED: dict[tuple[str, str, str], dict[str, str]] = {}
"""Headers of requests with RSA signatures, which cover neither query nor body, by key, method and path."""


class Answer(NamedTuple):
    """An answer, and the exchange of both as text."""

    status: int
    body: bytes
    text: str


async def ask(app: App, method: str, target: str, headers: Headers = (), body: bytes = b"", who: str = "-") -> Answer:
    """Send one request, whose body is JSON unless its headers say otherwise; `who` is only written down."""
    given = {name.lower(): value for name, value in headers}
    if body:
        given = {"content-type": "application/json", **given, "content-length": str(len(body))}
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": None,
        "server": None,
        "extensions": {},
    }
    messages: list[Any] = []
    waiting: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return waiting.pop() if waiting else await asyncio.Future()

    async def send(message: Any) -> None:
        messages.append(message)

    asked = f"{who}: {method} {target}" + (f"\n{body.decode('latin-1')}" if body else "")
    try:
        await app(scope, receive, send)
    except ConnectionError as cut:
        return Answer(0, b"", f"{asked}\n=> {type(cut).__name__}\n")
    start = next(one for one in messages if one["type"] == "http.response.start")
    whole = b"".join(one.get("body", b"") for one in messages if one["type"] == "http.response.body")
    lines = [f"{name.decode()}: {value.decode('latin-1')}" for name, value in start["headers"]]
    shown = "\n".join([asked, f"=> {start['status']}", *lines, "", whole.decode("utf-8", "backslashreplace"), ""])
    return Answer(start["status"], whole, shown)


def signed(key: Key, method: str, target: str, body: bytes = b"") -> dict[str, str]:
    """Return the headers of a signed request; those with a slow signature are kept."""
    if key.secret is not None:
        return key.headers(method, target, body)
    place = (key.key_id, method, target.partition("?")[0])
    if place not in _SIGNED:
        _SIGNED[place] = key.headers(method, target)
    return _SIGNED[place]


class Stream:
    """An open WebSocket of an exchange in this process: what was said so far, and what was heard.

    The order of both together is that of the event loop, so they are kept apart.
    """

    def __init__(self, app: App, path: str, headers: Headers) -> None:
        self.said: list[str] = []
        self.heard: list[str] = []
        self._sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._news = asyncio.Event()
        self._sent.put_nowait({"type": "websocket.connect"})
        scope: dict[str, Any] = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
            "subprotocols": [],
            "client": None,
            "server": None,
            "extensions": {"websocket.http.response": {}},
        }
        self._serving = asyncio.ensure_future(app(scope, self._sent.get, self._take))

    async def _take(self, message: Any) -> None:
        kept = message.get("text") or message.get("bytes") or {key: message[key] for key in sorted(message)}
        self.heard.append(f"< {kept}")
        self._news.set()

    def say(self, text: str) -> None:
        """Send a frame, without waiting for an answer."""
        self.said.append(f"> {text}")
        self._sent.put_nowait({"type": "websocket.receive", "text": text})

    async def until(self, *marks: str) -> None:
        """Wait for a frame, after those that were heard before, that has one of the texts in it, or for the end."""
        seen = len(self.heard)
        while not any(mark in line for line in self.heard[seen:] for mark in (*marks, "websocket.close")):
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), PATIENCE_S)

    async def close(self) -> None:
        """Leave as a client does, and wait until the exchange has noticed."""
        self._sent.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await self._serving
