"""Defines the results of a verification: findings, verdicts and the report."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


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
