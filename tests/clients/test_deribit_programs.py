"""The programs of docs/deribit.md are executed, each by its client, as `mockexchange env` points it."""

import re
from pathlib import Path

import pytest

from mockexchange.cli.commands.env import template_values
from mockexchange.clients.published import CLIENTS, variables_of
from tests.clients.deribit import ACCOUNT, SCENARIO, positions_by_name, profit, shown, trade
from tests.clients.exchange import MAIN_KEY, OpenSandbox, Sandbox
from tests.clients.processes import find_python
from tests.clients.test_recipes import run, running
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT
from tests.house.serving import clean_environment

PAGE = (ROOT / "docs" / "deribit.md").read_text(encoding="utf-8")
SECTION = r"^### {client}\n\nVersion (?P<version>\d+(?:\.\d+)+)\.(?:.*?)^```python\n(?P<program>.*?)^```$"


def section_of(client: str) -> tuple[str, str]:
    """Return the version that the page is about, and its program."""
    found = re.search(SECTION.format(client=client), PAGE, re.MULTILINE | re.DOTALL)
    assert found, client
    return found["version"], found["program"]


def command_of(client: str) -> list[str]:
    version, program = section_of(client)
    return [str(find_python(client, version)), "-W", "error", "-c", program]


def pointed(sandbox: Sandbox, client: str, home: Path) -> dict[str, str]:
    """Return the environment that `mockexchange env` makes."""
    credential = sandbox.secrets[ACCOUNT, MAIN_KEY]
    account = {"name": ACCOUNT, "venue": "deribit", "private_key_path": None, **credential._asdict()}
    variables = variables_of(CLIENTS[client], template_values({"venues": sandbox.venues}, account), {})
    kept = {name: value for name, value in clean_environment(home).items() if not name.startswith("PYTHON")}
    return kept | {name: value for name, value in variables.items() if value is not None}


@each_row("client", ["ccxt", "typed-deribit"])
def test_a_program_is_of_the_version_that_the_command_line_knows(client: str) -> None:
    version, program = section_of(client)
    assert version == CLIENTS[client].version
    compile(program, client, "exec")


@pytest.mark.clients
def test_ccxt_prints_the_truth(open_sandbox: OpenSandbox, tmp_path: Path) -> None:
    sandbox = open_sandbox(SCENARIO, "latest", "paused")
    printed = run(command_of("ccxt"), tmp_path, pointed(sandbox, "ccxt", tmp_path))
    expected = {
        name: (*(float(shown(row[word])) for word in ("size", "average_price")), profit(row["floating"]))
        for name, row in positions_by_name(sandbox).items()
    }
    rows = (line.split() for line in printed.splitlines())
    assert {name: tuple(map(float, numbers)) for name, *numbers in rows} == expected


@pytest.mark.clients
def test_typed_deribit_prints_what_happens(open_sandbox: OpenSandbox, tmp_path: Path) -> None:
    sandbox = open_sandbox(SCENARIO, "latest", "paused")
    environment = pointed(sandbox, "typed-deribit", tmp_path)
    with running(command_of("typed-deribit"), tmp_path, environment) as program:
        sandbox.wait_for(subscribed={"account": ACCOUNT, "channel": "user.changes"})
        sandbox.do(trade("BTC-PERPETUAL", "buy", "100", "114000"))
        printed, errors = program.communicate(timeout=PATIENCE_S)
    truth = positions_by_name(sandbox)["BTC-PERPETUAL"]
    name, size, floating = printed.split()
    assert (name, float(size), float(floating)) == (
        "BTC-PERPETUAL",
        float(truth["size"]),
        profit(truth["floating"]),
    ), errors
    assert program.returncode == 0, errors
