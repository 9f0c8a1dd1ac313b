"""Each rule finds its fault: the answers of a correct server are changed in transit, one at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from contracts.suites.planted.fcm import FCM
from contracts.suites.planted.refusals import REFUSALS
from contracts.suites.targets import target_at
from mockexchange.kit.checks import run_check
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.target import Target
from tests.helpers.effort import one_in
from tests.helpers.rows import each_row
from tests.kit.lying import Lie, LyingTransport
from tests.kit.rules.lies import FOUND, Found


@contextmanager
def target_that_tells(lie: Lie, alias: str) -> Iterator[Target]:
    with target_at(alias) as target:
        target.http = httpx.Client(transport=LyingTransport(target.http._transport, KALSHI.prefix, lie))
        yield target


@each_row("found", one_in(4, FOUND), ids=lambda found: f"{found.rule} {found.lie.path} {found.alias}")
def test_a_rule_finds_what_it_is_there_for(found: Found) -> None:
    checks = [check for check in KALSHI.checks if check.rule == (found.asked_by or found.rule)] or KALSHI.checks
    with target_that_tells(found.lie, found.alias) as target:
        verdicts = (verdict for check in checks for verdict in run_check(check, target))
        rules = next(({one.rule for one in verdict.findings} for verdict in verdicts if verdict.findings), set())
    assert found.rule in rules


def test_there_is_a_lie_or_a_planted_fault_for_every_rule() -> None:
    planted = {rule for fault in (*FCM, *REFUSALS) for rule in fault.rules}
    assert {check.rule for check in KALSHI.checks} <= {found.rule for found in FOUND} | planted
