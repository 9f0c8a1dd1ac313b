"""Describes schemathesis' checks, and decides to which answers each applies.

schemathesis counts a check as passed wherever it ran, even if it had nothing to examine. Here a check counts only where
it applied, and a check that never applied has no verdict.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from schemathesis import Case, Response
from schemathesis.engine.recorder import ScenarioRecorder

AnyCase = Case[Any]


class TestedRequest(NamedTuple):
    """A generated request with its answer, and schemathesis' recorder of the scenario to which the request belongs."""

    case: AnyCase
    response: Response
    recorder: ScenarioRecorder


class CheckKind(NamedTuple):
    """The description of a schemathesis check, and a function that returns whether it applies to an answer."""

    description: str
    """The rule, in a sentence."""
    expected: str
    applies: Callable[[TestedRequest], bool]
    why_not: str
    """Why the check has no verdict if it never applied; "" if it always applies."""


def _always(tested: TestedRequest) -> bool:
    return True


def _is_accepted(status: int) -> bool:
    return 200 <= status < 300


def _is_negative(tested: TestedRequest) -> bool:
    return tested.case.meta is not None and tested.case.meta.generation.mode.is_negative


def _is_positive(tested: TestedRequest) -> bool:
    return tested.case.meta is not None and tested.case.meta.generation.mode.is_positive


def _lacks_header(tested: TestedRequest) -> bool:
    data: Any = tested.case.meta.phase.data if tested.case.meta is not None else None
    return bool(getattr(data, "scenario", None) == "missing_parameter" and data.parameter_location == "header")


def _has_other_method(tested: TestedRequest) -> bool:
    return bool(tested.case.method.upper() != tested.case.operation.method.upper())


def _documents_headers(tested: TestedRequest) -> bool:
    answer = tested.case.operation.responses.find_by_status_code(tested.response.status_code)
    return answer is not None and bool(answer.definition.get("headers"))


def _was_authenticated(tested: TestedRequest) -> bool:
    is_public: bool = tested.case.operation.definition.raw.get("security") == []
    return not is_public and _is_accepted(tested.response.status_code)


def _was_deleted(tested: TestedRequest) -> bool:
    related = tested.recorder.find_related(case_id=tested.case.id)
    gone = [case for case in related if case.method.upper() == "DELETE"]
    return any(
        _is_accepted(answer.status_code) for case in gone if (answer := tested.recorder.find_response(case_id=case.id))
    )


def _was_created(tested: TestedRequest) -> bool:
    parent = tested.recorder.find_parent(case_id=tested.case.id)
    return parent is not None and parent.method.upper() == "POST"


READS_ONLY = "nothing is created or deleted here: the operations that were asked only read"
NO_WRITES = "other methods are tried by a run that may write, and not by a brief one"
CHECKS = {
    "not_a_server_error": CheckKind("no request makes the server fail", "no status of 5xx", _always, ""),
    "status_code_conformance": CheckKind("every status is documented", "a documented status", _always, ""),
    "content_type_conformance": CheckKind("every media type is documented", "a documented media type", _always, ""),
    "response_headers_conformance": CheckKind(
        "documented headers are there", "the documented headers", _documents_headers, "no answer has documented headers"
    ),
    "response_schema_conformance": CheckKind("every body fits its schema", "a body that fits the schema", _always, ""),
    "positive_data_acceptance": CheckKind(
        "what the document allows is accepted",
        "a request that is accepted",
        _is_positive,
        "no valid request was generated",
    ),
    "negative_data_rejection": CheckKind(
        "what the document forbids is refused",
        "a request that is refused",
        _is_negative,
        "no invalid request was generated",
    ),
    "missing_required_header": CheckKind(
        "a request that lacks a required header is refused",
        "a request that is refused with 401",
        _lacks_header,
        "no header is required, or the run is a brief one that leaves none out",
    ),
    "unsupported_method": CheckKind(
        "methods that are not documented are refused", "405 with an Allow header", _has_other_method, NO_WRITES
    ),
    "allow_header_conformance": CheckKind(
        "Allow names the documented methods",
        "an Allow header with the documented methods",
        lambda tested: tested.response.status_code == 405,
        NO_WRITES,
    ),
    "ignored_auth": CheckKind(
        "what needs a key is refused without one",
        "401 or 403 without a good signature",
        _was_authenticated,
        "no request with a key was accepted",
    ),
    "use_after_free": CheckKind("what was deleted is gone", "404 for what was deleted", _was_deleted, READS_ONLY),
    "ensure_resource_availability": CheckKind(
        "what was created exists", "an answer for what was created", _was_created, READS_ONLY
    ),
}
"""Every check that can apply. `object_level_authorization` needs several users that create objects, and no request here
creates any: the rule `accounts.apart` reads as another account instead. `max_response_time` needs a limit, and none is
documented."""
