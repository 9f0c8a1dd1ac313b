"""Defines the results of a verification: findings, verdicts, and the report with its summary by rule and its tables."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    KEPT = "kept"
    BROKEN = "broken"
    NOT_JUDGED = "not judged"


EXIT_KEPT, EXIT_BROKEN, EXIT_NOT_JUDGED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation of a rule: what the kit saw, and what it expected instead.

    `rule` is the id of the rule ("pages.partition"), `where` the request or frame ("GET /portfolio/fills?limit=2"),
    `place` the source of the rule: a document with a pointer, or a page below docs/. `reproduction` is a command for a
    shell that shows the violation again.
    """

    rule: str
    where: str
    seen: str
    expected: str
    place: str
    reproduction: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of one rule on one subject: an operation, a channel or a test card.

    `why` is the reason if the rule could not be checked. `notes` are findings that do not break the rule.
    """

    rule: str
    subject: str
    findings: tuple[Finding, ...] = ()
    why: str = ""
    notes: tuple[Finding, ...] = ()
    description: str = ""
    """The rule in one sentence."""
    seconds: float = 0.0

    @property
    def outcome(self) -> Outcome:
        if self.findings:
            return Outcome.BROKEN
        return Outcome.NOT_JUDGED if self.why else Outcome.KEPT


@dataclass(slots=True)
class Report:
    """All verdicts of one run. `title` names what was verified.

    An example of a title is "http://127.0.0.1:8600/trade-api/v2 as of 2026-10".
    """

    title: str
    verdicts: list[Verdict] = field(default_factory=list)
    cut_short: str = ""
    """Why the run ended early; "" if it did not."""

    def add(self, verdicts: Iterable[Verdict]) -> None:
        self.verdicts.extend(verdicts)

    @property
    def findings(self) -> list[Finding]:
        return [finding for verdict in self.verdicts for finding in verdict.findings]

    @property
    def notes(self) -> list[Finding]:
        return [note for verdict in self.verdicts for note in verdict.notes]

    def counts(self) -> Counter[Outcome]:
        return Counter(verdict.outcome for verdict in self.verdicts)

    @property
    def exit_code(self) -> int:
        """Return the exit code of the run: 1 if a rule is broken, 2 if it was cut short or checked nothing, else 0."""
        if self.cut_short:
            return EXIT_NOT_JUDGED
        counts = self.counts()
        if counts[Outcome.BROKEN]:
            return EXIT_BROKEN
        return EXIT_KEPT if counts[Outcome.KEPT] else EXIT_NOT_JUDGED


# What reports show besides: a summary by rule, and tables


@dataclass(slots=True)
class RuleSummary:
    """All verdicts of one rule, in the order in which they were given."""

    rule: str
    description: str = ""
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Return the time in seconds that the rule took; 0.0 if unknown, since several checks shared their requests."""
        return sum(verdict.seconds for verdict in self.verdicts)

    def count(self, outcome: Outcome) -> int:
        return sum(verdict.outcome is outcome for verdict in self.verdicts)

    @property
    def outcome(self) -> Outcome:
        """Return broken if any subject is broken, not judged if no subject could be checked, else kept."""
        if self.count(Outcome.BROKEN):
            return Outcome.BROKEN
        return Outcome.KEPT if self.count(Outcome.KEPT) else Outcome.NOT_JUDGED

    def reasons(self) -> dict[str, list[str]]:
        """Return the subjects without a verdict, grouped by the reason."""
        found: dict[str, list[str]] = {}
        for verdict in self.verdicts:
            if verdict.outcome is Outcome.NOT_JUDGED:
                found.setdefault(verdict.why, []).append(verdict.subject)
        return found


def by_rule(report: Report) -> list[RuleSummary]:
    """Return a summary for each rule, in the order of the rules' first verdicts."""
    found: dict[str, RuleSummary] = {}
    for verdict in report.verdicts:
        summary = found.setdefault(verdict.rule, RuleSummary(verdict.rule))
        summary.description = summary.description or verdict.description
        summary.verdicts.append(verdict)
    return list(found.values())


class Table(NamedTuple):
    """A table of text cells; each row is as long as `header`."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
