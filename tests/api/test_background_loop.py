"""The thread and the loop of a server here, where the other side ends meanwhile or is another loop."""

import asyncio
import atexit
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mockexchange import (
    Closed,
    MockExchangeError,
    TimedOut,
    WrongRequest,
    serve,
    serve_async,
)
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row


def test_who_still_waits_at_the_end_is_told() -> None:
    from mockexchange.server.control import waits

    waited: threading.Event = threading.Event()
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as helper:
        patch.setattr(waits, "wait_for", _for_ever(waited))
        with serve() as exchange:
            call = helper.submit(exchange.ask, "POST", "wait", {"for": {"request": {}}, "timeout": "50s"})
            assert waited.wait(PATIENCE_S)
        with pytest.raises(Closed, match=r"^this exchange's server has ended: use it inside its `with` block$"):
            call.result(PATIENCE_S)


def _for_ever(waited: threading.Event) -> Any:
    async def wait(*given: Any) -> None:
        waited.set()
        await asyncio.get_running_loop().create_future()

    return wait


def test_waiting_for_long_is_waiting_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from mockexchange.api.transport import background_loop

    monkeypatch.setattr(background_loop, "INTERRUPT_CHECK_S", 0.001)
    with serve("empty") as exchange:
        with pytest.raises(TimedOut, match=r"within 0\.05 s"):
            exchange.ask("POST", "wait", {"for": {"request": {}}, "timeout": "50ms"})
        with pytest.raises(TimeoutError, match=r"^of its own$"):
            exchange._connection.run(_time_out())


async def _time_out() -> None:
    raise TimeoutError("of its own")


def test_an_answer_that_comes_as_the_waiting_ends_is_the_answer() -> None:
    from mockexchange.api.transport.background_loop import _result_of

    class Late(Future[str]):
        def result(self, timeout: float | None = None) -> str:
            if self.done():
                return super().result(timeout)
            self.set_result("the answer")
            raise TimeoutError

    assert _result_of(Late(), threading.current_thread()) == "the answer"


def test_a_call_as_the_loop_is_closed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve("empty") as exchange:
        run = exchange._connection.run
        loop = asyncio.new_event_loop()
        loop.close()
        with monkeypatch.context() as patch:
            patch.setattr(run.__self__, "_loop", loop)  # type: ignore[attr-defined]  # a bound method
            with pytest.raises(Closed, match=r"^this exchange's server has ended"):
                exchange.now()


def test_what_the_thread_never_came_to_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from mockexchange.api.transport import background_loop

    monkeypatch.setattr(background_loop, "INTERRUPT_CHECK_S", 0.001)
    with serve("empty") as exchange:
        run = exchange._connection.run
    loop = asyncio.new_event_loop()  # which takes it, and does not run
    monkeypatch.setattr(run.__self__, "_loop", loop)  # type: ignore[attr-defined]  # a bound method
    with pytest.raises(Closed, match=r"^this exchange's server has ended"):
        run(_time_out())
    loop.close()


def test_who_awaits_an_answer_at_the_end_is_told_and_not_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    from mockexchange.api.serve import async_view
    from mockexchange.server.control import waits

    waited = threading.Event()
    monkeypatch.setattr(waits, "wait_for", _for_ever(waited))

    async def live() -> None:
        with serve() as exchange, async_view(exchange) as twin:
            call = asyncio.create_task(twin.ask("POST", "wait", {"for": {"request": {}}, "timeout": "50s"}))
            assert await asyncio.to_thread(waited.wait, PATIENCE_S)
        with pytest.raises(Closed, match=r"^this exchange's server has ended"):
            await call

    asyncio.run(live())


def test_an_interrupt_before_there_is_a_loop_leaves_nothing(
    nothing_left: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mockexchange.api.transport import background_loop

    main, stopping, unregister = threading.get_ident(), threading.Event(), atexit.unregister

    def note(call: Any) -> None:
        unregister(call)
        stopping.set()

    def interrupting() -> None:
        signal.pthread_kill(main, signal.SIGINT)
        assert stopping.wait(PATIENCE_S), "who starts it gives up before there is a loop"
        while not thread._is_stopping:
            os.sched_yield()

    @asynccontextmanager
    async def never() -> AsyncIterator[None]:
        begun.append(True)
        yield

    begun: list[bool] = []
    monkeypatch.setattr(atexit, "unregister", note)
    monkeypatch.setattr(background_loop, "loop_factory", interrupting)
    thread = background_loop.LoopThread(never)
    with pytest.raises(KeyboardInterrupt):
        thread.start()
    assert (begun, thread._thread.is_alive()) == ([], False)


def test_a_call_from_another_loop_is_carried_out_in_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    from mockexchange.core.exchange import Exchange as Core

    execute, seen = Core.execute, set()

    def noting(self: Core, *given: Any, **words: Any) -> Any:
        seen.add(threading.current_thread())
        return execute(self, *given, **words)

    async def live() -> None:
        async with serve_async() as exchange:
            monkeypatch.setattr(Core, "execute", noting)
            await asyncio.to_thread(lambda: asyncio.run(exchange.deposit("bob", 1)))
            await exchange.deposit("bob", 1)
            assert len((await exchange.ledger("bob"))["deposits"]) >= 2
            ask = exchange._connection.ask
        with pytest.raises(Closed):
            await exchange.now()
        asks.append(ask)

    asks: list[Any] = []
    asyncio.run(live())
    assert seen == {threading.current_thread()}
    with pytest.raises(Closed, match=r"^the exchange has ended"):
        asyncio.run(asks[0]("GET", "live"))


def test_a_call_from_no_asyncio_loop_is_told() -> None:
    async def live() -> None:
        async with serve_async() as exchange:
            call = exchange.now()
            with (
                ThreadPoolExecutor(1) as helper,
                pytest.raises(MockExchangeError, match=r"^expected to be called in an"),
            ):
                helper.submit(call.send, None).result()

    asyncio.run(live())


def test_a_mistake_of_the_server_is_told_with_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    from mockexchange.server.control import sandboxes

    def fail(*given: Any) -> Any:
        raise ZeroDivisionError

    with serve("empty") as exchange:
        monkeypatch.setattr(sandboxes, "clock_of", fail)
        with pytest.raises(WrongRequest, match=r"made a mistake \(ZeroDivision") as caught:
            exchange.now()
    assert caught.value.code == "internal_error"
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_what_is_no_answer_at_all_is_raised() -> None:
    from mockexchange.api.transport.local_server import InProcessClient
    from mockexchange.api.transport.loop_bridge import LoopBridge

    async def ask() -> None:
        await InProcessClient(LoopBridge(fail, asyncio.get_running_loop()), "", "")("GET", "live")

    async def fail(*given: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(ask())


@each_row(("platform", "module", "is_fast"), [("linux", True, True), ("linux", None, False), ("win32", True, False)])
def test_the_loop_is_uvloops_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, platform: str, module: object, is_fast: bool
) -> None:
    from mockexchange.server.operating_system import loop_factory

    monkeypatch.setattr(sys, "platform", platform)
    if module is None:
        monkeypatch.setitem(sys.modules, "uvloop", None)
    factory = loop_factory()
    assert (factory is not None) is is_fast
