"""What was judged and what came of it: findings, verdicts, and the report that they make together."""

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
    """One thing that is not as documented, in words that tell what to change.

    `rule` is the id of the rule ("pages.partition"), `where` what was asked or told ("GET /portfolio/fills?limit=2"),
    `place` where the rule stands: a document and a pointer into it, or a page below docs/. `reproduction` can be
    pasted.
    """

    rule: str
    where: str
    seen: str
    expected: str
    place: str
    reproduction: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule judged on one subject: an operation, a channel, a card.

    `why` says why it was not judged. `notes` are worth knowing and break nothing.
    """

    rule: str
    subject: str
    findings: tuple[Finding, ...] = ()
    why: str = ""
    notes: tuple[Finding, ...] = ()
    says: str = ""
    """The rule in one sentence."""
    seconds: float = 0.0

    @property
    def outcome(self) -> Outcome:
        if self.findings:
            return Outcome.BROKEN
        return Outcome.NOT_JUDGED if self.why else Outcome.KEPT


@dataclass(slots=True)
class Report:
    """Everything judged in one run. `title` says of what ("http://127.0.0.1:8600/trade-api/v2 as of 2026-10")."""

    title: str
    verdicts: list[Verdict] = field(default_factory=list)
    cut_short: str = ""
    """Why the run ended before its end."""

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
        """1 where something is broken, 2 where the run was cut short or nothing could be judged at all, else 0."""
        if self.cut_short:
            return EXIT_NOT_JUDGED
        counts = self.counts()
        if counts[Outcome.BROKEN]:
            return EXIT_BROKEN
        return EXIT_KEPT if counts[Outcome.KEPT] else EXIT_NOT_JUDGED
