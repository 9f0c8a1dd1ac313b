"""Checks: rules that schemas cannot say, each judged on one subject after the other."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, NamedTuple, Protocol, TypeVar

from mockexchange.kit.findings import Finding, Verdict
from mockexchange.kit.target import NotAnswered, NotJudged, Unreachable

__all__ = ["Check", "NotJudged", "run_check", "run_checks"]

ATTEMPTS_MAX = 2
"""At an account that trades: what was read may have changed before it was compared."""
NOT_UNDERSTOOD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a rule raises at an answer of another form than the documented one."""


class Judged(Protocol):
    """A server that is looked at, over REST or over its stream."""

    @property
    def may_write(self) -> bool: ...

    def begin(self) -> None:
        """Forget what was found, for the next subject."""
        ...

    def has_changed(self) -> bool:
        """Whether what was looked at is another by now."""
        ...

    def new_objections(self) -> tuple[Finding, ...]:
        """Take what documents have against the answers, each once."""
        ...


T = TypeVar("T", bound=Judged)


class Check(NamedTuple, Generic[T]):
    """A rule: `subjects` names what it is judged on (operation ids, channels), `judge` yields what is wrong with one.

    Subjects come from documents alone, so that nothing is asked for them; none where the date does not have the rule.
    `judge` raises NotJudged where the target has nothing to judge by. `place` is where the rule is documented.
    `needs_writes`: it sends what a read-only run must not.
    """

    rule: str
    says: str
    place: str
    subjects: Callable[[T], Iterable[str]]
    judge: Callable[[T, str], Iterable[Finding]]
    needs_writes: bool = False


def run_check(check: Check[T], target: T) -> Iterator[Verdict]:
    """Judge a rule on each of its subjects. An answer that is not as documented is a finding of whoever asked first.

    What is found counts only while what it was found by stays the same, since an account may trade meanwhile.
    """
    for subject in check.subjects(target):
        began_s = time.perf_counter()
        findings, why = _judged(check, target, subject)
        yield Verdict(check.rule, subject, findings, why, (), check.says, time.perf_counter() - began_s)


def _judged(check: Check[T], target: T, subject: str) -> tuple[tuple[Finding, ...], str]:
    """What was found, and why it is not all; objections to answers count whatever came of the rest."""
    for _ in range(ATTEMPTS_MAX):
        target.begin()
        findings: list[Finding] = []
        why = _collect(check, target, subject, findings)
        if not findings or not target.has_changed():
            return (*findings, *target.new_objections()), why
    return target.new_objections(), f"what it is judged by changed while it was judged, {ATTEMPTS_MAX} times"


def _collect(check: Check[T], target: T, subject: str, findings: list[Finding]) -> str:
    """Fill `findings`; return why the rule was not judged to its end."""
    try:
        _require_writes(check, target)
        findings.extend(check.judge(target, subject))
    except NotAnswered as reason:
        findings.append(Finding(check.rule, reason.where, reason.seen, "status 200", check.place))
    except (NotJudged, Unreachable) as reason:
        return str(reason)
    except NOT_UNDERSTOOD as error:
        return f"an answer could not be understood: {type(error).__name__}: {error}"
    return ""


def _require_writes(check: Check[T], target: T) -> None:
    if check.needs_writes and not target.may_write:
        raise NotJudged("it sends other methods than GET, and this run is read-only")


def run_checks(checks: Iterable[Check[T]], target: T) -> Iterator[Verdict]:
    for check in checks:
        yield from run_check(check, target)
