"""The console: progress, a table at the end, and no control characters."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from mockexchange.kit.findings import Report, Verdict
from mockexchange.kit.reports import console as module
from mockexchange.kit.reports.console import FINDINGS_SHOWN_MAX, Progress, console_on, show_report
from tests.kit.reports.reporting import FINDING, TABLES, everything


def shown(report: Report, *, tables: bool = False, kept_in_a_line: bool = False) -> str:
    stream = io.StringIO()
    show_report(report, console_on(stream), TABLES if tables else (), kept_in_a_line=kept_in_a_line)
    return stream.getvalue()


def told(stream: io.StringIO, *, is_terminal: bool = False) -> Progress:
    return Progress(Console(file=stream, width=100, force_terminal=is_terminal), "http://127.0.0.1:1 [x]")


def row(text: str, rule: str) -> list[str]:
    return next(line for line in text.splitlines() if line.startswith(rule)).split()


def test_the_table_counts_outcomes_by_rule() -> None:
    text = shown(everything())
    assert row(text, "pages.partition")[:5] == ["pages.partition", "1", "1", "-", "1.8"]
    assert row(text, "pages.end") == ["pages.end", "-", "-", "2"], "no time, for none was measured"
    assert text.rstrip().endswith("2 kept, 1 broken, 2 not judged")


def test_many_rules_that_are_kept_are_a_line() -> None:
    report = Report(
        "x", [Verdict("R01", "a"), Verdict("R02", "b", (FINDING,)), Verdict("R03", "c"), Verdict("R04", "d", why="w")]
    )
    text = shown(report, kept_in_a_line=True)
    assert "\nKept: R01 R03\n" in text
    assert [line[:3] for line in text.splitlines() if line.startswith("R0")] == ["R02"]
    assert "  w\n    R04 (d)\n" in text
    assert text.rstrip().endswith("2 kept, 1 broken, 1 not judged")
    assert "\nKept: none\n" in shown(Report("x", [Verdict("R04", "d", why="w")]), kept_in_a_line=True)


def test_what_was_not_judged_has_its_reason_once_and_is_not_called_kept() -> None:
    text = shown(everything())
    assert text.count("no row to look at") == 1
    assert "\n    pages.end (2 subjects)\n" in text


def test_rules_that_were_not_judged_for_one_reason_share_a_line() -> None:
    verdicts = [Verdict(rule, "GetFills", why="nothing there") for rule in ("a.b", "c.d")]
    assert "  nothing there\n    a.b (GetFills), c.d (GetFills)\n" in shown(Report("x", verdicts))


def test_every_part_of_a_finding_is_printed_and_nothing_is_obeyed() -> None:
    text = shown(everything())
    for part in (
        FINDING.where,
        FINDING.expected,
        FINDING.place,
        "curl \\\n            ",
        "\\x1b[31m\\x00 \\u202e [red]x",
    ):
        assert part in text
    assert "\x1b" not in text
    assert "\x00" not in text


def test_notes_are_told_apart() -> None:
    text = shown(everything())
    assert text.index("Noted:") < text.index("a time without a zone") < text.index("Broken:")


def test_more_findings_than_fit_are_counted() -> None:
    report = Report(
        "x", [Verdict("a", "b", tuple(replace(FINDING, seen=str(n)) for n in range(FINDINGS_SHOWN_MAX + 2)))]
    )
    text = shown(report)
    assert "and 2 more: --report html:FILE has all" in text
    assert text.count(FINDING.expected) == FINDINGS_SHOWN_MAX


def test_tables_are_printed() -> None:
    text = shown(everything(), tables=True)
    assert row(text, "GetFills") == ["GetFills", "3"]
    assert "Coverage" in text


def test_a_run_that_was_cut_short_says_so() -> None:
    report = everything()
    report.cut_short = "nobody answers"
    assert "The run ended before its end: nobody answers" in shown(report)


def test_without_a_terminal_stages_and_what_is_broken_are_lines() -> None:
    stream = io.StringIO()
    with told(stream) as progress:
        progress.stage("the stream")
        for verdict in everything().verdicts:
            progress.add_verdict(verdict)
        progress.warn("the clock\nis off")
    lines = stream.getvalue().splitlines()
    assert lines[:2] == ["http://127.0.0.1:1 [x]", "the stream ..."]
    assert lines[2].startswith("broken pages.partition GetFills: <script>")
    assert lines[3:] == ["warning: the clock is off"]


def test_without_a_terminal_a_long_stage_gives_word_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [100.0]
    monkeypatch.setattr("mockexchange.kit.reports.console.time.monotonic", lambda: now_s[0])
    stream = io.StringIO()
    with told(stream) as progress:
        progress.stage("the stream")
        progress.at("soon")
        now_s[0] += module.PROGRESS_EVERY_S
        progress.add_verdict(Verdict("a", "b"))
    assert stream.getvalue().splitlines()[2:] == ["the stream: 1 kept, 0 broken, 0 not judged so far, now a b"]


def test_a_terminal_has_a_live_line_that_goes_away() -> None:
    stream = io.StringIO()
    with told(stream, is_terminal=True) as progress:
        progress.stage("the [bold]stream", total=2)
        progress.at("one [red]")
        progress.add_verdict(Verdict("a", "b"))
    assert "the [bold]stream" in stream.getvalue()
    assert "0/2" in stream.getvalue() or "1/2" in stream.getvalue()
