"""docs/clients.md is executed: the programs whose clients are at hand run as `mockexchange env` points them."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mockexchange.clients.published import CLIENTS
from tests.clients.exchange import MAIN_KEY, OpenSandbox, Sandbox, Server
from tests.clients.listeners import STREAMERS
from tests.clients.processes import find_python
from tests.clients.published import BY_TITLE
from tests.clients.recipes import read_recipes, read_table
from tests.clients.views import in_order, unsettled
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT
from tests.house.serving import clean_environment

RECIPES = read_recipes()
DEMO_ACCOUNT = "alice"
"""The first account of the scenario `demo`, the default of `mockexchange env`."""


def run(command: list[str], home: Path, environment: Mapping[str, str]) -> str:
    """Return the output of a command; AssertionError with the output if it fails."""
    done = subprocess.run(
        command, cwd=home, env=environment, timeout=PATIENCE_S, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def pointed(server: Server) -> dict[str, str]:
    """Return the environment that `mockexchange env` makes."""
    shell = clean_environment(server.home)
    ask = ["env", "--format", "json", "--ready-file", str(server.ready_file)]
    # The command works in another directory, where this checkout need not be installed.
    printed = run([sys.executable, "-m", "mockexchange", *ask], server.home, shell | {"PYTHONPATH": str(ROOT)})
    variables: dict[str, str | None] = json.loads(printed)
    kept = {name: value for name, value in shell.items() if name not in variables and not name.startswith("PYTHON")}
    return kept | {name: value for name, value in variables.items() if value is not None}


@pytest.mark.clients
@pytest.mark.parametrize("client", ["pykalshi", "kalshi-python-sync", "kalshi-sdk"])
def test_a_program_of_the_page_prints_the_truth(server: Server, client: str) -> None:
    python = BY_TITLE[f"{client} {RECIPES[client].version}"].python()
    command = [str(python), "-W", "error", "-c", RECIPES[client].program]
    printed = run(command, server.home, pointed(server))
    truth: list[dict[str, Any]] = server.control.ask("GET", f"sandboxes/default/accounts/{DEMO_ACCOUNT}/positions")
    expected = in_order(row for row in unsettled(truth) if row["book"] == "0")
    assert expected
    assert printed.splitlines() == [f"{row.ticker} {row.quantity} {row.cost}" for row in expected]


STREAM_RECIPES = [name for name, recipe in RECIPES.items() if recipe.stream_program]
STREAM_DATES = {streamer.name: streamer.api_date for streamer in STREAMERS}
TOLD_MARKET = "KXRAINNYC-25NOV05-T2"
"""The market in the recipes of clients that have to name one."""


@pytest.mark.clients
@pytest.mark.parametrize("client", STREAM_RECIPES)
def test_a_stream_program_of_the_page_prints_what_happens(
    server: Server, open_sandbox: OpenSandbox, tmp_path: Path, client: str
) -> None:
    sandbox = open_sandbox("demo", STREAM_DATES[client])
    command = [str(interpreter_of(client)), "-W", "error", "-c", RECIPES[client].stream_program or ""]
    environment = at_home_in(sandbox, pointed(server), tmp_path / "key.pem")
    with running(command, server.home, environment) as program:
        sandbox.wait_for(subscribed={"account": DEMO_ACCOUNT, "channel": "market_positions"})
        sandbox.do({"fill": {"account": DEMO_ACCOUNT, "market": TOLD_MARKET, **BUY}})
        printed, errors = program.communicate(timeout=PATIENCE_S)
    (position,) = (row for row in sandbox.truth(DEMO_ACCOUNT) if row["instrument"] == TOLD_MARKET)
    ticker, quantity, cost = printed.split()
    assert (ticker, quantity, Decimal(cost)) == (TOLD_MARKET, position["quantity"], Decimal(position["cost"])), errors
    assert program.returncode == 0, errors


@contextmanager
def running(command: list[str], home: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Start a command that ends by itself; it is killed where something else goes wrong."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=home, env=environment, stdout=pipe, stderr=pipe, text=True) as program:
        try:
            yield program
        finally:
            program.kill()


BUY = {"side": "yes", "action": "buy", "count": "3", "price": "0.40"}


def interpreter_of(client: str) -> Path:
    name = f"{client} {RECIPES[client].version}"
    return BY_TITLE[name].python() if name in BY_TITLE else find_python(client, RECIPES[client].version)


def at_home_in(sandbox: Sandbox, environment: Mapping[str, str], key_file: Path) -> dict[str, str]:
    """Return the environment with another exchange of the same server in it, and its key."""
    credential = sandbox.keys[DEMO_ACCOUNT, MAIN_KEY]
    key_file.write_text(credential.private_key_pem, encoding="ascii")
    theirs = {name: value for name, value in environment.items() if name.startswith("KALSHI_")}
    moved = {name: move(value, sandbox) for name, value in theirs.items()}
    keys = dict.fromkeys(("KALSHI_API_KEY_ID", "KALSHI_KEY_ID"), credential.key_id)
    return {**environment, **moved, **keys, "KALSHI_PRIVATE_KEY_PATH": str(key_file)}


def move(url: str, sandbox: Sandbox) -> str:
    """Put the sandbox's host and port in the place of the default one's; what is no URL stays as it is."""
    parts = urlsplit(url)
    return parts._replace(netloc=urlsplit(sandbox.base_url).netloc).geturl() if parts.netloc else url


@each_row("client", RECIPES)
def test_a_recipe_is_of_the_version_that_the_command_line_knows(client: str) -> None:
    assert RECIPES[client].version == CLIENTS[client].version


@each_row("client", RECIPES)
def test_every_program_of_the_page_is_python(client: str) -> None:
    compile(RECIPES[client].program, client, "exec")
    compile(RECIPES[client].stream_program or "", client, "exec")


def test_every_client_that_streams_has_a_program_for_it() -> None:
    assert set(STREAM_RECIPES) == STREAM_DATES.keys()


def test_every_recipe_has_its_line_in_the_table() -> None:
    assert read_table().keys() == RECIPES.keys()
