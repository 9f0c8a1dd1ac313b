"""The answers to all writes beside orders in one session, byte for byte; ids stand for themselves.

Recorded are the group's keys, the empty objects and the repeated transfer; the other bodies are the documents'.
"""

import json
import re

from tests.helpers.sandboxes import make, send

UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PEM = re.compile(rb"-----BEGIN[^-]*-----.*-----END[^-]*-----(\\n)?")
TRANSFER = "97ec18b7-10d3-4557-9de0-8598aad625f0"
ALICE, DESK = "alice/main", "desk/main"
MOVED = {"client_transfer_id": TRANSFER, "from_subaccount": 0, "to_subaccount": 3, "amount_cents": 500}
SHARDS = {
    "source": "event_contract",
    "destination": "event_contract",
    "destination_exchange_shard": 1,
    "amount": 10_000,
}
HALVES = [{"exchange_index": 0, "percent": 60}, {"exchange_index": 1, "percent": 40}]
BLOCKED = {"subtrader_id": "fcm7_st1", "category": "Sports", "blocked": True}
HANDED = {"market_ticker": "RAIN-1", "position_centicount": 100, "price_centicents": 5_600}
ENDS = {"source_subtrader_id": "fcm7_st1", "target_subtrader_id": "fcm7_st2"}
CAP = "/fcm/subtraders/event_contract_daily_cap"
GROUP = "/portfolio/order_groups/GROUP"
REPEATED = b'{"error":{"code":"transfer_already_applied","message":"transfer already applied"}}'
# Who, method, path, body, status, answer. GROUP and KEY are the last ids that were answered.
SESSION = [
    (
        ALICE,
        "POST",
        "/portfolio/order_groups/create",
        {"contracts_limit": 5},
        201,
        b'{"exchange_index":0,"order_group_id":"ID","subaccount":0}',
    ),
    (ALICE, "PUT", f"{GROUP}/limit", {"contracts_limit_fp": "7.50"}, 200, b"{}"),
    (ALICE, "PUT", f"{GROUP}/trigger", {}, 200, b"{}"),
    (ALICE, "PUT", f"{GROUP}/reset", {}, 200, b"{}"),
    (ALICE, "DELETE", GROUP, None, 200, b"{}"),
    (ALICE, "POST", "/portfolio/subaccounts", {}, 201, b'{"subaccount_number":4}'),
    (ALICE, "POST", "/portfolio/subaccounts/transfer", MOVED, 200, b"{}"),
    (ALICE, "POST", "/portfolio/subaccounts/transfer", MOVED, 409, REPEATED),
    (ALICE, "PUT", "/portfolio/subaccounts/netting", {"subaccount_number": 3, "enabled": True}, 200, b"{}"),
    (ALICE, "POST", "/portfolio/intra_exchange_instance_transfer", SHARDS, 200, b'{"transfer_id":"ID"}'),
    (ALICE, "POST", "/portfolio/target_balance_allocation", {"allocations": HALVES}, 200, b"{}"),
    (
        ALICE,
        "POST",
        "/api_keys/generate",
        {"name": "bot"},
        201,
        b'{"api_key_id":"ID","key_type":"rsa","private_key":"PEM"}',
    ),
    (ALICE, "DELETE", "/api_keys/KEY", None, 204, b""),
    (DESK, "POST", "/fcm/subtraders", {"subtrader_suffix": "st3"}, 201, b'{"subtrader_id":"fcm7_st3"}'),
    (DESK, "PUT", "/fcm/subtraders/blocked_categories", BLOCKED, 200, b'{"categories":["Sports"]}'),
    (DESK, "PUT", CAP, {"subtrader_id": "fcm7_st1", "limit": "25.00"}, 200, b"{}"),
    (DESK, "DELETE", f"{CAP}?subtrader_id=fcm7_st1", None, 200, b"{}"),
    (DESK, "POST", "/fcm/positions/transfers", {**HANDED, **ENDS}, 201, b'{"position_transfer_id":"ID"}'),
]


def test_each_write_beside_orders_has_its_bytes() -> None:
    sandbox, given = make(), {"GROUP": "", "KEY": ""}
    sandbox.exchange.state.accounts["alice"].tier = "advanced"
    seen = []
    for who, method, path, body, _, _ in SESSION:
        target = path.replace("GROUP", given["GROUP"]).replace("KEY", given["KEY"])
        answer = send(sandbox, method, target, body, who)
        if answer.body:
            read = json.loads(answer.body)
            given = {"GROUP": read.get("order_group_id", given["GROUP"]), "KEY": read.get("api_key_id", given["KEY"])}
        seen.append((method, path, answer.status, PEM.sub(b"PEM", UUID.sub(b"ID", answer.body))))
    assert seen == [(method, path, status, wanted) for _, method, path, _, status, wanted in SESSION]
