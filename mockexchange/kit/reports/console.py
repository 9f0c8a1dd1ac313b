"""Shows a run in the terminal: a progress line, and at the end a table of rules and all findings.

Without a terminal, plain lines show the start of each stage, broken rules and from time to time the progress.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table as Grid
from rich.text import Text

from mockexchange.kit.findings import Finding, Outcome, Report, RuleSummary, Table, Verdict, by_rule
from mockexchange.kit.reports.printable_text import in_a_line, parts_of, printable, tally

STYLES = {Outcome.KEPT: "green", Outcome.BROKEN: "bold red", Outcome.NOT_JUDGED: "yellow"}
FINDINGS_SHOWN_MAX = 25
"""The most findings that are printed, so that the table stays visible; reports in files have all."""
PROGRESS_EVERY_S = 10.0
"""The seconds between two progress lines without a terminal."""
PLAIN_WIDTH = 120
"""The width of the output in columns without a terminal."""


def console_on(stream: TextIO) -> Console:
    """Return a console that writes to a stream; its tables have a fixed width if the stream is not a terminal."""
    return Console(file=stream, width=None if stream.isatty() else PLAIN_WIDTH)


class Progress:
    """Shows the progress of a run: `stage` begins a part, `at` names the current step, `add_verdict` counts."""

    def __init__(self, console: Console, title: str) -> None:
        self._console, self._title = console, in_a_line(title)
        self._counts: Counter[Outcome] = Counter()
        self._stage, self._printed_at_s = "", time.monotonic()
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[now]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._bar = self._bars.add_task(escape(self._title), total=None, now="")

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()

    def rename(self, title: str) -> None:
        """Change the title of the run, which is shown when its first part begins."""
        self._title = in_a_line(title)
        self._bars.update(self._bar, description=escape(self._title))

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a part of the run. `total` is the number of its verdicts, if known."""
        if not self._stage:
            self._line(Text(self._title, style="bold"))
        self._stage = name
        self._bars.reset(self._bar, total=total, description=escape(in_a_line(name)), now="")
        if not self._console.is_terminal:
            self._line(Text(f"{name} ..."))

    def at(self, text: str) -> None:
        """Show `text`, which names the part of the verification that runs now, as progress on the terminal."""
        self._bars.update(self._bar, now=escape(in_a_line(text)))
        if not self._console.is_terminal and time.monotonic() - self._printed_at_s >= PROGRESS_EVERY_S:
            counts = ", ".join(f"{self._counts[outcome]} {outcome}" for outcome in Outcome)
            self._line(Text(f"{self._stage}: {counts} so far, now {in_a_line(text)}"))

    def add_verdict(self, verdict: Verdict) -> None:
        """Count a verdict, and print it at once if the rule is broken."""
        self._counts[verdict.outcome] += 1
        self._bars.advance(self._bar)
        self.at(f"{verdict.rule} {verdict.subject}")
        if verdict.outcome is Outcome.BROKEN:
            first = verdict.findings[0]
            text = f"broken {verdict.rule} {verdict.subject}: {first.seen}; expected {first.expected}"
            self._line(Text(in_a_line(text), style=STYLES[Outcome.BROKEN]))

    def warn(self, text: str) -> None:
        """Print a warning."""
        self._line(Text(f"warning: {in_a_line(text)}", style="yellow"))

    def _line(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True, highlight=False)
        self._printed_at_s = time.monotonic()


def show_report(
    report: Report, console: Console, tables: Sequence[Table] = (), *, kept_in_a_line: bool = False
) -> None:
    """Print a report: a table of rules, further tables, reasons for missing verdicts, and the findings.

    With `kept_in_a_line` the table has broken rules only, and one line names the rules that were kept.
    """
    summaries = by_rule(report)
    rows = [summary for summary in summaries if not kept_in_a_line or summary.outcome is Outcome.BROKEN]
    if rows:
        console.print(_rules(rows))
    if kept_in_a_line:
        console.print(_names_kept(summaries))
    for table in tables:
        console.print(Text(f"\n{in_a_line(table.title)}", style="bold"))
        console.print(_grid(table))
    for text in (*_unjudged(summaries), *_findings(report), *_end(report)):
        console.print(text, soft_wrap=True, highlight=False)


def _rules(summaries: Sequence[RuleSummary]) -> Grid:
    grid = Grid(box=None, header_style="bold", pad_edge=False)
    grid.add_column("rule", no_wrap=True)
    for outcome in Outcome:
        grid.add_column(outcome.value, justify="right")
    grid.add_column("seconds", justify="right")
    grid.add_column("says", overflow="fold")
    for summary in summaries:
        numbers = (_number(summary, outcome) for outcome in Outcome)
        rule = Text(in_a_line(summary.rule), style=STYLES[summary.outcome])
        grid.add_row(rule, *numbers, _seconds(summary), Text(in_a_line(summary.description)))
    return grid


def _seconds(summary: RuleSummary) -> str:
    return f"{summary.seconds:.1f}" if summary.seconds else ""


def _names_kept(summaries: Sequence[RuleSummary]) -> Text:
    names = " ".join(in_a_line(summary.rule) for summary in summaries if summary.outcome is Outcome.KEPT)
    return Text(f"\nKept: {names or 'none'}", style=STYLES[Outcome.KEPT])


def _number(summary: RuleSummary, outcome: Outcome) -> Text:
    count = summary.count(outcome)
    return Text(str(count) if count else "-", style=STYLES[outcome] if count else "dim")


def _grid(table: Table) -> Grid:
    grid = Grid(box=None, header_style="bold", pad_edge=False)
    for name in table.header:
        grid.add_column(Text(in_a_line(name)), overflow="fold")
    for row in table.rows:
        grid.add_row(*(Text(in_a_line(cell)) for cell in row))
    return grid


def _unjudged(summaries: Sequence[RuleSummary]) -> Iterator[Text]:
    """Yield each reason for a missing verdict once, with the rules that it concerns."""
    by_reason: dict[str, list[str]] = {}
    for summary in summaries:
        for reason, subjects in summary.reasons().items():
            of_what = in_a_line(subjects[0]) if len(subjects) == 1 else f"{len(subjects)} subjects"
            by_reason.setdefault(reason, []).append(f"{in_a_line(summary.rule)} ({of_what})")
    if by_reason:
        yield Text("\nNot judged:", style="bold")
    for reason, rules in by_reason.items():
        yield Text(f"  {in_a_line(reason)}", style=STYLES[Outcome.NOT_JUDGED])
        yield Text(f"    {', '.join(rules)}", style="dim")


def _findings(report: Report) -> Iterator[Text]:
    for title, style, found in (("Noted", "yellow", report.notes), ("Broken", "bold red", report.findings)):
        if found:
            yield Text(f"\n{title}:", style="bold")
        for finding in found[:FINDINGS_SHOWN_MAX]:
            yield _finding(finding, style)
        if len(found) > FINDINGS_SHOWN_MAX:
            yield Text(f"  and {len(found) - FINDINGS_SHOWN_MAX} more: --report html:FILE has all", style="dim")


def _finding(finding: Finding, style: str) -> Text:
    text = Text()
    for name, part in parts_of(finding):
        text.append(f"\n  {name:<10}" if text else f"  {name:<10}", style="dim")
        text.append(part.replace("\n", f"\n{'':<12}"), style=style if name == "rule" else "")
    return text.append("\n")


def _end(report: Report) -> Iterator[Text]:
    worst = next((outcome for outcome in (Outcome.BROKEN, Outcome.KEPT) if report.counts()[outcome]), None)
    if report.cut_short:
        yield Text(f"\nThe run ended before its end: {printable(report.cut_short)}", style="bold red")
    yield Text(f"\n{tally(report)}", style=STYLES[worst or Outcome.NOT_JUDGED])
