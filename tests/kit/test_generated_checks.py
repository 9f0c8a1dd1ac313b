"""What schemathesis says of a request is a finding only if the document forbids the request as it was sent."""

from types import SimpleNamespace
from typing import Any

import requests
import schemathesis
from schemathesis import Response
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.generation import GenerationMode
from schemathesis.generation.meta import CaseMetadata, ComponentInfo, GenerationInfo, PhaseInfo, TestPhase

from mockexchange.kit.schemathesis.outcome import RunOutcome
from mockexchange.kit.validation.requests import RequestJudge
from tests.helpers.rows import each_row

INVALID = "negative_data_rejection"
LIMIT = {"name": "limit", "in": "query", "required": True, "schema": {"type": "integer", "minimum": 1}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.0",
    "info": {"title": "x", "version": "1"},
    "paths": {"/rows": {"get": {"operationId": "GetRows", "parameters": [LIMIT], "responses": {"200": {}}}}},
}
TARGET: Any = SimpleNamespace(
    document=DOCUMENT,
    base_url="http://x",
    keys={},
    venue=SimpleNamespace(prefix=""),
    location=lambda path: f"openapi.yaml#{path}",
)


def found(query: str, wrong: ParameterLocation, failed_check: str = INVALID, status: int = 200) -> set[str]:
    """Return the rules that have a finding after a check has blamed an answer."""
    nothing: Any = SimpleNamespace()
    phase = PhaseInfo(TestPhase.FUZZING, nothing)
    generation = GenerationInfo(0.0, GenerationMode.NEGATIVE)
    meta = CaseMetadata(generation, {wrong: ComponentInfo(GenerationMode.NEGATIVE)}, phase)
    case = schemathesis.openapi.from_dict(DOCUMENT)["/rows"]["GET"].Case(_meta=meta)
    sent = requests.Request("GET", f"http://x/rows?{query}").prepare()
    response = Response(status, {}, b"{}", sent, 0.0, False)
    recorder = ScenarioRecorder(label="GET /rows")
    recorder.record_case(case=case)
    recorder.record_response(case_id=case.id, response=response)
    failure = Failure(operation="GET /rows", title="accepted", message="should be refused", case_id=case.id)
    recorder.record_check_failure(name=failed_check, case_id=case.id, code_sample="", failure=failure)
    judge = RequestJudge(DOCUMENT)
    outcome = RunOutcome(TARGET, judge, judge)
    outcome._add_scenario(recorder, "fuzzing")
    return {rule for _, rule, _ in outcome.findings}


@each_row(
    ("query", "wrong", "rules"),
    [
        ("limit=1&=null&other=2", ParameterLocation.QUERY, set()),
        ("limit=0", ParameterLocation.QUERY, {"requests.as_sent", f"schemathesis.{INVALID}"}),
        ("other=2", ParameterLocation.QUERY, {"requests.as_sent", f"schemathesis.{INVALID}"}),
        ("limit=1", ParameterLocation.HEADER, {f"schemathesis.{INVALID}"}),
    ],
    ids=["more than the document names", "below the bound", "required and left out", "a header, which is not judged"],
)
def test_an_accepted_request_is_blamed_if_it_is_forbidden(
    query: str, wrong: ParameterLocation, rules: set[str]
) -> None:
    assert found(query, wrong) == rules


def test_other_checks_are_findings_as_they_are() -> None:
    assert found("limit=1", ParameterLocation.QUERY, "not_a_server_error") == {"schemathesis.not_a_server_error"}


def test_a_url_that_is_too_long_says_nothing() -> None:
    """A busy run with seed 406 asked for more names than a URL has room for."""
    assert found(f"limit=0&other={'x' * 8_000}", ParameterLocation.QUERY, status=414) == set()
    assert found("limit=0", ParameterLocation.QUERY, status=414) == {f"schemathesis.{INVALID}"}
