"""Sends server-sent events when a sandbox of the server is made, reset or deleted."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.control.events import HEARTBEAT_S, place_of_event, sse_text

CHANGES_MAX = 1_000
"""The most changes that are kept, as many as sandboxes.

A watcher that missed more reads the list of sandboxes again.
"""


class ServerFeed:
    """Records when sandboxes of a server are made, reset or deleted, and wakes the clients that watch these changes.

    Changes are numbered from 1.
    """

    def __init__(self) -> None:
        self.count = 0
        self.watchers = 0
        self.is_ended = False
        self._origin = "0"
        self._changes: deque[dict[str, Any]] = deque(maxlen=CHANGES_MAX)
        self._waiting: set[asyncio.Future[None]] = set()

    def note(self, change: str, sandbox: Sandbox) -> None:
        """Record that a sandbox was made, reset or deleted."""
        if not self.count:
            self._origin = str(sandbox.options.host())
        self.count += 1
        self._changes.append({"sandbox": sandbox.name, "change": change, "scenario": sandbox.plan.name})
        self._wake()

    def end(self) -> None:
        """End the event streams of all watching clients, because the server stops."""
        self.is_ended = True
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def watch(
        self, last_event_id: str | None, is_following: bool, sees: Callable[[str], bool]
    ) -> AsyncIterator[str]:
        """Yield the changes of the sandboxes that the caller may see, as the text of server-sent events.

        They begin after the event `last_event_id`, or with the next change. `sees` returns whether a sandbox may be
        seen.
        """
        found = place_of_event(last_event_id, self.count, self._id_of)
        place = self.count if found is None else found
        yield sse_text("begin", {"server": self._origin}, self._id_of(place))
        if found is None:
            yield sse_text("lost", {"lost": None})
        while True:
            first = self.count - len(self._changes) + 1
            if place + 1 < first:
                yield sse_text("lost", {"lost": first - 1 - place})
                place = first - 1
            for number, change in enumerate(list(self._changes)[place + 1 - first :], place + 1):
                if sees(change["sandbox"]):
                    yield sse_text("sandbox", change, self._id_of(number))
                place = number
            if self.is_ended:
                yield sse_text("end", {"reason": "stopped"})
                return
            if not is_following:
                return
            if not await self._next(place):
                yield ": quiet\n\n"

    def _id_of(self, number: int) -> str:
        return f"{self._origin}-0-0-{number}"

    async def _next(self, place: int) -> bool:
        """Wait for the next change; return False if none came within HEARTBEAT_S."""
        if self.count > place or self.is_ended:
            return True
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            done, _ = await asyncio.wait((future,), timeout=HEARTBEAT_S)
            return bool(done)
        finally:
            self._waiting.discard(future)


class ServerEventStream(StreamingResponse):
    """A streaming response that lasts until the client disconnects or the server stops."""

    def __init__(
        self, feed: ServerFeed, last_event_id: str | None, is_following: bool, sees: Callable[[str], bool]
    ) -> None:
        super().__init__(feed.watch(last_event_id, is_following, sees), media_type="text/event-stream")
        self.feed = feed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.feed.watchers += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.feed.watchers -= 1
