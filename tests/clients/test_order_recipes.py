"""The programs of docs/recipes.md that place an order: each client runs its own, against the scenario of the page."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import mockexchange
from mockexchange.clients.published import CLIENTS
from tests.clients.processes import environment, find_python
from tests.examples.programs import NODE_ENVIRONMENT, require_node
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT
from tools.client_orders import ORDER_PROGRAMS

pytestmark = pytest.mark.clients

PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
SCENARIO = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0]
ACCOUNTS = {"kalshi": "alice", "deribit": "dora"}


def command_of(client: str, code: str) -> tuple[list[str], dict[str, str]]:
    """Return the command that runs a program with a client, and the variables that it needs for that."""
    if client == "kalshi-typescript":
        require_node()
        return ["node", "-e", code], {"NODE_PATH": str(NODE_ENVIRONMENT / "node_modules")}
    return [str(find_python(client, CLIENTS[client].version)), "-c", code], {}


@contextmanager
def pointed(client: str, api_date: str) -> Iterator[mockexchange.Exchange]:
    with mockexchange.serve(SCENARIO, api_date=api_date) as exchange, exchange.env(client):
        yield exchange


@each_row("client", ORDER_PROGRAMS)
def test_a_client_places_the_order_of_its_recipe(client: str) -> None:
    program = ORDER_PROGRAMS[client]
    command, variables = command_of(client, program.code)
    with pointed(client, program.api_date or "latest") as exchange:
        done = subprocess.run(
            command,
            env=environment() | variables,
            timeout=PATIENCE_S,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        [order] = exchange.orders(ACCOUNTS[CLIENTS[client].venue])
        assert done.stdout.strip() == order["id"]
