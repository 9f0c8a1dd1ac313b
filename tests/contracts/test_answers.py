"""The answers of the API documents accept recorded bodies and refuse almost right ones."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from tests.contracts.documents import (
    ALIASES,
    API_DATES,
    EVERY,
    FROM_2026,
    FROM_JUNE,
    NONE,
    ROOT,
    accepting_aliases,
    answer_validator,
    component_validator,
)
from tests.helpers.rows import each_row

WIRE = ROOT / "fixtures" / "wire" / "kalshi"
POSITIONS_OPERATIONS = ("GetPositions", "GetFCMPositions")

# A whole recorded body, its operations, the document of its day, and every document that must accept it.
RECORDED = [
    ("http_get_portfolio_positions.2025-11-03.json", POSITIONS_OPERATIONS, "2025-11", {"2025-11"}),
    ("http_get_portfolio_positions.2026-06-11.json", POSITIONS_OPERATIONS, "2026-06", {"2026-04", "2026-06"}),
    (
        "http_get_portfolio_balance.2025-11-03.json",
        ("GetBalance",),
        "2025-11",
        {"2025-11", "2025-12", "2026-02", "2026-04"},
    ),
    ("http_get_portfolio_balance.2026-06-11.json", ("GetBalance",), "2026-06", {"2026-06", "2026-10"}),
]
ROWS_ONLY = "http_get_portfolio_positions.2026-01-12.json"


def recorded(name: str) -> Any:
    return json.loads((WIRE / name).read_bytes())


def test_every_recorded_file_has_a_source_and_no_newline() -> None:
    sources = (WIRE / "SOURCES.md").read_text(encoding="utf-8")
    for path in sorted(WIRE.glob("http_*.json")):
        assert f"`{path.name}`" in sources
        assert not path.read_bytes().endswith(b"\n")


@each_row(("name", "served_by", "alias", "wanted"), RECORDED)
def test_a_recorded_body_fits_its_date_and_not_the_others(
    name: str, served_by: tuple[str, ...], alias: str, wanted: set[str]
) -> None:
    assert alias in wanted < EVERY
    for operation in served_by:
        assert accepting_aliases(operation, "200", recorded(name)) == wanted


def test_rows_of_2026_01_12_fit_the_rows_in_force_that_day() -> None:
    body = recorded(ROWS_ONLY)
    for key, row in (("market_positions", "MarketPosition"), ("event_positions", "EventPosition")):
        accepted = {alias for alias in ALIASES if component_validator(alias, row).is_valid(body[key][0])}
        # The market row had not changed since the first date; the event row differs between the dates.
        assert accepted == ({"2025-11", "2025-12"} if row == "MarketPosition" else {"2025-12"})
    [missing] = answer_validator("2025-12", "GetPositions", "200").iter_errors(body)
    assert "cursor" in missing.message


def body_of_2026_02() -> dict[str, Any]:
    """Return the rows of 2026-01-12 with the additions of 2026-01-29, as a whole page."""
    body: dict[str, Any] = {"cursor": "", **recorded(ROWS_ONLY)}
    body["market_positions"][0]["position_fp"] = "32.00"
    body["event_positions"][0]["total_cost_shares_fp"] = "32.00"
    return body


def body_of_2026_10() -> dict[str, Any]:
    """Return the recorded page of 2026-06-11 with the changes of 2026-07-09 and 2026-08-20."""
    body: dict[str, Any] = recorded("http_get_portfolio_positions.2026-06-11.json")
    del body["market_positions"][0]["resting_orders_count"]
    body["market_positions"][0]["exchange_index"] = 0
    return body


def test_dates_without_a_recording_take_the_neighbour_as_changed() -> None:
    for operation in POSITIONS_OPERATIONS:
        assert accepting_aliases(operation, "200", {"cursor": "", **recorded(ROWS_ONLY)}) == {"2025-12"}
        assert accepting_aliases(operation, "200", body_of_2026_02()) == {"2026-02"}
        assert accepting_aliases(operation, "200", body_of_2026_10()) == {"2026-10"}


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from objects(child)


def wrong_values(key: str, value: object) -> list[object]:
    """Return values that are almost right for a key."""
    if isinstance(value, int):
        return [None, str(value), value + 0.5, True]
    if not isinstance(value, str):
        return [None, {}, "", [None]]
    if key.endswith(("_dollars", "_fp")) or key == "balance":
        return [None, 0, value + "0", value[:-1], "+" + value, "0" + value, "-" + "0" * 9, "1e2", value + " "]
    if key.endswith("_ts"):
        return [None, 0, value[:-1], value[:-1] + "+00:00", value.replace("T", " "), "2025-11-03T20:27:56.100Z"]
    return [None, 0, "=" if key == "cursor" else ""]


def mutations(body: Any) -> Iterator[tuple[str, Any]]:
    """Yield (description of a mistake, body with that mistake)."""
    for index, original in enumerate(objects(body)):
        for key, value in [*original.items(), ("unknown_key", None)]:
            changes = wrong_values(key, value) if key in original else [0]
            for change in changes:
                mutant = copy.deepcopy(body)
                list(objects(mutant))[index][key] = change
                yield f"{key} = {change!r}", mutant
            mutant = copy.deepcopy(body)
            if list(objects(mutant))[index].pop(key, None) is not None and key != "balance_breakdown":
                yield f"no {key}", mutant


@each_row(("name", "served_by", "alias", "wanted"), RECORDED)
def test_a_recorded_body_changed_in_one_place_is_refused(
    name: str, served_by: tuple[str, ...], alias: str, wanted: set[str]
) -> None:
    changed = list(mutations(recorded(name)))
    assert len(changed) > 10
    for operation in served_by:
        for done, mutant in changed:
            assert accepting_aliases(operation, "200", mutant) & wanted == NONE, done


def test_a_key_restricted_to_a_subaccount_gets_no_breakdown() -> None:
    body = recorded("http_get_portfolio_balance.2026-06-11.json")
    del body["balance_breakdown"]
    assert accepting_aliases("GetBalance", "200", body) == FROM_JUNE


# alias | key of a market row | value | whether it fits
AMOUNTS = [
    ("2025-11", "realized_pnl_dollars", "-1.3700", True),
    ("2025-11", "realized_pnl_dollars", "-1.3750", False),  # parts of a cent are cut off at this date
    ("2025-11", "realized_pnl_dollars", "-0.0000", False),
    ("2025-11", "fees_paid_dollars", "0.0189", False),
    ("2025-11", "fees_paid", -1, False),
    ("2025-11", "position", -32, True),
    ("2026-06", "realized_pnl_dollars", "-1.370001", True),
    ("2026-06", "realized_pnl_dollars", "-0.000000", False),
    ("2026-06", "market_exposure_dollars", "-1.370000", False),
    ("2026-06", "position_fp", "-1.37", True),
    ("2026-06", "position_fp", "-0.00", False),
    ("2026-06", "last_updated_ts", "2026-06-11T06:29:30Z", True),
    ("2026-06", "last_updated_ts", "2026-06-11T06:29:30.1234567Z", False),
    ("2026-06", "last_updated_ts", "2026-02-30T06:29:30Z", False),
]


@each_row(("alias", "key", "value", "fits"), AMOUNTS)
def test_amounts_and_instants(alias: str, key: str, value: object, fits: bool) -> None:
    body = recorded(f"http_get_portfolio_positions.{API_DATES[alias]}.json")
    body["market_positions"][0][key] = value
    assert answer_validator(alias, "GetPositions", "200").is_valid(body) is fits


@each_row(("cursor", "fits"), [("CgwI", True), ("CgwIAB", True), ("CgwIA", False), ("CgwIAA==", False)])
def test_cursors_are_unpadded_base64url(cursor: str, fits: bool) -> None:
    body = {**recorded("http_get_portfolio_positions.2026-06-11.json"), "cursor": cursor}
    assert answer_validator("2026-06", "GetPositions", "200").is_valid(body) is fits


def nested(code: str, message: str | None = None, **more: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message or code, **more}}


def failed(operation: str, field: str, tag: str) -> str:
    return f"Key: '{operation}Params.{field}' Error:Field validation for '{field}' failed on the '{tag}' tag"


def refused(operation: str, *lines: str) -> dict[str, str]:
    return {"msg": f"Parameter validation failed for {operation}: " + "\n".join(lines)}


SIGNATURE, PREFIX = "INCORRECT_API_KEY_SIGNATURE", "rpc error: code = Unauthenticated desc = "
IN_2025, BEFORE_OCTOBER = {"2025-11", "2025-12"}, EVERY - {"2026-10"}
LIMIT, STATUS = ("GetPositions", "Limit", "lte"), ("GetPositions", "SettlementStatus", "oneof")
BOTH = refused("GetPositions", failed(*LIMIT), failed("GetPositions", "CountFilter", "oneof"))
# operation | status | body | the dates at which the body is right
ERRORS: list[tuple[str, str, object, set[str]]] = [
    ("GetBalance", "401", nested("token_authentication_failure", "token authentication failure"), EVERY),
    ("GetBalance", "401", nested("header_timestamp_expired", "header timestamp expired"), EVERY),
    ("GetPositions", "401", nested("authentication_error", details="NOT_FOUND"), EVERY),
    ("GetPositions", "401", nested("authentication_error", details=PREFIX + SIGNATURE), IN_2025),
    ("GetPositions", "401", nested("authentication_error", details=SIGNATURE), FROM_2026),
    ("GetPositions", "401", nested("authentication_error"), NONE),
    ("GetPositions", "400", refused("GetPositions", failed(*LIMIT)), EVERY),
    ("GetFCMPositions", "400", refused("GetPositions", failed(*LIMIT)), NONE),
    ("GetPositions", "400", refused("GetPositions", failed("GetPositions", "Limit", "oneof")), NONE),
    ("GetPositions", "400", refused("GetPositions", failed(*STATUS)), {"2026-10"}),
    ("GetPositions", "400", BOTH, FROM_2026),
    ("GetPositions", "400", {"msg": "Invalid format for parameter limit: error binding string parameter"}, EVERY),
    ("GetPositions", "400", {"msg": "Invalid format for parameter ticker: error binding string parameter"}, NONE),
    ("GetPositions", "400", nested("bad_request", "bad request"), {*IN_2025, "2026-10"}),
    ("GetFCMPositions", "400", nested("bad_request", "bad request"), IN_2025),
    ("GetFCMPositions", "400", {"code": "bad_request", "message": "bad request"}, NONE),
    ("GetFCMPositions", "400", {"msg": "Query argument subtrader_id is required, but not found"}, EVERY),
    ("GetBalance", "400", refused("GetBalance", failed("GetBalance", "Subaccount", "lte")), FROM_2026),
    ("GetFCMPositions", "403", nested("permission_denied", "permission denied"), EVERY),
    ("GetBalance", "403", nested("permission_denied", "permission denied"), FROM_2026),
    ("GetFCMPositions", "404", nested("not_found", "not found"), EVERY),
    ("GetFCMPositions", "404", nested("not_found", "not found", service="query-exchange"), BEFORE_OCTOBER),
    ("GetBalance", "405", nested("method_not_allowed", "method not allowed"), EVERY),
    ("GetBalance", "429", {"error": "too many requests"}, EVERY),
    ("GetBalance", "429", nested("too_many_requests"), NONE),
    ("GetBalance", "500", nested("internal_server_error", service="users"), BEFORE_OCTOBER),
]


@each_row(("operation", "status", "body", "wanted"), ERRORS)
def test_error_bodies_fit_their_dates(operation: str, status: str, body: object, wanted: set[str]) -> None:
    assert accepting_aliases(operation, status, body) == wanted
