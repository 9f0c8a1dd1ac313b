"""Every situation at every date: the status and body of the reference, byte for byte."""

import re
from pathlib import Path

from mockexchange.venues.dated_fields import pick
from mockexchange.venues.kalshi.errors import ERRORS, Rejected, Situation, error_body
from mockexchange.venues.kalshi.named_days import SOURCES, api_date
from tests.helpers.rows import each_row
from tests.venues.kalshi import bodies
from tests.venues.kalshi.bodies import DATES, Body

VENUE = Path(__file__).parents[3] / "mockexchange" / "venues" / "kalshi"
LIMIT = {"operation": "GetPositions", "field": "Limit", "tag": "lte"}
STATUS = {"operation": "GetFCMPositions", "field": "SettlementStatus", "tag": "oneof"}
NAMED = {"parameter": "subtrader_id"}

TABLES = ("errors.py",)
Row = tuple[dict[str, str], Body, dict[str, Body]]
FIELD = {"field": "TimeInForce"}
DOWN = '"code":"service_unavailable","message":"service_unavailable"'


def by_exchange(status: int, code: str) -> Row:
    """An error of the exchange, which named its service until August 2026."""
    words = f'"code":"{code}","message":"{code.replace("_", " ")}"'
    named = Body(status, f'{{"error":{{{words},"service":"exchange"}}}}')
    return {}, named, {"2026-10": Body(status, f'{{"error":{{{words}}}}}')}


def by_gateway(status: int, code: str, shown: str = "", **values: str) -> Row:
    more = f',"details":"{shown}"' if shown else ""
    body = f'{{"error":{{"code":"{code}","message":"{code.replace("_", " ")}"{more}}}}}'
    return values, Body(status, body), {}


WRITES: dict[Situation, Row] = {
    Situation.CONTENT_TYPE: ({}, Body(400, '{"code":"invalid_content_type","message":"invalid_content_type"}'), {}),
    Situation.BAD_JSON: (
        {"details": "EOF"},
        Body(400, '{"code":"bad_request","message":"bad request","details":"EOF"}'),
        {},
    ),
    Situation.MISSING_FIELD: by_gateway(400, "missing_parameters", "Field validation for TimeInForce", **FIELD),
    Situation.INVALID_FIELD: by_gateway(400, "invalid_parameters", "Field validation for TimeInForce", **FIELD),
    Situation.BAD_ID: ({}, bodies.BAD_REQUEST, {}),
    Situation.BAD_ORDER_ID: by_gateway(404, "not_found"),
    Situation.NOT_FOUND_IN_WRITE: by_exchange(404, "not_found"),
    Situation.INVALID_ORDER: by_gateway(400, "invalid_order", "post only cross", details="post only cross"),
    Situation.INVALID_PRICE: by_exchange(400, "invalid_price"),
    Situation.INVALID_SIZE: by_gateway(400, "invalid_order_size"),
    Situation.INSUFFICIENT_BALANCE: by_exchange(400, "insufficient_balance"),
    Situation.MARKET_NOT_FOUND: by_exchange(404, "market_not_found"),
    Situation.MARKET_INACTIVE: by_gateway(400, "market_inactive"),
    Situation.DUPLICATE_ORDER: by_exchange(409, "order_already_exists"),
    Situation.UNFILLED: by_gateway(409, "fill_or_kill_insufficient_resting_volume"),
    Situation.TRADING_PAUSED: by_gateway(409, "trading_is_paused"),
    Situation.EXCHANGE_PAUSED: by_gateway(409, "exchange_is_paused"),
    Situation.GROUP_TRIGGERED: by_exchange(400, "exceeded_order_group_risk_limit"),
    Situation.GROUP_NOT_FOUND: by_exchange(404, "order_group_not_found"),
    Situation.RISK_LIMIT: by_exchange(400, "exceeded_per_market_risk_limit"),
    Situation.TOO_MANY_ORDERS: by_exchange(400, "too_many_orders"),
    Situation.TOO_MANY_GROUPS: by_exchange(400, "too_many_order_groups"),
    Situation.AMEND_MISMATCH: (
        {"code": "order_side_mismatch", "message": "order side mismatch"},
        *by_exchange(400, "order_side_mismatch")[1:],
    ),
    Situation.ALREADY_EXISTS: by_exchange(409, "already_exists"),
    Situation.TRANSFER_APPLIED: by_gateway(409, "transfer_already_applied"),
    Situation.EXCHANGE_DOWN: (
        {},
        Body(503, f'{{"error":{{{DOWN},"service":"exchange"}}}}'),
        {"2026-10": Body(503, f'{{"error":{{{DOWN}}}}}')},
    ),
    Situation.NEEDS_ADVANCED: by_gateway(403, "subaccount_creation_requires_advanced_api_usage_level"),
    Situation.RFQ_CLOSED: ({}, Body(400, '{"error":{"code":"RFQ_CLOSED","message":"rfq closed"}}'), {}),
}

# What the situation needs said, and its body; then the dates from which another holds.
TABLE: dict[Situation, Row] = {
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
    Situation.UNKNOWN_STATUS: ({}, bodies.UNKNOWN_STATUS, {}),
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
    Situation.RATE_LIMITED: ({}, bodies.TOO_MANY_REQUESTS, {}),
    **WRITES,
}


@each_row("date", DATES)
@each_row("situation", Situation)
def test_every_situation_has_the_body_of_its_date(situation: Situation, date: str) -> None:
    words, body, changes = TABLE[situation]
    for since, changed in changes.items():
        body = changed if date == "compat" or date >= since else body
    assert error_body(Rejected(situation, "", **words), api_date(date)) == (body.status, body.at(date))


@each_row(
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


@each_row(
    ("body", "wanted"),
    [(bodies.FORBIDDEN, FORBIDDEN), (bodies.UNKNOWN_KEY, UNKNOWN_KEY), (bodies.missing("x"), MISSING)],
)
def test_compat_has_every_shape_at_once(body: Body, wanted: str) -> None:
    assert body.at("compat").decode() == wanted.replace("\n", "")


@each_row("date", DATES)
def test_every_situation_has_one_row_with_a_known_source(date: str) -> None:
    assert set(pick(ERRORS, api_date(date))) == set(Situation)
    assert {row.source for row in ERRORS} <= set(SOURCES)


def test_every_situation_is_one_that_happens() -> None:
    """A row that no code raises would be a lie in the table."""
    sources = [path.read_text(encoding="utf-8") for path in VENUE.rglob("*.py") if path.name not in TABLES]
    raised = {name for source in sources for name in re.findall(r"Situation\.([A-Z_]+)", source)}
    assert raised == {situation.name for situation in Situation}


def test_a_rejection_names_its_situation() -> None:
    rejected = Rejected(Situation.MISSING, "say it", parameter="x")
    assert str(rejected) == "required parameter missing"
    assert rejected.diagnosis == "say it"
