"""The rules of Deribit and SignalPlus find every planted fault, each alone."""

from collections.abc import Iterator

import pytest

from contracts.suites.derivatives import EVERY, target_at
from contracts.suites.planted.derivatives import DERIBIT, SIGNALPLUS, Fault
from contracts.suites.planted.planting import Planter, forget_what_was_made
from mockexchange.kit.checks import run_checks
from mockexchange.kit.findings import Finding
from mockexchange.kit.venues import KITS
from tests.helpers.effort import one_in

pytestmark = [pytest.mark.contract, pytest.mark.traced]

FAULTS = [("deribit", fault) for fault in DERIBIT] + [("signalplus", fault) for fault in SIGNALPLUS]


@pytest.fixture
def planter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Planter]:
    yield Planter(monkeypatch)
    monkeypatch.undo()
    forget_what_was_made()


def first_finding(venue: str, fault: Fault) -> Finding | None:
    every = (*KITS[venue].checks, *KITS[venue].write_checks)
    checks = [check for check in every if check.rule in fault.rules]
    assert {check.rule for check in checks} == set(fault.rules)
    with target_at(venue, EVERY[0], wrap=fault.wrap) as target:
        return next((finding for verdict in run_checks(checks, target) for finding in verdict.findings), None)


def test_there_are_enough_faults_and_each_is_another() -> None:
    names = [(venue, fault.name) for venue, fault in FAULTS]
    assert len(set(names)) == len(names) >= 60


@pytest.mark.parametrize("venue", ["deribit", "signalplus"])
def test_nothing_is_found_where_nothing_is_planted(venue: str) -> None:
    rules = tuple({rule for one, fault in FAULTS if one == venue for rule in fault.rules})
    assert first_finding(venue, Fault("nothing", rules)) is None


@pytest.mark.parametrize(("venue", "fault"), one_in(4, FAULTS), ids=lambda one: getattr(one, "name", one))
def test_what_is_planted_is_found(venue: str, fault: Fault, planter: Planter) -> None:
    fault.plant(planter)
    forget_what_was_made()
    assert first_finding(venue, fault) is not None, "nobody noticed"
