"""Verdicts of checks: which findings count, and the reason if a subject cannot be judged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mockexchange.kit.checks import ATTEMPTS_MAX, Check, run_check, run_checks
from mockexchange.kit.findings import Finding, Outcome, Verdict
from mockexchange.kit.target import NotAnswered, NotJudged, Unreachable
from tests.helpers.rows import each_row

WRONG = Finding("rule", "GET /x", "seen", "expected", "place")
OBJECTION = Finding("answers.documented", "GET /x", "seen", "expected", "place")


@dataclass
class Judged:
    """`moves` has for each attempt whether the data has changed meanwhile."""

    may_write: bool = True
    moves: list[bool] = field(default_factory=list)
    objections: list[Finding] = field(default_factory=list)
    begun: int = 0

    def begin(self) -> None:
        self.begun += 1

    def has_changed(self) -> bool:
        return self.moves.pop(0) if self.moves else False

    def new_objections(self) -> tuple[Finding, ...]:
        taken, self.objections = tuple(self.objections), []
        return taken


def check(*findings: Finding | Exception, needs_writes: bool = False) -> Check[Judged]:
    def judge(target: Judged, subject: str) -> Iterator[Finding]:
        for one in findings:
            if isinstance(one, Exception):
                raise one
            yield one

    return Check("rule", "It is so.", "place", lambda target: ["GetX"], judge, needs_writes)


def verdict(target: Judged, *findings: Finding | Exception, needs_writes: bool = False) -> Verdict:
    (only,) = run_check(check(*findings, needs_writes=needs_writes), target)
    return only


def test_a_rule_without_a_finding_is_kept() -> None:
    judged = verdict(Judged())
    assert (judged.rule, judged.subject, judged.description, judged.outcome) == (
        "rule",
        "GetX",
        "It is so.",
        Outcome.KEPT,
    )
    assert judged.seconds >= 0


def test_a_finding_breaks_it() -> None:
    assert verdict(Judged(), WRONG).findings == (WRONG,)


def test_objections_to_answers_break_it_too() -> None:
    assert verdict(Judged(objections=[OBJECTION])).findings == (OBJECTION,)


@each_row(
    ("error", "why"),
    [
        (NotJudged("the list is empty"), "the list is empty"),
        (Unreachable("GET /x: no answer"), "GET /x: no answer"),
        (KeyError("ticker"), "an answer could not be understood: KeyError: 'ticker'"),
        (TypeError("no number"), "an answer could not be understood: TypeError: no number"),
        (ZeroDivisionError("by zero"), "an answer could not be understood: ZeroDivisionError: by zero"),
    ],
    ids=["not judged", "unreachable", "key error", "type error", "arithmetic"],
)
def test_an_unjudged_subject_has_a_reason(error: Exception, why: str) -> None:
    judged = verdict(Judged(), error)
    assert (judged.outcome, judged.why) == (Outcome.NOT_JUDGED, why)


def test_what_was_found_before_counts_although_the_rest_cannot_be_judged() -> None:
    judged = verdict(Judged(), WRONG, NotJudged("no more rows"))
    assert (judged.outcome, judged.findings, judged.why) == (Outcome.BROKEN, (WRONG,), "no more rows")


def test_a_read_that_is_refused_is_a_finding() -> None:
    judged = verdict(Judged(), NotAnswered("GET /x", "500 oops"))
    assert judged.findings == (Finding("rule", "GET /x", "500 oops", "status 200", "place"),)


def test_what_was_found_while_the_state_moved_is_judged_again() -> None:
    target = Judged(moves=[True, False])
    assert verdict(target, WRONG).findings == (WRONG,)
    assert target.begun == 2


def test_where_the_state_moved_the_first_finding_is_enough() -> None:
    assert verdict(Judged(), WRONG, OBJECTION).findings == (WRONG, OBJECTION)
    assert verdict(Judged(moves=[True]), WRONG, OBJECTION).findings == (WRONG,)


def test_a_state_that_does_not_rest_is_not_judged() -> None:
    judged = verdict(Judged(moves=[True] * ATTEMPTS_MAX), WRONG)
    assert judged.outcome is Outcome.NOT_JUDGED
    assert judged.why == f"what it is judged by changed while it was judged, {ATTEMPTS_MAX} times"


@each_row(("may_write", "outcome"), [(True, Outcome.KEPT), (False, Outcome.NOT_JUDGED)])
def test_a_read_only_run_sends_reads_only(may_write: bool, outcome: Outcome) -> None:
    assert verdict(Judged(may_write=may_write), needs_writes=True).outcome is outcome


def test_checks_are_run_one_after_the_other() -> None:
    checks: Sequence[Check[Judged]] = (check(), check(WRONG))
    assert [one.outcome for one in run_checks(checks, Judged())] == [Outcome.KEPT, Outcome.BROKEN]
