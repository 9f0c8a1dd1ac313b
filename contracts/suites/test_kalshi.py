"""Generated requests to Kalshi, judged by the API document of each date."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from contracts.suites.targets import hints_of, target_at
from contracts.suites.verdict_text import findings_of, not_judged
from contracts.suites.world import TRANSPORTS
from mockexchange.kit.schemathesis.outcome import RunOutcome
from mockexchange.kit.schemathesis.run import EXAMPLES, Effort, conclude, run
from mockexchange.runtime import api_documents
from mockexchange.runtime.api_documents import Document
from mockexchange.venues.kalshi.named_days import ALIASES
from tests.helpers.effort import chosen, examples

pytestmark = pytest.mark.contract

EVERY = (*ALIASES, "compat")
ON_PUSH = (("compat", "over a socket"),)
"""Dates and transports of a push; test_busy.py judges answers at every date, `make test-all` sends requests at each,
values at the boundaries included.
"""
EXAMPLES_LEAST = 5
"""With fewer, a name that exists may not be among those of an operation."""
ALWAYS_EMPTY = {
    "GET /account/limits",
    "GET /series/{series_ticker}/events/{ticker}/forecast_percentile_history",
}
"""Lists that are empty in the world, and were for the recorded account."""
NEVER_APPLY = {
    # They need created or deleted objects, which only the control API has.
    "schemathesis.use_after_free",
    "schemathesis.ensure_resource_availability",
    # Only a 405 promises a header, and schemathesis leaves those to `unsupported_method`.
    "schemathesis.response_headers_conformance",
}
AT_BOUNDARIES = {
    "schemathesis.missing_required_header",
    "schemathesis.unsupported_method",
    "schemathesis.allow_header_conformance",
}
"""Checks that a brief run does not make."""


def test_there_is_a_document_for_each_alias() -> None:
    found = {subject.removeprefix("kalshi/") for subject in api_documents.subjects() if subject.startswith("kalshi/")}
    assert found == set(EVERY)
    for alias, day in ALIASES.items():
        assert api_documents.read(f"kalshi/{alias}")["info"]["version"] == day


@pytest.mark.parametrize(
    ("alias", "transport"),
    chosen([(alias, transport) for transport in TRANSPORTS for alias in EVERY], *ON_PUSH),
)
def test_the_front_keeps_the_contract(alias: str, transport: str) -> None:
    # Boundary values are tested in process only.
    effort = Effort(is_brief=transport != "in process", examples=examples(EXAMPLES, EXAMPLES_LEAST))
    with target_at(alias, transport) as target:
        hints = hints_of(target)
        outcome = run(target, hints, effort)
        judged = list(conclude(target, hints, effort, outcome))
    assert findings_of(judged) == ""
    assert not_judged(judged) == NEVER_APPLY | (AT_BOUNDARIES if effort.is_brief else set())
    if not effort.is_brief:
        assert_varied(outcome)


def test_a_read_only_run_sends_nothing_but_reads() -> None:
    effort = Effort(examples=1)
    with target_at("2026-10", may_write=False) as target:
        hints = replace(hints_of(target), operations=beside_writes(target.document))
        judged = list(conclude(target, hints, effort, run(target, hints, effort)))
    assert findings_of(judged) == ""
    assert {"schemathesis.unsupported_method", "schemathesis.allow_header_conformance"} <= not_judged(judged)


def beside_writes(document: Document) -> list[str]:
    """Return the reads whose paths take other methods than GET."""
    items = document["paths"].values()
    return [item["get"]["operationId"] for item in items if "get" in item and item.keys() & {"post", "put", "delete"}]


def lists_in(body: Any) -> Iterator[list[Any]]:
    for child in body.values():
        if isinstance(child, list):
            yield child
        elif isinstance(child, dict):
            yield from lists_in(child)


def assert_varied(outcome: RunOutcome) -> None:
    """Assert that each list was non-empty once, and that there were pages and empty lists."""
    answers = [(operation, json.loads(body)) for operation, body in outcome.accepted]
    listing = {operation for operation, body in answers if any(True for _ in lists_in(body))}
    full = {operation for operation, body in answers if any(lists_in(body))}
    assert listing - full <= ALWAYS_EMPTY
    assert any(body.get("cursor") for _, body in answers)
    assert any(not any(lists_in(body)) for operation, body in answers if operation in full)
