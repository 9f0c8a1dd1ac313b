"""A document of tomorrow: the newest one of the package, with what a venue may add, remove and change."""

import json
from pathlib import Path
from typing import Any

from mockexchange.runtime import api_documents

ALIAS = "2026-10"
EXAMPLE = "1.25"


def newer_document() -> Any:
    """Return the planted document. Its changes are those that `tests/cli/test_api_watch.py` lists."""
    document = api_documents.read(f"kalshi/{ALIAS}")
    document["info"]["version"] = "9.9.9"
    document["servers"] = [{"url": "https://api.elections.kalshi.com/trade-api/v2"}]
    schemas, paths = document["components"]["schemas"], document["paths"]
    position = schemas["MarketPosition"]["properties"]
    position["margin_dollars"] = {"type": "string", "example": EXAMPLE}
    position["mood"] = {"type": "string", "enum": ["calm", "wild"]}
    position["opened_at"] = {"type": "string", "format": "date-time"}
    risk, whole = {"$ref": "#/components/schemas/Risk"}, schemas["GetBalanceResponse"]
    whole["properties"] |= {"risks": {"type": "array", "items": risk}, "worst": risk}
    whole["required"].append("worst")
    schemas["Risk"] = {
        "type": "object",
        "required": ["level"],
        "properties": {"level": {"type": "integer"}, "inner": {"$ref": "#/components/schemas/Risk"}},
    }
    del schemas["Fill"]["properties"]["trade_id"]
    schemas["Fill"]["properties"]["ts"] = {"type": "string"}
    schemas["OrderStatus"]["enum"] += ["paused"]
    schemas["OrderStatus"]["enum"].remove("executed")
    schemas["CreateOrderV2Request"]["properties"]["route"] = {"type": "string"}
    schemas["CreateOrderV2Request"]["required"].append("route")
    balance = paths["/portfolio/balance"]["get"]
    balance["parameters"] = [
        {"name": "detail", "in": "query", "required": True, "schema": {"type": "string", "enum": ["low", "high"]}},
        {"$ref": "#/components/parameters/subaccount"},
    ]
    document["components"]["parameters"]["limit_200"]["schema"]["maximum"] = 500
    balance["responses"]["418"] = {"description": "A teapot."}
    del balance["responses"]["403"]
    del paths["/exchange/schedule"]
    paths["/portfolio/tomorrow/{tomorrow_id}"] = {
        "get": {"operationId": "GetTomorrow", "responses": {"200": {"description": "What comes."}}}
    }
    paths["/margin/fills"] = {"get": {"operationId": "GetMarginFills", "responses": {"200": {"description": "Known."}}}}
    return document


def newer_stream() -> Any:
    """Return the planted document of the stream."""
    document = api_documents.read(f"kalshi/{ALIAS}", api_documents.ASYNCAPI)
    document["info"]["version"] = "9.9.9"
    stream, components = document["channels"]["stream"], document["components"]
    stream["x-channels"]["weather"] = {"messages": ["storm"]}
    del stream["x-channels"]["trade"], stream["messages"]["trade"]
    components["messages"]["storm"] = {"payload": {"type": "object", "properties": {"type": {"const": "storm"}}}}
    stream["messages"]["storm"] = {"$ref": "#/components/messages/storm"}
    components["schemas"]["FillUpdate"]["properties"]["venue"] = {"type": "string"}
    del components["schemas"]["FillUpdate"]["properties"]["fee_cost"]
    return document


def write(document: Any, path: Path) -> Path:
    """Write a document as JSON, which YAML readers take."""
    path.write_text(json.dumps(document), encoding="utf-8")
    return path
