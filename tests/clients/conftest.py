"""One server a session, as a user starts it; sandboxes on ports of their own, one or more a test."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.clients.exchange import Control, OpenSandbox, Sandbox, Server
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


@pytest.fixture(autouse=True)
def past_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that honour a proxy of the machine would ask it for 127.0.0.1 too."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
