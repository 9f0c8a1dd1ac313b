"""Events as the control API sends them."""

from typing import Any

from mockexchange.cli.event_format import LiveEvent

AT = "2025-11-04T23:00:00Z"
FILLED = {
    "type": "filled",
    "account": "alice",
    "book": "0",
    "market": "RAIN-1",
    "action": "buy",
    "side": "yes",
    "count": "1.00",
    "price": "0.5600",
    "fee": "0.017500",
}
TRADED = {
    "type": "contract_traded",
    "account": "dora",
    "book": "0",
    "instrument": "BTC-PERPETUAL",
    "direction": "buy",
    "amount": "100",
    "price": "113450",
    "fee": "0",
}
COMMAND: dict[str, Any] = {"command": "Fill", "cause": None, "seq": 7, "at": AT, "left_out": 0, "events": [FILLED]}
REQUEST: dict[str, Any] = {
    "number": 1,
    "at": AT,
    "method": "GET",
    "target": "/trade-api/v2/portfolio/balance",
    "status": 200,
    "operation": "GetBalance",
    "account": "alice",
    "key_id": "k",
    "latency_us": 1_234,
    "diagnosis": None,
    "findings": [],
    "fault": None,
    "connection": None,
    "refusal": None,
    "venue": "kalshi",
}
FRAME: dict[str, Any] = {
    "at": AT,
    "connection": 3,
    "account": "alice",
    "direction": "out",
    "kind": "fill",
    "fault": None,
    "note": "",
    "frame": '{"type":"fill"}\n',
}
FIRING: dict[str, Any] = {"at": AT, "kind": "fault", "name": "flaky", "detail": {"connection": 3}}


def event(what: str, data: dict[str, Any], **changes: Any) -> LiveEvent:
    return LiveEvent(what, {**data, **changes})
