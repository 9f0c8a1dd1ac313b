"""One server a session, as a user starts it; sandboxes on ports of their own, one or more a test."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tests.clients.exchange import Control, OpenSandbox, Sandbox, Server
from tests.clients.listeners import Peers, Streamer
from tests.clients.processes import Peer
from tests.house.checkout import ROOT
from tests.house.serving import served

SERVE = (sys.executable, "-m", "mockexchange", "serve", "--scenario", "demo", "--quiet")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The default sandbox has the scenario `demo`, and no test changes it."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        # The server works in another directory, where this checkout need not be installed.
        patch.setenv("PYTHONPATH", str(ROOT))
        with served(home, *SERVE) as ready:
            yield Server(Control(ready), home / "ready.json", home)


@pytest.fixture
def open_sandbox(server: Server) -> Iterator[OpenSandbox]:
    """Opens sandboxes, which end with the test."""
    with ExitStack() as opened:

        def open_one(scenario: str, api_date: str, clock: str = "real") -> Sandbox:
            sandbox = server.control.open(scenario, api_date, clock)
            opened.callback(sandbox.delete)
            return sandbox

        yield open_one


@pytest.fixture(scope="session")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peers]:
    """Starts the drivers of streaming clients, each when it is asked for first; they end with the session."""
    with ExitStack() as running, pytest.MonkeyPatch.context() as patch:
        pass_proxies(patch)

        @cache
        def start(streamer: Streamer) -> Peer:
            return running.enter_context(streamer.driven(tmp_path_factory.mktemp(streamer.driver) / "log.txt"))

        yield start


@pytest.fixture(autouse=True)
def past_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    pass_proxies(monkeypatch)


def pass_proxies(patch: pytest.MonkeyPatch) -> None:
    """Clients that honour a proxy of the machine would ask it for 127.0.0.1 too."""
    for name in ("NO_PROXY", "no_proxy"):
        patch.setenv(name, "127.0.0.1")
