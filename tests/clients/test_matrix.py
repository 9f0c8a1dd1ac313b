"""Every published client, every read it offers, at its own API date and under `compat`, compared with the truth."""

from collections import ChainMap
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import pytest

from tests.clients.exchange import Server
from tests.clients.matrix import Cell, Findings, ask
from tests.clients.page import matrix_of, read_page
from tests.clients.published import CLIENTS, COMPAT, Published, of_push
from tests.clients.truths import SCENARIO, differences, read_questions
from tests.helpers.effort import chosen

pytestmark = pytest.mark.clients

RUNS = [(client, date) for client in of_push(CLIENTS) for date in chosen((COMPAT, client.api_date))]
Look = Callable[[Published, str], tuple[Findings, list[str]]]


class Run(NamedTuple):
    client: Published
    api_date: str
    findings: Findings
    untried: list[str]


@pytest.fixture(scope="module")
def look(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Look:
    """Returns what matrix.ask finds of a client at an API date; each is asked once."""

    @cache
    def look_once(client: Published, api_date: str) -> tuple[Findings, list[str]]:
        client.python()
        sandbox = server.control.open(SCENARIO.read_text(encoding="utf-8"), api_date, "paused")
        found = ask(client, api_date, sandbox, tmp_path_factory.mktemp(client.driver) / "log.txt")
        sandbox.delete()
        return found

    return look_once


@pytest.fixture(scope="module", params=RUNS, ids=lambda run: f"{run[0].title} at {run[1]}")
def run(look: Look, request: pytest.FixtureRequest) -> Run:
    client, api_date = request.param
    return Run(client, api_date, *look(client, api_date))


def test_a_client_understands_the_truth(run: Run) -> None:
    faults = run.client.faults_at(run.api_date)
    assert [line for method, each in run.findings.items() if method not in faults for line in each.mistakes] == []


def test_a_fault_of_a_client_is_one(run: Run) -> None:
    faults = run.client.faults_at(run.api_date)
    assert [method for method in faults if run.findings[method].cell in {Cell.YES, Cell.NONE}] == []


def test_every_read_of_a_client_is_tried(run: Run) -> None:
    assert run.untried == []


def test_the_page_says_what_was_found(run: Run) -> None:
    found = {method: each.cell for method, each in run.findings.items() if each.cell is not Cell.NONE}
    assert matrix_of(read_page())[run.client.title][run.api_date] == found, "run `make clients`"


def test_clients_agree_with_each_other(look: Look) -> None:
    """Also compares values that the truth does not have: ids that the exchange chose."""
    runs = [look(client, COMPAT)[0] for client in of_push(CLIENTS)]
    for question in read_questions():
        found = [findings[question.method] for findings in runs]
        reported = [each.rows for each in found if each.cell is Cell.YES]
        # Clients keep different fields, so the first client that has a field provides its value.
        merged = [dict(ChainMap(*same)) for same in zip(*reported, strict=True)]
        assert [line for rows in reported for line in differences(rows, merged, may_omit=False)] == [], question.method
