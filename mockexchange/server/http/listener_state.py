"""What the connections of one listener share, HTTP and streams: the application, open connections, and running work."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from starlette.types import Receive, Scope, Send

from mockexchange.server.http.request_cycle import Header, RequestCycle, Work
from mockexchange.server.http.request_limits import Cut


class ServedApp(Protocol):
    """What a connection calls of the application; `app.ListenerApp` implements it.

    It is ASGI, answers that need no task, and the answers to bytes that are no request.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    def direct_answer(self, cycle: RequestCycle) -> Awaitable[object] | None:
        """Return the answering of a request that needs no task before its first wait; None if the request needs one."""
        ...

    def answer_cut(
        self,
        cut: Cut,
        raw: bytes,
        *,
        method: str = "",
        target: str = "",
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> bytes:
        """Journal a request that was not read to its end, and return the body of the answer to it."""
        ...

    def note_unfinished(self, raw: bytes, diagnosis: str) -> None:
        """Journal an incomplete request of a client that disconnected."""
        ...


class OpenConnections(set[Any]):
    """The set of a listener's open connections, HTTP and streams."""

    note: Callable[[int], object] = staticmethod(lambda count: None)
    """A function that is called with the number of connections when it changes."""

    def add(self, connection: Any) -> None:
        super().add(connection)
        self.note(len(self))

    def discard(self, connection: Any) -> None:
        super().discard(connection)
        self.note(len(self))


class ListenerState:
    """What the connections of one listener share."""

    def __init__(self, app: ServedApp, *, has_deflate: bool = False) -> None:
        self.app, self.has_deflate = app, has_deflate
        self.connections = OpenConnections()
        self.tasks: set[asyncio.Task[None]] = set()
        """Requests and streams that are being served."""
        self.common_headers: list[Header] = []
        """The headers of every answer: its date."""

    def start_task(self, work: Work) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
