"""Writes of RFQs, quotes and block trade proposals: refused for every key, with how to imitate them."""

import re

import httpx

import mockexchange
from mockexchange.venues.kalshi.catalogue import CATALOGUE
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.resources.communications import NAMES
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import PREFIX, SMALL, make, send, signed
from tests.venues.kalshi import bodies
from tests.venues.kalshi.rest_answers import at, refusal

NOT_EMULATED = "is an operation of the venue that is not emulated: `mockexchange stub` gives it an answer"
LIVES = {
    (method, known.path): (known.since, known.until)
    for known in CATALOGUE
    for method in known.methods.split()
    if known.path.startswith("/communications/") and method != "GET"
}
DAYS = ("2025-11", "2026-06-11", "2026-06-12", "2026-06-24", "2026-06-25", "2026-10", "compat")


def path_of(template: str) -> str:
    return PREFIX + re.sub(r"\{\w+\}", "q%2F1", template)


def test_every_write_of_communications_has_its_name() -> None:
    assert {tuple(place.split()) for place in NAMES} == set(LIVES)


@each_row("day", DAYS)
def test_each_is_refused_on_its_days_alone(day: str) -> None:
    sandbox, date = make(date=day), api_date(day)
    for (method, template), life in LIVES.items():
        path = path_of(template)
        unsigned, _ = sandbox.answer(Request(method, path))
        answer, entry = sandbox.answer(signed(sandbox, path, method=method, body={}))
        if not date.holds(*life):
            assert (unsigned.status, answer.status) in {(404, 404), (405, 405)}, path
            continue
        assert refusal(unsigned) == at(bodies.NO_CREDENTIALS, day)
        assert refusal(answer) == at(bodies.FORBIDDEN, day)
        assert (entry.operation, entry.refusal) == (NAMES[f"{method} {template}"], "not_emulated")
        assert answer.diagnosis == f"{method} {path.replace('%2F', '/')} {NOT_EMULATED}"


@each_row("who", ["alice/main", "alice/writer", "alice/only_3", "desk/main", "desk/st1"])
@each_row("scopes", ["[read]", '["read", "write::transfer"]'])
def test_a_key_of_any_scope_and_account_is_refused_alike(who: str, scopes: str) -> None:
    sandbox = make(SMALL.replace("scopes: [write]", f"scopes: {scopes}"))
    assert refusal(send(sandbox, "POST", "/communications/rfqs", {}, who)) == at(bodies.FORBIDDEN)


def test_a_wrong_signature_is_the_refusal_that_is_told() -> None:
    sandbox = make()
    forged = signed(
        sandbox, f"{PREFIX}/communications/quotes", method="POST", headers={b"kalshi-access-signature": b"A"}
    )
    assert refusal(sandbox.answer(forged)[0]) == at(bodies.BAD_SIGNATURE)


def test_requests_take_tokens_before_they_are_refused() -> None:
    sandbox = make(f"{SMALL}\nrate_limits: enforce\n")
    statuses = [send(sandbox, "POST", "/communications/rfqs", {}).status for _ in range(11)]
    assert statuses == [403] * 10 + [429]


@each_row(
    ("day", "resource", "allowed"),
    [
        ("2025-11", "rfqs", b"GET, POST, HEAD"),
        ("2025-11", "quotes/q1", b"DELETE, GET, HEAD"),
        ("2025-11", "quotes/q1/accept", b"PUT"),
        ("2026-06-30", "rfqs/r1/quotes/q1", b"DELETE"),
        ("2026-10", "rfqs/r1/quotes/q1", b"DELETE, GET, HEAD"),
        ("2026-10", "block-trade-proposals", b"GET, POST, HEAD"),
    ],
)
def test_other_methods_are_told_which_there_are(day: str, resource: str, allowed: bytes) -> None:
    sandbox = make(date=day)
    answer = send(sandbox, "PATCH", f"/communications/{resource}", {})
    assert (answer.status, answer.headers) == (405, ((b"allow", allowed),))


@each_row(("day", "accept"), [("2025-11", False), ("2026-06-30", True), ("compat", True)])
def test_over_a_socket_until_a_stub_answers(day: str, accept: bool) -> None:
    with mockexchange.serve("demo", api_date=day) as exchange:
        alice = exchange.accounts["alice"]

        def ask(method: str, resource: str, *, is_signed: bool = True) -> httpx.Response:
            url = f"{exchange.base_url}/communications/{resource}"
            return httpx.request(method, url, headers=alice.headers(method, url) if is_signed else {}, json={})

        assert ask("POST", "rfqs", is_signed=False).status_code == 401
        refused = ask("POST", "rfqs")
        assert (refused.status_code, refused.content) == at(bodies.FORBIDDEN, day)
        assert refused.headers["x-mock-diagnosis"] == f"POST {PREFIX}/communications/rfqs {NOT_EMULATED}"
        assert ask("PUT", "rfqs/r1/quotes/q1/accept").status_code == (403 if accept else 404)
        exchange.respond(f"POST {PREFIX}/communications/rfqs", status=201, json={"id": "r1"})
        assert ask("POST", "rfqs", is_signed=False).status_code == 401
        made = ask("POST", "rfqs")
        assert (made.status_code, made.json()) == (201, {"id": "r1"})
