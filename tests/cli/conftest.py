"""A server in a process of its own, as a user has it, and the command line beside it."""

import re
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any, Protocol

import pytest
from click.testing import CliRunner, Result
from websockets.sync.client import connect

from mockexchange.cli import main
from mockexchange.cli.server_connection import Server, find_server
from mockexchange.clients.request_signers import UnsignedRequest, sign
from mockexchange.scenario.keys import make_pair
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from tests.helpers.patience import PATIENCE_S
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


POSITIONS = "/portfolio/positions"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class AtTerminal(Protocol):
    def __call__(self, width: int, *arguments: str, code: int = 0, has_colour: bool = False) -> str: ...


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


class Terminal(StringIO):
    """A stream that programs take for a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def at_terminal(server: Server, monkeypatch: pytest.MonkeyPatch) -> AtTerminal:
    """Run a command at a terminal of some width; return all that it prints, without colours unless they are wanted."""
    monkeypatch.setenv("MOCKEXCHANGE_READY_FILE", str(server.ready_file))
    monkeypatch.setenv("TERM", "xterm")
    for name in ("NO_COLOR", "FORCE_COLOR", "LINES"):
        monkeypatch.delenv(name, raising=False)

    def run(width: int, *arguments: str, code: int = 0, has_colour: bool = False) -> str:
        screen = Terminal()
        with monkeypatch.context() as patch:
            patch.setenv("COLUMNS", str(width))
            patch.setattr(sys, "stdout", screen)
            patch.setattr(sys, "stderr", screen)
            with pytest.raises(SystemExit) as ended:
                main.main(arguments, prog_name="mockexchange")
        text = screen.getvalue()
        assert ended.value.code == code, text
        return text if has_colour else COLOUR.sub("", text)

    return run


@pytest.fixture
def busy(cli: Cli, sandbox: str) -> str:
    """A sandbox that answered three requests, refused two of them."""
    cli("call", "alice", "GET", f"{POSITIONS}?limit=0", "--sandbox", sandbox, code=1)
    cli("call", "alice", "GET", "/portfolio/balance?x=1", "--sandbox", sandbox)
    cli("call", "eddy", "GET", "/portfolio/position", "--sandbox", sandbox, code=1)
    return sandbox


@pytest.fixture
def streamed(cli: Cli, server: Server, sandbox: str) -> str:
    """Its stream had: 1 open, 2 a command, 3 subscribed, 4 bytes that are no text, 5 an error, 6 its end."""
    shown = server.ask_sandbox("GET", sandbox)
    alice = next(one for one in shown["accounts"] if (one["name"], one["key"]) == ("alice", "main"))
    headers = sign("kalshi", alice, UnsignedRequest("GET", STREAM_PATH))
    with connect(shown["ws_url"], additional_headers=headers) as client:
        for said in ('{"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"]}}', b"\xff"):
            client.send(said)
            client.recv(PATIENCE_S)
    cli("wait", "frame", "kind=close", "--sandbox", sandbox)
    return sandbox
