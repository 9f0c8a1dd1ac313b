"""What the fixture `exchange_sandbox` adds to a test: making a sandbox with its port, and taking both away again.

A suite is run by pytest, its tests in turns with an empty fixture, with one that opens and closes a port in a thread of
the session, and with one that starts a plain uvicorn server, as suites have that serve their mock themselves. What
counts is the time of set-up and tear-down, as pytest has it. The plain port is the baseline, since a machine may be
slower by half from minute to minute.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.size import Size

SUITE = '''
import asyncio, contextlib, http.client, socket, threading
import pytest, uvicorn

async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})

@pytest.fixture
def empty():
    yield None

@pytest.fixture(scope="session")
def loop():
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()

@pytest.fixture
def plain_port(loop):
    async def close(server):
        server.close()
        await server.wait_closed()

    opening = loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
    server = asyncio.run_coroutine_threadsafe(opening, loop).result()
    yield server
    asyncio.run_coroutine_threadsafe(close(server), loop).result()

@pytest.fixture
def uvicorn_server():
    sock = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    while not server.started:
        threading.Event().wait(0.001)
    yield sock.getsockname()[1]
    server.should_exit = True
    thread.join()
    sock.close()

def asked(port):
    """Asks once, and keeps the connection, as clients do that a test has not closed."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/trade-api/v2/exchange/status")
    connection.getresponse().read()
    return connection

ROUNDS = pytest.mark.parametrize("number", range(COUNT))

@ROUNDS
def test_empty(empty, number): pass

@ROUNDS
def test_port(plain_port, number): pass

@pytest.mark.parametrize("number", range(1 + COUNT // 20))
def test_uvicorn(uvicorn_server, number):
    with contextlib.closing(asked(uvicorn_server)): pass

@ROUNDS
@pytest.mark.mockexchange(scenario="empty")
def test_empty_scenario(exchange_sandbox, number): pass

@ROUNDS
@pytest.mark.mockexchange(scenario="demo")
def test_demo(exchange_sandbox, number): pass

@ROUNDS
@pytest.mark.mockexchange(scenario="golden")
def test_golden(exchange_sandbox, number): pass

kept = []

@ROUNDS
@pytest.mark.mockexchange(scenario="demo")
def test_connected(exchange_sandbox, number):
    kept.append(asked(int(exchange_sandbox.base_url.split(":")[2].split("/")[0])))
    while len(kept) > 1:
        kept.pop(0).close()

@ROUNDS
def test_session(mock_exchange, number): pass
'''
CONFTEST = """
import collections, json, os, time
import pytest

times = collections.defaultdict(lambda: collections.defaultdict(lambda: [0.0, 0.0]))

def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.callspec.params["number"])

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    with_times = began()
    try:
        return (yield)
    finally:
        add(item, with_times)

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item):
    with_times = began()
    try:
        return (yield)
    finally:
        add(item, with_times)

def began():
    return time.perf_counter(), time.process_time()

def add(item, before):
    total = times[item.originalname][item.callspec.params["number"]]
    for place, (now, then) in enumerate(zip(began(), before)):
        total[place] += (now - then) * 1e3

def pytest_sessionfinish():
    with open(os.environ["FIGURES"], "w") as file:
        json.dump({name: list(rows.values()) for name, rows in times.items()}, file)
"""
FAR_BEYOND = 10
"""A machine may be so much slower than the one that the goals were set on."""


class Case(NamedTuple):
    """A test of the suite, with the goal for its median and for its 99th percentile."""

    words: str
    median_goal_ms: float | None = None
    p99_goal_ms: float | None = None


CASES = {
    "test_session": Case("the session's exchange, in use by a test"),
    "test_empty_scenario": Case("a sandbox of `empty`", 0.7),
    "test_demo": Case("a sandbox of `demo`", 1.2),
    "test_golden": Case("a sandbox of `golden`", 2.0),
    "test_connected": Case("a sandbox of `demo`, with a client that leaves its connection open", None, 10.0),
    "test_port": Case("a plain port in a thread of the session"),
    "test_uvicorn": Case("a plain uvicorn server in a thread"),
}
BASELINE = "test_port"


def fixtures(size: Size) -> None:
    """Print the figures. Raises SystemExit if a sandbox takes the processor far longer than its goal.

    Others on the machine slow down the wall clock, and not the processor time.
    """
    rows = _run(size.tests)
    measured = {name: _added(times, statistics.median) for name, times in rows.items()}
    empty, baseline = measured["test_empty"], measured[BASELINE]
    print(f"\nWhat a fixture adds to a test, set-up and tear-down, medians of {size.tests} tests in turns")
    print(f"  an empty fixture {empty.wall_ms:.2f} ms: taken off below")
    for name, case in CASES.items():
        wall_ms, processor_ms = (each - none for each, none in zip(measured[name], empty, strict=True))
        p99 = _added(rows[name], _p99)
        print(f"  {case.words}{_goal(case.median_goal_ms)}: {wall_ms:.2f} ms, {processor_ms:.2f} ms of processor time,")
        print(f"    {processor_ms / (baseline.processor_ms - empty.processor_ms):.1f} times that of a plain port;")
        print(f"    p99{_goal(case.p99_goal_ms)} {p99.wall_ms:.2f} ms, {p99.processor_ms:.2f} ms of processor time")
        if case.median_goal_ms and processor_ms > case.median_goal_ms * FAR_BEYOND:
            raise SystemExit(f"{case.words} takes {processor_ms:.1f} ms of processor time")


class Added(NamedTuple):
    """The time that a fixture takes by the wall clock, and of the processor."""

    wall_ms: float
    processor_ms: float


def _added(times: list[list[float]], of: Callable[[Sequence[float]], float]) -> Added:
    return Added(*map(of, zip(*times, strict=True)))


def _p99(times: Sequence[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)]


def _goal(goal_ms: float | None) -> str:
    return "" if goal_ms is None else f" (goal {goal_ms})"


def _run(count: int) -> dict[str, list[list[float]]]:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "pytest.ini").write_text("[pytest]\n")
        (directory / "conftest.py").write_text(CONFTEST)
        (directory / "test_fixtures.py").write_text(SUITE.replace("COUNT", str(count)))
        figures = directory / "figures.json"
        environment = {**os.environ, "FIGURES": str(figures), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "mockexchange", "-p", "no:cacheprovider"]
        subprocess.run(command, cwd=directory, env=environment, stdout=subprocess.DEVNULL, check=True)
        found: dict[str, list[list[float]]] = json.loads(figures.read_text())
        return found
