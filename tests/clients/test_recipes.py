"""docs/clients.md is executed: the programs whose clients are at hand run as `mockexchange env` points them."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mockexchange.cli.clients import CLIENTS
from tests.clients.exchange import Server
from tests.clients.published import BY_TITLE
from tests.clients.recipes import read_recipes, read_table
from tests.clients.views import in_order, unsettled
from tests.house.checkout import ROOT
from tests.house.serving import clean_environment

RUN_SECONDS_MAX = 60
RECIPES = read_recipes()
DEMO_ACCOUNT = "alice"
"""The first of the scenario `demo`, whom `mockexchange env` takes unless told otherwise."""


def run(command: list[str], home: Path, environment: Mapping[str, str]) -> str:
    """Return what a command prints; AssertionError with its words unless it went well."""
    done = subprocess.run(
        command, cwd=home, env=environment, timeout=RUN_SECONDS_MAX, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def pointed(server: Server, client: str) -> dict[str, str]:
    """Return the environment that `mockexchange env` makes for a client."""
    shell = clean_environment(server.home)
    ask = ["env", "--client", client, "--format", "json", "--ready-file", str(server.ready_file)]
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
    printed = run(command, server.home, pointed(server, client))
    truth: list[dict[str, Any]] = server.control.ask("GET", f"sandboxes/default/accounts/{DEMO_ACCOUNT}/positions")
    expected = in_order(row for row in unsettled(truth) if row["book"] == "0")
    assert expected
    assert printed.splitlines() == [f"{row.ticker} {row.quantity} {row.cost}" for row in expected]


@pytest.mark.parametrize("client", RECIPES)
def test_a_recipe_is_of_the_version_that_the_command_line_knows(client: str) -> None:
    assert RECIPES[client].version == CLIENTS[client].version


@pytest.mark.parametrize("client", RECIPES)
def test_every_program_of_the_page_is_python(client: str) -> None:
    compile(RECIPES[client].program, client, "exec")


def test_every_recipe_has_its_line_in_the_table() -> None:
    assert read_table().keys() == RECIPES.keys()
