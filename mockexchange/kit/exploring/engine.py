"""Runs schemathesis over a contract document and says what that proved.

A run proves nothing about an operation that never answered 2xx, nor by a check or a phase that never ran: those are
problems like every failed check. Runs are seeded, so that two of them send the same requests.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from schemathesis import AuthProvider, Response, openapi
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import CheckNode, ScenarioRecorder
from schemathesis.schemas import BaseSchema
from starlette.types import ASGIApp

from mockexchange.documents import Document
from mockexchange.kit.judging.requests import Judge

SEED = 20251103
BODY_CHARS_SHOWN_MAX = 400
BLAMES = (400, 404)
"""The statuses that blame what was asked. A 401 blames who asked, and a 404 may blame a path's variable."""

METHODS = ("get", "put", "post", "delete", "patch")
PHASES = ("examples", "coverage", "fuzzing")
BRIEF_PHASES = ("examples", "fuzzing")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
"""Every check that can apply. The others follow links between operations or compare identities."""

Settings = dict[str, Any]


def operation_ids(document: Document) -> dict[str, bool]:
    """Return each operation's id, and whether it is ever carried out: a write that is always refused proves nothing."""
    items = [item[name] for item in document["paths"].values() for name in METHODS if name in item]
    return {operation["operationId"]: not operation.get("x-never-carried-out", False) for operation in items}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a generator cannot know from the document.

    `values`: parameters ("query.ticker") with values to draw half of the time. `checks`: settings of checks that are
    other for an operation, by its id. `operations`: the ids of those to run, all if there are none. `is_brief`: every
    operation is asked, but not at every boundary, and not every check has to run.
    """

    values: Mapping[str, Sequence[str | int]] = field(default_factory=dict)
    checks: Mapping[str, Settings] = field(default_factory=dict)
    operations: Sequence[str] = ()
    is_brief: bool = False


def load_schema(
    document: Document,
    base_url: str,
    app: ASGIApp | None,
    provider: type[AuthProvider[str]],
    told: Told,
    examples: int,
) -> BaseSchema:
    """Prepare a run against `app`, in process, or against what listens at `base_url` if there is none."""
    config = SchemathesisConfig.from_dict(_settings(document, base_url, told, examples))
    schema = openapi.from_dict(document, config=config)
    schema.app = app
    schema.auth.auth(refresh_interval=None)(provider)
    return schema


def _settings(document: Document, base_url: str, told: Told, examples: int) -> Settings:
    alone = {"extra-data-sources": {"responses": False}}  # else requests depend on the answers before them
    return {
        "seed": SEED,
        "base-url": base_url,
        "cache": {"enabled": False},
        "dictionaries": {name: {"values": list(values)} for name, values in told.values.items()},
        "parameters": {name: {"dictionary": name, "probability": 0.5} for name in told.values},
        "generation": {"mode": "all", "max-examples": examples, "deterministic": True, "database": "none"},
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx"]},
            "negative_data_rejection": {"expected-statuses": ["400", "401", "404"]},
            "missing_required_header": {"expected-statuses": ["401"]},
        },
        "operations": [
            _operation(name, carried_out, told) for name, carried_out in sorted(operation_ids(document).items())
        ],
        "phases": {
            "stateful": {"enabled": False},
            "examples": {"fill-missing": True, **alone},
            "coverage": {"enabled": not told.is_brief, "generate-duplicate-query-parameters": True, **alone},
            "fuzzing": alone,
        },
    }


def _operation(name: str, is_carried_out: bool, told: Told) -> Settings:
    is_asked = is_carried_out and (not told.operations or name in told.operations)
    return {"include-operation-id": name, "enabled": is_asked, "checks": told.checks.get(name, {})}


@dataclass(slots=True)
class Outcome:
    """What happened in a run: requests by (operation, status), by phase, checks by name, and each failure once."""

    operations: set[str]
    """Those that have to be proved: "GET /portfolio/positions"."""
    allowing: Judge
    forbidding: Judge
    """By the document that was told more, and by the published one where that forbids less."""
    is_brief: bool = False
    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    failures: dict[tuple[str, ...], str] = field(default_factory=dict)
    accepted: list[tuple[str, bytes]] = field(default_factory=list)
    """(operation, body) of each answer that was a 2xx."""

    def problems(self) -> list[str]:
        """Return a line for each thing that went wrong or was not proved."""
        accepted = {operation for operation, status in self.requests if 200 <= status < 300}
        phases, checks = (BRIEF_PHASES, ()) if self.is_brief else (PHASES, CHECKS)
        return [
            *self.failures.values(),
            *(f"{operation}: no answer was a 2xx" for operation in sorted(self.operations - accepted)),
            *(f"no request was sent by the phase {phase}" for phase in phases if not self.phases[phase]),
            *(f"the check {name} never ran" for name in checks if not self.checks[name]),
        ]

    def take(self, event: events.EngineEvent) -> None:
        match event:
            case events.ScenarioFinished(recorder=recorder, phase=phase):
                self._take_scenario(recorder, phase.value)
            case events.NonFatalError(label=label, info=info):
                self.failures[label, str(info)] = f"{label}: {info}"
            case events.FatalError(exception=exception):
                self.failures[str(exception),] = f"schemathesis failed: {exception!r}"

    def _take_scenario(self, recorder: ScenarioRecorder, phase: str) -> None:
        for case_id, interaction in recorder.interactions.items():
            self.phases[phase] += 1
            if interaction.response is not None:
                self._take_answer(recorder.label, interaction.response)
                self._judge(recorder, case_id, interaction.response.status_code)
        for case_id, check in _checks_of(recorder):
            self.checks[check.name] += 1
            if check.failure_info is not None:
                failure = check.failure_info.failure
                words = f"{recorder.label} [{phase}] {check.name}: {failure}\n{_sent(recorder, case_id)}"
                self.failures.setdefault((recorder.label, check.name, failure.title), words)

    def _take_answer(self, operation: str, response: Response) -> None:
        self.requests[operation, response.status_code] += 1
        if response.status_code < 300:
            self.accepted.append((operation, response.content))

    def _judge(self, recorder: ScenarioRecorder, case_id: str, status: int) -> None:
        """Hold the answer against what the document says of the request as it was sent."""
        case, request = recorder.cases[case_id].value, recorder.interactions[case_id].request
        is_blamed = status in BLAMES and not (status == 404 and "{" in case.path)
        if request.method != case.operation.method.upper() or not (status < 300 or is_blamed):
            return
        sent = (case.path, case.method, case.path_parameters or {}, urlsplit(request.uri).query, request.body or b"")
        objection = self.forbidding.objection_to(*sent)
        if objection == "" and self.allowing.objection_to(*sent) != "":
            return
        if objection is not None and (status < 300) == bool(objection):
            words = f"accepted although {objection}" if objection else "refused although the document allows it"
            words = f"{recorder.label} as sent: {words}\n{_sent(recorder, case_id)}"
            self.failures.setdefault((recorder.label, "as sent", objection), words)


def _checks_of(recorder: ScenarioRecorder) -> Iterator[tuple[str, CheckNode]]:
    return ((case_id, check) for case_id, checks in recorder.checks.items() for check in checks)


def _sent(recorder: ScenarioRecorder, case_id: str) -> str:
    """The request that failed, and the answer."""
    interaction = recorder.interactions[case_id]
    asked = (interaction.request.body or b"")[:BODY_CHARS_SHOWN_MAX].decode("utf-8", "replace")
    sent = f"{interaction.request.method} {interaction.request.uri} {asked}".rstrip()
    if interaction.response is None:
        return f"{sent} -> no answer"
    body = interaction.response.content[:BODY_CHARS_SHOWN_MAX].decode("utf-8", "replace")
    return f"{sent} -> {interaction.response.status_code} {body}"


def run(schema: BaseSchema, published: Document | None = None) -> Outcome:
    """Run all phases over the operations of a schema.

    `published` is the document before anything was told, where what was told is less than the whole truth: what only
    the told one forbids may then be accepted.
    """
    operations = {found.ok().label for found in schema.get_all_operations() if isinstance(found, Ok)}
    is_brief = not schema.config.phases.coverage.enabled
    outcome = Outcome(operations, Judge(schema.raw_schema), Judge(published or schema.raw_schema), is_brief)
    for event in from_schema(schema).execute():
        outcome.take(event)
    return outcome
