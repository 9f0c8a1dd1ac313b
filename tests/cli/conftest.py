"""A server in a process of its own, as a user has it, and the command line beside it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from click.testing import CliRunner, Result

from mockexchange.cli import main
from mockexchange.cli.server_connection import Server, find_server
from mockexchange.scenario.keys import make_pair
from tests.house.checkout import ROOT
from tests.house.serving import served

SERVE = (sys.executable, "-m", "mockexchange", "serve", "--clock", "paused")
SCENARIO = """\
scenario: desk and counter
start: 2025-11-04T23:00:00Z
accounts:
  alice: {cash: 100, keys: {main: {}, ro: {scopes: [read], subaccount: 3}}, subaccounts: {3: {cash: 7}}}
  eddy: {cash: 5, keys: {main: {algorithm: ed25519}}}
  own: {keys: {main: {public_key: own.pem}}}
markets:
  RAIN-1: {event: RAIN, series: RAIN, title: Rain, price: 0.56}
history:
  - fill: {account: alice, market: RAIN-1, side: yes, action: buy, count: 10, price: 0.56}
"""


class Cli(Protocol):
    def __call__(self, *arguments: str, code: int = 0, environment: dict[str, str | None] | None = None) -> Result: ...


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    (folder / "own.pem").write_text(make_pair("ed25519").public_pem)
    (folder / "scenario.yaml").write_text(SCENARIO)
    return folder


@pytest.fixture(scope="session")
def server(home: Path) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        with served(home, *SERVE, "--scenario", "scenario.yaml", "--scenario-dir", "."):
            yield find_server(home / "ready.json")


@pytest.fixture
def sandbox(server: Server, home: Path) -> str:
    """A fresh exchange with a journal of its own; its time stands still."""
    wanted = {"scenario": str(home / "scenario.yaml"), "clock": "paused"}
    made: dict[str, Any] = server.ask("POST", "sandboxes", wanted)
    return str(made["id"])


@pytest.fixture
def cli(server: Server, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run a command against the server; fail unless it ends with `code`, and without a traceback."""
    monkeypatch.setenv("MOCKEXCHANGE_READY_FILE", str(server.ready_file))

    def run(*arguments: str, code: int = 0, environment: dict[str, str | None] | None = None) -> Result:
        result = CliRunner().invoke(main, arguments, env=environment, prog_name="mockexchange")
        assert isinstance(result.exception, SystemExit | None), result.exception
        assert result.exit_code == code, result.output
        return result

    return run
