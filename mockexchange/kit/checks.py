"""Checks: rules that schemas cannot say, each judged on one subject after the other."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from mockexchange.kit.findings import Finding, Verdict
from mockexchange.kit.target import Target, Unreachable


class NotJudged(Exception):
    """What a rule needs is not there; the message says what, such as "no row to look at"."""


class Check(NamedTuple):
    """A rule: `subjects` names what it is judged on (operation ids, channels), `judge` yields what is wrong with one.

    `judge` raises NotJudged where the target has nothing to judge by. `place` is where the rule is documented.
    `needs_writes`: it sends what a read-only run must not.
    """

    rule: str
    says: str
    place: str
    subjects: Callable[[Target], Iterable[str]]
    judge: Callable[[Target, str], Iterable[Finding]]
    needs_writes: bool = False


def run_check(check: Check, target: Target) -> Iterator[Verdict]:
    """Judge a rule on each of its subjects. An answer that is not as documented is a finding of whoever asked."""
    for subject in check.subjects(target):
        began_s = time.perf_counter()
        target.objections.clear()
        try:
            _require_writes(check, target)
            findings = (*check.judge(target, subject), *target.objections)
            why = ""
        except NotJudged as reason:
            findings, why = tuple(target.objections), str(reason)
        except Unreachable as reason:
            findings, why = (), str(reason)
        yield Verdict(check.rule, subject, findings, why, (), check.says, time.perf_counter() - began_s)


def _require_writes(check: Check, target: Target) -> None:
    if check.needs_writes and not target.may_write:
        raise NotJudged("it sends other methods than GET, and this run is read-only")


def run_checks(checks: Iterable[Check], target: Target) -> Iterator[Verdict]:
    for check in checks:
        yield from run_check(check, target)
