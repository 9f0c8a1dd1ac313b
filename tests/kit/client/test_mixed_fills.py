"""Clients that mix up the fills of one order, or those of subaccounts, have findings."""

from collections.abc import Iterator

import pytest

from mockexchange.kit.client.whole_account_judges import judge_account
from tests.helpers.rows import each_row
from tests.kit.client.verdict_helpers import Bench, bench


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("clients")) as made:
        yield made


MIXED = {
    "summing": {"position", "cost", "fees", "traded"},
    "merging": {"rows", "count"},
    "replacing": {"rows"},
    "primary": {"subaccount"},
    "alone": {"rows"},
}


@each_row("fault", MIXED)
def test_fills_of_one_order_and_of_subaccounts_are_told_apart(fault: str, clients: Bench) -> None:
    """Each of these clients is right in an account with one fill for each order, and without subaccounts."""
    findings = clients.judged(judge_account, fault)

    assert {one.where.partition(", row")[2].rpartition(", ")[2] or one.rule.partition(".")[2] for one in findings} == (
        MIXED[fault]
    )
