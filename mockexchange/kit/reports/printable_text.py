"""Texts that all reports share. Text from the wire is made printable first, and secrets in it are hidden."""

import re
from collections.abc import Iterator

from mockexchange.kit.findings import Finding, Outcome, Report
from mockexchange.runtime.redaction import redact

RULES_PAGE, CARDS_PAGE = "docs/verify-rules.md", "docs/verify-client.md"
PAGES = {"drift.": "docs/recording.md#drift", "import.": "docs/recording.md#import"}
"""Pages of the rules that are not of a server, by the beginning of their names."""
CARD = re.compile("[A-Z][0-9]{2,3}")
NOT_IN_ANCHORS = re.compile(r"[^\w-]")
PORT = re.compile(r"(?<=[\w\]]):[0-9]{1,5}(?=[/ ]|$)")
SUBJECTS_NAMED_MAX = 6
"""Limit of subjects in one line."""


def printable(text: str) -> str:
    """Escape unprintable characters, which terminals would obey or XML forbids, but line breaks; hide secrets."""
    shown = redact(text)
    return "".join(
        char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode() for char in shown
    )


def in_a_line(text: str) -> str:
    """Return a text in one line, with unprintable characters escaped."""
    return " ".join(printable(text).split())


def without_port(title: str) -> str:
    """Return a title without the port of its URL, which differs from run to run: results are compared by their name."""
    return PORT.sub("", title)


def parts_of(finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield name and text of the parts of a finding that are not empty."""
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
    """Return the place of a rule or card in the documentation; a finding's rule may follow the number of its card."""
    card = rule.partition(" ")[0]
    if CARD.fullmatch(card):
        return f"{CARDS_PAGE}#{card.lower()}"
    if page := next((page for beginning, page in PAGES.items() if rule.startswith(beginning)), ""):
        return page
    return f"{RULES_PAGE}#{NOT_IN_ANCHORS.sub('', rule.lower())}"


def named(subjects: list[str]) -> str:
    """Return the names of the first subjects and the number of others."""
    shown = ", ".join(in_a_line(subject) for subject in subjects[:SUBJECTS_NAMED_MAX])
    more = len(subjects) - SUBJECTS_NAMED_MAX
    return f"{shown} and {more} more" if more > 0 else shown


def tally(report: Report) -> str:
    """Return the counts of a run, as in "210 kept, 1 broken, 14 not judged"."""
    counts = report.counts()
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome)
