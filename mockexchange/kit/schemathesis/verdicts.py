"""Makes verdicts of the results of a schemathesis run.

Operations without a 2xx answer have none, and neither have checks and phases that never applied.
"""

from collections.abc import Iterator, Sequence

from mockexchange.kit.findings import Finding, Verdict
from mockexchange.kit.schemathesis.checks import CHECKS
from mockexchange.kit.schemathesis.hints import ApiOperation
from mockexchange.kit.schemathesis.outcome import AS_SENT, RunOutcome
from mockexchange.kit.schemathesis.settings import PHASES
from mockexchange.kit.validation.references import pointer

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
