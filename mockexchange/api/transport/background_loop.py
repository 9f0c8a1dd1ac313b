"""Runs a thread with an event loop of its own, in which other threads can run coroutines."""

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Generic, TypeVar

from mockexchange.api.errors import ENDED, Closed, MockExchangeError
from mockexchange.api.transport.connection import PATIENCE_S, AsyncControlClient, ControlClient, Query
from mockexchange.api.transport.loop_bridge import await_result
from mockexchange.server.operating_system import loop_factory

INTERRUPT_CHECK_S = 0.5
"""The longest delay before an interrupt is noticed, in seconds."""
Entered = TypeVar("Entered")
Result = TypeVar("Result")


def _result_of(future: Future[Result], thread: threading.Thread) -> Result:
    """Wait for a result of the thread in short intervals, so that interrupts are noticed on every platform.

    Raises Closed if the thread ends without a result.
    """
    while True:
        try:
            return future.result(INTERRUPT_CHECK_S)
        except TimeoutError:
            is_alive = thread.is_alive()  # read first: a result set just before the thread ended is then seen by `done`
            if future.done():  # done meanwhile, or failed with its own TimeoutError
                return future.result()
            if not is_alive:
                raise Closed(ENDED) from None


class LoopThread(Generic[Entered]):
    """A thread with an event loop. It enters an asynchronous context at its start, and leaves it at `stop`.

    `run` may be called from any other thread. The thread is a daemon, so that a program that never calls `stop` can
    exit; the context is left before.
    """

    def __init__(self, make: Callable[[], AbstractAsyncContextManager[Entered]]) -> None:
        self._make, self._pid = make, os.getpid()
        self._started: Future[Entered] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_event = asyncio.Event()
        self._is_stopping = False  # the flag serves a `stop` before the loop exists
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._main, name="mockexchange", daemon=True)

    def start(self) -> Entered:
        """Start the thread and return what the context yields. Raises the error of entering it, after cleaning up."""
        atexit.register(self.stop)
        try:
            self._thread.start()
            return _result_of(self._started, self._thread)
        except BaseException:
            self.stop()
            raise

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine in the thread's loop and return its result; an interrupt cancels it.

        Raises Closed if the thread ends first.
        """
        future = self._submit(coroutine)
        try:
            return _result_of(future, self._thread)
        except CancelledError:
            raise Closed(ENDED) from None
        except BaseException:
            future.cancel()
            if not self._thread.is_alive():
                coroutine.close()
            raise

    def sync_client(self, ask: AsyncControlClient) -> ControlClient:
        """Return a blocking client of the control API for other threads; it calls `ask` in the thread's loop."""

        def ask_and_wait(
            method: str, path: str, body: Any = None, query: Query | None = None, patience_s: float = PATIENCE_S
        ) -> Any:
            return self.run(ask(method, path, body, query, patience_s))

        return ask_and_wait

    def async_client(self, ask: AsyncControlClient) -> AsyncControlClient:
        """Return a client of the control API for other event loops; it calls `ask` in the thread's loop.

        A cancelled call is cancelled there, too.
        """

        async def ask_and_await(
            method: str, path: str, body: Any = None, query: Query | None = None, patience_s: float = PATIENCE_S
        ) -> Any:
            return await await_result(self._submit(ask(method, path, body, query, patience_s)))

        return ask_and_await

    def stop(self) -> None:
        """Leave the context and end the loop and the thread; do nothing the second time or in a forked process.

        Raises the error of leaving the context.
        """
        atexit.unregister(self.stop)
        self._is_stopping = True
        loop, self._loop = self._loop, None
        if self._pid != os.getpid():
            return
        if loop is not None:
            with suppress(RuntimeError):  # it is closed: the start has failed
                loop.call_soon_threadsafe(self._stop_event.set)
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _submit(self, coroutine: Coroutine[Any, Any, Result]) -> Future[Result]:
        loop = self._loop
        problem = self._problem()
        if problem or loop is None:
            coroutine.close()
            raise problem or Closed(ENDED)
        try:
            return asyncio.run_coroutine_threadsafe(coroutine, loop)
        except RuntimeError:  # the loop has just been closed
            coroutine.close()
            raise Closed(ENDED) from None

    def _problem(self) -> MockExchangeError | None:
        if self._pid != os.getpid():
            return Closed(
                f"this exchange lives in process {self._pid}, of which this one is a fork: call serve() here,"
                " or connect() to its control_url"
            )
        if self._thread is threading.current_thread():
            return MockExchangeError("called from the server's own thread, which would wait for itself")
        return None

    def _main(self) -> None:
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(self._run_context())
        except BaseException as error:  # noqa: BLE001  # raised by `start` or `stop`
            if self._started.done():
                self._failure = error
            else:
                self._started.set_exception(error)

    async def _run_context(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._is_stopping:  # stopped before the loop existed
            return
        async with self._make() as entered:
            self._started.set_result(entered)
            await self._stop_event.wait()
