"""Defines checks of a server beyond the schemas of its API documents, and runs them."""

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Generic, NamedTuple, Protocol, TypeVar

from mockexchange.kit.findings import Finding, Verdict
from mockexchange.kit.target import NotAnswered, NotJudged, Unreachable

__all__ = ["Check", "NotJudged", "run_check", "run_checks"]

ATTEMPTS_MAX = 4
"""The most attempts to check a subject, since data may change between two reads while an account trades."""
NOT_UNDERSTOOD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""Errors of a rule whose code reads an answer of an undocumented form."""


class JudgedServer(Protocol):
    """A server under verification, whose answers or stream frames are compared with its API documents."""

    @property
    def may_write(self) -> bool: ...

    def begin(self) -> None:
        """Begin to record which reads the check of the next subject (an operation or a channel) uses."""
        ...

    def has_changed(self) -> bool:
        """Return whether anything that was read since `begin` has changed at the server."""
        ...

    def new_objections(self) -> tuple[Finding, ...]:
        """Return the violations of schemas since the last call, and clear them."""
        ...


T = TypeVar("T", bound=JudgedServer)


class Check(NamedTuple, Generic[T]):
    """A rule that a server has to keep, and the functions that check it.

    `subjects` returns the operations or channels on which the rule is checked, taken from the documents alone; none if
    the rule does not apply to the API date. `judge` yields the findings of one subject, and raises NotJudged if the
    server has no data to check it with. `place` is the documentation of the rule. A check that `needs_writes` sends
    requests that a read-only run must not send.
    """

    rule: str
    description: str
    place: str
    subjects: Callable[[T], Iterable[str]]
    judge: Callable[[T, str], Iterable[Finding]]
    needs_writes: bool = False
    holds_while_moving: bool = False
    """Whether findings count even if the data changed meanwhile, since the rule is about changing data."""


def run_check(check: Check[T], target: T) -> Iterator[Verdict]:
    """Check a rule on each of its subjects (operations or channels), and yield a verdict for each.

    An answer that violates its schema is a finding of the first rule that reads it. Other findings count only if the
    data they are based on is still the same after the check, since an account may trade meanwhile.
    """
    for subject in check.subjects(target):
        began_s = time.perf_counter()
        findings, why = _judged(check, target, subject)
        yield Verdict(check.rule, subject, findings, why, (), check.description, time.perf_counter() - began_s)


def _judged(check: Check[T], target: T, subject: str) -> tuple[tuple[Finding, ...], str]:
    """Return findings, and why the subject was not judged to its end; schema violations always count.

    Where the data moves, only the first finding is looked for: the less is read, the more likely it is to rest.
    """
    for attempt in range(ATTEMPTS_MAX):
        target.begin()
        findings: list[Finding] = []
        why = _collect(check, target, subject, findings, None if attempt == 0 else 1)
        if not findings or check.holds_while_moving or not target.has_changed():
            return (*findings, *target.new_objections()), why
    return target.new_objections(), f"what it is judged by changed while it was judged, {ATTEMPTS_MAX} times"


def _collect(check: Check[T], target: T, subject: str, findings: list[Finding], findings_max: int | None) -> str:
    """Append to `findings`; return why the rule was not judged to its end, "" if it was."""
    try:
        _require_writes(check, target)
        findings.extend(islice(check.judge(target, subject), findings_max))
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
