"""The hand-written truth of the scenario `clients` is what the exchange holds, before any wire or client is asked."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from contracts.clients.neutral import Shape, row_of
from tests.clients.exchange import Sandbox, Server
from tests.clients.truths import SCENARIO, differences, question_of

PAYMENT: Shape = {
    "payment": "id",
    "type": "method",
    "status": "status",
    "amount": "amount",
    "fee": "fee",
    "created": "at",
    "finalized": "finalized_at",
}

# The list of the control API, the method whose truth it is, and our names of what is in its rows.
LISTS: Mapping[str, tuple[str, Shape]] = {
    "fills": (
        "fills",
        {
            "fill": "id",
            "order": "order",
            "client_order": "client_order_id",
            "subaccount": "book",
            "ticker": "instrument",
            "side": "side",
            "action": "action",
            "count": "count",
            "taker": "taker",
            "fee": "fee",
            "created": "at",
        },
    ),
    "orders": (
        "orders",
        {
            "order": "id",
            "client_order": "client_order_id",
            "group": "group",
            "ticker": "instrument",
            "side": "side",
            "action": "action",
            "status": "status",
            "initial": "count",
            "filled": "filled",
            "remaining": "remaining",
            "taker_cost": "taker_cost",
            "maker_cost": "maker_cost",
            "taker_fees": "taker_fees",
            "maker_fees": "maker_fees",
            "created": "at",
            "updated": "updated_at",
            "expires": "expires_at",
        },
    ),
    "settlements": (
        "settlements",
        {
            "ticker": "instrument",
            "event": "event",
            "result": "result",
            "value": "value",
            "yes": "yes_count",
            "yes_cost": "yes_cost",
            "no": "no_count",
            "no_cost": "no_cost",
            "revenue": "revenue",
            "fees": "fees",
            "settled": "at",
        },
    ),
    "deposits": ("deposits", PAYMENT),
    "withdrawals": ("withdrawals", PAYMENT),
    "transfers": (
        "subaccount_transfers",
        {"transfer": "id", "source": "source", "target": "target", "amount": "amount", "created": "at"},
    ),
    "shard_transfers": (
        "shard_transfers",
        {
            "transfer": "id",
            "source": "source",
            "target": "target",
            "source_shard": "source_shard",
            "target_shard": "target_shard",
            "amount": "amount",
            "status": "status",
            "created": "at",
        },
    ),
}
POSITION: Shape = {
    "ticker": "instrument",
    "position": "quantity",
    "cost": "cost",
    "realized": "realized",
    "fees": "fees",
    "traded": "traded",
    "resting": "resting",
    "updated": "updated_at",
}


@pytest.fixture(scope="module")
def sandbox(server: Server) -> Iterator[Sandbox]:
    opened = server.control.open(SCENARIO.read_text(encoding="utf-8"), "latest", "paused")
    yield opened
    opened.delete()


def truth_of(method: str) -> list[Any]:
    question = question_of(method)
    return [*question.rows, *question.old_rows]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_what_the_exchange_holds(sandbox: Sandbox, name: str) -> None:
    method, shape = LISTS[name]
    held = [as_on_the_wire(row_of(row, shape)) for row in reversed(sandbox.ledger("alice")[name])]
    assert list(differences(held, truth_of(method), may_omit=False, where=method)) == []


def as_on_the_wire(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with the cost of a sale by the side gained; the ledger has what was paid for the side sold."""
    if row.get("action") != "sell" or "filled" not in row:
        return row
    paid = [name for name in ("taker_cost", "maker_cost") if Decimal(row[name])]
    assert len(paid) < 2, "each sale of the scenario is filled in one role"
    return {**row, **{name: str(Decimal(row["filled"]) - Decimal(row[name])) for name in paid}}


@pytest.mark.parametrize(("method", "account", "book"), [("positions", "alice", "0"), ("fcm_positions", "desk", "st1")])
def test_positions_are_what_the_exchange_holds(sandbox: Sandbox, method: str, account: str, book: str) -> None:
    rows = [row for row in sandbox.truth(account, book) if not row["settled"]]
    newest_first = sorted(rows, key=lambda row: row["updated_at"], reverse=True)
    held = [row_of(row, POSITION) for row in newest_first]
    assert list(differences(held, truth_of(method), may_omit=False, where=method)) == []
