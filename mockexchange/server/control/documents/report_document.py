"""The report of a verification as a document: what the kit writes, the control API keeps and the console shows."""

from typing import Literal

import msgspec
from msgspec import Struct

REPORT_BYTES_MAX = 1024 * 1024
"""The largest report that a server keeps."""
REPORTS_MAX = 20
"""Reports that a server keeps; the oldest goes first."""
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
OUTCOMES = ("kept", "broken", "not judged")


class ReportFinding(Struct, kw_only=True, forbid_unknown_fields=True):
    """One deviation, as `kit.findings.Finding` has it."""

    where: str
    seen: str
    expected: str
    place: str = ""
    reproduction: str = ""


class ReportRule(Struct, kw_only=True, forbid_unknown_fields=True):
    """A rule with its verdicts. `reasons` has the subjects that were not judged, by reason."""

    rule: str
    says: str
    outcome: Literal["kept", "broken", "not judged"]
    kept: int
    broken: int
    not_judged: int
    seconds: float
    findings: list[ReportFinding] = []
    notes: list[ReportFinding] = []
    reasons: dict[str, list[str]] = {}


class ReportTable(Struct, kw_only=True, forbid_unknown_fields=True):
    """A further table."""

    title: str
    header: list[str]
    rows: list[list[str]]


class ReportDocument(Struct, kw_only=True, forbid_unknown_fields=True):
    """A whole report. `command` is the command line that made it, without secrets."""

    title: str
    command: str = ""
    cut_short: str = ""
    left_out: int = 0
    """Findings that were left out, so that the report is not too long."""
    rules: list[ReportRule]
    tables: list[ReportTable] = []


def read_report(raw: bytes) -> ReportDocument:
    """Parse a report. Raises ValueError that names the place of what is wrong."""
    return msgspec.json.decode(raw, type=ReportDocument)


def write_report(report: ReportDocument) -> bytes:
    return msgspec.json.encode(report)
