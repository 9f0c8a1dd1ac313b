"""Annotations of GitHub Actions: a line for each broken rule and subject, escaped as GitHub documents it."""

from mockexchange.kit.findings import Finding, Report, Verdict
from mockexchange.kit.reports.github import github_of

WRONG = Finding("a.rule", "GET /x", "50%\nof it", "all", "place")


def test_each_rule_is_annotated_before_any_is_annotated_again() -> None:
    report = Report("http://127.0.0.1:1 as of 2026-10", cut_short="it was interrupted")
    report.add([Verdict(rule, subject, (WRONG,)) for rule, subject in (("a", "1"), ("a", "2"), ("b", "x:y, z"))])
    report.add([Verdict("c", "kept")])
    broken, other, again, end, tally = github_of(report).decode().splitlines()
    assert broken.startswith("::error title=a 1::rule: a.rule%0Awhere: GET /x%0Aseen: 50%25%0Aof it%0A")
    assert other.startswith("::error title=b x%3Ay%2C z::")
    assert again.startswith("::error title=a 2::")
    assert end == "::error title=the run ended before its end::it was interrupted"
    assert tally == "::notice title=http%3A//127.0.0.1 as of 2026-10::1 kept, 3 broken, 0 not judged"
