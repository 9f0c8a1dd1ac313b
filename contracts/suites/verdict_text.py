"""Verdicts in the words of a failed test."""

from collections.abc import Iterable

from mockexchange.kit.findings import Finding, Outcome, Verdict


def findings_of(judged: Iterable[Verdict]) -> str:
    """Return every finding in full, nothing where there is none."""
    found = [finding for verdict in judged for finding in verdict.findings]
    return "\n\n".join(map(_told, found))


def _told(one: Finding) -> str:
    lines = (
        f"{one.rule} at {one.where}",
        f"seen: {one.seen}",
        f"expected: {one.expected}",
        one.place,
        one.reproduction,
    )
    return "\n  ".join(lines)


def not_judged(judged: Iterable[Verdict]) -> set[str]:
    """Return the rules of what was not judged."""
    return {verdict.rule for verdict in judged if verdict.outcome is Outcome.NOT_JUDGED}
