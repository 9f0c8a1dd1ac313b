"""The harness fails for servers with one mistake each."""

import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import httpx
import pytest
from schemathesis.engine import events
from schemathesis.engine.run import PhaseName
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.suites.targets import hints_of, target_at
from contracts.suites.test_kalshi import NEVER_APPLY
from contracts.suites.verdict_text import findings_of
from mockexchange.api.transport.httpx_transports import scope_of
from mockexchange.kit.findings import Outcome, Verdict
from mockexchange.kit.schemathesis import run
from mockexchange.kit.schemathesis.checks import CHECKS
from mockexchange.kit.schemathesis.hints import operation_ids, operations_to_test
from mockexchange.kit.schemathesis.outcome import ANSWERED, AS_SENT, COMPLETED, PHASE
from mockexchange.kit.schemathesis.relay import Relay
from mockexchange.kit.schemathesis.run import Effort, explore
from mockexchange.kit.server.preflight import discover_names
from mockexchange.kit.target import MEMBER, Unreachable
from mockexchange.runtime import api_documents
from tests.helpers.effort import examples

pytestmark = pytest.mark.contract

ALIAS = "2026-06"
EFFORT = Effort(examples=examples(5))
FIRST = Effort(examples=5, findings_max=1)
"""A mistake that is found at once ends its run; the phases that are left take most of the time."""
AFTER_OTHERS = {"exploring.answered", "schemathesis.missing_required_header"}
"""Rules whose findings come after those of other rules on the same mistake."""
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
    """Replace bytes in the body of every reply."""
    return lambda scope, reply: reply._replace(body=reply.body.replace(old, new))


def where(
    seen: int, status: int | None = None, headers: dict[bytes, bytes] | None = None, body: bytes | None = None
) -> Callable[[Scope, Reply], Reply]:
    """Replace status, headers or body of replies with the status `seen`."""
    return lambda scope, reply: (
        Reply(status or reply.status, headers or reply.headers, reply.body if body is None else body)
        if reply.status == seen
        else reply
    )


def asking(old: bytes, new: bytes) -> Callable[[Scope], None]:
    """Replace bytes in the query of every request, so that mistakes there go unnoticed."""

    def change(scope: Scope) -> None:
        query = scope["query_string"]
        scope["query_string"] = query.replace(old, new) if query.endswith(old) or old + b"&" in query else query

    return change


def without_timestamps_checked(scope: Scope, reply: Reply) -> Reply:
    """Answer a request without its timestamp with 200."""
    names = {name for name, _ in scope["headers"]}
    return reply if b"kalshi-access-timestamp" in names else Reply(200, reply.headers, GOOD_BALANCE)


def refusing(fragment: bytes) -> Callable[[Scope, Reply], Reply]:
    """Refuse valid requests with `fragment` in the query, in a documented way."""
    body = b'{"msg":"Invalid format for parameter subaccount: error binding string parameter"}'
    return lambda scope, reply: Reply(400, reply.headers, body) if fragment in scope["query_string"] else reply


JSON = {b"content-type": b"application/json"}
SPOILS = [
    (
        "a field is gone",
        BALANCE,
        replaced(b'"portfolio_value":', b'"value":'),
        unchanged,
        "schemathesis.response_schema_conformance",
    ),
    (
        "an order's field is gone",
        ORDERS,
        replaced(b',"type":"limit"', b""),
        unchanged,
        "schemathesis.response_schema_conformance",
    ),
    (
        "a surplus field",
        ORDERS,
        replaced(b'"type":"limit"', b'"kind":0,"type":"limit"'),
        unchanged,
        "schemathesis.response_schema_conformance",
    ),
    (
        "an old status of markets",
        MARKET,
        replaced(b'"active"', b'"open"'),
        unchanged,
        "schemathesis.response_schema_conformance",
    ),
    ("two decimals", BALANCE, replaced(b'00"', b'"'), unchanged, "schemathesis.response_schema_conformance"),
    (
        "a number is text",
        BALANCE,
        replaced(b'"updated_ts":1', b'"updated_ts":"1'),
        unchanged,
        "schemathesis.response_schema_conformance",
    ),
    (
        "another error text",
        BALANCE,
        replaced(b"Invalid format", b"invalid format"),
        unchanged,
        "schemathesis.response_schema_conformance",
    ),
    ("500", BALANCE, where(200, status=500), unchanged, "schemathesis.not_a_server_error"),
    ("an unknown status", BALANCE, where(400, status=418), unchanged, "schemathesis.status_code_conformance"),
    (
        "another type",
        BALANCE,
        where(200, headers={b"content-type": b"text/html"}),
        unchanged,
        "schemathesis.content_type_conformance",
    ),
    ("no Allow", BALANCE, where(405, headers=JSON), unchanged, "schemathesis.unsupported_method"),
    ("PUT as GET", BALANCE, where(405, status=200), unchanged, "schemathesis.unsupported_method"),
    ("good data refused", BALANCE, refusing(b"subaccount=63"), unchanged, "schemathesis.positive_data_acceptance"),
    ("anybody may read", BALANCE, where(401, 200, body=GOOD_BALANCE), unchanged, "schemathesis.ignored_auth"),
    ("no timestamp", BALANCE, without_timestamps_checked, unchanged, "schemathesis.missing_required_header"),
    ("limit=0", FCM, as_it_is, asking(b"limit=0", b"limit=1"), "requests.as_sent"),
    ("any subtrader", FCM, where(404, status=200), unchanged, "requests.as_sent"),
    (
        "never a 2xx",
        BALANCE,
        where(200, status=429, body=b'{"error":"too many requests"}'),
        unchanged,
        "exploring.answered",
    ),
]


def judged_at(
    path: str,
    after: Callable[[Scope, Reply], Reply] = as_it_is,
    before: Callable[[Scope], None] = unchanged,
    effort: Effort = EFFORT,
) -> list[Verdict]:
    """Return the verdicts on one path of a server with a mistake."""
    with target_at(ALIAS, wrap=lambda app: Spoiled(app, after, before)) as target:
        hints = replace(hints_of(target), operations=(target.document["paths"][path]["get"]["operationId"],))
        return list(explore(target, hints, effort))


@pytest.mark.parametrize("path", [BALANCE, FCM])
def test_what_is_not_spoiled_passes(path: str) -> None:
    judged = judged_at(path)
    assert findings_of(judged) == ""
    kept = {verdict.rule for verdict in judged if verdict.outcome is Outcome.KEPT}
    assert {AS_SENT, ANSWERED, PHASE, *(f"schemathesis.{name}" for name in CHECKS)} - kept == NEVER_APPLY


@pytest.mark.traced
@pytest.mark.parametrize(
    ("path", "after", "before", "wanted"), [spoil[1:] for spoil in SPOILS], ids=[spoil[0] for spoil in SPOILS]
)
def test_what_is_spoiled_is_found(
    path: str, after: Callable[[Scope, Reply], Reply], before: Callable[[Scope], None], wanted: str
) -> None:
    effort = EFFORT if wanted in AFTER_OTHERS else FIRST
    found = [finding for verdict in judged_at(path, after, before, effort) for finding in verdict.findings]
    assert wanted in {finding.rule for finding in found}
    for finding in found:
        assert finding.place.startswith(f"contracts/kalshi/{ALIAS}/openapi.yaml#/paths/~1")


def test_a_finding_has_the_request_and_a_reproduction() -> None:
    found = [one for verdict in judged_at(BALANCE, where(400, status=418)) for one in verdict.findings]
    finding = next(one for one in found if one.rule == "schemathesis.status_code_conformance")
    assert finding.where.startswith(f"GET {BALANCE}?")
    assert "-> 418" in finding.where
    assert "Invalid format" in finding.seen
    assert finding.expected == "a documented status"
    assert re.match(rf"mockexchange call [0-9a-f-]{{36}} GET '{BALANCE}\?", finding.reproduction)
    assert "KALSHI-ACCESS" not in finding.reproduction


def test_what_is_sent_without_a_key_is_sent_again_by_curl() -> None:
    found = [one for verdict in judged_at(BALANCE, where(401, 200, body=GOOD_BALANCE)) for one in verdict.findings]
    finding = next(one for one in found if one.rule == "schemathesis.ignored_auth")
    assert finding.reproduction.startswith("curl -i -X GET 'http://testserver/trade-api/v2/portfolio/balance?")


def test_a_brief_run_asks_every_operation_too() -> None:
    brief = Effort(is_brief=True, examples=EFFORT.examples)
    assert findings_of(judged_at(BALANCE, effort=brief)) == ""
    never = where(200, status=429, body=b'{"error":"too many requests"}')
    assert ANSWERED in {one.rule for verdict in judged_at(BALANCE, never, effort=brief) for one in verdict.findings}


def test_a_run_ends_after_as_many_findings_as_asked_for() -> None:
    one = Effort(examples=EFFORT.examples, findings_max=1)
    found = [
        finding for verdict in judged_at(BALANCE, where(200, status=500), effort=one) for finding in verdict.findings
    ]
    assert len(found) < len(
        [finding for verdict in judged_at(BALANCE, where(200, status=500)) for finding in verdict.findings]
    )
    assert found


def test_what_nothing_is_known_of_is_not_judged_where_it_may_be_empty() -> None:
    with target_at(ALIAS, wrap=lambda app: Spoiled(app, where(200, status=404), unchanged)) as target:
        hints = replace(hints_of(target), operations=("GetBalance",), must_answer=False)
        judged = list(explore(target, hints, Effort(is_brief=True, examples=1)))
    answered = next(verdict for verdict in judged if verdict.rule == ANSWERED)
    assert answered.outcome is Outcome.NOT_JUDGED
    assert answered.why.startswith("no answer was a 2xx: ")


@pytest.mark.traced
def test_what_there_is_no_key_for_is_not_judged() -> None:
    with target_at(ALIAS) as target:
        target.keys = {MEMBER: target.keys[MEMBER]}
        hints = replace(hints_of(target), operations=("GetFCMPositions",))
        judged = list(explore(target, hints, Effort(is_brief=True, examples=1)))
    assert "none was given for the role 'fcm'" in next(one.why for one in judged if one.rule == ANSWERED)


@pytest.mark.traced
def test_a_server_that_stops_answering_ends_the_run_after_its_verdicts() -> None:
    asked = itertools.count()

    def vanish(request: httpx.Request) -> None:
        if next(asked) > 20:
            raise httpx.ConnectError("connection refused")

    judged: list[Verdict] = []
    with target_at(ALIAS) as target:
        target.http.event_hooks["request"] = [vanish]
        hints = replace(hints_of(target), operations=("GetBalance",))
        with pytest.raises(Unreachable, match="GET /trade-api/v2/portfolio/balance: no answer: connection refused"):
            judged.extend(explore(target, hints, EFFORT))
    assert {verdict.rule for verdict in judged} > {AS_SENT, ANSWERED}
    assert findings_of(judged) == ""
    assert next(asked) < 25


class ScriptedEvents(list[events.EngineEvent]):
    """Scripted events of schemathesis, until the run stops it."""

    def execute(self) -> "ScriptedEvents":
        return self

    def stop(self) -> None:
        self.clear()


@pytest.mark.traced
def test_errors_of_schemathesis_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = events.NonFatalError(
        error=ValueError("odd"), phase=PhaseName.FUZZING, label="GET /markets", related_to_operation=True
    )
    fatal = events.FatalError(exception=KeyError("x"))
    scripted_events = ScriptedEvents([odd, fatal, events.Interrupted(phase=PhaseName.FUZZING), odd])
    monkeypatch.setattr(run, "from_schema", lambda schema: scripted_events)
    judged: list[Verdict] = []
    with target_at(ALIAS) as target, pytest.raises(KeyboardInterrupt):
        judged.extend(explore(target, hints_of(target)))
    assert {one.subject for one in judged if one.rule == COMPLETED} == {"GET /markets", "schemathesis"}
    assert {one.outcome for one in judged} == {Outcome.NOT_JUDGED}
    assert not scripted_events


@pytest.mark.traced
def test_a_read_only_relay_sends_nothing_else() -> None:
    with target_at(ALIAS, may_write=False) as target:
        relay, url = Relay(target), f"{target.base_url}/exchange/status"
        assert relay.answer(scope_of(httpx.Request("GET", url)), b"").status_code == 200
        with pytest.raises(AssertionError, match="must not send POST"):
            relay.answer(scope_of(httpx.Request("POST", url)), b"")


def test_a_write_that_is_never_carried_out_is_not_asked() -> None:
    carried_out = operation_ids(api_documents.read("kalshi/2026-10"))
    assert carried_out["GetOrders"]
    assert not carried_out["CreateOrder"]


def test_generated_requests_are_reads() -> None:
    with target_at(ALIAS) as target:
        tested = {one.method for one in operations_to_test(hints_of(target), may_write=True)}
    assert tested == {"get"}


@pytest.mark.traced
def test_names_are_found_by_reading() -> None:
    with target_at(ALIAS, may_write=False) as target:
        names = discover_names(target)
        hints = target.venue.make_hints(target.document, names, target.keys)
        hints = replace(hints, operations=("GetMarket", "GetEvent", "GetSeries", "GetOrder"))
        judged = list(explore(target, hints, Effort(is_brief=True, examples=2)))
    assert {"ticker", "event_ticker", "series_ticker", "order_id"} <= set(names)
    assert findings_of(judged) == ""
