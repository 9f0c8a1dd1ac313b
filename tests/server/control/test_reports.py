"""Reports of verifications over the control API."""

from typing import Any

import pytest

from tests.server.live import Live
from tests.server.small import error_of

RULE = {
    "rule": "pages.partition",
    "says": "x",
    "outcome": "broken",
    "kept": 1,
    "broken": 2,
    "not_judged": 0,
    "seconds": 0.5,
}
REPORT = {"title": "a server", "rules": [{**RULE, "findings": [{"where": "GET /x", "seen": "a", "expected": "b"}]}]}


def test_a_report_is_kept_and_listed_newest_first(live: Live) -> None:
    kept = [live.json("PUT", f"/reports/{name}", REPORT) for name in ("one", "two", "one")][-1]
    assert (kept["report"], kept["title"], kept["broken"], kept["kept"], kept["not_judged"]) == (
        "one",
        "a server",
        1,
        0,
        0,
    )
    assert [one["report"] for one in live.json("GET", "/reports")][:2] == ["one", "two"]
    assert live.json("GET", "/reports/one") == REPORT


def test_the_oldest_of_more_than_twenty_goes(live: Live) -> None:
    for number in range(21):
        live.json("PUT", f"/reports/run-{number}", REPORT)
    names = [one["report"] for one in live.json("GET", "/reports")]
    assert (len(names), names[0], names[-1]) == (20, "run-20", "run-1")
    reply = live.control("GET", "/reports/run-0")
    assert (reply.status, error_of(reply)["code"]) == (404, "unknown_report")


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        (".x", REPORT, 400, "bad_name"),
        ("x", {"title": "no rules"}, 400, "bad_report"),
        ("x", {**REPORT, "colour": "red"}, 400, "bad_report"),
        ("x", {**REPORT, "rules": [{**RULE, "outcome": "good"}]}, 400, "bad_report"),
        ("x", {**REPORT, "title": "x" * 1_100_000}, 413, "body_too_large"),
    ],
    ids=["name", "no rules", "unknown field", "unknown outcome", "too large"],
)
def test_a_wrong_report_is_refused(live: Live, name: str, body: Any, status: int, code: str) -> None:
    before = live.json("GET", "/reports")
    reply = live.control("PUT", f"/reports/{name}", body)
    assert (reply.status, error_of(reply)["code"]) == (status, code)
    assert live.json("GET", "/reports") == before
