"""The documents of Deribit and SignalPlus follow the facts, are valid, and fit the recordings."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import schemathesis

from mockexchange.kit.validation.schemas import resolved, validator
from mockexchange.runtime import api_documents
from tests.contracts.documents import ROOT, references
from tests.contracts.test_stream_documents import published
from tests.helpers.rows import each_row
from tools.jsonrpc_facts import ALIASES, type_of
from tools.write_jsonrpc_contracts import VENUES, render_document, render_stream, target

SUBJECTS = [f"{venue}/{alias}" for venue in VENUES for alias in ALIASES]
# What a schema may contain: a misspelt keyword would otherwise be ignored without a word.
SCHEMA_KEYWORDS = {
    *("$ref", "additionalProperties", "anyOf", "const", "description", "enum", "items", "maxLength", "maximum"),
    *("minLength", "minimum", "oneOf", "pattern", "properties", "required", "type", "x-recorded"),
}
WITHOUT_PATH = {"#/components/responses/UnknownRoute", "#/components/responses/Base"}


def schema_nodes(node: Any) -> Iterator[dict[str, Any]]:
    yield node
    children = [*node.get("properties", {}).values(), *node.get("oneOf", []), *node.get("anyOf", [])]
    for child in [*children, *([node["items"]] if "items" in node else [])]:
        yield from schema_nodes(child)


@each_row("venue", VENUES)
@each_row("alias", ALIASES)
def test_the_documents_are_what_the_facts_make_them(venue: str, alias: str) -> None:
    assert target(venue, alias).read_text(encoding="utf-8") == render_document(venue, alias)
    assert target(venue, alias, "asyncapi").read_text(encoding="utf-8") == render_stream(venue, alias)


@each_row("subject", SUBJECTS)
def test_document_is_valid_openapi(subject: str) -> None:
    document = api_documents.read(subject)
    schemathesis.openapi.from_dict(copy.deepcopy(document)).validate()
    assert document["info"]["version"] == ALIASES[subject.partition("/")[2]]


@each_row("subject", SUBJECTS)
def test_the_stream_is_valid_asyncapi(subject: str) -> None:
    document = api_documents.read(subject, api_documents.ASYNCAPI)
    assert [f"{error.instance_path}: {error.message}" for error in published().iter_errors(document)] == []
    for reference in set(references(document)):
        resolved(document, {"$ref": reference})


@each_row("subject", SUBJECTS)
def test_schemas_use_known_keywords_only_and_answers_are_closed(subject: str) -> None:
    for name, schema in api_documents.read(subject)["components"]["schemas"].items():
        jsonschema_rs.meta.validate({**schema, "$schema": "https://json-schema.org/draft/2020-12/schema"})
        for node in schema_nodes(schema):
            assert set(node) <= SCHEMA_KEYWORDS, name
            assert "properties" not in node or node["additionalProperties"] is False
            assert set(node.get("required", [])) <= set(node.get("properties", {}))


@each_row("subject", SUBJECTS)
def test_every_reference_resolves_and_every_component_is_used(subject: str) -> None:
    document = api_documents.read(subject)
    used = set(references(document))
    for reference in used:
        resolved(document, {"$ref": reference})
    sections = {name: found for name, found in document["components"].items() if name != "securitySchemes"}
    assert {
        f"#/components/{section}/{name}" for section, found in sections.items() for name in found
    } - used == WITHOUT_PATH


@each_row(
    ("words", "wanted"),
    [
        ("Text", ("Text", False, False, False)),
        ("[Trade]?", ("Trade", True, True, False)),
        ("Number|null?", ("Number", True, False, True)),
        ("null", ("", False, False, False)),
    ],
)
def test_types_of_the_tables(words: str, wanted: tuple[object, ...]) -> None:
    assert tuple(type_of(words)) == wanted


# --- recordings and examples of the venues


def accepts(subject: str, path: str, verb: str, status: str, body: Any) -> bool:
    document = api_documents.read(subject)
    response = resolved(document, document["paths"][path][verb]["responses"][status])
    return validator(document, response["content"]["application/json"]["schema"]).is_valid(body)


def is_object(name: str, body: Any) -> bool:
    document = api_documents.read("deribit/2026-10")
    return validator(document, {"$ref": f"#/components/schemas/{name}"}).is_valid(body)


PAGE = json.loads("""
{"rid": 50002, "result": [{"averagePrice": "110957.5", "delta": "0.974421544", "side": "buy",
"floatingProfitLoss": "-0.014474194", "indexPrice": "113853.63", "initialMargin": "0.039024337",
"instrumentName": "BTC-17OCT25", "kind": "future", "leverage": 25, "maintenanceMargin": "0.019535906",
"markPrice": "113882.95", "openOrdersMargin": "0.0", "realizedProfitLoss": "0.0", "settlementPrice": "115600.09",
"size": "110970.0", "sizeCurrency": "0.974421544", "totalProfitLoss": "0.025691112"}]}
""")
POSITIONS = "/private/get_positions"


@each_row("alias", ALIASES)
def test_the_answer_of_the_page_fits(alias: str) -> None:
    assert accepts(f"signalplus/{alias}", POSITIONS, "post", "200", PAGE)


@each_row(
    "changes",
    [
        {"size": 110970.0},
        {"size": "110970"},
        {"openOrdersMargin": "0.00"},
        {"leverage": "25"},
        {"totalprofitLoss": "0.025691112"},
        {"estimatedLiquidationPrice": None},
        {"direction": "buy"},
        {"side": "long"},
        {"kind": "option"},
        {"gamma": "0.0"},
        {"delta": "0.9744215441"},
    ],
)
def test_another_answer_does_not(changes: dict[str, Any]) -> None:
    body = copy.deepcopy(PAGE)
    body["result"][0].update(changes)
    assert not accepts("signalplus/2026-10", POSITIONS, "post", "200", body)


def refused(error: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "error": error, "usIn": 1, "usOut": 2, "usDiff": 1, "testnet": True}


RECORDED = [
    (POSITIONS, {"code": 13009, "data": {"reason": "invalid_token"}, "message": "unauthorized"}),
    (
        "/public/ticker",
        {
            "code": -32602,
            "data": {"reason": "instrument not found", "param": "instrument_name"},
            "message": "Invalid params",
        },
    ),
    (
        POSITIONS,
        {"code": -32602, "data": {"reason": "invalid currency", "param": "currency"}, "message": "Invalid params"},
    ),
    ("/public/subscribe", {"code": 10030, "message": "must_be_websocket_request"}),
    ("/public/auth", {"code": 13004, "message": "invalid_credentials"}),
]


@each_row(("path", "error"), RECORDED)
@each_row("alias", ALIASES)
def test_recorded_errors_fit_and_others_do_not(alias: str, path: str, error: dict[str, Any]) -> None:
    subject = f"deribit/{alias}"
    assert accepts(subject, path, "get", "400", refused(error))
    assert accepts(subject, path, "post", "400", {**refused(error), "id": "a"})
    assert not accepts(subject, path, "get", "400", refused({**error, "message": "no"}))
    assert not accepts(subject, path, "get", "400", refused({**error, "code": 1}))
    assert not accepts(subject, path, "get", "400", {"error": error["code"], "message": error["message"]})


# From the examples of the venue's document 2.1.1 and its answers as clients quote them.
OBJECTS = {
    "Instrument": """{"tick_size": 0.0005, "tick_size_steps": [{"above_price": 120, "tick_size": 0.001}],
        "taker_commission": 0.0003, "strike": 16000, "settlement_period": "week", "settlement_currency": "BTC",
        "quote_currency": "BTC", "price_index": "btc_usd", "option_type": "put", "min_trade_amount": 0.1,
        "maker_commission": 0.0003, "kind": "option", "is_active": true, "instrument_name": "BTC-13JAN23-16000-P",
        "instrument_id": 144613, "expiration_timestamp": 1673596800000, "creation_timestamp": 1671696002000,
        "counter_currency": "USD", "contract_size": 1, "block_trade_tick_size": 0.0001,
        "block_trade_min_trade_amount": 25, "block_trade_commission": 0.00015, "base_currency": "BTC",
        "state": "open"}""",
    "Ticker": """{"best_ask_amount": 53040, "best_ask_price": 36290, "best_bid_amount": 4600, "best_bid_price": 36289.5,
        "current_funding": 0, "estimated_delivery_price": 36297.02, "funding_8h": 0.00002203, "index_price": 36297.02,
        "instrument_name": "BTC-PERPETUAL", "interest_value": 1.736251164, "last_price": 36289.5,
        "mark_price": 36288.31,
        "max_price": 36833.4, "min_price": 35744.73, "open_interest": 502231260, "settlement_price": 36169.49,
        "state": "open", "stats": {"high": 36824.5, "low": 35213.5, "price_change": 0.2362, "volume": 7831.26548117,
        "volume_usd": 282615600}, "timestamp": 1623059681955}""",
    "Trade": """{"underlying_price": 8994.95, "trade_seq": 1, "trade_id": "48078936", "timestamp": 1590480620145,
        "tick_direction": 1, "state": "filled", "reduce_only": false, "price": 0.028, "post_only": false,
        "order_type": "limit", "order_id": "4008699030", "matching_id": null, "mark_price": 0.03135383,
        "liquidity": "M", "iv": 38.51, "instrument_name": "BTC-27MAY20-8750-C", "index_price": 8993.47,
        "fee_currency": "BTC", "fee": 0.0004, "direction": "sell", "amount": 1}""",
    "Currency": """{"coin_type": "ETHER", "currency": "ETH", "currency_long": "Ethereum", "min_confirmations": 1,
        "min_withdrawal_fee": 0.0001, "withdrawal_fee": 0.0006, "withdrawal_priorities": [], "network_currency": "ETH",
        "network_fee": 0.0006, "decimals": 6}""",
    "Grant": """{"access_token": "a", "expires_in": 31536000, "refresh_token": "b", "scope": "connection mainaccount",
        "enabled_features": [], "token_type": "bearer"}""",
}


@each_row("name", OBJECTS)
def test_objects_of_the_venues_examples_fit(name: str) -> None:
    body = json.loads(OBJECTS[name])
    assert is_object(name, body)
    assert not is_object(name, {**body, "surprise": 1})
    required = api_documents.read("deribit/2026-10")["components"]["schemas"][name]["required"]
    for missing in required:
        assert not is_object(name, {key: value for key, value in body.items() if key != missing}), missing


def test_positions_are_of_one_kind_each() -> None:
    schemas = api_documents.read("deribit/2026-10")["components"]["schemas"]
    fields = {name: set(schemas[f"PositionOf{name}"]["properties"]) for name in ("Future", "Perpetual", "Option")}
    assert fields["Perpetual"] - fields["Future"] == {"realized_funding", "interest_value"}
    assert fields["Option"] - fields["Future"] == {
        "average_price_usd",
        "floating_profit_loss_usd",
        "gamma",
        "vega",
        "theta",
    }
    assert fields["Future"] - fields["Option"] == {"size_currency", "leverage", "estimated_liquidation_price"}


@each_row("venue", VENUES)
def test_grades_are_told(venue: str) -> None:
    text = (ROOT / "contracts" / venue / "README.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| point")]
    grades = ("recorded", "documented", "code", "inferred", "chosen")
    assert len(rows) > 10
    assert all(any(grade in row.rpartition(" | ")[2] for grade in grades) for row in rows), rows
