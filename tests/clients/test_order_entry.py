"""Every published client that writes orders, every write it offers, at its own API date and under `compat`."""

from typing import NamedTuple

import pytest

from tests.clients.exchange import Server
from tests.clients.matrix import Cell, Findings, ask_peer
from tests.clients.page import orders_of, read_page
from tests.clients.published import COMPAT, TRADERS, Published, of_push
from tests.clients.truths import WRITES_SCENARIO, WRITES_TRUTH, read_questions

pytestmark = pytest.mark.clients


class Run(NamedTuple):
    """What a client made of each method, by API date, and its calls that none of them has made."""

    client: Published
    findings: dict[str, Findings]
    untried: list[str]


@pytest.fixture(scope="module", params=of_push(TRADERS), ids=lambda client: client.title)
def run(server: Server, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Run:
    """Run a client in one process for both dates, since starting it takes longer than all its calls."""
    client: Published = request.param
    findings: dict[str, Findings] = {}
    untried: list[str] = []
    with client.driven(tmp_path_factory.mktemp(client.name) / "log.txt") as peer:
        for api_date in (COMPAT, client.api_date):
            sandbox = server.control.open(WRITES_SCENARIO.read_text(encoding="utf-8"), api_date, "paused")
            findings[api_date], untried = ask_peer(client, api_date, sandbox, peer, read_questions(WRITES_TRUTH))
            sandbox.delete()
    return Run(client, findings, untried)


def test_a_client_writes_what_it_is_told(run: Run) -> None:
    """Other values are due to the client where its fault is named, and there only."""
    for api_date, findings in run.findings.items():
        wrong = {method for method, each in findings.items() if each.mistakes}
        assert wrong == set(run.client.faults_at(api_date)), [
            line for each in findings.values() for line in each.mistakes
        ]
    assert run.untried == []


def test_the_page_says_what_was_found(run: Run) -> None:
    for api_date, findings in run.findings.items():
        found = {method: each.cell for method, each in findings.items() if each.cell is not Cell.NONE}
        assert orders_of(read_page())[run.client.title][api_date] == found, "run `make clients`"
