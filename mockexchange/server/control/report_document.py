"""Defines the JSON document of a verification's report, which the kit writes and the web console shows."""

from typing import Literal

import msgspec
from msgspec import Struct

REPORT_BYTES_MAX = 1024 * 1024
"""The size of the largest report that a server keeps."""
REPORTS_MAX = 20
"""The most reports that a server keeps; beyond it the oldest is dropped."""
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
OUTCOMES = ("kept", "broken", "not judged")


class ReportFinding(Struct, kw_only=True, forbid_unknown_fields=True):
    """One violation of a rule: where it is, what the kit saw there, and what it expected.

    The fields are those of `kit.findings.Finding`.
    """

    where: str
    seen: str
    expected: str
    place: str = ""
    reproduction: str = ""


class ReportRule(Struct, kw_only=True, forbid_unknown_fields=True):
    """One rule in a report: how often it was kept and how often it was broken.

    `reasons` counts the subjects that could not be checked, by the reason.
    """

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
    """A table that a report has besides its rules."""

    title: str
    header: list[str]
    rows: list[list[str]]


class ReportDocument(Struct, kw_only=True, forbid_unknown_fields=True):
    """The whole report of a verification. `command` is the command line that made it, without secrets."""

    title: str
    command: str = ""
    cut_short: str = ""
    left_out: int = 0
    """The number of findings that were left out, so that the report is not too long."""
    rules: list[ReportRule]
    tables: list[ReportTable] = []


def read_report(raw: bytes) -> ReportDocument:
    """Parse a report. Raises ValueError, whose message has the path of the wrong value."""
    try:
        return msgspec.json.decode(raw, type=ReportDocument)
    except msgspec.MsgspecError as error:  # which is a ValueError from msgspec 0.21 on
        raise ValueError(str(error)) from None


def write_report(report: ReportDocument) -> bytes:
    return msgspec.json.encode(report)
