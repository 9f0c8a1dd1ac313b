"""SignalPlus against its API documents: generated requests, and every rule of the kit."""

import pytest

from contracts.suites.derivatives import EVERY, hints_of, target_at
from contracts.suites.verdict_text import findings_of, not_judged
from mockexchange.kit.checks import run_checks
from mockexchange.kit.findings import Outcome
from mockexchange.kit.schemathesis.run import Effort, conclude, run
from mockexchange.kit.signalplus import SIGNALPLUS
from mockexchange.runtime import api_documents
from mockexchange.venues.registry import venue_of
from tests.helpers.effort import examples

pytestmark = pytest.mark.contract

VENUE = "signalplus"
TRANSPORTS = ("in process", "over a socket")
EXAMPLES = examples(30)
NEVER_APPLY = {
    "schemathesis.use_after_free",
    "schemathesis.ensure_resource_availability",
    # Only a 405 promises a header, and schemathesis leaves those to `unsupported_method`.
    "schemathesis.response_headers_conformance",
    # There are no links.
    "exploring.phases",
}
AT_BOUNDARIES = {
    "schemathesis.missing_required_header",
    "schemathesis.unsupported_method",
    "schemathesis.allow_header_conformance",
}


def test_there_is_a_document_for_each_alias() -> None:
    found = {one.removeprefix("signalplus/") for one in api_documents.subjects() if one.startswith("signalplus/")}
    assert found == set(EVERY)
    day = venue_of(VENUE).api_date("2026-10").day
    assert api_documents.read("signalplus/2026-10")["info"]["version"] == day


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("alias", EVERY)
def test_the_front_keeps_the_contract(alias: str, transport: str) -> None:
    effort = Effort(is_brief=transport != "in process", examples=EXAMPLES)
    with target_at(VENUE, alias, transport) as target:
        hints = hints_of(target)
        judged = list(conclude(target, hints, effort, run(target, hints, effort)))
    assert findings_of(judged) == ""
    assert not_judged(judged) == NEVER_APPLY | (AT_BOUNDARIES if effort.is_brief else set())


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("alias", EVERY)
def test_every_rule_is_kept(alias: str, transport: str) -> None:
    with target_at(VENUE, alias, transport) as target:
        judged = list(run_checks(SIGNALPLUS.checks, target))
    assert findings_of(judged) == ""
    assert {one.outcome for one in judged} == {Outcome.KEPT}
