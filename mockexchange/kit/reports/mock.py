"""Stores a report at a running server, whose web console shows it: `--report mock:NAME`."""

import re
import shlex
import sys
import time
from collections.abc import Sequence

from mockexchange.kit.findings import Finding, Outcome, Report, RuleSummary, Table, by_rule
from mockexchange.kit.reports.printable_text import printable
from mockexchange.runtime.http_request import ControlApi, ControlRefused, NotControlApi, Unreachable
from mockexchange.runtime.ready_file import NoServer, default_ready_file, read_ready
from mockexchange.runtime.redaction import redact_command
from mockexchange.server.control.report_document import (
    NAME,
    REPORT_BYTES_MAX,
    ReportDocument,
    ReportFinding,
    ReportRule,
    ReportTable,
    write_report,
)

MOCK = "mock"
FINDINGS_MAX = (50, 5, 1)
"""The most findings kept for each rule; the next number is tried if the report is too long."""
TEXT_CHARS_MAX = 4_000
SUBJECTS_MAX = 100
ROWS_MAX = 1_000


def report_name(name: str) -> str:
    """Return the name under which the server keeps a report. An empty name becomes the current time.

    Raises ValueError.
    """
    found = name or time.strftime("%Y%m%d-%H%M%S")
    if not re.fullmatch(NAME, found):
        raise ValueError(f"expected mock: or mock:NAME of letters, digits, dots and dashes, got {name!r}")
    _control()
    return found


def send_report(report: Report, name: str, tables: Sequence[Table]) -> None:
    """Store a report at the running server. Raises OSError if the server does not accept it."""
    sizes = (write_report(document_of(report, tables, findings_max)) for findings_max in FINDINGS_MAX)
    try:
        raw = next(raw for raw in sizes if len(raw) <= REPORT_BYTES_MAX)
        _control().ask("PUT", f"reports/{name}", raw)
    except StopIteration:
        raise OSError(f"the report is longer than {REPORT_BYTES_MAX:,} bytes: write it as html:FILE") from None
    except (ValueError, Unreachable, ControlRefused, NotControlApi) as error:
        raise OSError(f"the server does not keep the report: {error}") from None


def document_of(report: Report, tables: Sequence[Table], findings_max: int) -> ReportDocument:
    """Return a report as a document of the control API, with at most `findings_max` findings for each rule."""
    rules = [_rule(summary, findings_max) for summary in by_rule(report)]
    return ReportDocument(
        title=_cut(report.title),
        command=shlex.join(["mockexchange", *redact_command(sys.argv[1:])])[:TEXT_CHARS_MAX],
        cut_short=_cut(report.cut_short),
        left_out=len(report.findings) - sum(len(rule.findings) for rule in rules),
        rules=rules,
        tables=[_table(table) for table in tables],
    )


def _rule(summary: RuleSummary, findings_max: int) -> ReportRule:
    found = [finding for verdict in summary.verdicts for finding in verdict.findings]
    notes = [note for verdict in summary.verdicts for note in verdict.notes]
    return ReportRule(
        rule=_cut(summary.rule),
        says=_cut(summary.description),
        outcome=summary.outcome.value,
        kept=summary.count(Outcome.KEPT),
        broken=summary.count(Outcome.BROKEN),
        not_judged=summary.count(Outcome.NOT_JUDGED),
        seconds=round(summary.seconds, 3),
        findings=[_finding(one) for one in found[:findings_max]],
        notes=[_finding(one) for one in notes[:findings_max]],
        reasons={_cut(why): [_cut(one) for one in of[:SUBJECTS_MAX]] for why, of in summary.reasons().items()},
    )


def _finding(finding: Finding) -> ReportFinding:
    return ReportFinding(
        where=_cut(finding.where),
        seen=_cut(finding.seen),
        expected=_cut(finding.expected),
        place=_cut(finding.place),
        reproduction=_cut(finding.reproduction),
    )


def _table(table: Table) -> ReportTable:
    rows = [[_cut(cell) for cell in row] for row in table.rows[:ROWS_MAX]]
    return ReportTable(title=_cut(table.title), header=[_cut(name) for name in table.header], rows=rows)


def _cut(text: str) -> str:
    return printable(text).strip()[:TEXT_CHARS_MAX]


def _control() -> ControlApi:
    """Return the control API of the server that runs. Raises ValueError if there is none."""
    try:
        ready = read_ready(default_ready_file())
    except NoServer as missing:
        raise ValueError(f"{missing}: start one with `mockexchange serve`, which keeps the report") from None
    return ControlApi(ready["control_url"], ready["control_token"], ready.get("ca_cert"))
