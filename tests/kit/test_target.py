"""Targets: keys of requests, cached reads, and errors for missing data."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.kalshi.signing import Signer
from mockexchange.kit.target import FCM, MEMBER, RESTRICTED, NotAnswered, NotJudged, Target, Unreachable
from tests.helpers.rows import each_row

Handle = Callable[[httpx.Request], httpx.Response]
SIGNER = Signer("key-of-a-test", generate_private_key(65537, 2048))
FILLS = "/portfolio/fills"


def target_of(handle: Handle, roles: tuple[str, ...] = (MEMBER, FCM), **names: str) -> Target:
    return Target(
        venue=KALSHI,
        api_date="2026-10",
        base_url="http://testserver/trade-api/v2",
        http=httpx.Client(transport=httpx.MockTransport(handle)),
        keys=dict.fromkeys(roles, SIGNER),
        names=names,
    )


def answering(body: Any, status: int = 200) -> Handle:
    return lambda request: httpx.Response(status, json=body)


def pages_of(count: int) -> Handle:
    """A list of so many pages of one row each; a row has nothing but its number."""

    def handle(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("cursor") or 0)
        cursor = str(page + 1) if page + 1 < count else ""
        return httpx.Response(200, json={"cursor": cursor, "fills": [{"fill_id": str(page)}]})

    return handle


def test_a_request_goes_to_the_path_with_its_names_and_query() -> None:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(404, json={})

    target = target_of(handle)
    answer = target.ask("/portfolio/orders/{order_id}", names={"order_id": "a1"}, query={"x": 1, "y": None})
    assert answer.where == "GET /portfolio/orders/a1?x=1"
    assert asked[0].url.path == "/trade-api/v2/portfolio/orders/a1"
    assert asked[0].headers["KALSHI-ACCESS-KEY"] == "key-of-a-test"


def test_a_public_read_is_not_signed() -> None:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={})

    target_of(handle, roles=()).ask("/markets")
    assert "KALSHI-ACCESS-KEY" not in asked[0].headers


def test_an_answer_that_is_not_documented_is_objected_to_once_a_kind() -> None:
    target = target_of(answering({"cursor": "", "fills": [{"x": 1}, {"x": 1}]}))
    target.ask(FILLS)
    target.ask(FILLS, query={"limit": 2})
    first = target.new_objections()
    assert {one.rule for one in first} == {"answers.documented"}
    assert len({one.seen.replace("[1]", "[0]") for one in first}) == len(first)
    target.ask(FILLS)
    assert target.new_objections() == ()


def test_a_role_without_a_key_is_named() -> None:
    target = target_of(answering({}), roles=(MEMBER,))
    with pytest.raises(NotJudged, match="it needs an FCM member's key: none was given for the role 'fcm'"):
        target.ask("/fcm/subtraders")
    with pytest.raises(NotJudged, match=r"restricted to one subaccount.* --role restricted=KEY_ID:PEM"):
        target.key(RESTRICTED)


def test_a_server_that_does_not_answer_is_described_in_a_line() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(Unreachable, match="GET /portfolio/fills: no answer: refused"):
        target_of(handle).ask(FILLS)


def test_known_values_are_given_or_found() -> None:
    assert target_of(answering({}), ticker="KX-A").known("ticker") == ["KX-A"]
    found = target_of(answering({"cursor": "", "event_positions": [], "market_positions": [{"ticker": "KX-B"}]}))
    assert found.known("ticker") == ["KX-B"]


def test_an_unknown_value_can_be_given() -> None:
    target = target_of(answering({"cursor": "", "orders": []}))
    with pytest.raises(NotJudged, match=r"nothing to ask for by 'order_id' .*give one with --name order_id=VALUE"):
        target.known("order_id")
    with pytest.raises(NotJudged, match="nothing to ask for by 'x'"):
        target.known("x")
    with pytest.raises(NotJudged, match=r"'subtrader_id' .it needs an FCM member's key"):
        target_of(answering({}), roles=(MEMBER,)).known("subtrader_id")


def test_a_list_is_read_to_its_end_and_remembered() -> None:
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return pages_of(3)(request)

    target = target_of(handle)
    whole = target.whole("GetFills")
    assert (whole.rows, whole.is_complete) == ([{"fill_id": str(number)} for number in range(3)], True)
    assert whole.where == "GET /portfolio/fills?limit=1000"
    assert target.rows("GetFills") == whole.rows
    assert len(asked) == 3


def test_a_list_without_end_is_read_in_part() -> None:
    whole = target_of(pages_of(1000)).whole("GetFills")
    assert (len(whole.rows), whole.is_complete) == (5, False)


@each_row("status", [400, 404, 500])
def test_a_read_that_is_refused_is_reported(status: int) -> None:
    with pytest.raises(NotAnswered, match=rf"GET /portfolio/fills\?limit=1000 was answered {status}"):
        target_of(answering({}, status)).rows("GetFills")


@each_row("status", [401, 403, 429, 503])
def test_a_read_that_the_key_or_the_hour_is_not_for_is_not_judged(status: int) -> None:
    with pytest.raises(NotJudged, match=f"was answered {status}") as raised:
        target_of(answering({}, status)).rows("GetFills")
    assert not isinstance(raised.value, NotAnswered)


def test_a_body_that_is_no_object_is_no_answer() -> None:
    with pytest.raises(NotAnswered, match="200 nonsense"):
        target_of(lambda request: httpx.Response(200, text="nonsense")).rows("GetFills")


def test_a_read_that_the_date_does_not_have_is_not_judged() -> None:
    target = replace(target_of(answering({})), api_date="2025-11")
    with pytest.raises(NotJudged, match="there is no GetDeposits at this date"):
        target.rows("GetDeposits")
    assert target.answer_keys("GetDeposits") == frozenset()


@each_row(
    ("after", "has_changed"),
    [
        ({"balance": 1, "updated_ts": 2}, False),
        ({"balance": 2, "updated_ts": 1}, True),
        ({"error": "x"}, True),
    ],
    ids=["only what ticks", "an amount", "another body"],
)
def test_what_was_read_may_have_moved(after: dict[str, Any], has_changed: bool) -> None:
    bodies = [{"balance": 1, "updated_ts": 1}, after, {"balance": 3, "updated_ts": 3}]
    target = target_of(lambda request: httpx.Response(200, json=bodies.pop(0)))
    target.begin()
    assert target.body("GetBalance")["balance"] == 1
    assert target.has_changed() is has_changed
    assert target.body("GetBalance")["balance"] == (3 if has_changed else 1)


def test_what_cannot_be_read_again_has_changed() -> None:
    answers = [httpx.Response(200, json={"balance": 1}), httpx.Response(500, json={})]
    target = target_of(lambda request: answers.pop(0))
    target.begin()
    target.body("GetBalance")
    assert target.has_changed()


def test_what_could_not_be_read_has_nothing_to_compare() -> None:
    target = target_of(answering({}, 500))
    target.begin()
    with pytest.raises(NotAnswered):
        target.body("GetBalance")
    assert not target.has_changed()


def test_a_server_that_is_gone_has_changed() -> None:
    answers = [httpx.Response(200, json={"balance": 1})]

    def handle(request: httpx.Request) -> httpx.Response:
        if not answers:
            raise httpx.ConnectError("refused")
        return answers.pop()

    target = target_of(handle)
    target.begin()
    target.body("GetBalance")
    assert target.has_changed()


def test_what_was_asked_without_the_cache_is_asked_again() -> None:
    amounts = [1, 1, 1, 2]
    target = target_of(lambda request: httpx.Response(200, json={"balance": amounts.pop(0)}))
    for has_changed in (False, True):
        target.begin()
        target.ask("/portfolio/balance")
        assert target.has_changed() is has_changed


def test_a_refusal_that_stays_has_not_changed_and_writes_are_not_repeated() -> None:
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(400, json={})

    target = target_of(handle)
    target.begin()
    target.ask(FILLS, query={"limit": 0})
    target.ask(FILLS, method="DELETE")
    target.post("/portfolio/orders", b"{}", None, is_judged=False)
    assert not target.has_changed()
    assert asked == ["GET", "DELETE", "POST", "GET"]


def test_nothing_that_was_read_has_not_moved() -> None:
    target = target_of(answering({}))
    target.begin()
    assert not target.has_changed()


def test_answers_are_compared_by_status_and_body() -> None:
    target = target_of(lambda request: httpx.Response(200, text="no JSON"))
    answer = target.ask(FILLS)
    assert target.still(answer) == (200, "no JSON")
    told = target.still(answer._replace(content=json.dumps({"a": [{"updated_ts": 1, "b": 2}]}).encode()))
    assert told == (200, {"a": [{"b": 2}]})
