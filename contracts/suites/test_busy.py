"""A server that moves while it is asked has no findings, at any date."""

import pytest

from contracts.suites.busy import busy_target_at
from contracts.suites.targets import EVERY
from contracts.suites.verdict_text import findings_of
from mockexchange.kit.checks import Check, run_checks
from mockexchange.kit.findings import Outcome
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.target import Target
from tests.helpers.effort import chosen, one_in

pytestmark = pytest.mark.contract

COMPARING = ("reads.", "pages.", "lists.", "instants.", "filters.", "kalshi.", "keys.", "signatures.public")
"""Rules that compare answers, or ask for what a list has shown; no other can be wrong about a world that moves."""
ALSO = ("parameters.unknown", "parameters.defaults")
PARTS = 6
"""Each date judges every so many subjects of a rule, other ones than the date before it."""
REQUESTS_PER_STEP = (2, 3, 5, 9, 17)


def part_of(check: Check[Target], number: int) -> Check[Target]:
    return check._replace(subjects=lambda target: list(check.subjects(target))[number % PARTS :: PARTS])


@pytest.mark.parametrize(("number", "alias"), one_in(3, list(enumerate(EVERY))))
def test_a_server_that_moves_is_not_blamed(number: int, alias: str) -> None:
    checks = [part_of(one, number) for one in KALSHI.checks if one.rule.startswith(COMPARING) or one.rule in ALSO]
    with busy_target_at(alias, REQUESTS_PER_STEP[number % len(REQUESTS_PER_STEP)]) as target:
        judged = list(run_checks(checks, target))
    assert findings_of(judged) == ""
    assert sum(one.outcome is Outcome.KEPT for one in judged) > len(judged) / 2


@pytest.mark.parametrize(("number", "alias"), one_in(3, list(enumerate(EVERY))))
def test_orders_of_an_account_that_trades_are_not_blamed(number: int, alias: str) -> None:
    """Markets close under the orders too, and cash moves while a refusal is judged."""
    steps = chosen(REQUESTS_PER_STEP, REQUESTS_PER_STEP[number % len(REQUESTS_PER_STEP)])
    for requests_per_step in steps:
        with busy_target_at(alias, requests_per_step) as target:
            judged = list(run_checks(KALSHI.write_checks, target))
        assert findings_of(judged) == ""
        assert sum(one.outcome is Outcome.KEPT for one in judged) > len(judged) / 2
