"""Words that every report has in common. What came from the wire is made printable first."""

from collections.abc import Iterator

from mockexchange.kit.findings import Finding, Outcome, Report

SUBJECTS_NAMED_MAX = 6
"""More make a line that nobody reads to its end."""


def printable(text: str) -> str:
    """Escape what a terminal obeys or XML forbids: everything that does not print but line breaks."""
    return "".join(
        char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode() for char in text
    )


def in_a_line(text: str) -> str:
    """The text without line breaks, and printable."""
    return " ".join(printable(text).split())


def parts_of(finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield every part that a finding has, under its name."""
    named = (
        ("rule", finding.rule),
        ("where", finding.where),
        ("seen", finding.seen),
        ("expected", finding.expected),
        ("place", finding.place),
        ("reproduce", finding.reproduction),
    )
    return ((name, printable(words).strip()) for name, words in named if words.strip())


def named(subjects: list[str]) -> str:
    """Name the first subjects, and say how many there are more."""
    shown = ", ".join(in_a_line(subject) for subject in subjects[:SUBJECTS_NAMED_MAX])
    more = len(subjects) - SUBJECTS_NAMED_MAX
    return f"{shown} and {more} more" if more > 0 else shown


def tally(report: Report) -> str:
    """The whole run in a few words: "210 kept, 1 broken, 14 not judged"."""
    counts = report.counts()
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome)
