"""Time until something is of use: the command line, a server, the first fixture of a test run.

Each round runs every case once, an interpreter that does nothing and a plain uvicorn server among them, so that a busy
machine is busy for all. Figures are medians.
"""

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.load import load_key, repeat, run, signed_request
from benchmarks.size import Size
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.loader import load_scenario

READY_S_MAX = 60.0
POLL_S = 0.002
PYTHON = (sys.executable, "-c", "pass")
MOCKEXCHANGE = (sys.executable, "-m", "mockexchange")
UVICORN = """
import asyncio, pathlib, sys, uvicorn

async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})

class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        pathlib.Path(sys.argv[1]).touch()

Server(uvicorn.Config(application, port=0, lifespan="off", log_level="critical")).run()
"""
SUITE = "def test_first(exchange_sandbox): pass\n"


def first_use(size: Size) -> None:
    """Print seconds of wall time, and of processor time for the fixture."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's second run compiles nothing
    with Serving("serve", "--port", "0", "--quiet", "--scenario", "demo", "--ready-file") as ready:
        call = (*MOCKEXCHANGE, "call", "--ready-file", str(ready), "alice", "GET", "/portfolio/balance")
        cases: dict[str, Callable[[], float]] = {
            "an interpreter that does nothing": lambda: _seconds_of(PYTHON),
            "a plain uvicorn server, until it listens": _uvicorn_s,
            "`serve --scenario demo`, until its first signed 200; goal 0.30": _first_answer_s,
            "`call` of a running server; goal 0.25": lambda: _seconds_of(call),
            "`--help`; goal 0.15": lambda: _seconds_of((*MOCKEXCHANGE, "--help")),
            "the first fixture of a test run, processor time beyond an empty run; goal 0.50": _first_fixture_s,
        }
        rounds = [{name: measure() for name, measure in cases.items()} for _ in range(size.starts)]
    print(f"\nFirst use, seconds, medians of {size.starts} rounds")
    for name in cases:
        print(f"  {name}: {statistics.median(each[name] for each in rounds):.2f}")
    print(f"A fresh `golden` sandbox: {statistics.median(asyncio.run(_open_goldens())):.2f} ms; goal 2")


async def _open_goldens() -> list[float]:
    plan, runs = load_scenario("golden"), []
    for number in range(50):
        began = time.perf_counter()
        await open_sandbox(plan, SandboxOptions(name=f"golden-{number}"))
        runs.append((time.perf_counter() - began) * 1e3)
    return runs


def _seconds_of(command: tuple[str, ...]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


class Serving:
    """A server as a process, until the block ends; `ready` is the file that it writes when it answers."""

    def __init__(self, *arguments: str, command: tuple[str, ...] = MOCKEXCHANGE) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.ready = Path(self._folder.name) / "ready"
        self._command = [*command, *arguments, str(self.ready)]

    def __enter__(self) -> Path:
        began = time.perf_counter()
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        while not self.ready.exists():
            if time.perf_counter() - began > READY_S_MAX or self._process.poll() is not None:
                self._process.kill()
                raise RuntimeError("the server did not get ready")
            time.sleep(POLL_S)
        return self.ready

    def __exit__(self, *reason: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)
        self._folder.cleanup()


def _uvicorn_s() -> float:
    began = time.perf_counter()
    with Serving(command=(sys.executable, "-c", UVICORN)):
        return time.perf_counter() - began


def _first_answer_s() -> float:
    began = time.perf_counter()
    with Serving("serve", "--port", "0", "--quiet", "--scenario", "demo", "--ready-file") as ready:
        _signed_get(json.loads(ready.read_text()))
        return time.perf_counter() - began


def _signed_get(ready: dict[str, Any]) -> None:
    account, url = ready["accounts"][0], urlsplit(ready["venues"]["kalshi"]["base_url"])
    key = load_key(Path(account["private_key_path"]).read_text())
    assert url.port is not None
    run(repeat(url.port, signed_request(url.port, account["key_id"], key), 1))


def _first_fixture_s() -> float:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "test_first.py").write_text(SUITE)
        (Path(name) / "test_empty.py").write_text("def test_empty(): pass\n")
        return _test_run_s(name, "test_first.py") - _test_run_s(name, "test_empty.py")


def _test_run_s(folder: str, module: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", module]
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
