"""Runs schemathesis against a server. Runs are seeded: two runs send the same requests."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from schemathesis import AuthContext, AuthProvider, openapi
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.engine.core import EventStream
from schemathesis.schemas import BaseSchema

from mockexchange.kit.findings import Verdict
from mockexchange.kit.schemathesis.checks import AnyCase
from mockexchange.kit.schemathesis.hints import ApiOperation, SchemathesisHints, may_be_missing, operations_to_test
from mockexchange.kit.schemathesis.outcome import RunOutcome, not_tested, verdicts
from mockexchange.kit.schemathesis.relay import Relay, calling_directly
from mockexchange.kit.schemathesis.settings import settings
from mockexchange.kit.target import ROLES, Target, Unreachable
from mockexchange.kit.validation.requests import RequestJudge
from mockexchange.kit.venue import Signer

Sign = Callable[[], Mapping[str, str]]


def signing_provider(
    signer_of: Callable[[AnyCase], Signer | None], on_signed: Callable[[Mapping[str, str], Sign], None]
) -> type[AuthProvider[str]]:
    """Return an auth provider class, which signs each request with the key that `signer_of` returns, if any.

    `on_signed` is called with the signed headers and a function that signs again, since a request may be sent long
    after it was generated and signed. schemathesis does not sign requests from which it omits a credential on purpose.
    """

    class Signing:
        def get(self, case: AnyCase, context: AuthContext) -> str:
            # `set` is called only if this is true; it signs the path as it is sent, with the prefix.
            return "signed when the rest is known"

        def set(self, case: AnyCase, data: str, context: AuthContext) -> None:
            signer = signer_of(case)
            if signer is not None:
                sign = partial(signer.headers, case.method, case.as_transport_kwargs()["url"])
                signed = sign()
                case.headers.update(signed)
                on_signed(signed, sign)

    return Signing


SEED = 20251103
EXAMPLES = 8
"""The number of requests for an operation in each phase that has no natural end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """The settings of how many requests a run sends."""

    is_brief: bool = False
    """Whether the coverage phase, which tries boundary values, is left out."""
    examples: int = EXAMPLES
    seed: int = SEED
    findings_max: int | None = None
    """Number of findings after which the run ends."""


WHOLE = Effort()


def explore(
    target: Target,
    hints: SchemathesisHints,
    effort: Effort = WHOLE,
    on_progress: Callable[[str], None] = lambda text: None,
) -> Iterator[Verdict]:
    """Test every operation for which there is a key, and yield the verdicts at the end of the run.

    `on_progress` is called with the phase and operation. If the server may not be written to, only reads are sent.
    Raises Unreachable if the server stops answering, and KeyboardInterrupt; both after the verdicts on the requests
    until then.
    """
    outcome = run(target, hints, effort, on_progress)
    yield from conclude(target, hints, effort, outcome)
    if outcome.cut_short is not None:
        raise outcome.cut_short


def conclude(target: Target, hints: SchemathesisHints, effort: Effort, outcome: RunOutcome) -> Iterator[Verdict]:
    """Yield the verdicts of a run. If the run ended early, operations that never answered are not findings."""
    tested, untested = _testable(target, hints)
    is_whole = outcome.cut_short is None and len(outcome.findings) < (effort.findings_max or math.inf)
    yield from verdicts(outcome, tested, is_brief=effort.is_brief, must_answer=hints.must_answer and is_whole)
    yield from (not_tested(one, why) for one, why in untested)


def run(
    target: Target, hints: SchemathesisHints, effort: Effort, on_progress: Callable[[str], None] = lambda text: None
) -> RunOutcome:
    """Run all phases of schemathesis and return the results, also if the run ended early."""
    allowing, forbidding = RequestJudge(hints.document), RequestJudge(hints.refusing or target.document)
    outcome = RunOutcome(target, allowing, forbidding, may_be_missing(hints), hints.may_refuse, hints.may_accept)
    relay = Relay(target)
    with calling_directly(relay):
        _consume(from_schema(_schema(target, hints, effort, relay)).execute(), outcome, relay, effort, on_progress)
    return outcome


def _consume(
    stream: EventStream, outcome: RunOutcome, relay: Relay, effort: Effort, on_progress: Callable[[str], None]
) -> None:
    """Add the events of a run to its outcome, and stop it after enough findings."""
    for event in stream:
        if isinstance(event, events.ScenarioStarted):
            on_progress(f"{event.phase.value} {event.label or ''}".rstrip())
        if isinstance(event, events.Interrupted):
            outcome.cut_short = KeyboardInterrupt()
        outcome.add(event)
        if relay.failure:
            outcome.cut_short = Unreachable(relay.failure)
        if outcome.cut_short is not None or len(outcome.findings) >= (effort.findings_max or math.inf):
            stream.stop()


def _schema(target: Target, hints: SchemathesisHints, effort: Effort, relay: Relay) -> BaseSchema:
    tested = frozenset(one.id for one in _testable(target, hints)[0])
    config = SchemathesisConfig.from_dict(
        settings(
            hints,
            tested,
            is_brief=effort.is_brief,
            may_write=target.may_write,
            examples=effort.examples,
            seed=effort.seed,
        )
    )
    # The server URL has no origin, so every request goes through the relay, also the probes of schemathesis.
    document = {**hints.document, "servers": [{"url": urlsplit(target.base_url).path}]}
    schema = openapi.from_dict(document, config=config)
    schema.app = relay
    schema.auth.auth(refresh_interval=None)(
        signing_provider(lambda case: _signer(target, hints, case), relay.note_signing)
    )
    return schema


def _signer(target: Target, hints: SchemathesisHints, case: AnyCase) -> Signer | None:
    node, path = case.operation.definition.raw, case.operation.path
    role = hints.role_of(node, path, case.query or {})
    return None if role is None else target.keys.get(role) or target.keys[target.venue.role_of(node, path) or role]


def _testable(target: Target, hints: SchemathesisHints) -> tuple[list[ApiOperation], list[tuple[ApiOperation, str]]]:
    """Return the operations that can be tested, and each other operation with the reason."""
    tested, untested = [], []
    for one in operations_to_test(hints, target.may_write):
        role = target.venue.role_of(one.node, one.path)
        if one.id in hints.left_out:
            untested.append((one, hints.left_out[one.id]))
        elif role is not None and role not in target.keys:
            untested.append((one, f"it needs {ROLES.get(role, 'a key')}: none was given for the role {role!r}"))
        else:
            tested.append(one)
    return tested, untested
