"""The API documents are valid OpenAPI, with the parameters of their dates."""

import copy
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import schemathesis

from tests.contracts.documents import (
    ALIASES,
    API_DATES,
    COMPAT,
    CONTRACTS,
    DOCUMENTS,
    EVERY,
    FROM_2026,
    FROM_JUNE,
    NONE,
    document,
    operations,
    parameters,
    references,
    resolved,
    writes,
)
from tests.helpers.rows import each_row
from tools.contract_facts import read_facts
from tools.write_contracts import render_document, target

# What a schema object may contain: a misspelt keyword would otherwise be ignored without a word.
OPEN = {"FreeObject", "TagsByCategory", "FiltersBySport"}
"""Objects whose keys are names that somebody chose."""
SCHEMA_KEYWORDS = {
    *("$ref", "additionalProperties", "anyOf", "const", "default", "deprecated", "description", "enum", "format"),
    *("items", "maxItems", "maximum", "minItems", "minLength", "minimum", "not", "oneOf", "pattern", "prefixItems"),
    *("properties", "required", "type", "uniqueItems", "x-recorded"),
}


def schema_nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Yield a schema object and every one below it."""
    yield node
    lists = [child for keyword in ("oneOf", "anyOf", "prefixItems") for child in node.get(keyword, [])]
    children = [*node.get("properties", {}).values(), *lists]
    for child in [*children, *(node[keyword] for keyword in ("items", "not") if keyword in node)]:
        yield from schema_nodes(child)


def test_there_is_a_document_for_each_alias() -> None:
    assert {path.parent.name for path in CONTRACTS.glob("*/openapi.yaml")} == set(DOCUMENTS)


@each_row("alias", DOCUMENTS)
def test_document_is_valid_openapi_of_its_date(alias: str) -> None:
    schemathesis.openapi.from_dict(copy.deepcopy(document(alias))).validate()
    assert document(alias)["openapi"] == "3.1.0"
    assert document(alias)["info"]["version"] == {**API_DATES, COMPAT: COMPAT}[alias]


@each_row("alias", DOCUMENTS)
def test_statuses_are_text(alias: str) -> None:
    # An unquoted status is a number in YAML, which makes the validity check above give up without a word.
    for operation in operations(alias).values():
        assert all(isinstance(status, str) for status in operation["responses"])


@each_row("section", ["info", "paths", "components"])
def test_a_broken_document_is_not_valid(section: str) -> None:
    broken = {**copy.deepcopy(document("2025-11")), section: []}
    with pytest.raises(jsonschema_rs.ValidationError):
        schemathesis.openapi.from_dict(broken).validate()


@each_row("alias", DOCUMENTS)
def test_schemas_use_known_keywords_only(alias: str) -> None:
    found = document(alias)["components"]
    closed = {name: schema for name, schema in found["schemas"].items() if name not in OPEN}
    for schema in [*closed.values(), *(parameter["schema"] for parameter in found["parameters"].values())]:
        jsonschema_rs.meta.validate({**schema, "$schema": "https://json-schema.org/draft/2020-12/schema"})
        for node in schema_nodes(schema):
            assert set(node) <= SCHEMA_KEYWORDS
            assert node.get("type") != "object" or "additionalProperties" in node
            assert "type" not in node or set(node.get("required", [])) <= set(node.get("properties", {}))
    sent = set(read_facts()["requests"])
    for name, schema in closed.items():
        objects = [node for node in schema_nodes(schema) if node.get("type") == "object"]
        assert all(node["additionalProperties"] is (name in sent) for node in objects), name


@each_row("alias", DOCUMENTS)
def test_every_reference_resolves_and_every_component_is_used(alias: str) -> None:
    used = set(references(document(alias)))
    for reference in used:
        resolved(alias, {"$ref": reference})
    sections = {name: found for name, found in document(alias)["components"].items() if name != "securitySchemes"}
    defined = {f"#/components/{section}/{name}" for section, found in sections.items() for name in found}
    # The one component that belongs to no operation: what a path outside the document gets.
    assert defined - used == {"#/components/responses/UnknownRoute"}


@each_row("alias", DOCUMENTS)
def test_the_documents_are_what_the_facts_make_them(alias: str) -> None:
    assert target(alias).read_text(encoding="utf-8") == render_document(alias), "run: python -m tools.write_contracts"


PUBLIC = {
    *("GetHistoricalCutoff", "GetExchangeStatus", "GetExchangeSchedule", "GetExchangeAnnouncements"),
    *("GetUserDataTimestamp", "GetAccountEndpointCosts", "GetSeries", "GetEvents", "GetEvent", "GetMarkets"),
    *(
        "GetTrades",
        "GetMarket",
        "GetMarketOrderbook",
        "GetMilestones",
        "GetMilestone",
        "GetStructuredTargets",
        "GetStructuredTarget",
    ),
    *("GetIncentivePrograms", "GetSeriesFeeChanges", "GetEventFeeChanges", "GetMultivariateEventCollections"),
    *("GetMultivariateEventCollection", "GetMultivariateEventCollectionLookupHistory", "GetMultivariateEvents"),
    *("GetEventMetadata", "GetTagsForSeriesCategories", "GetFiltersForSports", "GetLiveDatas", "GetLiveData"),
    *("GetLiveDataByMilestone", "GetGameStats", "GetEventLiveData", "GetWeatherIndex", "GetWeatherIndexCalibrations"),
    *("GetSeriesList", "GetHistoricalMarkets", "GetHistoricalMarket", "GetTradesHistorical"),
    *("GetMarketCandlesticks", "GetMarketCandlesticksByEvent", "GetMarketCandlesticksHistorical"),
    *("BatchGetMarketCandlesticks", "GetMarketOrderbook"),
}
COUNTS = {"2025-11": 48, "2025-12": 50, "2026-02": 54, "2026-04": 64, "2026-06": 70, "2026-10": 81}
"""The number of reads at each date, so that a lost one is noticed."""


@each_row("alias", ALIASES)
def test_signed_and_public_reads_under_the_venues_prefix(alias: str) -> None:
    assert document(alias)["servers"] == [{"url": "/trade-api/v2"}]
    [requirement] = document(alias)["security"]
    headers = [document(alias)["components"]["securitySchemes"][name]["name"] for name in requirement]
    assert headers == ["KALSHI-ACCESS-KEY", "KALSHI-ACCESS-SIGNATURE", "KALSHI-ACCESS-TIMESTAMP"]
    public = {name for name, operation in operations(alias).items() if operation.get("security") == []}
    late = {"GetMarketOrderbooks"} if alias == "2026-10" else set[str]()
    assert public == (PUBLIC | late) & set(operations(alias))
    assert len(operations(alias)) == COUNTS[alias]


# A read, and the dates at which it exists.
LIVES = [
    ("GetDeposits", FROM_JUNE),
    ("GetSubaccountBalances", FROM_2026),
    ("GetAccountApiLimits", FROM_2026),
    ("GetFillsHistorical", {"2026-04", *FROM_JUNE}),
    ("GetHistoricalPositions", {"2026-10"}),
    ("GetTargetBalanceAllocation", {"2026-10"}),
    ("ListFCMSubtraders", {"2026-10"}),
    ("GetAccountEndpointCosts", FROM_JUNE),
    ("GetExchangeAnnouncements", EVERY - {"2026-10"}),
    ("GetMarketOrderbook", EVERY),
]


@each_row(("operation", "wanted"), LIVES)
def test_reads_live_at_their_dates(operation: str, wanted: set[str]) -> None:
    assert {alias for alias in ALIASES if operation in operations(alias)} == wanted


WRITES = {"2025-11": 20, "2025-12": 20, "2026-02": 24, "2026-04": 25, "2026-06": 32, "2026-10": 44}
"""The number of writes at each date."""
COMMON = {"401", "429", "500"}
SUCCESS = {"200", "201", "204"}


@each_row("alias", ALIASES)
def test_a_write_is_described_or_retired(alias: str) -> None:
    assert len(writes(alias)) == WRITES[alias]
    for call, operation in writes(alias).items():
        statuses = set(operation["responses"])
        if call[1].startswith("/portfolio/orders") and alias == "2026-10":
            assert operation["x-never-carried-out"], call
            assert statuses == {"410", *COMMON}, call
        else:
            assert "x-never-carried-out" not in operation, call
            assert len(statuses & SUCCESS) == 1, call
            assert statuses >= {"403", *COMMON}, call
            assert "410" not in statuses, call


# A write, and the dates at which it is described.
WRITE_LIVES = [
    ("CreateOrder", EVERY),
    ("CreateOrderV2", FROM_JUNE),
    ("CancelAllOrdersV2", {"2026-10"}),
    ("CreateOrderGroup", EVERY),
    ("TriggerOrderGroup", FROM_2026),
    ("CreateSubaccount", FROM_2026),
    ("UpdateSubaccountNetting", {"2026-04", *FROM_JUNE}),
    ("SetTargetBalanceAllocation", {"2026-10"}),
    ("UpgradeAccountApiUsageLevel", FROM_JUNE),
    ("CreateApiKey", EVERY),
    ("CreateRFQ", EVERY),
    ("ConfirmQuote", EVERY),
    ("ProposeBlockTrade", {"2026-10"}),
    ("DeleteRFQQuote", {"2026-10"}),
]


@each_row(("operation", "wanted"), WRITE_LIVES)
def test_writes_live_at_their_dates(operation: str, wanted: set[str]) -> None:
    names = {alias: {node["operationId"] for node in writes(alias).values()} for alias in ALIASES}
    assert {alias for alias, found in names.items() if operation in found} == wanted


SCOPES = [
    ("2025-11", "POST", "/portfolio/order_groups/create", None),
    ("2026-02", "POST", "/portfolio/orders", ["write"]),
    ("2026-06", "POST", "/portfolio/events/orders", ["write"]),
    ("2026-06", "POST", "/portfolio/subaccounts/transfer", ["write", "write::transfer"]),
    ("2026-10", "POST", "/portfolio/events/orders", ["write", "write::trade"]),
    ("2026-10", "POST", "/fcm/subtraders", ["write", "write::fcm_risk"]),
]


@each_row(("alias", "method", "path", "wanted"), SCOPES)
def test_a_write_lists_the_scopes_of_its_date(alias: str, method: str, path: str, wanted: list[str] | None) -> None:
    assert writes(alias)[method, path].get("x-scopes") == wanted


FIRST_FOUR = ["cursor", "limit", "count_filter", "settlement_status"]
NAMES_2026 = ["cursor", "limit", "count_filter", "ticker", "event_ticker", "subaccount"]
# alias | GetPositions | GetBalance; GetFCMPositions has the same names at every date.
PARAMETER_NAMES = [
    ("2025-11", [*FIRST_FOUR, "ticker", "event_ticker"], []),
    ("2025-12", [*FIRST_FOUR, "ticker", "event_ticker"], []),
    ("2026-02", NAMES_2026, ["subaccount"]),
    ("2026-04", NAMES_2026, ["subaccount"]),
    ("2026-06", NAMES_2026, ["subaccount"]),
    (
        "2026-10",
        [*FIRST_FOUR, "ticker", "event_ticker", "subaccount", "exchange_index"],
        ["subaccount", "exchange_index"],
    ),
]


@each_row(("alias", "positions", "balance"), PARAMETER_NAMES)
def test_parameter_names(alias: str, positions: list[str], balance: list[str]) -> None:
    assert list(parameters(alias, "GetPositions")) == positions
    assert list(parameters(alias, "GetBalance")) == balance
    fcm = parameters(alias, "GetFCMPositions")
    assert set(fcm) == {*FIRST_FOUR, "ticker", "event_ticker", "subtrader_id"}
    assert fcm["subtrader_id"].get("required", False) is (alias != "2026-10")


TEN_EVENTS, ELEVEN_EVENTS = ",".join("ABCDEFGHIJ"), ",".join("ABCDEFGHIJK")
WITH_STATUS = {"2025-11", "2025-12", "2026-10"}
# operation | parameter | value | the dates at which it exists and the value is well formed
VALUES: list[tuple[str, str, object, set[str]]] = [
    ("GetPositions", "limit", 1, EVERY),
    ("GetPositions", "limit", 1000, EVERY),
    ("GetPositions", "limit", 0, NONE),
    ("GetPositions", "limit", 1001, NONE),
    ("GetPositions", "limit", "abc", NONE),
    ("GetPositions", "cursor", "", EVERY),
    ("GetPositions", "count_filter", "position,total_traded", EVERY),
    ("GetPositions", "count_filter", "total_traded,resting_order_count", {"2025-11"}),
    ("GetPositions", "count_filter", "resting_orders_count", NONE),
    ("GetPositions", "count_filter", "position,", NONE),
    ("GetPositions", "count_filter", "", NONE),
    ("GetPositions", "settlement_status", "all", WITH_STATUS),
    ("GetPositions", "settlement_status", "open", NONE),
    ("GetPositions", "event_ticker", TEN_EVENTS, EVERY),
    ("GetPositions", "event_ticker", ELEVEN_EVENTS, {"2026-04", *FROM_JUNE}),
    ("GetPositions", "subaccount", 32, FROM_2026),
    ("GetPositions", "subaccount", 33, FROM_JUNE),
    ("GetPositions", "subaccount", 64, NONE),
    ("GetPositions", "subaccount", -1, NONE),
    ("GetPositions", "exchange_index", 0, {"2026-10"}),
    ("GetPositions", "exchange_index", -1, NONE),
    ("GetFCMPositions", "settlement_status", "settled", EVERY),
    ("GetFCMPositions", "subtrader_id", "desk_one", EVERY),
    ("GetFCMPositions", "subtrader_id", "", {"2026-10"}),
    ("GetBalance", "subaccount", 63, FROM_JUNE),
    ("GetBalance", "exchange_index", 3, {"2026-10"}),
]


@each_row(("operation", "name", "value", "wanted"), VALUES)
def test_parameter_values(operation: str, name: str, value: object, wanted: set[str]) -> None:
    having = {alias: parameters(alias, operation).get(name) for alias in ALIASES}
    found = {
        alias for alias, parameter in having.items() if parameter and jsonschema_rs.is_valid(parameter["schema"], value)
    }
    assert found == wanted


@each_row("alias", ALIASES)
def test_a_wrong_method_is_told_the_right_one(alias: str) -> None:
    allow = resolved(alias, operations(alias)["GetBalance"]["responses"]["405"])["headers"]["Allow"]
    assert allow["required"]
    assert [jsonschema_rs.is_valid(allow["schema"], value) for value in ("GET", "GET, HEAD", "HEAD, GET")] == [True] * 3
    assert not jsonschema_rs.is_valid(allow["schema"], "POST")
