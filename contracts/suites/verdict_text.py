"""Verdicts as text for failed tests."""

from collections.abc import Iterable

from mockexchange.kit.findings import Finding, Outcome, Verdict


def findings_of(judged: Iterable[Verdict]) -> str:
    """Return every finding in full; an empty text if there are none."""
    found = [finding for verdict in judged for finding in verdict.findings]
    return "\n\n".join(map(_finding_text, found))


def _finding_text(one: Finding) -> str:
    lines = (
        f"{one.rule} at {one.where}",
        f"seen: {one.seen}",
        f"expected: {one.expected}",
        one.place,
        one.reproduction,
    )
    return "\n  ".join(lines)


def not_judged(judged: Iterable[Verdict]) -> set[str]:
    """Return the rules that were not judged."""
    return {verdict.rule for verdict in judged if verdict.outcome is Outcome.NOT_JUDGED}
