"""Deribit against its API documents: generated requests, and every rule of the kit."""

import pytest

from contracts.suites.derivatives import EVERY, hints_of, target_at
from contracts.suites.verdict_text import findings_of, not_judged
from mockexchange.kit.checks import run_checks
from mockexchange.kit.deribit import DERIBIT
from mockexchange.kit.deribit.schemathesis_hints import make_write_hints
from mockexchange.kit.findings import Outcome
from mockexchange.kit.schemathesis.run import Effort, conclude, run
from mockexchange.runtime import api_documents
from mockexchange.venues.registry import venue_of
from tests.helpers.effort import chosen, examples

pytestmark = pytest.mark.contract

VENUE = "deribit"
TRANSPORTS = ("in process", "over a socket")
EXAMPLES = examples(4)
OVER_A_SOCKET = ("reads.", "methods.", "tokens.", "refusals.", "envelopes.")
"""Rules that depend on the transport; the others are judged in process."""
NEVER_APPLY = {
    "schemathesis.use_after_free",
    "schemathesis.ensure_resource_availability",
    # Only a 405 promises a header, and schemathesis leaves those to `unsupported_method`.
    "schemathesis.response_headers_conformance",
    # They expect 401, which this venue never answers; the rules of tokens send wrong and no credentials.
    "schemathesis.ignored_auth",
    "schemathesis.missing_required_header",
    # There are no links.
    "exploring.phases",
}
AT_BOUNDARIES = {"schemathesis.unsupported_method", "schemathesis.allow_header_conformance"}
TOKENS = {"exploring.answered"}
"""public/auth is tested by the rules of tokens only."""


def test_there_is_a_document_for_each_alias() -> None:
    found = {subject.removeprefix("deribit/") for subject in api_documents.subjects() if subject.startswith("deribit/")}
    assert found == set(EVERY)
    day = venue_of(VENUE).api_date("2026-10").day
    assert api_documents.read("deribit/2026-10")["info"]["version"] == day


@pytest.mark.parametrize("transport", chosen(TRANSPORTS, "over a socket"))
@pytest.mark.parametrize("alias", chosen(EVERY, EVERY[0]))
def test_the_front_keeps_the_contract(alias: str, transport: str) -> None:
    # Boundary values are tested in process only.
    effort = Effort(is_brief=transport != "in process" or alias != EVERY[0], examples=EXAMPLES)
    with target_at(VENUE, alias, transport) as target:
        hints = hints_of(target)
        outcome = run(target, hints, effort)
        judged = list(conclude(target, hints, effort, outcome))
    assert findings_of(judged) == ""
    assert not_judged(judged) == NEVER_APPLY | TOKENS | (AT_BOUNDARIES if effort.is_brief else set())


@pytest.mark.parametrize("alias", chosen(EVERY))
def test_every_rule_is_kept(alias: str) -> None:
    with target_at(VENUE, alias) as target:
        judged = list(run_checks(DERIBIT.checks, target))
    assert findings_of(judged) == ""
    assert {f"{one.rule} {one.subject}": one.why for one in judged if one.outcome is Outcome.NOT_JUDGED} == {}


def test_generated_writes_are_answered_as_documented() -> None:
    effort = Effort(is_brief=True, examples=EXAMPLES)
    with target_at(VENUE, EVERY[0]) as target:
        names = {"instrument_name": ["BTC-PERPETUAL"], "order_id": ["mine", "4008699030"]}
        hints = make_write_hints(target.document, names, target.keys)
        outcome = run(target, hints, effort)
        judged = list(conclude(target, hints, effort, outcome))
    assert findings_of(judged) == ""
    placed = {status for label, status in outcome.requests if label.endswith(("/private/buy", "/private/sell"))}
    assert placed >= {200, 400}


@pytest.mark.parametrize("alias", EVERY)
def test_every_rule_of_writes_is_kept(alias: str) -> None:
    with target_at(VENUE, alias) as target:
        judged = list(run_checks(DERIBIT.write_checks, target))
    assert findings_of(judged) == ""
    assert {f"{one.rule} {one.subject}": one.why for one in judged if one.outcome is Outcome.NOT_JUDGED} == {}


def test_rules_of_the_wire_are_kept_over_a_socket() -> None:
    checks = [check for check in DERIBIT.checks if check.rule.startswith(OVER_A_SOCKET)]
    with target_at(VENUE, EVERY[0], "over a socket") as target:
        judged = list(run_checks(checks, target))
    assert findings_of(judged) == ""
    assert {one.outcome for one in judged} == {Outcome.KEPT}
