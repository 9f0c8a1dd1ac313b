"""Writes a report as workflow commands of GitHub Actions: an annotation for each broken rule and subject."""

from collections.abc import Iterator, Sequence

from mockexchange.kit.findings import Finding, Outcome, Report, Table, Verdict
from mockexchange.kit.reports.printable_text import parts_of, printable, tally, without_port

ANNOTATIONS_MAX = 10
"""The most annotations of one kind that GitHub shows for a step; others are only in its log."""


def github_of(report: Report, tables: Sequence[Table] = ()) -> bytes:
    """Return a report as lines that GitHub Actions turns into annotations; `tables` are left out."""
    lines = [*map(_broken, _by_rule(report))]
    if report.cut_short:
        lines.append(_command("error", "the run ended before its end", report.cut_short))
    lines.append(_command("notice", without_port(report.title), tally(report)))
    return ("\n".join(lines) + "\n").encode()


def _by_rule(report: Report) -> Iterator[Verdict]:
    """Yield the broken verdicts, first one of each rule, so that the first annotations name as many as they can."""
    broken = [verdict for verdict in report.verdicts if verdict.outcome is Outcome.BROKEN]
    first = {verdict.rule: verdict for verdict in reversed(broken)}
    yield from (verdict for verdict in broken if verdict is first[verdict.rule])
    yield from (verdict for verdict in broken if verdict is not first[verdict.rule])


def _broken(verdict: Verdict) -> str:
    return _command("error", f"{verdict.rule} {verdict.subject}", "\n\n".join(map(_finding, verdict.findings)))


def _finding(finding: Finding) -> str:
    return "\n".join(f"{name}: {part}" for name, part in parts_of(finding))


def _command(name: str, title: str, message: str) -> str:
    return f"::{name} title={_escaped(title).replace(':', '%3A').replace(',', '%2C')}::{_escaped(message)}"


def _escaped(text: str) -> str:
    """Escape what would end a command (the characters that GitHub documents), and what terminals would obey."""
    return printable(text).replace("%", "%25").replace("\n", "%0A")
