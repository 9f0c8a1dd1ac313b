"""Checks before a run: a defect of server or key is one line with what to do."""

from collections.abc import Callable
from email.utils import formatdate
from time import time

import httpx
import pytest

from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.server.preflight import CannotJudge, mock_api_date, require_server, role_of_key
from mockexchange.kit.target import BALANCE_ONLY, FCM, MEMBER, Target
from tests.helpers.rows import each_row

URL = "http://127.0.0.1:1/trade-api/v2"
Answer = httpx.Response | Exception


class Key:
    key_id = "my-id"

    def headers(self, method: str, url: str, age_ms: int = 0, body: bytes = b"") -> dict[str, str]:
        return {"X-Key": self.key_id}


def target_of(answer: Callable[[httpx.Request], httpx.Response], *roles: str) -> Target:
    http = httpx.Client(transport=httpx.MockTransport(answer))
    return Target(
        venue=KALSHI, api_date="2026-10", base_url=URL, http=http, keys=dict.fromkeys(roles or (MEMBER,), Key())
    )


def complaint(answer: Answer, *roles: str) -> str:
    def react(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(CannotJudge) as error:
        require_server(target_of(react, *roles))
    (line,) = str(error.value).splitlines()
    return line


def test_each_key_is_asked_for_what_it_may_read() -> None:
    asked: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.path.removeprefix("/trade-api/v2")))
        return httpx.Response(200, json={})

    require_server(target_of(answer, MEMBER, FCM, "other"))
    assert {method for method, _ in asked} == {"GET"}
    assert asked[0] == asked[2]
    assert asked[1][1].startswith("/fcm/")


def refusing(*taken: str, status: int = 403, says: str = "no") -> Callable[[httpx.Request], httpx.Response]:
    """A server that refuses every request but those for some paths."""

    def answer(request: httpx.Request) -> httpx.Response:
        is_taken = request.url.path.removeprefix("/trade-api/v2") in taken
        return httpx.Response(200, json={}) if is_taken else httpx.Response(status, json={"msg": says})

    return answer


def test_an_fcm_key_is_known_by_a_read_that_needs_no_subtrader() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={})

    target = target_of(answer, FCM)
    require_server(target)
    (operation,) = [one for one in target.operations.values() if asked[0].endswith(one.path)]
    assert "subtrader_id" not in operation.query


def test_a_key_of_few_scopes_is_known_by_what_it_may_read() -> None:
    require_server(target_of(refusing("/portfolio/balance"), BALANCE_ONLY))
    with pytest.raises(CannotJudge, match=r"the key my-id \(fcm\) was refused: 403"):
        require_server(target_of(refusing("/portfolio/balance"), FCM))


def test_a_documented_refusal_of_a_parameter_is_an_accepted_key() -> None:
    require_server(target_of(refusing(status=400, says="limit: expected one")))
    with pytest.raises(CannotJudge, match=r"was answered 400 .*: it has to be readable before it is judged"):
        require_server(target_of(refusing(status=400, says="expected something else")))


def test_given_names_are_sent() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url).removeprefix(URL))
        return httpx.Response(200, json={"orders": []})

    target = target_of(answer)
    target.names = {"subtrader_id": "fcm7_st1", "ticker": "KX"}
    assert role_of_key(target, Key()) == MEMBER
    assert "/fcm/positions?subtrader_id=fcm7_st1" in asked


AT = rf"{URL}/portfolio/positions"
REFUSALS = [
    (httpx.ConnectError("[Errno 111] Connection refused"), f"{URL}: no connection: [Errno 111] Connection refused"),
    (httpx.ConnectTimeout(""), f"{URL}: no connection: no answer in time"),
    (httpx.ReadTimeout(""), f"{AT}: connected, but got no answer: no answer within 15 s"),
    (httpx.RemoteProtocolError("illegal status line"), f"{AT}: connected, but got no answer: illegal status line"),
    (httpx.Response(403, text="no"), "the key my-id (member) was refused: 403 no"),
    (httpx.Response(301, headers={"location": "https://x/"}), f"{AT} redirects to https://x/: give that as --url"),
    (httpx.Response(307), f"{AT} redirects to nowhere: "),
    (httpx.Response(404, text="no such"), f"nothing is at {AT}: 404 no such: expected the API below {URL}"),
    (httpx.Response(503, text="x" * 500), f"{AT} was answered 503 {'x' * 200}...: it has to be readable "),
    (httpx.Response(200, text="hello"), f"{AT} answers no JSON object: hello: another server listens there"),
    (httpx.Response(200, json=[1]), f"{AT} answers no JSON object: [1]: another server listens there"),
    (httpx.Response(404, html="<title>Not\nhere</title>"), f"{AT} answers with a web page (Not here): another "),
    (httpx.Response(200, html="<p>hello"), f"{AT} answers with a web page: another server listens there"),
]


@each_row(("answer", "says"), REFUSALS, ids=[words[:40] for _, words in REFUSALS])
def test_a_server_that_cannot_be_judged_is_described_in_a_line(answer: Answer, says: str) -> None:
    assert complaint(answer).startswith(says)


def test_a_refused_key_is_told_why_as_far_as_that_is_known() -> None:
    body, head = {"error": "x"}, 'the key my-id (other) was refused: 401 {"error":"x"}'
    why = {"x-mock-diagnosis": "the signature is of another key"}
    assert (
        complaint(httpx.Response(401, json=body, headers=why), "other") == f"{head} (the signature is of another key)"
    )
    slow = {"date": formatdate(time() - 90, usegmt=True)}
    assert complaint(httpx.Response(401, json=body, headers=slow), "other") in (
        f"{head} (this machine's clock is {seconds} s from the server's)" for seconds in (90, 91)
    )
    for date in (formatdate(time(), usegmt=True), "yesterday"):
        assert complaint(httpx.Response(401, json=body, headers={"date": date}), "other") == head


@each_row(
    ("answer", "role"),
    [
        (httpx.Response(200, json={"rows": [1]}), FCM),
        (httpx.Response(200, json={"rows": [], "cursor": ""}), MEMBER),
        (httpx.Response(403, json={"error": "x"}), MEMBER),
        (httpx.Response(200, text="hello"), MEMBER),
        (httpx.Response(200, json=[1]), MEMBER),
    ],
)
def test_the_role_of_a_key_is_what_it_may_read(answer: httpx.Response, role: str) -> None:
    assert role_of_key(target_of(lambda request: answer), Key()) == role


def test_one_read_of_many_is_enough_to_know_a_role() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        is_value = request.url.path.endswith("/total_resting_order_value")
        return httpx.Response(200, json={"total": 0}) if is_value else httpx.Response(400)

    assert role_of_key(target_of(answer), Key()) == FCM


def test_a_mock_says_in_every_answer_which_date_it_speaks() -> None:
    mark = {"x-mock-api-date": "2026-06-11"}
    for answer, spoken in (
        (httpx.Response(401, headers=mark), "2026-06-11"),
        (httpx.Response(200, json={}), None),
    ):
        assert mock_api_date(target_of(lambda request, answer=answer: answer)) == spoken  # type: ignore[misc]  # mypy cannot infer it
