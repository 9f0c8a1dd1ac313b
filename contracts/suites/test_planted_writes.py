"""The rules of writes find every planted fault of order entry, each by the rule that it is about."""

from collections import Counter

import pytest

from contracts.suites.planted.writes import FAULTS, Fault, Liar
from contracts.suites.targets import target_at
from mockexchange.kit.checks import run_checks
from mockexchange.kit.kalshi import KALSHI

pytestmark = [pytest.mark.contract, pytest.mark.traced]

RULES = {check.rule for check in KALSHI.write_checks}
FEWER = {"orders.cancel_all": 1, "groups.orders": 2}
"""Rules about a single answer."""


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_what_is_planted_is_found(fault: Fault) -> None:
    lie = fault.make_lie()
    with target_at(fault.alias, wrap=lambda app: Liar(app, lie)) as target:
        checks = [check for check in KALSHI.write_checks if check.rule == fault.rule]
        found = [finding.rule for verdict in run_checks(checks, target) for finding in verdict.findings]
    assert fault.rule in found


def test_every_rule_has_faults() -> None:
    counts = Counter(fault.rule for fault in FAULTS)
    assert set(counts) == RULES
    assert {rule: count for rule, count in counts.items() if count < 3} == FEWER
