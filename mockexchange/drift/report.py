"""Makes the report of a drift: a verdict for each operation, at each level of comparison."""

from collections import defaultdict
from pathlib import Path

from mockexchange.core.instants import format_instant
from mockexchange.drift.deviations import Evidence, Level
from mockexchange.drift.drift import Drift
from mockexchange.kit.findings import Finding, Report, Verdict

PLACE = "docs/recording.md"
DESCRIPTIONS = {
    Level.DOCUMENT: "Answers are as the API document of the date has them.",
    Level.TWIN: "Answers have the structure of the emulated exchange's, and frames their order.",
    Level.VALUES: "The emulated exchange computes the recorded values.",
}
DAY_CHARS = 10


def report_of(drift: Drift) -> Report:
    """Return a report with a verdict for each operation at each level. A level that was skipped has the reason.

    Levels are the comparison with the documents, with the mock's answers, and with the values that it computes.
    """
    report = Report(f"{_title(drift.recording.name)} as of {drift.alias}")
    found: dict[tuple[str, Level], list[Evidence]] = defaultdict(list)
    for one in drift.evidence:
        found[one.deviation.operation, one.deviation.level].append(one)
    operations = dict.fromkeys([*drift.operations, *(one.deviation.operation for one in drift.evidence)])
    for operation in operations:
        for level in Level:
            findings = tuple(_finding(one) for one in found[operation, level])
            why = _why_not(drift, operation, level) if not findings else ""
            report.add([Verdict(f"drift.{operation}", level, findings, why, description=DESCRIPTIONS[level])])
    return report


def days_of(one: Evidence) -> str:
    """Return the first and the last day of a deviation as text.

    The text also has the last day before them on which a body lacked the deviation.
    """
    first, last = day_of(one.first_at), day_of(one.last_at)
    before = "" if one.last_without_at is None else day_of(one.last_without_at)
    absent = f", absent {before}" if before not in ("", first) else ""
    return (first if first == last else f"{first} to {last}") + absent


def evidence_of(one: Evidence) -> str:
    """Return a text that describes how many bodies have a deviation, on which days and from which hosts."""
    return f"in {one.count} of {one.of}, {days_of(one)}, {', '.join(sorted(one.hosts))}"


def _title(name: str) -> str:
    """Return the name of a file without its folder, and a URL as it is."""
    return name if "://" in name else Path(name).name


def day_of(at: int) -> str:
    return format_instant(at)[:DAY_CHARS]


def _finding(one: Evidence) -> Finding:
    found = one.deviation
    where = f"line {one.line}: {found.operation} {found.path}"
    seen = f"{found.kind}: {found.seen} ({evidence_of(one)})"
    return Finding(f"drift.{found.operation}", where, seen, found.expected, PLACE)


def _why_not(drift: Drift, operation: str, level: Level) -> str:
    is_read = operation.startswith("GET ")
    if level is Level.DOCUMENT:
        return ""
    if not is_read:
        return "only the order of frames is compared, for all messages together" if operation != "stream" else ""
    if drift.twin.why_not:
        return drift.twin.why_not
    return drift.twin.why_no_values if level is Level.VALUES else ""
