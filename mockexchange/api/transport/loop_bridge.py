"""Lets code in other event loops (an ASGI server, a test client, httpx) call a sandbox's application.

All state belongs to the sandbox's loop, so the application runs there, and messages are passed between the loops.
Faults that close or reset the connection end a `HangUp` in place of a socket.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Literal, NamedTuple, TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mockexchange.api.errors import ENDED, Closed, MockExchangeError
from mockexchange.sandbox.interface import SandboxEnded, SandboxError
from mockexchange.sandbox.streams import ABNORMAL
from mockexchange.server.http.request_cycle import CONNECTION

Result = TypeVar("Result")
Hangup = Literal["", "closed", "reset"]
CallOutcome = Literal["done", "closed", "reset", "refused", "failed"]
DISCONNECT: Message = {"type": "http.disconnect"}


class HangUp:
    """Carries a request without a socket: a fault that ends the connection ends this, which `how` tells."""

    def __init__(self) -> None:
        self.how: Hangup = ""
        """How a fault ended the connection; empty while it is open."""
        self.ended = asyncio.Event()

    def hang_up(self, *, is_reset: bool) -> None:
        self.how = self.how or ("reset" if is_reset else "closed")
        self.ended.set()

    def seen_by(self, scope: Scope) -> Scope:
        """Return a scope whose application finds this."""
        return {**scope, "extensions": {**scope.get("extensions", {}), CONNECTION: self}}


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
        await run_in_loop(self.app(crossing.line.seen_by(scope), crossing.receive, crossing.send), self.loop)
        crossing.require_answer()


class BridgedConnection:
    """One ASGI connection whose messages are passed between two event loops, in both directions."""

    def __init__(self, there: asyncio.AbstractEventLoop, kind: str, receive: Receive, send: Send) -> None:
        self._there, self._receive, self._send = there, receive, send
        self._disconnection = {"type": f"{kind}.disconnect", "code": ABNORMAL}
        self.line = HangUp()

    async def receive(self) -> Message:
        """Return the client's next message, or a disconnect message once a fault has ended the connection."""
        incoming = asyncio.ensure_future(run_in_loop(self._receive(), self._there))
        ended = asyncio.ensure_future(self.line.ended.wait())
        try:
            await asyncio.wait((incoming, ended), return_when=asyncio.FIRST_COMPLETED)
            return incoming.result() if incoming.done() else self._disconnection
        finally:
            incoming.cancel()
            ended.cancel()

    async def send(self, message: Message) -> None:
        await run_in_loop(self._send(message), self._there)

    def require_answer(self) -> None:
        """Raise ConnectionError if a fault ended the connection."""
        if self.line.how == "reset":
            raise ConnectionResetError("reset by a fault")
        if self.line.how:
            raise ConnectionAbortedError("closed by a fault")


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
        self._line = HangUp()

    def start(self) -> None:
        """Start the call. Raises Closed if the loop has ended."""
        self._bridge.require_loop()
        self._bridge.loop.call_soon_threadsafe(self._begin)

    def abandon(self) -> None:
        """Send the application the message that the client has disconnected."""
        with suppress(RuntimeError):
            self._bridge.loop.call_soon_threadsafe(self._line.ended.set)

    async def receive(self) -> Message:
        if self._body is None:
            await self._line.ended.wait()
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
            await self._bridge.app(self._line.seen_by(self._scope), self.receive, self.send)
        except (SandboxEnded, SandboxError) as error:
            return CallEnd("refused", str(error))
        except Exception as error:  # noqa: BLE001  # a server would answer 500 and go on
            return CallEnd("failed", f"{type(error).__name__}: {error}")
        return CallEnd(self._line.how or "done")


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
