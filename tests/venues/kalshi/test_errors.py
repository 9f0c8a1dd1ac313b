"""Every situation at every date: the status and body of the reference, byte for byte."""

import re
from pathlib import Path

import pytest

from mockexchange.venues.dated import pick
from mockexchange.venues.kalshi.dates import SOURCES, api_date
from mockexchange.venues.kalshi.errors import ERRORS, Rejected, Situation, error_body
from tests.venues.kalshi import bodies
from tests.venues.kalshi.bodies import DATES, Body

VENUE = Path(__file__).parents[3] / "mockexchange" / "venues" / "kalshi"
LIMIT = {"operation": "GetPositions", "field": "Limit", "tag": "lte"}
STATUS = {"operation": "GetFCMPositions", "field": "SettlementStatus", "tag": "oneof"}
NAMED = {"parameter": "subtrader_id"}

# What the situation needs said, and its body; then the dates from which another holds.
TABLE: dict[Situation, tuple[dict[str, str], Body, dict[str, Body]]] = {
    Situation.NO_CREDENTIALS: ({}, bodies.NO_CREDENTIALS, {}),
    Situation.NO_SIGNATURE: ({}, bodies.NO_SIGNATURE, {}),
    Situation.UNKNOWN_KEY: ({}, bodies.UNKNOWN_KEY, {}),
    Situation.TIMESTAMP_EXPIRED: ({}, bodies.EXPIRED, {}),
    Situation.BAD_SIGNATURE: ({}, bodies.BAD_SIGNATURE_2025, {"2026-02": bodies.BAD_SIGNATURE}),
    Situation.OUT_OF_BOUNDS: (LIMIT, bodies.invalid("Limit", "lte"), {}),
    Situation.UNKNOWN_CHOICE: (
        STATUS,
        bodies.BAD_REQUEST,
        {"2026-02": bodies.invalid("SettlementStatus", "oneof", "GetFCMPositions")},
    ),
    Situation.WRONG_TYPE: (NAMED, bodies.unreadable("subtrader_id"), {}),
    Situation.REPEATED: (NAMED, bodies.repeated("subtrader_id"), {}),
    Situation.MISSING: (NAMED, bodies.missing("subtrader_id"), {}),
    Situation.BAD_CURSOR: ({}, bodies.BAD_REQUEST, {}),
    Situation.CLASHING: ({}, bodies.BAD_REQUEST, {}),
    Situation.FORBIDDEN: ({}, bodies.FORBIDDEN, {}),
    Situation.RESTRICTED: ({}, bodies.RESTRICTED, {}),
    Situation.RETIRED: ({}, bodies.RETIRED, {}),
    Situation.NOT_FOUND: ({}, bodies.NOT_FOUND_2025, {"2026-10": bodies.NOT_FOUND}),
    Situation.NO_ROUTE: ({}, bodies.NOT_FOUND, {}),
    Situation.WRONG_METHOD: ({}, bodies.WRONG_METHOD, {}),
    Situation.TARGET_TOO_LONG: ({}, bodies.TARGET_TOO_LONG, {}),
    Situation.NOT_HTTP: ({}, bodies.BAD_REQUEST, {}),
    Situation.TOO_MANY_STREAMS: ({}, bodies.TOO_MANY_STREAMS, {}),
}


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("situation", Situation)
def test_every_situation_has_the_body_of_its_date(situation: Situation, date: str) -> None:
    words, body, changes = TABLE[situation]
    for since, changed in changes.items():
        body = changed if date == "compat" or date >= since else body
    assert error_body(Rejected(situation, "", **words), api_date(date)) == (body.status, body.at(date))


@pytest.mark.parametrize(
    ("situation", "last", "first"),
    [
        (Situation.UNKNOWN_CHOICE, "2025-12-31", "2026-01-01"),
        (Situation.BAD_SIGNATURE, "2026-01-31", "2026-02-01"),
        (Situation.NOT_FOUND, "2026-08-05", "2026-08-06"),
    ],
)
def test_a_body_changes_on_its_day(situation: Situation, last: str, first: str) -> None:
    rejected = Rejected(situation, "", **TABLE[situation][0])
    assert error_body(rejected, api_date(last)) == error_body(rejected, api_date("2025-11-03"))
    assert error_body(rejected, api_date(first)) == error_body(rejected, api_date("latest"))
    assert error_body(rejected, api_date(last)) != error_body(rejected, api_date(first))


FORBIDDEN = """
{"error":{"code":"permission_denied","message":"permission denied"},
"code":"permission_denied","message":"permission denied"}
"""
UNKNOWN_KEY = """
{"error":{"code":"authentication_error","message":"authentication_error","details":"NOT_FOUND"},
"code":"authentication_error","message":"authentication_error","details":"NOT_FOUND"}
"""
MISSING = """
{"error":{"code":"bad_request","message":"Query argument x is required, but not found"},
"code":"bad_request","message":"Query argument x is required, but not found",
"msg":"Query argument x is required, but not found"}
"""


@pytest.mark.parametrize(
    ("body", "wanted"),
    [(bodies.FORBIDDEN, FORBIDDEN), (bodies.UNKNOWN_KEY, UNKNOWN_KEY), (bodies.missing("x"), MISSING)],
)
def test_compat_has_every_shape_at_once(body: Body, wanted: str) -> None:
    assert body.at("compat").decode() == wanted.replace("\n", "")


@pytest.mark.parametrize("date", DATES)
def test_every_situation_has_one_row_with_a_known_source(date: str) -> None:
    assert set(pick(ERRORS, api_date(date))) == set(Situation)
    assert {row.source for row in ERRORS} <= set(SOURCES)


def test_every_situation_is_one_that_happens() -> None:
    """A row that no code raises would be a lie in the table."""
    sources = [path.read_text(encoding="utf-8") for path in VENUE.rglob("*.py") if path.name != "errors.py"]
    raised = {name for source in sources for name in re.findall(r"Situation\.([A-Z_]+)", source)}
    assert raised == {situation.name for situation in Situation}


def test_a_rejection_names_its_situation() -> None:
    rejected = Rejected(Situation.MISSING, "say it", parameter="x")
    assert str(rejected) == "required parameter missing"
    assert rejected.diagnosis == "say it"
