"""Writes of an FCM on its subtraders: answers, what the next read shows, and refusals."""

import json
from typing import Any

from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.request import Answer
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make, send
from tests.venues.kalshi.rest_answers import why

SUBTRADERS, POSITIONS = "/fcm/subtraders", "/fcm/positions/transfers"
CATEGORIES, CAP = f"{SUBTRADERS}/blocked_categories", f"{SUBTRADERS}/event_contract_daily_cap"
DESK, ST1, ST2 = "desk/main", "fcm7_st1", "fcm7_st2"


def call(sandbox: Sandbox, method: str, path: str, body: Any = None, who: str = DESK) -> Answer:
    return send(sandbox, method, path, body, who=who)


def read(sandbox: Sandbox, path: str) -> Any:
    answer = call(sandbox, "GET", path)
    assert answer.status == 200, answer
    return json.loads(answer.body)


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["error"]["code"]


def test_a_subtrader_has_the_accounts_id_and_its_suffix() -> None:
    sandbox = make()
    answer = call(sandbox, "POST", SUBTRADERS, {"subtrader_suffix": "st3"})
    assert (answer.status, answer.body) == (201, b'{"subtrader_id":"fcm7_st3"}')
    assert [row["subtrader_id"] for row in read(sandbox, SUBTRADERS)["subtraders"]] == [ST1, ST2, "fcm7_st3"]
    assert code(call(sandbox, "POST", SUBTRADERS, {"subtrader_suffix": "st3"})) == (409, "already_exists")


@each_row("suffix", ["a b", "a" * 17, "a/b", "é"])
def test_a_suffix_is_letters_and_digits(suffix: str) -> None:
    answer = call(make(), "POST", SUBTRADERS, {"subtrader_suffix": suffix})
    assert code(answer) == (400, "invalid_parameters")
    assert "1 to 16 letters and digits" in why(answer)


def block(category: str, blocked: bool = True, subtrader: str = ST1) -> dict[str, Any]:
    return {"subtrader_id": subtrader, "category": category, "blocked": blocked}


def test_categories_are_blocked_and_freed_one_by_one() -> None:
    sandbox = make()
    bodies = [block("Sports"), block("Politics"), block("Sports"), block("Sports", blocked=False)]
    answers = [call(sandbox, "PUT", CATEGORIES, body).body for body in bodies]
    assert answers == [
        b'{"categories":["Sports"]}',
        b'{"categories":["Politics","Sports"]}',
        b'{"categories":["Politics","Sports"]}',
        b'{"categories":["Politics"]}',
    ]
    assert read(sandbox, f"{CATEGORIES}?subtrader_id={ST1}") == {"categories": ["Politics"]}
    assert read(sandbox, f"{CATEGORIES}?subtrader_id={ST2}") == {"categories": []}


def test_a_cap_is_set_and_lifted() -> None:
    sandbox = make()
    named = f"{CAP}?subtrader_id={ST1}"
    assert call(sandbox, "PUT", CAP, {"subtrader_id": ST1, "limit": "250.50"}).body == b"{}"
    assert read(sandbox, named)["limit"] == "250.5000"
    answer = call(sandbox, "DELETE", named)
    assert (answer.status, answer.body) == (200, b"{}")
    assert call(sandbox, "GET", named).status == 404
    assert code(call(sandbox, "DELETE", named)) == (404, "not_found")


def moved(centicount: int, source: str = ST1, target: str = ST2, **more: Any) -> dict[str, Any]:
    given = {"market_ticker": "RAIN-1", "position_centicount": centicount, "price_centicents": 5_000}
    return {**given, "source_subtrader_id": source, "target_subtrader_id": target, **more}


def test_a_position_moves_between_subtraders_without_a_fee() -> None:
    sandbox = make()
    before = sandbox.exchange.state.subaccounts
    fees = {ref: subaccount.fees_micros for ref, subaccount in before.items()}
    answer = call(sandbox, "POST", POSITIONS, moved(100))
    assert answer.status == 201
    assert set(json.loads(answer.body)) == {"position_transfer_id"}
    held = [
        read(sandbox, f"/fcm/positions?subtrader_id={subtrader}")["market_positions"][0]["position_fp"]
        for subtrader in (ST1, ST2)
    ]
    assert held == ["2.00", "1.00"]
    assert {ref: subaccount.fees_micros for ref, subaccount in before.items()} == fees


@each_row(
    ("method", "path", "body", "refused"),
    [
        ("POST", POSITIONS, moved(301), (400, "invalid_parameters")),
        ("POST", POSITIONS, moved(-100), (400, "invalid_parameters")),
        ("POST", POSITIONS, moved(100, ST2, ST1), (400, "invalid_parameters")),
        ("POST", POSITIONS, moved(100, ST1, ST1), (400, "invalid_parameters")),
        ("POST", POSITIONS, moved(100, "x"), (404, "not_found")),
        ("POST", POSITIONS, moved(100, market_ticker="NONE"), (404, "market_not_found")),
        ("POST", POSITIONS, moved(100, price_centicents=10_000), (400, "invalid_parameters")),
        ("PUT", CATEGORIES, block("Sports", subtrader="x"), (404, "not_found")),
        ("PUT", CATEGORIES, {"subtrader_id": ST1}, (400, "missing_parameters")),
        ("PUT", CAP, {"subtrader_id": "x", "limit": "1"}, (404, "not_found")),
        ("PUT", CAP, {"subtrader_id": ST1, "limit": "-1"}, (400, "invalid_parameters")),
        ("PUT", CAP, {"subtrader_id": ST1, "limit": "1.00001"}, (400, "invalid_order")),
    ],
)
def test_a_refused_write_changes_nothing(method: str, path: str, body: Any, refused: tuple[int, str]) -> None:
    sandbox = make()
    length, answer = len(sandbox.log), call(sandbox, method, path, body)
    assert code(answer) == refused
    assert why(answer)
    assert len(sandbox.log) == length


@each_row(("method", "path", "body"), [("POST", SUBTRADERS, {"subtrader_suffix": "x"}), ("DELETE", CAP, None)])
@each_row("who", ["alice/main", "desk/st1"])
def test_only_the_fcm_itself_writes(method: str, path: str, body: Any, who: str) -> None:
    assert code(call(make(), method, path, body, who)) == (403, "permission_denied")


def test_the_writes_are_there_since_september_2026() -> None:
    body = {"subtrader_suffix": "st3"}
    assert call(make(date="2026-09-02"), "POST", SUBTRADERS, body).status in (404, 405)
    assert call(make(date="2026-09-03"), "POST", SUBTRADERS, body).status == 201
