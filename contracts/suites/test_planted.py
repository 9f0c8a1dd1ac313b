"""The suites find every planted fault: each alone, at one date, until the first finding."""

from collections.abc import Collection, Iterator

import pytest

from contracts.suites.busy import busy_target_at
from contracts.suites.planted.fcm import FCM
from contracts.suites.planted.pages import PAGES
from contracts.suites.planted.planting import Fault, Planter, forget_what_was_made
from contracts.suites.planted.refusals import REFUSALS
from contracts.suites.planted.rows import ROWS
from contracts.suites.planted.stream import STREAM
from contracts.suites.planted.views import VIEWS
from contracts.suites.streams import stream_target_in_process
from contracts.suites.targets import hints_of, target_at
from mockexchange.kit.checks import run_checks
from mockexchange.kit.findings import Finding, Verdict
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.schemathesis.run import Effort, explore
from tests.helpers.effort import one_in

pytestmark = pytest.mark.contract

ALIAS = "2026-10"
FAULTS = (*PAGES, *ROWS, *VIEWS, *REFUSALS, *FCM, *STREAM)
REQUESTS_PER_STEP = 2
FIRST = Effort(findings_max=1)
CHECKED_ALONE = frozenset(check.rule for check in (*KALSHI.stream_checks, *KALSHI.checks))
"""The rules with requests of their own. The others judge every answer, every frame and generated requests."""


@pytest.fixture
def planter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Planter]:
    yield Planter(monkeypatch)
    monkeypatch.undo()
    forget_what_was_made()


def judged(rules: Collection[str]) -> Iterator[Verdict]:
    """Judge one date by these rules, or by all if one of them judges the answers to others; cheapest first."""
    is_whole = not CHECKED_ALONE.issuperset(rules)
    stream_checks = [check for check in KALSHI.stream_checks if is_whole or check.rule in rules]
    if stream_checks:
        with stream_target_in_process(ALIAS) as streams:
            yield from run_checks(stream_checks, streams)
    moving = [check for check in KALSHI.checks if check.rule in rules and check.holds_while_moving]
    with busy_target_at(ALIAS, REQUESTS_PER_STEP) if moving else target_at(ALIAS) as target:
        yield from run_checks([check for check in KALSHI.checks if is_whole or check.rule in rules], target)
        if is_whole:
            yield from explore(target, hints_of(target), FIRST)


def first_finding(rules: Collection[str]) -> Finding | None:
    return next((finding for verdict in judged(rules) for finding in verdict.findings), None)


@pytest.mark.thorough  # test_checks.py, test_busy.py and test_stream.py show it rule by rule
def test_nothing_is_found_where_nothing_is_planted() -> None:
    """Test that a server without faults has no findings; test_kalshi.py sends it generated requests."""
    assert first_finding(CHECKED_ALONE) is None


def test_there_are_enough_faults_and_each_is_another() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 40


@pytest.mark.parametrize("fault", one_in(4, FAULTS), ids=lambda fault: fault.name)
def test_what_is_planted_is_found(fault: Fault, planter: Planter, caplog: pytest.LogCaptureFixture) -> None:
    """A fault that raises an exception would be found as an answer 500, not as what it is."""
    fault.plant(planter)
    forget_what_was_made()
    finding = first_finding(fault.rules)
    assert finding is not None, "nobody noticed"
    assert finding.rule in fault.rules, finding
    assert [record.exc_text for record in caplog.records if record.exc_info] == []
