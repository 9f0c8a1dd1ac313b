"""Writes a report as one HTML file without scripts and external resources, in which recorded text is escaped."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from mockexchange.kit.findings import Finding, Outcome, Report, RuleSummary, Table, Verdict, by_rule
from mockexchange.kit.reports.printable_text import named, page_of, parts_of, printable, tally

STYLE = Path(__file__).with_name("report.css")
CLASSES = {Outcome.KEPT: "kept", Outcome.BROKEN: "broken", Outcome.NOT_JUDGED: "unjudged"}


def html_of(report: Report, tables: Sequence[Table] = ()) -> bytes:
    """Return a report as HTML."""
    title = _text(report.title)
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">""",
        f"<title>{title}</title>",
        f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>",
        f"<h1>{title}</h1>",
        *_head(report),
        *_filters(report),
        "<main>",
        *(line for summary in by_rule(report) for line in _rule(summary)),
        "</main>",
        *(line for table in tables for line in _table(table)),
        "</html>",
    ]
    return ("\n".join(lines) + "\n").encode()


def _text(text: str) -> str:
    return escape(printable(text))


def _head(report: Report) -> Iterator[str]:
    yield f'<p class="tally">{_text(tally(report))}</p>'
    if report.cut_short:
        yield f'<p class="cut">The run ended before its end: {_text(report.cut_short)}</p>'


def _filters(report: Report) -> Iterator[str]:
    """Yield buttons that filter by outcome; the filter is in the style sheet."""
    counts = report.counts()
    yield '<input type="radio" name="show" id="show-all" checked><label for="show-all">all</label>'
    for outcome, name in CLASSES.items():
        yield f'<input type="radio" name="show" id="show-{name}">'
        yield f'<label for="show-{name}">{outcome} ({counts[outcome]})</label>'


def _rule(summary: RuleSummary) -> Iterator[str]:
    held = " ".join(name for outcome, name in CLASSES.items() if summary.count(outcome))
    numbers = ", ".join(f"{count} {outcome}" for outcome in Outcome if (count := summary.count(outcome)))
    time = f", {summary.seconds:.1f} s" if summary.seconds else ""
    is_open = " open" if summary.outcome is Outcome.BROKEN else ""
    yield f'<details class="rule has-{held.replace(" ", " has-")}"{is_open}>'
    yield f'<summary><b class="mark {CLASSES[summary.outcome]}"></b><code>{_text(summary.rule)}</code>'
    yield f"<span>{_text(summary.description)}</span><small>{numbers}{time}</small></summary>"
    yield f"<p><code>{_text(page_of(summary.rule))}</code></p>"
    for verdict in summary.verdicts:
        if verdict.outcome is Outcome.BROKEN or verdict.notes:
            yield from _verdict(verdict)
    for reason, subjects in summary.reasons().items():
        yield f'<p class="unjudged"><b>not judged</b> {_text(reason)}<br><small>{_text(named(subjects))}</small></p>'
    kept = [verdict.subject for verdict in summary.verdicts if verdict.outcome is Outcome.KEPT]
    if kept:
        yield f'<p class="kept"><b>kept</b> <small>{_text(", ".join(kept))}</small></p>'
    yield "</details>"


def _verdict(verdict: Verdict) -> Iterator[str]:
    yield f'<section class="{CLASSES[verdict.outcome]}"><h3>{_text(verdict.subject)}</h3>'
    for finding in verdict.findings:
        yield from _finding(finding, "finding")
    for note in verdict.notes:
        yield from _finding(note, "note")
    yield "</section>"


def _finding(finding: Finding, kind: str) -> Iterator[str]:
    yield f'<dl class="{kind}">'
    for name, part in parts_of(finding):
        shown = f"<pre>{escape(part)}</pre>" if name == "reproduce" or "\n" in part else escape(part)
        yield f"<dt>{name}</dt><dd>{shown}</dd>"
    yield "</dl>"


def _table(table: Table) -> Iterator[str]:
    yield f"<h2>{_text(table.title)}</h2>"
    yield '<div class="wide"><table>'
    yield _cells("th", table.header)
    yield from (_cells("td", row) for row in table.rows)
    yield "</table></div>"


def _cells(tag: str, texts: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{_text(text)}</{tag}>" for text in texts) + "</tr>"
