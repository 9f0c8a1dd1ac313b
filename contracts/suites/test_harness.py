"""The harness can fail: a front that is wrong in one thing is told apart from the one that keeps the contract."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import pytest
from schemathesis import AuthProvider
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.suites.test_kalshi import TOLD, signer_of, told_document
from contracts.suites.world import IN_PROCESS_HOST, front_of, open_world
from mockexchange.documents import Document
from mockexchange.kit.exploring.engine import Outcome, Told, load_schema, operation_ids, run
from mockexchange.kit.exploring.providers import AnyCase, signing_provider
from mockexchange.kit.judging.requests import Judge

pytestmark = pytest.mark.contract

ALIAS = "2026-06"
EXAMPLES = 5
BALANCE, FCM, ORDERS, MARKET = "/portfolio/balance", "/fcm/positions", "/portfolio/orders", "/markets/{ticker}"
GOOD_BALANCE = b'{"balance":1,"balance_dollars":"0.0100","portfolio_value":0,"updated_ts":1762257600}'


class Reply(NamedTuple):
    status: int
    headers: dict[bytes, bytes]
    body: bytes


class Spoiled:
    """An application whose requests or replies are changed on the way."""

    def __init__(self, app: ASGIApp, after: Callable[[Scope, Reply], Reply], before: Callable[[Scope], None]) -> None:
        self.app, self.after, self.before = app, after, before

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        if scope["type"] == "http":
            self.before(scope)
        await self.app(scope, receive, keep)
        body = b"".join(message.get("body", b"") for message in messages)
        reply = self.after(scope, Reply(messages[0]["status"], dict(messages[0]["headers"]), body))
        headers = {**reply.headers, b"content-length": b"%d" % len(reply.body)}
        await send({**messages[0], "status": reply.status, "headers": list(headers.items())})
        await send({"type": "http.response.body", "body": reply.body})


def as_it_is(scope: Scope, reply: Reply | None = None) -> Reply:
    assert reply is not None
    return reply


def unchanged(scope: Scope) -> None:
    pass


def replaced(old: bytes, new: bytes) -> Callable[[Scope, Reply], Reply]:
    """Every reply with other bytes in its body."""
    return lambda scope, reply: reply._replace(body=reply.body.replace(old, new))


def where(
    seen: int, status: int | None = None, headers: dict[bytes, bytes] | None = None, body: bytes | None = None
) -> Callable[[Scope, Reply], Reply]:
    """The replies of status `seen` with another status, headers or body."""
    return lambda scope, reply: (
        Reply(status or reply.status, headers or reply.headers, reply.body if body is None else body)
        if reply.status == seen
        else reply
    )


def asking(old: bytes, new: bytes) -> Callable[[Scope], None]:
    """Every request with other bytes in its query, so that what is wrong there goes unnoticed."""

    def change(scope: Scope) -> None:
        query = scope["query_string"]
        scope["query_string"] = query.replace(old, new) if query.endswith(old) or old + b"&" in query else query

    return change


def without_timestamps_checked(scope: Scope, reply: Reply) -> Reply:
    """A request without its timestamp is answered, and well."""
    names = {name for name, _ in scope["headers"]}
    return reply if b"kalshi-access-timestamp" in names else Reply(200, reply.headers, GOOD_BALANCE)


def refusing(fragment: bytes) -> Callable[[Scope, Reply], Reply]:
    """Good data with `fragment` in its query is refused, in a documented way."""
    body = b'{"msg":"Invalid format for parameter subaccount: error binding string parameter"}'
    return lambda scope, reply: Reply(400, reply.headers, body) if fragment in scope["query_string"] else reply


JSON = {b"content-type": b"application/json"}
SPOILS = [
    ("a field is gone", BALANCE, replaced(b'"portfolio_value":', b'"value":'), unchanged, "response_schema"),
    ("an order's field is gone", ORDERS, replaced(b',"type":"limit"', b""), unchanged, "response_schema"),
    ("a surplus field", ORDERS, replaced(b'"type":"limit"', b'"kind":0,"type":"limit"'), unchanged, "response_schema"),
    ("an old status of markets", MARKET, replaced(b'"active"', b'"open"'), unchanged, "response_schema"),
    ("two decimals", BALANCE, replaced(b'00"', b'"'), unchanged, "response_schema"),
    ("a number is text", BALANCE, replaced(b'"updated_ts":1', b'"updated_ts":"1'), unchanged, "response_schema"),
    ("another error text", BALANCE, replaced(b"Invalid format", b"invalid format"), unchanged, "response_schema"),
    ("500", BALANCE, where(200, status=500), unchanged, "not_a_server_error"),
    ("an unknown status", BALANCE, where(400, status=418), unchanged, "status_code"),
    ("another type", BALANCE, where(200, headers={b"content-type": b"text/html"}), unchanged, "content_type"),
    ("no Allow", BALANCE, where(405, headers=JSON), unchanged, "unsupported_method"),
    ("PUT as GET", BALANCE, where(405, status=200), unchanged, "unsupported_method"),
    ("good data refused", BALANCE, refusing(b"subaccount=63"), unchanged, "positive_data_acceptance"),
    ("anybody may read", BALANCE, where(401, 200, body=GOOD_BALANCE), unchanged, "ignored_auth"),
    ("no timestamp", BALANCE, without_timestamps_checked, unchanged, "missing_required_header"),
    ("limit=0", FCM, as_it_is, asking(b"limit=0", b"limit=1"), "limit=0 is out of bounds"),
    ("any subtrader", FCM, where(404, status=200), unchanged, "negative_data_rejection"),
    ("never a 2xx", BALANCE, where(200, status=429, body=b'{"error":"too many requests"}'), unchanged, "a 2xx"),
]


def only(path: str) -> Document:
    """The document with one of its paths."""
    document = told_document(ALIAS)
    return {**document, "paths": {path: document["paths"][path]}}


def explore(
    path: str,
    after: Callable[[Scope, Reply], Reply] = as_it_is,
    before: Callable[[Scope], None] = unchanged,
    provider: type[AuthProvider[str]] | None = None,
    told: Told = TOLD,
) -> Outcome:
    world = open_world(ALIAS)
    signing = provider or signing_provider(lambda case: signer_of(world, case))
    with front_of(world.sandbox) as front:
        app = Spoiled(front, after, before)
        base_url = f"http://{IN_PROCESS_HOST}/trade-api/v2"
        return run(load_schema(only(path), base_url, app, signing, told, EXAMPLES))


@pytest.mark.parametrize("path", [BALANCE, FCM])
def test_what_is_not_spoiled_passes(path: str) -> None:
    assert explore(path).problems() == []


@pytest.mark.parametrize(
    ("path", "after", "before", "wanted"), [spoil[1:] for spoil in SPOILS], ids=[spoil[0] for spoil in SPOILS]
)
def test_what_is_spoiled_is_found(
    path: str, after: Callable[[Scope, Reply], Reply], before: Callable[[Scope], None], wanted: str
) -> None:
    problems = explore(path, after, before).problems()
    assert any(wanted in problem for problem in problems), problems


def test_a_brief_run_asks_every_operation_too() -> None:
    brief = replace(TOLD, is_brief=True)
    assert explore(BALANCE, told=brief).problems() == []
    never = where(200, status=429, body=b'{"error":"too many requests"}')
    assert any("a 2xx" in problem for problem in explore(BALANCE, never, told=brief).problems())


def test_a_provider_that_gives_nothing_signs_nothing_and_is_found() -> None:
    class Silent:
        def get(self, case: AnyCase, context: object) -> str | None:
            return None

        def set(self, case: AnyCase, data: str, context: object) -> None:
            raise AssertionError("never called")

    problems = explore(BALANCE, provider=Silent).problems()
    assert any("no answer was a 2xx" in problem for problem in problems)


def test_an_outcome_of_nothing_proves_nothing() -> None:
    problems = Outcome({"GET /a"}, Judge({}), Judge({})).problems()
    assert "GET /a: no answer was a 2xx" in problems
    assert "no request was sent by the phase coverage" in problems
    assert "the check ignored_auth never ran" in problems


def test_a_write_that_is_never_carried_out_is_not_asked() -> None:
    document = told_document(ALIAS)
    carried_out = operation_ids(document)
    assert carried_out["GetOrders"]
    assert not carried_out["CreateOrder"]
