"""The document of compat: the last version of every name, the most lenient parameters, errors in every form."""

import json
from typing import Any

import jsonschema_rs

from tests.contracts.documents import (
    ALIASES,
    COMPAT,
    answer_validator,
    component_validator,
    document,
    operations,
    parameters,
    resolved,
    writes,
)
from tests.helpers.rows import each_row

REQUESTS = "Request"
"""The end of the names of objects that are sent."""


def fields(alias: str, name: str) -> set[str]:
    schemas = document(alias)["components"]["schemas"]
    return set(schemas[name]["properties"]) if name in schemas else set()


def objects(alias: str) -> set[str]:
    found = document(alias)["components"]["schemas"]
    return {name for name, node in found.items() if "properties" in node and not name.endswith("Error")}


def test_every_object_has_every_field_there_ever_was() -> None:
    assert objects(COMPAT) == {name for alias in ALIASES for name in objects(alias)}
    for name in objects(COMPAT):
        assert fields(COMPAT, name) == {field for alias in ALIASES for field in fields(alias, name)}, name


def test_every_read_takes_every_parameter_there_ever_was() -> None:
    for name in operations(COMPAT):
        dated = [parameters(alias, name) for alias in ALIASES if name in operations(alias)]
        assert set(parameters(COMPAT, name)) == {parameter for found in dated for parameter in found}, name


def widest(name: str, parameter: str) -> tuple[int, int]:
    found = [parameters(alias, name).get(parameter) for alias in ALIASES if name in operations(alias)]
    schemas = [one["schema"] for one in found if one and "maximum" in one["schema"]]
    return min(one["minimum"] for one in schemas), max(one["maximum"] for one in schemas)


def test_bounds_are_the_widest_of_all_dates() -> None:
    compared = 0
    for name in operations(COMPAT):
        for parameter, node in parameters(COMPAT, name).items():
            if "maximum" in node["schema"]:
                assert (node["schema"]["minimum"], node["schema"]["maximum"]) == widest(name, parameter), name
                compared += 1
    assert compared > 30


# A read, a parameter, and a value that some date takes and others do not.
LENIENT = [
    ("GetPositions", "count_filter", "resting_order_count"),
    ("GetPositions", "event_ticker", "A,B"),
    ("GetPositions", "settlement_status", "all"),
    ("GetFills", "ticker", "A,B"),
    ("GetMarkets", "status", "open,closed"),
    ("GetMarkets", "status", "paused"),
    ("GetMarkets", "event_ticker", "A,B"),
    ("GetEvents", "status", "unopened"),
]


@each_row(("name", "parameter", "value"), LENIENT)
def test_what_any_date_takes_is_taken(name: str, parameter: str, value: str) -> None:
    found = parameters(COMPAT, name)[parameter]
    assert jsonschema_rs.is_valid(found["schema"], value)
    assert not found.get("required", False)


def everywhere(code: str, message: str, **more: str) -> dict[str, Any]:
    error = {"code": code, "message": message, **more}
    return {"error": error, **error}


WRONG = "Invalid format for parameter limit: error binding string parameter"
BAD = everywhere("bad_request", WRONG)
FLAT = {"code": "bad_request", "message": WRONG}
# schema | body | whether it is one in compat
ERRORS: list[tuple[str, dict[str, Any], bool]] = [
    ("GetFillsParameterError", {**BAD, "msg": WRONG}, True),
    ("GetFillsParameterError", BAD, False),
    ("GetFillsParameterError", {"msg": WRONG}, False),
    ("GetFillsParameterError", {**FLAT, "msg": WRONG}, False),
    ("GetFillsParameterError", {**BAD, "msg": WRONG, "message": "other words"}, False),
    ("NotFoundError", everywhere("not_found", "not found"), True),
    ("NotFoundError", {"error": {"code": "not_found", "message": "not found"}}, False),
    ("TooManyRequestsError", everywhere("too_many_requests", "too many requests"), True),
    ("TooManyRequestsError", {"error": "too many requests"}, False),
    ("AuthenticationError", everywhere("authentication_error", "authentication_error", details="NOT_FOUND"), True),
    ("AuthenticationError", everywhere("authentication_error", "authentication_error"), False),
    ("OrderRefusedError", everywhere("invalid_order", "invalid order", details="post only cross"), True),
    ("OrderRefusedError", everywhere("invalid_content_type", "invalid_content_type"), True),
    ("OrderRefusedError", {"code": "invalid_content_type", "message": "invalid_content_type"}, False),
    ("OrderConflictError", everywhere("invalid_order", "invalid order"), False),
]


@each_row(("name", "body", "wanted"), ERRORS)
def test_errors_have_every_shape_at_once(name: str, body: dict[str, Any], wanted: bool) -> None:
    assert component_validator(COMPAT, name).is_valid(body) is wanted


WITHOUT_PARAMETERS_OR_FACTS = {
    *("GetMilestone", "GetMultivariateEventCollection", "GetEventMetadata", "GetWeatherIndexCalibrations"),
    *("GetWeatherIndex", "BatchGetMarketCandlesticks"),
}
"""Reads whose 400 is documented and is about no parameter: an unknown city, too many candlesticks, or unknown."""


def refused(name: str) -> Any:
    """Return the schema of a read's 400."""
    answer = operations(COMPAT)[name]["responses"].get("400")
    return answer and resolved(COMPAT, answer)["content"]["application/json"]["schema"]


def test_no_read_refuses_in_the_old_form_or_for_what_clashes() -> None:
    plain = {name for name in operations(COMPAT) if "BadRequestError" in json.dumps(refused(name))}
    assert plain == WITHOUT_PARAMETERS_OR_FACTS
    assert not [name for name, node in operations(COMPAT).items() if "x-times" in node]


def test_cents_are_beside_exact_dollars() -> None:
    content = document(COMPAT)["components"]["responses"]["GetPositions"]["content"]["application/json"]
    body = json.loads(json.dumps(content["example"]))
    [row] = body["market_positions"]
    row.update(realized_pnl=-1, realized_pnl_dollars="-0.010001")
    assert answer_validator(COMPAT, "GetPositions", "200").is_valid(body)
    row["realized_pnl_dollars"] = "-0.0100"
    assert not answer_validator(COMPAT, "GetPositions", "200").is_valid(body)
    del row["realized_pnl"]
    row["realized_pnl_dollars"] = "-0.010001"
    assert not answer_validator(COMPAT, "GetPositions", "200").is_valid(body)


def lists(alias: str) -> dict[tuple[str, str], int | None]:
    """Return the maximum number of rows of each list of a document, by object and field."""
    schemas = document(alias)["components"]["schemas"]
    return {
        (name, field): bare.get("maxItems")
        for name, schema in schemas.items()
        for field, node in schema.get("properties", {}).items()
        if (bare := node.get("oneOf", [node])[0]).get("type") == "array"
    }


def test_pages_are_never_cut_between_events() -> None:
    assert {most for (name, _), most in lists(COMPAT).items() if not name.endswith(REQUESTS)} == {1_000, 2_000, 10_000}
    unbounded = {place for place, most in lists("2026-10").items() if most is None and not place[0].endswith(REQUESTS)}
    assert unbounded == {("GetPositionsResponse", "market_positions")}


def test_every_write_of_every_date_is_carried_out_or_retired() -> None:
    assert set(writes(COMPAT)) == {call for alias in ALIASES for call in writes(alias)}
    for (_, path), node in writes(COMPAT).items():
        assert "x-never-carried-out" not in node
        assert ("410" in node["responses"]) is path.startswith("/portfolio/orders")


@each_row("name", ["GetPositions", "GetSettlements", "GetFCMOrders", "GetMarkets"])
def test_events_are_a_list_again(name: str) -> None:
    found = parameters(COMPAT, name)["event_ticker"]
    assert found["description"].startswith("Comma list.")
    assert not jsonschema_rs.is_valid(found["schema"], ",".join("ABCDEFGHIJK"))
