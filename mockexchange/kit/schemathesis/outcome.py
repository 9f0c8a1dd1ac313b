"""What happened in a run: how often what was asked, what was accepted, which checks applied, and each finding once."""

import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from schemathesis.engine import events
from schemathesis.engine.recorder import ScenarioRecorder

from mockexchange.kit.findings import Finding
from mockexchange.kit.schemathesis.auth_providers import AnyCase
from mockexchange.kit.schemathesis.checks import KINDS, Seen
from mockexchange.kit.schemathesis.transport import BROKEN_OFF
from mockexchange.kit.target import Target
from mockexchange.kit.validation.references import pointer
from mockexchange.kit.validation.requests import Judge

AS_SENT = "requests.as_sent"
CHARS_SHOWN_MAX = 400
BLAMES = (400, 404)
"""The statuses that blame what was asked. A 401 blames who asked, and a 404 may blame a path's variable."""


@dataclass(slots=True)
class Outcome:
    """`allowing` judges requests by the document that was told more, `forbidding` by the one that forbids less.

    Operations are named as in "GET /portfolio/positions".
    """

    target: Target
    allowing: Judge
    forbidding: Judge
    may_be_missing: frozenset[str] = frozenset()
    """The ids of operations whose 404 blames nothing."""
    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    checks: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often a check applied, by (operation, rule)."""
    findings: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    """By (operation, rule, kind)."""
    errors: dict[tuple[str, str], str] = field(default_factory=dict)
    """What schemathesis itself could not do, by (operation or phase, kind)."""
    accepted: list[tuple[str, bytes]] = field(default_factory=list)
    """(operation, body) of each answer that was a 2xx."""
    links: Counter[str] = field(default_factory=Counter)
    """How often a link was followed, as schemathesis names them."""
    cut_short: BaseException | None = None
    """Why the run ended before its end."""

    def take(self, event: events.EngineEvent) -> None:
        """Take in what schemathesis tells."""
        match event:
            case events.ScenarioFinished(recorder=recorder, phase=phase):
                self._take_scenario(recorder, phase.value)
            case events.NonFatalError(label=label, info=info):
                self.errors[label, info.title] = str(info)
            case events.FatalError(exception=exception):
                self.errors["schemathesis", type(exception).__name__] = repr(exception)

    def _take_scenario(self, recorder: ScenarioRecorder, phase: str) -> None:
        for case_id, interaction in recorder.interactions.items():
            self.phases[phase] += 1
            if interaction.response is None or interaction.response.status_code == BROKEN_OFF:
                continue
            node = recorder.cases[case_id]
            if node.transition is not None and node.is_transition_applied:
                self.links[node.transition.id] += 1
            seen = Seen(node.value, interaction.response, recorder)
            self._take_answer(seen)
            self._take_checks(seen, case_id)
            self._judge(seen, case_id)

    def _take_answer(self, seen: Seen) -> None:
        operation, status = seen.case.operation.label, seen.response.status_code
        self.requests[operation, status] += 1
        if 200 <= status < 300:
            self.accepted.append((operation, seen.response.content))

    def _take_checks(self, seen: Seen, case_id: str) -> None:
        operation = seen.case.operation.label
        for check in seen.recorder.checks.get(case_id, []):
            kind, rule = KINDS.get(check.name), f"schemathesis.{check.name}"
            if check.failure_info is not None:
                failure = check.failure_info.failure
                failed = self._about(seen, failure.case_id or case_id)
                expected = kind.expected if kind else "what the check wants"
                self._find(rule, failure.title, failed, str(failure), expected)
            if check.failure_info is not None or (kind is not None and kind.applies(seen)):
                self.checks[operation, rule] += 1

    def _about(self, seen: Seen, case_id: str) -> Seen:
        """The request that a check sent by itself and that failed, if it is another one."""
        interaction = seen.recorder.interactions.get(case_id)
        if interaction is None or interaction.response is None:
            return seen
        return Seen(seen.recorder.cases[case_id].value, interaction.response, seen.recorder)

    def _judge(self, seen: Seen, case_id: str) -> None:
        """Hold the answer against what the document says of the request as it was sent."""
        case, status = seen.case, seen.response.status_code
        request = seen.recorder.interactions[case_id].request
        is_open = "{" in case.path or case.operation.definition.raw["operationId"] in self.may_be_missing
        is_blamed = status in BLAMES and not (status == 404 and is_open)
        if request.method != case.operation.method.upper() or not (status < 300 or is_blamed):
            return
        self.checks[case.operation.label, AS_SENT] += 1
        sent = (case.path, case.method, case.path_parameters or {}, urlsplit(request.uri).query, request.body or b"")
        objection = self.forbidding.objection_to(*sent)
        if objection == "" and self.allowing.objection_to(*sent) != "":
            return
        if objection is not None and (status < 300) == bool(objection):
            words = f"accepted although {objection}" if objection else "refused although the document allows it"
            expected = "a request that is refused" if objection else "a request that is accepted"
            self._find(AS_SENT, objection, seen, words, expected)

    def _find(self, rule: str, kind: str, seen: Seen, words: str, expected: str) -> None:
        key = (seen.case.operation.label, rule, kind)
        if key not in self.findings:
            self.findings[key] = self._finding(rule, seen, words, expected)

    def _finding(self, rule: str, seen: Seen, words: str, expected: str) -> Finding:
        parts = urlsplit(str(seen.response.request.url))
        path = parts.path.removeprefix(self.target.venue.prefix) + (f"?{parts.query}" if parts.query else "")
        answer = seen.response.content[:CHARS_SHOWN_MAX].decode("utf-8", "replace")
        operation = seen.case.operation
        place = self.target.place(pointer("paths", operation.path, operation.method))
        return Finding(
            rule,
            f"{seen.case.method} {path} -> {seen.response.status_code}",
            f"{_shortened(words)}; answered {answer or 'nothing'}",
            expected,
            place,
            reproduction(self.target, seen, path),
        )


def reproduction(target: Target, seen: Seen, path: str) -> str:
    """Return a command that sends the request again, without secrets: signed ones by the id of the key."""
    request, method = seen.response.request, seen.case.method
    used = set(request.headers.values())
    role = next((role for role, signer in target.keys.items() if signer.key_id in used), None)
    body = _text(request.body)
    if role is not None and not body:
        key_id = target.keys[role].key_id
        return f"mockexchange call {role.upper()} {method} {shlex.quote(path)}  # by the key {key_id}"
    sent = f" -d {shlex.quote(body[:CHARS_SHOWN_MAX])}" if body else ""
    return f"curl -i -X {method} {shlex.quote(target.base_url + path)}{_headers(seen.case, target)}{sent}"


def _headers(case: AnyCase, target: Target) -> str:
    """The headers that were made up, without those that sign."""
    signing = {name.lower() for signer in target.keys.values() for name in signer.headers("GET", target.base_url)}
    shown: Mapping[str, str] = {
        name: value for name, value in (case.headers or {}).items() if name.lower() not in signing
    }
    return "".join(f" -H {shlex.quote(f'{name}: {value}')}" for name, value in shown.items())


def _text(body: Any) -> str:
    return body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")


def _shortened(words: str) -> str:
    text = " ".join(words.split())
    return text if len(text) <= CHARS_SHOWN_MAX else f"{text[:CHARS_SHOWN_MAX]}..."
