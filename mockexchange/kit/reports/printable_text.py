"""Makes recorded text printable and hides secrets in it, for all kinds of reports."""

import re
from collections.abc import Iterator

from mockexchange.kit.findings import Finding, Outcome, Report
from mockexchange.runtime.redaction import redact

RULES_PAGE, CARDS_PAGE = "docs/verify-rules.md", "docs/verify-client.md"
PAGES = {"drift.": "docs/recording.md#drift", "import.": "docs/recording.md#import"}
"""Pages about rules that do not concern servers, by the prefix of the rule's name."""
CARD = re.compile("[A-Z][0-9]{2,3}")
NOT_IN_ANCHORS = re.compile(r"[^\w-]")
PORT = re.compile(r"(?<=[\w\]]):[0-9]{1,5}(?=[/ ]|$)")
SUBJECTS_NAMED_MAX = 6
"""The most subjects that are named in one line."""


def printable(text: str) -> str:
    """Return a text in which unprintable characters except line breaks are escaped, and secrets are hidden.

    Terminals would obey such characters, and XML forbids them.
    """
    shown = redact(text)
    return "".join(
        char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode() for char in shown
    )


def in_a_line(text: str) -> str:
    """Return a text in one line, with unprintable characters escaped."""
    return " ".join(printable(text).split())


def without_port(title: str) -> str:
    """Return a title without the port of its URL, so that reports of different runs can be compared by title."""
    return PORT.sub("", title)


def parts_of(finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield the name and text of each part of a finding that is not empty."""
    named = (
        ("rule", finding.rule),
        ("where", finding.where),
        ("seen", finding.seen),
        ("expected", finding.expected),
        ("place", finding.place),
        ("page", page_of(finding.rule)),
        ("reproduce", finding.reproduction),
    )
    return ((name, printable(text).strip()) for name, text in named if text.strip())


def page_of(rule: str) -> str:
    """Return the documentation page and anchor of a rule or a test card. A rule may follow the number of its card."""
    card = rule.partition(" ")[0]
    if CARD.fullmatch(card):
        return f"{CARDS_PAGE}#{card.lower()}"
    if page := next((page for beginning, page in PAGES.items() if rule.startswith(beginning)), ""):
        return page
    return f"{RULES_PAGE}#{NOT_IN_ANCHORS.sub('', rule.lower())}"


def named(subjects: list[str]) -> str:
    """Return a text with the names of the first subjects, and the number of the others."""
    shown = ", ".join(in_a_line(subject) for subject in subjects[:SUBJECTS_NAMED_MAX])
    more = len(subjects) - SUBJECTS_NAMED_MAX
    return f"{shown} and {more} more" if more > 0 else shown


def tally(report: Report) -> str:
    """Return the counts of a run as text: "210 kept, 1 broken, 14 not judged"."""
    counts = report.counts()
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome)
