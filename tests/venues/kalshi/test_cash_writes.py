"""Writes of subaccounts and cash: their answers, what they change, and their refusals."""

import json
from typing import Any

from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.request import Answer
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import SMALL, make, send
from tests.venues.kalshi.rest_answers import why

SUBACCOUNTS = "/portfolio/subaccounts"
MOVE, NETTING = f"{SUBACCOUNTS}/transfer", f"{SUBACCOUNTS}/netting"
SHARDS, TARGET = "/portfolio/intra_exchange_instance_transfer", "/portfolio/target_balance_allocation"
ONE, TWO = "97ec18b7-10d3-4557-9de0-8598aad625f0", "97ec18b7-10d3-4557-9de0-8598aad625f1"


def advanced(date: str = "2026-10") -> Sandbox:
    return make(SMALL.replace("alice: {", "alice: {tier: advanced, "), date=date)


def read(sandbox: Sandbox, path: str, who: str = "alice/main") -> Any:
    answer = send(sandbox, "GET", path, who=who)
    assert answer.status == 200, answer
    return json.loads(answer.body)


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["error"]["code"]


def moved(amount: int, source: int = 0, target: int = 3, named: str = ONE) -> dict[str, Any]:
    return {"client_transfer_id": named, "from_subaccount": source, "to_subaccount": target, "amount_cents": amount}


def cash(sandbox: Sandbox) -> dict[int, str]:
    rows = read(sandbox, f"{SUBACCOUNTS}/balances")["subaccount_balances"]
    return {row["subaccount_number"]: row["balance"] for row in rows if row.get("exchange_index", 0) == 0}


def test_a_subaccount_has_the_next_number() -> None:
    sandbox = advanced()
    answers = [send(sandbox, "POST", SUBACCOUNTS, {}) for _ in range(2)]
    assert [(answer.status, answer.body) for answer in answers] == [
        (201, b'{"subaccount_number":4}'),
        (201, b'{"subaccount_number":5}'),
    ]
    assert set(cash(sandbox)) == {0, 3, 4, 5}


def test_the_sixty_fourth_subaccount_is_refused() -> None:
    sandbox = make(SMALL.replace("alice: {", "alice: {tier: prime, ").replace("3: {cash: 10}", "63: {}, 3: {}"))
    assert code(send(sandbox, "POST", SUBACCOUNTS, {})) == (400, "invalid_parameters")


def test_a_basic_account_opens_no_subaccounts() -> None:
    answer = send(make(), "POST", SUBACCOUNTS, {})
    assert code(answer) == (403, "subaccount_creation_requires_advanced_api_usage_level")
    assert "`tier: advanced`" in why(answer)


def test_a_subaccount_needs_a_json_body() -> None:
    assert json.loads(send(advanced(), "POST", SUBACCOUNTS).body)["code"] == "invalid_content_type"


def test_a_transfer_moves_cash_once() -> None:
    sandbox = make()
    answer = send(sandbox, "POST", MOVE, moved(250))
    assert (answer.status, answer.body) == (200, b"{}")
    after = cash(sandbox)
    assert after[3] == "12.5000"
    assert code(send(sandbox, "POST", MOVE, moved(250))) == (409, "transfer_already_applied")
    assert code(send(sandbox, "POST", MOVE, moved(1, 3, 0))) == (409, "transfer_already_applied")
    assert cash(sandbox) == after
    [row] = read(sandbox, f"{SUBACCOUNTS}/transfers")["transfers"]
    assert (row["transfer_id"], row["amount_cents"], row["from_subaccount"], row["to_subaccount"]) == (ONE, 250, 0, 3)


@each_row(
    ("body", "refused"),
    [
        (moved(1_001, 3, 0), (400, "insufficient_balance")),
        (moved(1, 3, 3), (400, "invalid_parameters")),
        (moved(-1), (400, "invalid_parameters")),
        (moved(0), (400, "missing_parameters")),
        (moved(1, 0, 9), (404, "not_found")),
        (moved(1, named="7"), (400, "bad_request")),
        ({**moved(1), "exchange_index": 1}, (400, "insufficient_balance")),
        ({**moved(1), "exchange_index": 64}, (400, "invalid_parameters")),
        ({"client_transfer_id": ONE}, (400, "missing_parameters")),
    ],
)
def test_a_refused_transfer_moves_nothing(body: dict[str, Any], refused: tuple[int, str]) -> None:
    sandbox = make()
    before, answer = cash(sandbox), send(sandbox, "POST", MOVE, body)
    assert code(answer) == refused
    assert why(answer)
    assert cash(sandbox) == before
    assert send(sandbox, "POST", MOVE, moved(1)).status == 200, "the id of a refused transfer is free"


def test_netting_is_switched() -> None:
    sandbox = make()
    answer = send(sandbox, "PUT", NETTING, {"subaccount_number": 3, "enabled": True})
    assert (answer.status, answer.body) == (200, b"{}")
    rows = read(sandbox, NETTING)["netting_configs"]
    assert {row["subaccount_number"]: row["enabled"] for row in rows} == {0: False, 3: True}
    assert code(send(sandbox, "PUT", NETTING, {"subaccount_number": 9, "enabled": True})) == (404, "not_found")
    assert code(send(sandbox, "PUT", NETTING, {"subaccount_number": 3})) == (400, "missing_parameters")


def shard(amount: int, **more: Any) -> dict[str, Any]:
    given = {"source": "event_contract", "destination": "event_contract", "amount": amount}
    return {**given, "destination_exchange_shard": 1, **more}


def test_cash_moves_to_a_shard_and_to_the_other_instance() -> None:
    sandbox = make()
    answer = send(sandbox, "POST", SHARDS, shard(25_000))
    moved_id = json.loads(answer.body)["transfer_id"]
    assert answer.status == 200
    row = read(sandbox, f"/portfolio/intra_exchange_instance_transfers/{moved_id}")["transfer"]
    assert (row["amount"], row["destination_exchange_shard"], row["status"]) == ("2.5000", 1, "complete")
    assert send(sandbox, "POST", SHARDS, shard(10_000, destination="margined")).status == 200
    assert len(read(sandbox, "/portfolio/intra_exchange_instance_transfers")["transfers"]) == 2


def test_a_subaccount_is_funded_on_another_shard() -> None:
    """The steps of the venue's page on sharding: user-level cash to the shard, then from there to the subaccount."""
    sandbox = make()
    assert send(sandbox, "POST", SHARDS, shard(25_000)).status == 200
    assert send(sandbox, "POST", MOVE, {**moved(100), "exchange_index": 1}).status == 200
    assert send(sandbox, "POST", SHARDS, shard(5_000, destination_subaccount=3)).status == 200
    rows = [row for row in read(sandbox, f"{SUBACCOUNTS}/balances")["subaccount_balances"] if row["exchange_index"]]
    assert [(row["subaccount_number"], row["balance"]) for row in rows] == [(0, "0.5000"), (3, "1.5000")], (
        "the position cost a dollar there"
    )
    assert [row["exchange_index"] for row in read(sandbox, f"{SUBACCOUNTS}/transfers")["transfers"]] == [1]


def test_a_named_transfer_between_shards_is_applied_once() -> None:
    sandbox = make()
    named = shard(1, client_transfer_id=TWO)
    assert send(sandbox, "POST", SHARDS, named).body == f'{{"transfer_id":"{TWO}"}}'.encode()
    assert code(send(sandbox, "POST", SHARDS, named)) == (409, "transfer_already_applied")
    before = make(date="2026-10-14")
    assert [send(before, "POST", SHARDS, named).status for _ in range(2)] == [200, 200], "the field is ignored"


@each_row(
    ("body", "refused"),
    [
        (shard(10**9), (400, "insufficient_balance")),
        (shard(1, destination_exchange_shard=0), (400, "invalid_parameters")),
        (shard(1, destination_exchange_shard=64), (400, "invalid_parameters")),
        (shard(1, source="cash"), (400, "invalid_parameters")),
        (shard(1, source="margined", source_subaccount=3), (400, "invalid_parameters")),
        (shard(1, source_subaccount=9), (404, "not_found")),
        (shard(0), (400, "missing_parameters")),
    ],
)
def test_a_refused_transfer_between_shards(body: dict[str, Any], refused: tuple[int, str]) -> None:
    answer = send(make(), "POST", SHARDS, body)
    assert code(answer) == refused
    assert why(answer)


def spread(*percents: int) -> list[dict[str, int]]:
    return [{"exchange_index": index, "percent": percent} for index, percent in enumerate(percents)]


def test_a_target_allocation_replaces_the_last_one() -> None:
    sandbox = make()
    body = {"allocations": spread(60, 40), "resting_margin_reservation": "max"}
    assert send(sandbox, "POST", TARGET, body).body == b"{}"
    assert read(sandbox, TARGET) == body
    assert send(sandbox, "POST", TARGET, {"allocations": spread(100)}).status == 200
    assert read(sandbox, TARGET) == {"allocations": spread(100), "resting_margin_reservation": "sum"}
    assert send(sandbox, "POST", TARGET, {"allocations": []}).status == 200
    assert read(sandbox, TARGET)["allocations"] == []


@each_row(
    "allocations",
    [spread(60, 30), spread(101), [*spread(50), *spread(50)], spread(100, *[0] * 101)],
)
def test_a_refused_allocation_changes_nothing(allocations: list[dict[str, int]]) -> None:
    sandbox = make()
    before = read(sandbox, TARGET)
    answer = send(sandbox, "POST", TARGET, {"allocations": allocations})
    assert code(answer) == (400, "invalid_parameters")
    assert read(sandbox, TARGET) == before


@each_row(
    ("method", "path", "body"),
    [
        ("POST", SUBACCOUNTS, {}),
        ("POST", MOVE, moved(1)),
        ("PUT", NETTING, {"subaccount_number": 0, "enabled": True}),
    ],
)
def test_an_fcm_has_no_subaccounts_to_write(method: str, path: str, body: dict[str, Any]) -> None:
    answer = send(make(), method, path, body, who="desk/main")
    assert code(answer) == (403, "permission_denied")
    assert "it has subtraders" in why(answer)


def test_a_key_of_one_subaccount_moves_no_cash() -> None:
    assert code(send(make(), "POST", MOVE, moved(1), who="alice/only_3")) == (403, "permission_denied")


@each_row(
    ("method", "path", "body", "last", "first"),
    [
        ("POST", SUBACCOUNTS, {}, "2026-01-08", "2026-01-09"),
        ("POST", MOVE, moved(1), "2026-01-08", "2026-01-09"),
        ("PUT", NETTING, {"subaccount_number": 0, "enabled": True}, "2026-02-22", "2026-02-23"),
        ("POST", SHARDS, shard(1), "2026-08-19", "2026-08-20"),
        ("POST", TARGET, {"allocations": spread(100)}, "2026-08-19", "2026-08-20"),
    ],
)
def test_the_days_of_the_writes(method: str, path: str, body: dict[str, Any], last: str, first: str) -> None:
    assert send(advanced(last), method, path, body).status in (404, 405)
    assert send(advanced(first), method, path, body).status in (200, 201)
    assert send(advanced("compat"), method, path, body).status in (200, 201)
