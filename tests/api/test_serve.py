"""`serve` and `serve_async`: what starts, what cannot, and that nothing is left of either."""

import asyncio
import atexit
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import mockexchange
from mockexchange import (
    Closed,
    MockExchangeError,
    PortInUse,
    Unavailable,
    WrongArgument,
    WrongRequest,
    serve,
    serve_async,
)
from tests.api.connections import get, get_unsigned
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.helpers.steps import calls_counted
from tests.server.live import port_of
from tests.server.wire import Connection, ask, request


def use(exchange: Any) -> None:
    """Leave something of every kind behind."""
    assert Path(exchange.accounts["alice"].private_key_path).exists()
    exchange.env("kalshi-sdk")
    assert get(exchange, "/portfolio/balance").status == 200
    assert get_unsigned(exchange, "/portfolio/balance").status == 401


def test_nothing_is_left_of_a_server(nothing_left: None) -> None:
    with serve() as exchange, exchange.sandbox() as other:
        use(exchange)
        use(other)
    with pytest.raises(OSError, match=r"refused"), Connection(port_of(exchange.base_url)):
        pass


def test_nothing_is_left_of_a_server_in_a_loop(nothing_left: None) -> None:
    async def live() -> None:
        async with serve_async() as exchange, exchange.sandbox() as other:
            await asyncio.to_thread(use, exchange)
            await asyncio.to_thread(use, other)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(live())


def test_nothing_is_left_where_the_block_is_left_by_an_error(nothing_left: None) -> None:
    def fail() -> None:
        with serve() as exchange, exchange.sandbox() as other:
            use(other)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    async def live() -> None:
        async with serve_async() as exchange, exchange.sandbox():
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(live())


def test_nothing_is_left_of_what_is_cancelled(nothing_left: None) -> None:
    async def live() -> None:
        async with serve_async() as exchange, exchange.sandbox() as other:
            started.set()
            await other.ask("POST", "wait", {"for": {"request": {}}, "timeout": "50s"})

    async def cancel() -> None:
        task = asyncio.create_task(live())
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    started = asyncio.Event()
    asyncio.run(cancel())


@pytest.mark.parametrize(
    ("words", "error", "text"),
    [
        ({"scenario": "dmeo"}, WrongRequest, "no scenario 'dmeo': did you mean 'demo'?"),
        ({"scenario": "no/such.yaml"}, WrongRequest, "no scenario 'no/such.yaml': expected a file, or one of demo, "),
        (
            {"scenario": "scenario: x\nacounts: {}\n"},
            WrongRequest,
            "scenario:2: unknown key 'acounts': did you mean 'accounts'?",
        ),
        ({"scenario": 7}, WrongArgument, "scenario: expected a name, a file, YAML text or a mapping, got 7"),
        (
            {"scenario": {"start": object}},
            WrongArgument,
            "scenario.start: expected text, a number, a mapping or a list, ",
        ),
        ({"api_date": "2024"}, WrongRequest, "api_date: expected an API date, got '2024': "),
        ({"clock": "fast"}, WrongRequest, "clock: expected a clock real, paused or a scale such as 10x"),
        ({"faults": ["flakey"]}, WrongRequest, "faults[0]: "),
        ({"host": "256.0.0.1"}, Unavailable, "cannot listen on port 0 of '256.0.0.1' (["),
        ({"host": ""}, WrongArgument, "host: expected the name or address of this machine, such as 127.0.0.1, got ''"),
        ({"port": "80"}, WrongArgument, "port: expected a whole number from 0 to 65535, got '80'"),
        ({"port": True}, WrongArgument, "port: expected a whole number from 0 to 65535, got True"),
        ({"port": -1}, WrongArgument, "port: expected a whole number from 0 to 65535, got -1"),
        ({"token": ""}, WrongArgument, "token: expected text of visible ASCII characters, got ''"),
        ({"token": "a b"}, WrongArgument, "token: expected text of visible ASCII characters, got 'a b'"),
        ({"token": "a\nb"}, WrongArgument, "token: expected text of visible ASCII characters, got 'a\\nb'"),
        ({"token": 5}, WrongArgument, "token: expected text of visible ASCII characters, got 5"),
        ({"tls": "yes"}, WrongArgument, "tls: expected True or False, got 'yes'"),
        ({"tls_names": ["x.test"]}, WrongArgument, "tls_names: expected none without tls=True, got ['x.test']"),
        ({"tls": True, "tls_names": "x.test"}, WrongArgument, "tls_names: expected a list such as ['mock.test'], got"),
        ({"tls": True, "tls_names": [""]}, WrongArgument, "tls_names: expected a list such as ['mock.test'], got"),
        ({"port": 65_536}, WrongRequest, "port: expected a whole number from 0 to 65535, got 65536"),
        ({"tls": True, "tls_names": ["a b"]}, WrongRequest, "tls_names: expected a host name such as mock.test"),
    ],
)
def test_what_cannot_start_says_why(
    nothing_left: None, words: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as caught, serve(**words):
        pass
    assert str(caught.value).startswith(text) or text == ""

    async def live() -> None:
        async with serve_async(**words):
            pass

    with pytest.raises(error) as caught:
        asyncio.run(live())
    assert str(caught.value).startswith(text) or text == ""


def test_a_refused_history_says_where(tmp_path: Path, nothing_left: None) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("scenario: s\nhistory:\n  - settle: {market: M, result: yes}\n", encoding="utf-8")
    with pytest.raises(WrongRequest) as caught, serve(file):
        pass
    assert caught.value.code == "bad_scenario"
    assert str(caught.value).startswith(f"{file}:3")
    assert "no market 'M'" in str(caught.value)


def test_a_port_that_is_taken_is_told(nothing_left: None) -> None:
    with serve("empty") as first:
        port = port_of(first.base_url)
        with pytest.raises(PortInUse) as caught, serve("empty", port=port):
            pass
    text = rf"port {port} on 127\.0\.0\.1 is in use: try port=\d+, or port=0 for any"
    assert re.fullmatch(text, str(caught.value)), "in the words of this API, not of the command line"
    assert isinstance(caught.value, MockExchangeError)
    with serve("empty", port=port) as again:
        assert port_of(again.base_url) == port


def test_several_servers_are_apart() -> None:
    with serve(token="one") as one, serve(token="two") as two:
        one.deposit("bob", 1)
        assert len(one.ledger("bob")["deposits"]) == len(two.ledger("bob")["deposits"]) + 1
        assert (one.token, two.token) == ("one", "two")
        assert one.accounts["bob"].private_key_path != two.accounts["bob"].private_key_path


def test_the_front_page_and_the_control_api_are_served() -> None:
    with serve(token="mine") as exchange:
        page = ask(port_of(exchange.base_url), request("GET", "/"))
        assert page.status == 200
        assert exchange.accounts["alice"].key_id.encode() in page.body
        head = {"Authorization": "Bearer mine"}
        shown = ask(port_of(exchange.control_url), request("GET", "/_mock/sandboxes/default", head))
        assert json.loads(shown.body)["base_url"] == exchange.base_url


def test_a_server_serves_a_running_loop_from_its_own_thread() -> None:
    async def live() -> int:
        with serve() as exchange:
            reply = await asyncio.to_thread(get, exchange, "/portfolio/balance")
            exchange.deposit("alice", 1)
            return reply.status

    assert asyncio.run(live()) == 200


def test_an_interrupt_while_waiting_leaves_nothing(nothing_left: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from mockexchange.server.control import waits

    waited_in: queue.SimpleQueue[Any] = queue.SimpleQueue()
    main, wait_for = threading.get_ident(), waits.wait_for

    async def wait(sandbox: Any, *given: Any) -> Any:
        waited_in.put(sandbox)
        return await wait_for(sandbox, *given)

    monkeypatch.setattr(waits, "wait_for", wait)

    def interrupt() -> Any:
        sandbox = waited_in.get(timeout=PATIENCE_S)
        signal.pthread_kill(main, signal.SIGINT)
        return sandbox

    with serve() as exchange, ThreadPoolExecutor(1) as helper:
        interrupting = helper.submit(interrupt)
        with pytest.raises(KeyboardInterrupt):
            exchange.ask("POST", "wait", {"for": {"request": {}}, "timeout": "50s"})
        assert exchange.ask("GET", "")["id"] == "default", "it goes on"
        observers = interrupting.result().journal.observers
        assert not any(isinstance(each, waits.Waiter) for each in observers)


def test_an_interrupted_start_leaves_nothing(nothing_left: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from mockexchange.api.transport.background_loop import LoopThread

    main, stopping, unregister = threading.get_ident(), threading.Event(), atexit.unregister

    def note(call: Any) -> None:
        unregister(call)
        stopping.set()

    @asynccontextmanager
    async def interrupting() -> AsyncIterator[None]:
        signal.pthread_kill(main, signal.SIGINT)
        assert stopping.wait(PATIENCE_S), "who starts it gives up before it has started"
        yield

    monkeypatch.setattr(atexit, "unregister", note)
    with pytest.raises(KeyboardInterrupt):
        LoopThread(interrupting).start()


# --- misuse


def test_it_is_of_no_use_after_its_end() -> None:
    with serve() as exchange:
        alice = exchange.accounts["alice"]
    for call in (exchange.now, exchange.reset, lambda: exchange.fill("a", "M", "yes", "buy", 1, "0.5"), exchange.env):
        with pytest.raises(Closed, match=r"^the exchange 'default' has ended: use it inside its `with` block$"):
            call()
    with pytest.raises(Closed), exchange.sandbox():
        pass
    assert alice.key_id


def test_a_call_from_the_servers_own_thread_would_wait_for_itself() -> None:
    from mockexchange.api.serve import serve_async as make
    from mockexchange.api.transport.background_loop import LoopThread

    thread = LoopThread(make)
    thread.start()
    try:

        async def call() -> None:
            thread.run(asyncio.sleep(0))

        with pytest.raises(MockExchangeError, match=r"^called from the server's own thread, which would wait"):
            thread.run(call())
    finally:
        thread.stop()
    with pytest.raises(Closed, match=r"^this exchange's server has ended: use it inside its `with` block$"):
        thread.run(asyncio.sleep(0))
    thread.stop()


def test_what_is_never_closed_says_so_and_goes(nothing_left: None) -> None:
    context = serve("empty")
    exchange = context.__enter__()
    with pytest.warns(ResourceWarning, match=r"^unclosed exchange at http://127.0.0.1:\d+/_mock: use `with serve"):
        del context
    with pytest.raises(Closed):
        exchange.now()


def test_an_error_at_the_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from mockexchange.server.server_state import ServerState

    stop = ServerState.stop

    async def fail(self: ServerState) -> None:
        await stop(self)
        raise ZeroDivisionError

    monkeypatch.setattr(ServerState, "stop", fail)
    with pytest.raises(ZeroDivisionError), serve("empty"):
        pass


PROGRAMS = {
    "never closed": "exchange = mockexchange.serve('demo').__enter__(); exchange.accounts['alice'].private_key_path",
    "never closed, with files of its own": "context = mockexchange.serve(tls=True); context.__enter__()",
    "closed late": "context = mockexchange.serve('demo'); exchange = context.__enter__(); exchange.now()",
    "left by exit": "\nwith mockexchange.serve() as exchange:\n  exchange.now()\n  raise SystemExit(0)",
}


@each_row("program", list(PROGRAMS))
def test_a_program_ends_whatever_it_forgets(program: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import mockexchange; {PROGRAMS[program]}"],
        timeout=PATIENCE_S,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_forked_process_leaves_its_parents_exchange_alone() -> None:
    with serve() as exchange, exchange.sandbox() as other:
        path = Path(other.accounts["alice"].private_key_path)
        reader, writer = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads and forks
            child = os.fork()
        if child == 0:
            _answer_in_child(other, writer)
        os.close(writer)
        with os.fdopen(reader) as told:
            assert told.read().startswith(f"this exchange lives in process {os.getpid()}, of which this one is a fork")
        assert os.waitpid(child, 0)[1] == 0
        assert path.exists()
        assert other.now().year > 2000
        assert get(other, "/portfolio/balance").status == 200


def _answer_in_child(exchange: Any, writer: int) -> None:
    status = 1
    try:
        try:
            exchange.now()
        except Closed as error:
            os.write(writer, str(error).encode())
        exchange.discard()
        exchange.end()
        status = 0
    finally:
        os._exit(status)


# --- how long it takes


def test_a_warm_start_is_quick() -> None:
    """A cold one, which plays the history, takes two to seven times as many calls."""
    for _ in range(2):
        with serve("golden"):
            pass
    with calls_counted() as calls, serve("golden") as exchange:
        exchange.now()
    assert calls.count < 10_000


def test_importing_the_package_loads_nothing() -> None:
    code = "import sys, mockexchange; print(len([n for n in sys.modules if n.startswith('mockexchange')]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
    assert mockexchange.__version__


def test_no_socket_is_opened_where_nothing_listens() -> None:
    from mockexchange.api.transport.local_server import ListenerSettings, local_server
    from mockexchange.api.values.sandbox_settings import creation_body

    async def live() -> None:
        body = creation_body("demo", api_date="latest", clock="real")
        async with local_server(ListenerSettings(host="127.0.0.1", port=0, token=None, listens=False), body) as server:
            assert server.control_url == "http://mockexchange.invalid/_mock"
            shown = await server.ask("GET", "sandboxes/default")
            assert shown["base_url"] == "http://mockexchange.invalid/trade-api/v2"

    def refused(*given: Any, **words: Any) -> Any:
        raise AssertionError("a socket was opened")

    loop = asyncio.new_event_loop()
    before, socket.create_server = socket.create_server, refused
    try:
        loop.run_until_complete(live())
    finally:
        socket.create_server = before
        loop.close()
