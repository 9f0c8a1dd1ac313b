"""Every rule of the stream at every API date, over a socket and in process."""

import pytest

from contracts.suites.streams import TRANSPORTS
from mockexchange.kit.checks import run_checks
from mockexchange.kit.findings import Outcome, Report
from mockexchange.kit.kalshi import KALSHI
from mockexchange.runtime import api_documents
from tests.helpers.effort import chosen

pytestmark = pytest.mark.contract

SUBJECTS = api_documents.subjects(api_documents.ASYNCAPI)
ALIASES = [subject.removeprefix("kalshi/") for subject in SUBJECTS if subject.startswith("kalshi/")]
NOT_IN_PROCESS = ["stream.close", "stream.heartbeat", "stream.pong"]
"""Without a socket there are no pings, and no close frames."""
ON_PUSH = (
    *((alias, "in process") for alias in ALIASES),
    *((alias, "over a socket") for alias in ("2025-11", "compat")),
)
"""Every date is judged in process; sockets show at most dates what they show at others."""
UNTOLD: list[str] = []
"""Rules that this world cannot test over a socket."""


@pytest.mark.parametrize(
    ("alias", "transport"),
    chosen([(alias, transport) for alias in ALIASES for transport in TRANSPORTS], *ON_PUSH),
)
def test_the_stream_keeps_the_contract(alias: str, transport: str) -> None:
    report = Report(f"the stream of {alias}, {transport}")
    with TRANSPORTS[transport](alias) as target:
        report.add(run_checks(KALSHI.stream_checks, target))
    assert not report.findings, "\n".join(map(str, report.findings))
    left_out = sorted(one.rule for one in report.verdicts if one.outcome is Outcome.NOT_JUDGED)
    assert left_out == (NOT_IN_PROCESS if transport == "in process" else UNTOLD)


def test_every_rule_has_a_subject_on_some_date() -> None:
    """Test that no rule is without a subject."""
    judged = set()
    for alias in ALIASES:
        with TRANSPORTS["in process"](alias) as target:
            judged |= {check.rule for check in KALSHI.stream_checks if list(check.subjects(target))}
    assert judged == {check.rule for check in KALSHI.stream_checks}
