"""Writes a report as JUnit XML: a suite for each rule, a case for each subject.

A subject that could not be checked is a skipped case with the reason. A run that was cut short has a case with an
error, so that no tool takes it for a complete one.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mockexchange.kit.findings import Finding, Outcome, Report, RuleSummary, Table, Verdict, by_rule
from mockexchange.kit.reports.printable_text import in_a_line, page_of, parts_of, printable, without_port

RUN = "the run"


def junit_of(report: Report, tables: Sequence[Table] = ()) -> bytes:
    """Return a report as JUnit XML; `tables` are left out, since JUnit has no element for them."""
    summaries, counts = by_rule(report), report.counts()
    seconds = sum(summary.seconds for summary in summaries)
    numbers = (len(report.verdicts), counts[Outcome.BROKEN], counts[Outcome.NOT_JUDGED])
    root = Element("testsuites", _totals(without_port(report.title), *numbers, bool(report.cut_short), seconds))
    for summary in summaries:
        _add_suite(root, summary)
    if report.cut_short:
        _add_end(root, report.cut_short)
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _totals(name: str, tests: int, failures: int, skipped: int, is_cut: bool, seconds: float) -> dict[str, str]:
    return {
        "name": printable(name),
        "tests": str(tests + is_cut),
        "failures": str(failures),
        "errors": str(int(is_cut)),
        "skipped": str(skipped),
        "time": f"{seconds:.3f}",
    }


def _add_suite(root: Element, summary: RuleSummary) -> None:
    numbers = (len(summary.verdicts), summary.count(Outcome.BROKEN), summary.count(Outcome.NOT_JUDGED))
    suite = SubElement(root, "testsuite", _totals(summary.rule, *numbers, False, summary.seconds))
    properties = SubElement(suite, "properties")
    for name, value in (("says", summary.description), ("page", page_of(summary.rule))):
        if value:
            SubElement(properties, "property", {"name": name, "value": printable(value)})
    for verdict in summary.verdicts:
        _add_case(suite, verdict)


def _add_case(suite: Element, verdict: Verdict) -> None:
    attributes = {
        "classname": printable(verdict.rule),
        "name": printable(verdict.subject),
        "time": f"{verdict.seconds:.3f}",
    }
    case = SubElement(suite, "testcase", attributes)
    if verdict.outcome is Outcome.BROKEN:
        first, *others = verdict.findings
        message = f"{in_a_line(first.seen)}; expected {in_a_line(first.expected)}"
        message += f" (and {len(others)} more)" if others else ""
        failure = SubElement(case, "failure", {"type": printable(verdict.rule), "message": message})
        failure.text = "\n\n".join(_finding_text(finding) for finding in verdict.findings)
    elif verdict.outcome is Outcome.NOT_JUDGED:
        SubElement(case, "skipped", {"message": f"not judged: {in_a_line(verdict.why)}"})
    if verdict.notes:
        SubElement(case, "system-out").text = "\n\n".join(_finding_text(note) for note in verdict.notes)


def _finding_text(finding: Finding) -> str:
    return "\n".join(f"{name}: {part}" for name, part in parts_of(finding))


def _add_end(root: Element, why: str) -> None:
    suite = SubElement(root, "testsuite", _totals(RUN, 0, 0, 0, True, 0.0))
    case = SubElement(suite, "testcase", {"classname": RUN, "name": "ended before its end", "time": "0.000"})
    SubElement(case, "error", {"type": "cut short", "message": in_a_line(why)})
