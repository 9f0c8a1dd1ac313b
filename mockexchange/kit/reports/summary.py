"""Summarizes a report by rule: outcome, time, and reasons for missing verdicts."""

from dataclasses import dataclass, field

from mockexchange.kit.findings import Outcome, Report, Verdict


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
