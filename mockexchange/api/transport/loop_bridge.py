"""Lets code in other event loops (an ASGI server, a test client, httpx) call a sandbox's application.

All state belongs to the sandbox's loop, so the application runs there, and messages are passed between the loops.
Faults that close or reset the connection do so to a `BridgedTransport` in place of a socket.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Literal, NamedTuple, TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mockexchange.api.errors import ENDED, Closed, MockExchangeError
from mockexchange.sandbox.port import SandboxEnded, SandboxError
from mockexchange.sandbox.streams.connection import ABNORMAL

Result = TypeVar("Result")
Hangup = Literal["", "closed", "reset"]
CallOutcome = Literal["done", "closed", "reset", "refused", "failed"]
DISCONNECT: Message = {"type": "http.disconnect"}


class BridgedTransport:
    """Stands for the transport that a fault closes or resets.

    If there is a real one in the other loop, it is closed too.
    """

    def __init__(self, on_hangup: Callable[[], object], below: Any = None, home: Any = None) -> None:
        self.hangup: Hangup = ""
        """How a fault ended the connection; empty while it is open."""
        self._on_hangup, self._below, self._home = on_hangup, below, home

    def close(self) -> None:
        self._end("closed", "close")

    def abort(self) -> None:
        self._end("reset", "abort")

    def is_closing(self) -> bool:
        return bool(self.hangup)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._below.get_extra_info(name, default) if self._below else default

    def _end(self, how: Hangup, call: str) -> None:
        self.hangup = self.hangup or how
        self._on_hangup()
        if self._below:
            self._home.call_soon_threadsafe(getattr(self._below, call))


class LoopBridge:
    """An ASGI application that any event loop may call. It runs the application `app` in the event loop `loop`."""

    def __init__(self, app: ASGIApp, loop: asyncio.AbstractEventLoop) -> None:
        self.app, self.loop = app, loop
        self._pid = os.getpid()

    def require_loop(self) -> None:
        """Raise Closed if the sandbox's loop has ended, or belongs to the parent of this forked process."""
        if self.loop.is_closed():
            raise Closed("the exchange has ended: use it inside its `with` block")
        if self._pid != os.getpid():
            raise Closed(f"this exchange lives in process {self._pid}, of which this one is a fork: call serve() here")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application with ASGI's arguments.

        Raises Closed after the exchange's end, and ConnectionError if a fault ended the call.
        """
        if scope["type"] == "lifespan":
            await answer_lifespan(receive, send)
            return
        self.require_loop()
        crossing = BridgedConnection(running_loop(), scope["type"], receive, send)
        await run_in_loop(self.app(scope, crossing.receive, crossing.send), self.loop)
        crossing.require_answer()


class BridgedConnection:
    """One ASGI connection whose messages are passed between two event loops, in both directions."""

    def __init__(self, there: asyncio.AbstractEventLoop, kind: str, receive: Receive, send: Send) -> None:
        self._there, self._receive, self._send = there, receive, send
        self._disconnection = {"type": f"{kind}.disconnect", "code": ABNORMAL}
        self._below = getattr(getattr(send, "__self__", None), "transport", None)
        self._ended = asyncio.Event()
        self.transport = BridgedTransport(self._ended.set, self._below, there)

    async def receive(self) -> Message:
        """Return the client's next message, or a disconnect message once a fault has ended the connection."""
        incoming = asyncio.ensure_future(run_in_loop(self._receive(), self._there))
        ended = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait((incoming, ended), return_when=asyncio.FIRST_COMPLETED)
            return incoming.result() if incoming.done() else self._disconnection
        finally:
            incoming.cancel()
            ended.cancel()

    async def send(self, message: Message) -> None:
        if self._below and message["type"] == "websocket.close" and message.get("code") == ABNORMAL:
            self.transport.abort()  # this code is never sent: the connection is cut
            return
        await run_in_loop(self._send(message), self._there)

    def require_answer(self) -> None:
        """Raise ConnectionError if a fault ended the connection and no real socket shows that to the client."""
        if self.transport.hangup and not self._below:
            is_reset = self.transport.hangup == "reset"
            raise ConnectionResetError("reset by a fault") if is_reset else ConnectionAbortedError("closed by a fault")


class CallEnd(NamedTuple):
    """The end of a call: `failed` if the application raised an error, `refused` if the sandbox no longer exists."""

    outcome: CallOutcome
    why: str = ""


class BridgedCall:
    """One request to an application that runs in another event loop.

    `deliver` is called in that loop, with each message of the answer and at the end with a CallEnd; it must not block.
    """

    def __init__(
        self, bridge: LoopBridge, scope: Scope, body: bytes, deliver: Callable[[Message | CallEnd], object]
    ) -> None:
        self._bridge, self._scope = bridge, scope
        self._body: bytes | None = body
        self._deliver = deliver
        self._gone = asyncio.Event()
        self.transport = BridgedTransport(self._gone.set)

    def start(self) -> None:
        """Start the call. Raises Closed if the loop has ended."""
        self._bridge.require_loop()
        self._bridge.loop.call_soon_threadsafe(self._begin)

    def abandon(self) -> None:
        """Send the application the message that the client has disconnected."""
        with suppress(RuntimeError):
            self._bridge.loop.call_soon_threadsafe(self._gone.set)

    async def receive(self) -> Message:
        if self._body is None:
            await self._gone.wait()
            return DISCONNECT
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        self._deliver(message)

    def _begin(self) -> None:
        self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        try:
            self._deliver(await self._carry_out())
        except BaseException:
            self._deliver(CallEnd("reset"))
            raise

    async def _carry_out(self) -> CallEnd:
        try:
            await self._bridge.app(self._scope, self.receive, self.send)
        except (SandboxEnded, SandboxError) as error:
            return CallEnd("refused", str(error))
        except Exception as error:  # noqa: BLE001  # a server would answer 500 and go on
            return CallEnd("failed", f"{type(error).__name__}: {error}")
        return CallEnd(self.transport.hangup or "done")


def running_loop() -> asyncio.AbstractEventLoop:
    """Return the caller's event loop. Raises MockExchangeError if it is not asyncio's, but trio's for example."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise MockExchangeError(
            "expected to be called in an asyncio loop: others, such as trio, are not served"
        ) from None


async def run_in_loop(awaitable: Awaitable[Result], loop: asyncio.AbstractEventLoop) -> Result:
    """Await an awaitable that belongs to `loop`, from any event loop, and return its result."""
    if loop is asyncio.get_running_loop():
        return await awaitable
    return await await_result(asyncio.run_coroutine_threadsafe(_awaited(awaitable), loop))


async def await_result(future: Future[Result]) -> Result:
    """Await a future of another event loop. Raises Closed if that loop ends; then the caller is not cancelled."""
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise Closed(ENDED) from None


async def _awaited(awaitable: Awaitable[Result]) -> Result:
    return await awaitable


async def answer_lifespan(receive: Receive, send: Send) -> None:
    """Answer the ASGI lifespan messages with success, since a bridge has nothing to start or stop."""
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return
