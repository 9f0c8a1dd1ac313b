"""The judges of REST answers and of refused upgrades."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from mockexchange.kit.findings import Finding
from mockexchange.kit.validation.answers import CHARS_SHOWN_MAX, AnswerJudge, RefusalJudge
from mockexchange.runtime import api_documents
from tests.helpers.rows import each_row

SUBJECT = "kalshi/2026-10"
JUDGE = AnswerJudge(api_documents.read(SUBJECT), SUBJECT)
REFUSALS = RefusalJudge(api_documents.read(SUBJECT, api_documents.ASYNCAPI), SUBJECT, JUDGE)
JSON = {"content-type": "application/json; charset=utf-8"}
TEXT = {"content-type": "text/plain; charset=utf-8"}
PLACE = f"contracts/{SUBJECT}/openapi.yaml#"
BALANCE = {
    "balance": 1,
    "balance_breakdown": [],
    "balance_dollars": "0.0100",
    "portfolio_value": 0,
    "updated_ts": 1762257600,
}
REFUSED = {"error": {"code": "token_authentication_failure", "message": "token authentication failure"}}


class FakeAnswer(NamedTuple):
    status: int
    content: bytes
    headers: Mapping[str, str] = JSON
    where: str = "GET /x"


def answer(status: int, body: Any, headers: Mapping[str, str] = JSON) -> FakeAnswer:
    return FakeAnswer(status, body if isinstance(body, bytes) else json.dumps(body).encode(), headers)


def seen_and_expected(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    found = list(findings)
    assert {one.rule for one in found} <= {"answers.documented"}
    return [(one.seen, one.expected) for one in found]


def balance(**changes: Any) -> dict[str, Any]:
    return {**BALANCE, **changes}


@each_row(
    ("body", "seen"),
    [
        (balance(), []),
        (balance(balance=1.0), ["body.balance: 1.0 has a fraction or an exponent"]),
        (balance(balance=0.0), ["body.balance: 0.0 has a fraction or an exponent"]),
        (balance(balance="1"), ['body.balance: "1" is not of type "integer"']),
        (b'{"balance":1,"balance":1}', ["a body that is no JSON (a key stands twice in an object): "]),
        (b"[" * 100_000, ["a body that is no JSON (it is nested too deep): [[["]),
        (b"\xff", ["a body that is no JSON ("]),
    ],
    ids=["right", "fraction", "zero", "text", "twice", "deep", "no UTF-8"],
)
def test_bodies(body: Any, seen: list[str]) -> None:
    found = seen_and_expected(JUDGE.objections("/portfolio/balance", "GET", answer(200, body)))
    assert len(found) == len(seen)
    for (words, _), start in zip(found, seen, strict=True):
        assert words.startswith(start)
        assert len(words) < CHARS_SHOWN_MAX + 100


def test_a_finding_names_the_place() -> None:
    (found,) = JUDGE.objections("/portfolio/balance", "GET", answer(418, BALANCE))
    assert (found.where, found.seen) == ("GET /x -> 418", "status 418")
    assert found.expected.startswith("one of 200, ")
    assert found.place == f"{PLACE}/paths/~1portfolio~1balance/get/responses"
    (found,) = JUDGE.objections("/portfolio/balance", "GET", answer(200, b"{"))
    assert found.place == f"{PLACE}/paths/~1portfolio~1balance/get/responses/200"


def test_a_header_that_belongs_there_is_missed() -> None:
    body = {"error": {"code": "method_not_allowed", "message": "method not allowed"}}
    assert seen_and_expected(JUDGE.objections("/markets", "FOO", answer(405, body))) == [
        ("no such header", "the header Allow")
    ]
    assert (
        seen_and_expected(JUDGE.objections("/markets", "FOO", answer(405, body, {**JSON, "allow": "GET, HEAD"}))) == []
    )


def test_a_header_that_may_be_left_out_is_not_missed() -> None:
    retried = {"description": "", "headers": {"Retry-After": {"schema": {"type": "string"}}}}
    document = {"paths": {"/x": {"get": {"responses": {"429": retried}}}}, "components": {}}
    assert seen_and_expected(AnswerJudge(document, SUBJECT).objections("/x", "GET", answer(429, b"", {}))) == []


def test_an_answer_without_a_described_body_is_judged_by_its_status_alone() -> None:
    assert seen_and_expected(JUDGE.objections("/exchange/status", "GET", answer(504, b"", {}))) == []


@each_row(
    ("answer", "found"),
    [
        (answer(401, REFUSED), []),
        (answer(403, b"Forbidden\n", TEXT), []),
        (answer(400, b"Bad Request\n", TEXT), []),
        (answer(405, b"Method Not Allowed\n", TEXT), []),
        (answer(429, b"whatever", {}), []),
        (answer(401, b"Unauthorized\n", TEXT), [("content type 'text/plain'", "application/json")]),
        (answer(403, b"Forbidden\n"), [("content type 'application/json'", "text/plain")]),
        (answer(403, b"Forbidden", TEXT), [("body: b'Forbidden'", r"'Forbidden\n'")]),
        (answer(200, {}), [("status 200", "one of 400, 401, 403, 405, 429")]),
    ],
)
def test_refused_upgrades(answer: FakeAnswer, found: list[tuple[str, str]]) -> None:
    assert seen_and_expected(REFUSALS.objections(answer)) == found


def test_what_a_refused_upgrade_is_judged_by_is_named() -> None:
    (found,) = REFUSALS.objections(answer(403, b"no", TEXT))
    assert found.place == f"contracts/{SUBJECT}/asyncapi.yaml#/channels/stream/x-refusals/403"


@each_row("subject", api_documents.subjects(api_documents.ASYNCAPI))
def test_every_answer_that_a_stream_names_is_one_of_its_rest_document(subject: str) -> None:
    refusals = api_documents.read(subject, api_documents.ASYNCAPI)["channels"]["stream"]["x-refusals"]
    named = {one["answer"] for one in refusals.values() if "answer" in one}
    # Deribit accepts every connection and authenticates afterwards.
    assert bool(named) is not subject.startswith("deribit/")
    assert named <= set(api_documents.read(subject)["components"]["responses"])
