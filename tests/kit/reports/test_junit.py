"""JUnit: a suite for each rule; unjudged subjects are skipped, never passed; a run cut short has an error."""

from xml.etree.ElementTree import Element, fromstring

import pytest

from mockexchange.kit.findings import Report, Verdict
from mockexchange.kit.reports.junit import junit_of
from tests.kit.reports.reporting import FINDING, HOSTILE, everything


@pytest.fixture
def root() -> Element:
    return fromstring(junit_of(everything()))


def case(root: Element, rule: str, index: int) -> Element:
    return root.findall(f"testsuite[@name='{rule}']/testcase")[index]


def test_each_rule_is_a_suite_with_its_counts(root: Element) -> None:
    counted = [(each.get("name"), each.get("tests"), each.get("failures"), each.get("skipped")) for each in root]
    assert counted == [("pages.partition", "2", "1", "0"), ("pages.end", "2", "0", "2"), ("times.zone", "1", "0", "0")]
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["5", "1", "0", "2"]
    assert (root.get("time"), case(root, "pages.partition", 0).get("time")) == ("1.750", "1.250")


def test_a_rule_says_what_it_means_and_where_it_is_explained(root: Element) -> None:
    found = [(one.get("name"), one.get("value")) for one in root.findall("testsuite/properties/property")]
    assert found[:2] == [
        ("says", "a walk gives every row once"),
        ("page", "docs/verify-rules.md#pagespartition"),
    ]


def test_the_run_is_named_without_the_port_of_the_server(root: Element) -> None:
    assert root.get("name") == "http://127.0.0.1 as of 2026-10"


def test_a_finding_is_a_failure_with_all_its_parts(root: Element) -> None:
    failure = case(root, "pages.partition", 0).find("failure")
    assert failure is not None
    assert failure.text is not None
    assert "expected every row once (and 1 more)" in (failure.get("message") or "")
    for part in (FINDING.rule, FINDING.where, FINDING.expected, FINDING.place, FINDING.reproduction, "\\x1b[31m\\x00"):
        assert failure.text.count(part) == 2


def test_what_is_kept_is_neither_a_failure_nor_skipped(root: Element) -> None:
    assert list(case(root, "pages.partition", 1)) == []


def test_what_was_not_judged_is_skipped_with_the_reason(root: Element) -> None:
    (skipped,) = list(case(root, "pages.end", 0))
    assert (skipped.tag, skipped.get("message")) == ("skipped", "not judged: no row to look at")


def test_a_note_fails_nothing(root: Element) -> None:
    (said,) = list(case(root, "times.zone", 0))
    assert said.tag == "system-out"
    assert "a time without a zone" in (said.text or "")


def test_hostile_text_is_only_text(root: Element) -> None:
    name = case(root, "pages.end", 1).get("name") or ""
    assert name.startswith("<script>")
    assert "\\x1b[31m\\x00 \\u202e" in name
    assert HOSTILE not in junit_of(everything()).decode()


def test_a_run_that_was_cut_short_is_an_error() -> None:
    report = everything()
    report.cut_short = "it was interrupted"
    root = fromstring(junit_of(report))
    (error,) = root.findall("testsuite[@name='the run']/testcase/error")
    assert error.get("message") == "it was interrupted"
    assert (root.get("tests"), root.get("errors")) == ("6", "1")


def test_a_run_of_nothing_is_a_document_too() -> None:
    assert fromstring(junit_of(Report("nothing"))).get("tests") == "0"
    assert len(fromstring(junit_of(Report("one", [Verdict("a", "b")])))) == 1
