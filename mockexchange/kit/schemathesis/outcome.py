"""Collects the results of a schemathesis run (requests, accepted answers, findings), and makes verdicts of them.

Each finding is kept once. Operations without a 2xx answer have no verdict, and neither have checks and phases that
never applied.
"""

import shlex
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import events
from schemathesis.engine.recorder import ScenarioRecorder

from mockexchange.kit.findings import Finding, Verdict
from mockexchange.kit.schemathesis.checks import CHECKS, AnyCase, TestedRequest
from mockexchange.kit.schemathesis.hints import ApiOperation
from mockexchange.kit.schemathesis.relay import NOT_ANSWERED
from mockexchange.kit.schemathesis.settings import PHASES
from mockexchange.kit.target import Target
from mockexchange.kit.validation.requests import RequestJudge
from mockexchange.kit.validation.schemas import pointer

AS_SENT = "requests.as_sent"
CHARS_SHOWN_MAX = 400
INVALID = "negative_data_rejection"
URL_CHARS_GRANTED = 8_000
"""The length of a URL that every server should accept (RFC 9110, 4.1); longer URLs may be refused."""
TOO_LONG = 414
REJECTIONS = (400, 404)
"""Statuses that reject the request itself: a 401 rejects its credentials. A 404 may reject a variable of the path."""


@dataclass(slots=True)
class RunOutcome:
    """The results of a schemathesis run. Operations have names such as "GET /portfolio/positions"."""

    target: Target
    allowing: RequestJudge
    """The judge, by the completed document, of which requests must be accepted."""
    forbidding: RequestJudge
    """The judge, by the more permissive document, of which requests must be refused."""
    may_be_missing: frozenset[str] = frozenset()
    """The ids of operations that may answer 404 to a valid request."""
    may_refuse: frozenset[str] = frozenset()
    """The ids of operations that may refuse a valid request."""
    may_accept: frozenset[str] = frozenset()
    """The ids of operations that may accept an invalid request."""
    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    checks: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often a check applied, by (operation, rule)."""
    findings: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    """The findings, by (operation, rule, kind)."""
    errors: dict[tuple[str, str], str] = field(default_factory=dict)
    """Errors of schemathesis itself, by (operation or phase, kind)."""
    accepted: list[tuple[str, bytes]] = field(default_factory=list)
    """The operation and the body of each request that got a 2xx answer."""
    links: Counter[str] = field(default_factory=Counter)
    """How often a link was followed, as schemathesis names them."""
    seconds: dict[str, float] = field(default_factory=dict)
    """The seconds that each phase took for generating requests, sending them and checking answers."""
    cut_short: BaseException | None = None
    """The exception that ended the run early."""

    _since_s: float = field(default_factory=time.perf_counter)

    def add(self, event: events.EngineEvent) -> None:
        """Add an event of schemathesis to the results."""
        match event:
            case events.ScenarioFinished(recorder=recorder, phase=phase):
                self._add_scenario(recorder, phase.value)
            case events.PhaseFinished(phase=phase):
                now_s = time.perf_counter()
                self.seconds[phase.name.value] = now_s - self._since_s
                self._since_s = now_s
            case events.NonFatalError(label=label, info=info):
                self.errors[label, info.title] = str(info)
            case events.FatalError(exception=exception):
                self.errors["schemathesis", type(exception).__name__] = repr(exception)

    def _add_scenario(self, recorder: ScenarioRecorder, phase: str) -> None:
        for case_id, interaction in recorder.interactions.items():
            self.phases[phase] += 1
            if interaction.response is None or interaction.response.status_code == NOT_ANSWERED:
                continue
            node = recorder.cases[case_id]
            if node.transition is not None and node.is_transition_applied:
                self.links[node.transition.id] += 1
            tested = TestedRequest(node.value, interaction.response, recorder)
            if _is_too_long(tested):
                continue
            self._add_answer(tested)
            self._add_checks(tested, case_id)
            self._judge(tested, case_id)

    def _add_answer(self, tested: TestedRequest) -> None:
        operation, status = tested.case.operation.label, tested.response.status_code
        self.requests[operation, status] += 1
        if 200 <= status < 300:
            self.accepted.append((operation, tested.response.content))

    def _add_checks(self, tested: TestedRequest, case_id: str) -> None:
        operation = tested.case.operation.label
        for check in tested.recorder.checks.get(case_id, []):
            kind, rule = CHECKS.get(check.name), f"schemathesis.{check.name}"
            if check.failure_info is not None:
                failure = check.failure_info.failure
                failed = self._about(tested, failure.case_id or case_id)
                if check.name == INVALID and failed.case is tested.case and self._is_allowed_as_sent(tested, case_id):
                    continue
                expected = kind.expected if kind else "what the check wants"
                self._find(rule, failure.title, failed, str(failure), expected)
            if check.failure_info is not None or (kind is not None and kind.applies(tested)):
                self.checks[operation, rule] += 1

    def _is_allowed_as_sent(self, tested: TestedRequest, case_id: str) -> bool:
        """Return whether the document allows a request whose query was made wrong, such as by an unknown parameter."""
        return _is_wrong_in_query_alone(tested.case) and self.forbidding.objection_to(*_sent(tested, case_id)) == ""

    def _about(self, tested: TestedRequest, case_id: str) -> TestedRequest:
        """Return the request that failed, which may be one that a check sent by itself."""
        interaction = tested.recorder.interactions.get(case_id)
        if interaction is None or interaction.response is None:
            return tested
        return TestedRequest(tested.recorder.cases[case_id].value, interaction.response, tested.recorder)

    def _judge(self, tested: TestedRequest, case_id: str) -> None:
        """Compare the answer with whether the document allows the request as it was sent."""
        case, status = tested.case, tested.response.status_code
        operation_id = case.operation.definition.raw["operationId"]
        is_open = "{" in case.path or operation_id in self.may_be_missing
        is_rejected = status in REJECTIONS and not (status == 404 and is_open) and operation_id not in self.may_refuse
        is_accepted = status < 300 and operation_id not in self.may_accept
        request = tested.recorder.interactions[case_id].request
        if request.method != case.operation.method.upper() or not (is_accepted or is_rejected):
            return
        self.checks[case.operation.label, AS_SENT] += 1
        sent = _sent(tested, case_id)
        objection = self.forbidding.objection_to(*sent)
        if objection == "" and self.allowing.objection_to(*sent) != "":
            return
        if objection is not None and (status < 300) == bool(objection):
            seen = f"accepted although {objection}" if objection else "refused although the document allows it"
            expected = "a request that is refused" if objection else "a request that is accepted"
            self._find(AS_SENT, objection, tested, seen, expected)

    def _find(self, rule: str, kind: str, tested: TestedRequest, seen: str, expected: str) -> None:
        key = (tested.case.operation.label, rule, kind)
        if key not in self.findings:
            self.findings[key] = self._finding(rule, tested, seen, expected)

    def _finding(self, rule: str, tested: TestedRequest, seen: str, expected: str) -> Finding:
        parts = urlsplit(str(tested.response.request.url))
        path = parts.path.removeprefix(self.target.venue.prefix) + (f"?{parts.query}" if parts.query else "")
        answer = tested.response.content[:CHARS_SHOWN_MAX].decode("utf-8", "replace")
        operation = tested.case.operation
        place = self.target.location(pointer("paths", operation.path, operation.method))
        return Finding(
            rule,
            f"{tested.case.method} {_shortened(path)} -> {tested.response.status_code}",
            f"{_shortened(seen)}; answered {answer or 'nothing'}",
            expected,
            place,
            reproduction(self.target, tested, path),
        )


def _is_too_long(tested: TestedRequest) -> bool:
    """Return whether a front refused the length of a URL, which says nothing about the request."""
    return tested.response.status_code == TOO_LONG and len(str(tested.response.request.url)) > URL_CHARS_GRANTED


def _is_wrong_in_query_alone(case: AnyCase) -> bool:
    components = case.meta.components if case.meta is not None else {}
    return {place for place, one in components.items() if one.mode.is_negative} == {ParameterLocation.QUERY}


def _sent(tested: TestedRequest, case_id: str) -> tuple[str, str, Mapping[str, Any], str, bytes]:
    """Return path and method of the document, names in the path, query and body of a request as it was sent."""
    case, request = tested.case, tested.recorder.interactions[case_id].request
    return case.path, case.method, case.path_parameters or {}, urlsplit(request.uri).query, request.body or b""


def reproduction(target: Target, tested: TestedRequest, path: str) -> str:
    """Return a shell command that sends the request again.

    It has no secrets: a signed request names only its key's id.
    """
    request, method = tested.response.request, tested.case.method
    used = set(request.headers.values())
    role = next((role for role, signer in target.keys.items() if signer.key_id in used), None)
    body = _text(request.body)
    if role is not None and not body:
        return call_of(target.keys[role].key_id, method, path)
    sent = f" -d {shlex.quote(body[:CHARS_SHOWN_MAX])}" if body else ""
    return f"curl -i -X {method} {shlex.quote(target.base_url + path)}{_headers(tested.case, target)}{sent}"


def call_of(key_id: str, method: str, path: str, params: str = "") -> str:
    """Return the shell command that signs and sends a request with a key of a mock."""
    return (
        f"mockexchange call {key_id} {method} {shlex.quote(path)}{f' --params {shlex.quote(params)}' if params else ''}"
    )


def _headers(case: AnyCase, target: Target) -> str:
    """Return the generated headers without the signature's headers, as arguments of curl."""
    signing = {name.lower() for signer in target.keys.values() for name in signer.headers("GET", target.base_url)}
    shown: Mapping[str, str] = {
        name: value for name, value in (case.headers or {}).items() if name.lower() not in signing
    }
    return "".join(f" -H {shlex.quote(f'{name}: {value}')}" for name, value in shown.items())


def _text(body: Any) -> str:
    return body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")


def _shortened(description: str) -> str:
    text = " ".join(description.split())
    return text if len(text) <= CHARS_SHOWN_MAX else f"{text[:CHARS_SHOWN_MAX]}..."


# The verdicts


ANSWERED, PHASE, COMPLETED = "exploring.answered", "exploring.phases", "exploring.completed"
EVERYTHING = "every operation"
DESCRIPTIONS = {f"schemathesis.{name}": kind.description for name, kind in CHECKS.items()} | {
    AS_SENT: "what was sent is refused if the document forbids it and accepted if it does not",
    ANSWERED: "each operation answers 2xx at least once",
    PHASE: "each phase sends requests",
    COMPLETED: "schemathesis generated all requests without an error",
}


def verdicts(
    outcome: RunOutcome, tested: Sequence[ApiOperation], *, is_brief: bool, must_answer: bool
) -> Iterator[Verdict]:
    """Yield the verdicts of a run about checks, operations, phases and errors."""
    yield from _checks(outcome)
    yield from _not_applied(outcome)
    for one in tested:
        yield _answered(outcome, one, must_answer)
    for phase in PHASES:
        if not (is_brief and phase == "coverage"):
            why = "" if outcome.phases[phase] else f"the phase {phase} sent nothing"
            yield Verdict(PHASE, phase, (), why, (), DESCRIPTIONS[PHASE], outcome.seconds.get(phase, 0.0))
    for (label, _), text in outcome.errors.items():
        yield Verdict(COMPLETED, label, (), " ".join(text.split()), (), DESCRIPTIONS[COMPLETED])


def not_tested(one: ApiOperation, why: str) -> Verdict:
    """Return the verdict for an operation that could not be tested."""
    return Verdict(ANSWERED, one.label, (), why, (), DESCRIPTIONS[ANSWERED])


def _checks(outcome: RunOutcome) -> Iterator[Verdict]:
    found: dict[tuple[str, str], list[Finding]] = {}
    for (operation, rule, _), finding in outcome.findings.items():
        found.setdefault((operation, rule), []).append(finding)
    for operation, rule in sorted({*outcome.checks, *found}):
        yield Verdict(rule, operation, tuple(found.get((operation, rule), ())), "", (), DESCRIPTIONS.get(rule, ""))


def _not_applied(outcome: RunOutcome) -> Iterator[Verdict]:
    applied = {rule for _, rule in outcome.checks}
    for name, kind in CHECKS.items():
        rule = f"schemathesis.{name}"
        if rule not in applied:
            yield Verdict(rule, EVERYTHING, (), kind.why_not or "nothing was answered", (), kind.description)


def _answered(outcome: RunOutcome, one: ApiOperation, must_answer: bool) -> Verdict:
    statuses = {status: count for (label, status), count in outcome.requests.items() if label == one.label}
    if any(200 <= status < 300 for status in statuses):
        return Verdict(ANSWERED, one.label, description=DESCRIPTIONS[ANSWERED])
    seen = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items())) or "no request was sent"
    if not must_answer:
        return Verdict(ANSWERED, one.label, (), f"no answer was a 2xx: {seen}", (), DESCRIPTIONS[ANSWERED])
    place = outcome.target.location(pointer("paths", one.path, one.method))
    finding = Finding(ANSWERED, one.label, f"no answer was a 2xx: {seen}", "an answer of 2xx", place)
    return Verdict(ANSWERED, one.label, (finding,), "", (), DESCRIPTIONS[ANSWERED])
