"""Answers of the control API that generated data hardly meets, each held against its contract document."""

import logging
from collections.abc import Iterator
from itertools import groupby
from logging.handlers import QueueHandler
from operator import attrgetter
from queue import SimpleQueue
from typing import Any

import httpx
import jsonschema_rs
import pytest
from schemathesis import Response
from schemathesis.schemas import BaseSchema

from contracts.suites.control_requests import ask, refusal
from contracts.suites.control_world import BEARER, SPARE, Controlled, Deaf, control_schema, controlled
from mockexchange.cli.commands.watch import read_events
from mockexchange.cli.event_format import LiveEvent
from mockexchange.core.refusals import RefusalCode
from mockexchange.runtime import api_documents
from mockexchange.runtime.api_documents import Document
from mockexchange.sandbox import sandboxes
from mockexchange.sandbox.journal import Firing, FrameEntry
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.steps import STEPS
from mockexchange.server.control import requests, waits
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from mockexchange.venues.request import Request
from tests.commands.examples import EXAMPLES
from tests.helpers.patience import PATIENCE_S

pytestmark = pytest.mark.contract

ONE, COMMANDS, CLOCK, JOURNAL, FRAMES, EVENTS, WAIT, SCRIPT, STREAMS, STUBS = (
    "/sandboxes/{name}" + rest
    for rest in ("", "/commands", "/clock", "/journal", "/frames", "/events", "/wait", "/script", "/streams", "/stubs")
)


@pytest.fixture(scope="module")
def reached() -> Iterator[Controlled]:
    with controlled() as server:
        yield server


@pytest.fixture(scope="module")
def document() -> Document:
    return api_documents.read("control")


@pytest.fixture(scope="module")
def schema(reached: Controlled, document: Document) -> BaseSchema:
    return control_schema(document, reached)


def test_every_kind_of_event_is_documented(schema: BaseSchema, document: Document) -> None:
    steps = [one for one in EXAMPLES if one.step]
    for place, (_, told) in enumerate(groupby(steps, key=attrgetter("exchange"))):
        played = list(told)
        ask(schema, "POST", "/sandboxes", body={"scenario": BARE, "clock": "paused", "name": f"examples-{place}"})
        outcomes = ask(schema, "POST", COMMANDS, f"examples-{place}", body=[one.body for one in played]).json()
        assert isinstance(outcomes, list), outcomes
        for one, outcome in zip(played, outcomes, strict=True):
            assert list(dict.fromkeys(event["type"] for event in outcome.get("events", []))) == one.brings, (
                one.line,
                outcome,
            )
    schemas = document["components"]["schemas"]
    documented = {
        schemas[one["$ref"].rpartition("/")[2]]["properties"]["type"]["const"] for one in schemas["Event"]["oneOf"]
    }
    assert documented == {"noted", *(kind for one in steps for kind in one.brings)}  # notes are of faults


def test_every_step_and_every_refusal_is_documented(document: Document) -> None:
    schemas = document["components"]["schemas"]
    assert set(schemas["Step"]["properties"]) == set(STEPS)
    assert set(schemas["Refusal"]["properties"]["code"]["enum"]) == {code.value for code in RefusalCode}


@pytest.mark.parametrize("venue", ["deribit", "signalplus"])
def test_what_an_account_holds_of_contracts_is_documented(schema: BaseSchema, venue: str) -> None:
    made = ask(schema, "POST", "/sandboxes", body={"scenario": venue, "name": venue}).json()
    credential = next(one for one in made["accounts"] if one["venue"] == venue)
    assert (credential["private_key_pem"], bool(credential["secret"])) == (None, True)
    for rest in ("positions", "ledger"):
        path = f"{ONE}/accounts/{{account}}/{rest}"
        assert ask(schema, "GET", path, venue, account=credential["name"]).json()


def test_a_refused_step_is_a_value(schema: BaseSchema) -> None:
    steps = [{"close": {"market": "NONE"}}, {"reset_group": {"group": "NONE"}}]
    outcomes = ask(schema, "POST", COMMANDS, body=steps).json()
    assert [one["refusal"]["code"] for one in outcomes] == ["unknown_market", "unknown_group"]


def test_the_journal_holds_entries_of_every_kind(schema: BaseSchema) -> None:
    plain, text, raw, dropped = ask(schema, "GET", JOURNAL, name="default").json()[:4]
    assert (plain["status"], plain["body"], plain["operation"]) == (200, "", "GetBalance")
    assert (text["status"], text["body"]) == (405, "text")
    assert raw["body_base64"] == "/w=="
    assert set(dropped["dropped"]) == {"body", "answer"}


BARE = {"scenario": "bare", "start": "2025-11-04T12:00:00Z"}
OF_ZOE = {"match": {"account": "zoe"}, "then": {"drop": True}}
# what is wrong | method | path | status | code | how it is asked
REFUSALS: list[tuple[str, str, str, int, str, dict[str, Any]]] = [
    ("no token", "GET", "/sandboxes", 401, "unauthorized", {"headers": {}}),
    ("wrong token", "GET", ONE, 401, "unauthorized", {"headers": {"Authorization": "Bearer x"}}),
    ("wrong host", "GET", "/live", 403, "host_not_allowed", {"headers": {"Host": "evil.test"}}),
    ("unknown sandbox", "GET", CLOCK, 404, "unknown_sandbox", {"name": "nowhere"}),
    ("unknown account", "GET", f"{ONE}/accounts/{{account}}/positions", 404, "unknown_account", {"account": "zoe"}),
    ("unknown market", "GET", f"{ONE}/markets/{{market}}", 404, "unknown_market", {"market": "NONE"}),
    ("default stays", "DELETE", ONE, 409, "default_sandbox", {"name": "default"}),
    ("taken name", "POST", "/sandboxes", 409, "name_in_use", {"body": {"name": SPARE}}),
    ("bad name", "POST", "/sandboxes", 400, "bad_name", {"body": {"name": "../etc"}}),
    ("other name than the path's", "PUT", ONE, 400, "bad_body", {"name": "x", "body": {"name": "y"}}),
    ("unknown key", "POST", "/sandboxes", 400, "bad_body", {"body": {"colour": "red"}}),
    ("no object", "POST", "/sandboxes", 400, "bad_body", {"body": []}),
    ("null", "POST", "/sandboxes", 400, "bad_body", {"body": {"scenario": None}}),
    ("unknown date", "POST", "/sandboxes", 400, "bad_body", {"body": {"api_date": "x" * 5_000}}),
    ("unknown scenario", "POST", "/sandboxes", 400, "bad_scenario", {"body": {"scenario": "demmo"}}),
    ("name no file can have", "POST", "/sandboxes", 400, "bad_scenario", {"body": {"scenario": "x" * 5_000}}),
    ("unknown step", "POST", COMMANDS, 400, "bad_step", {"body": [{"fil": {}}]}),
    ("step with a time", "POST", COMMANDS, 400, "bad_step", {"body": [{"after": "1s", "close": {"market": "M"}}]}),
    ("steps in an object", "POST", COMMANDS, 400, "bad_body", {"body": {"close": {"market": "M"}}}),
    ("same key twice", "POST", COMMANDS, 400, "bad_json", {"body": b'[{"close": {"market": "A", "market": "B"}}]'}),
    ("no JSON", "POST", CLOCK, 400, "bad_json", {"body": b"{"}),
    ("end of the calendar", "POST", CLOCK, 400, "bad_body", {"body": {"advance": "9999999d"}}),
    ("unknown filter", "GET", JOURNAL, 400, "bad_query", {"query": {"colour": "red"}}),
    ("filter twice", "GET", JOURNAL, 400, "bad_query", {"query": {"last": ["1", "2"]}}),
    ("no number", "GET", JOURNAL, 400, "bad_query", {"query": {"after": "x"}}),
    ("unknown frames", "GET", FRAMES, 400, "bad_query", {"query": {"status": "200"}}),
    ("unknown kind", "GET", EVENTS, 400, "bad_query", {"query": {"kinds": "colour"}}),
    ("follow what", "GET", EVENTS, 400, "bad_query", {"query": {"follow": "maybe"}}),
    ("wait for nothing", "POST", WAIT, 400, "bad_body", {"body": {"for": {}}}),
    ("wait for ever", "POST", WAIT, 400, "bad_body", {"body": {"for": {"request": {}}, "timeout": "1h"}}),
    ("wait in vain", "POST", WAIT, 408, "timed_out", {"body": {"for": {"fault": {}}, "timeout": "1us"}}),
    ("no entry", "POST", SCRIPT, 400, "bad_step", {"body": {"after": "1s"}}),
    ("unknown stub", "DELETE", f"{STUBS}/{{stub}}", 404, "unknown_stub", {"stub": "none"}),
    ("misspelt stub", "POST", STUBS, 400, "bad_stub", {"body": [{"request": "GET /a"}, {"reqest": "GET /b"}]}),
    ("stub of nothing", "POST", STUBS, 400, "bad_body", {"body": b"5"}),
    ("unknown fault with a sandbox", "POST", "/sandboxes", 400, "bad_body", {"body": {"faults": ["flakky"]}}),
    ("unknown account of a fault", "POST", "/sandboxes", 400, "bad_scenario", {"body": {"faults": [OF_ZOE]}}),
    ("neither frame nor end", "POST", STREAMS, 400, "bad_body", {"body": {}}),
    ("stream of nobody", "POST", STREAMS, 404, "unknown_account", {"body": {"close": {}, "account": "zoe"}}),
    ("stream that is not open", "POST", STREAMS, 404, "unknown_connection", {"body": {"close": {}, "connection": 99}}),
    ("frame of a number", "POST", STREAMS, 400, "bad_body", {"body": {"send": {"text": 1}}}),
    ("wrong method", "GET", "/sandboxes", 405, "method_not_allowed", {"sent_method": "PATCH"}),
]


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "how"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_each_refusal_is_documented(
    schema: BaseSchema, method: str, path: str, status: int, code: str, how: dict[str, Any]
) -> None:
    assert refusal(ask(schema, method, path, **how)) == (status, code)


def test_a_port_that_is_taken_or_not_for_us(
    reached: Controlled, schema: BaseSchema, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reached.server_state.main is not None
    body = {"port": reached.server_state.main.port}
    assert refusal(ask(schema, "POST", "/sandboxes", body=body)) == (409, "port_in_use")

    def refuse(host: str, port: int) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("mockexchange.server.http.listener.bind", refuse)
    answer = ask(schema, "POST", "/sandboxes", body={"port": 1, "name": "unmade"})
    assert refusal(answer) == (409, "port_unusable")
    assert answer.json()["error"]["message"] == "port 1 cannot be used: Permission denied"
    assert refusal(ask(schema, "GET", ONE, name="unmade")) == (404, "unknown_sandbox")


def test_a_key_id_that_is_taken(schema: BaseSchema) -> None:
    scenario = {"scenario": "fixed", "accounts": {"alice": {"keys": {"main": {"key_id": "fixed-key"}}}}}
    body = {"scenario": scenario, "name": "first"}
    assert ask(schema, "POST", "/sandboxes", body=body).status_code == 201
    assert refusal(ask(schema, "POST", "/sandboxes", body={**body, "name": "second"})) == (409, "key_in_use")


def test_one_sandbox_too_many(schema: BaseSchema, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandboxes, "SANDBOXES_MAX", 1)
    assert refusal(ask(schema, "POST", "/sandboxes", body={})) == (409, "too_many_sandboxes")


def test_limits_of_bodies(schema: BaseSchema, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockexchange.server.control.sandboxes.STEPS_MAX", 1)
    steps = [{"close": {"market": "M"}}] * 1_000
    assert refusal(ask(schema, "POST", COMMANDS, body=steps)) == (400, "too_many_steps")
    monkeypatch.setattr(requests, "BODY_BYTES_MAX", requests.READ_AT_ONCE_BYTES)
    assert refusal(ask(schema, "POST", COMMANDS, body=steps)) == (413, "body_too_large")


def test_a_server_without_an_exchange_is_not_ready(
    reached: Controlled, schema: BaseSchema, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(schema, "GET", "/ready").json() == {"live": True, "ready": True}
    monkeypatch.setattr(reached.server_state, "sandboxes", sandboxes.Sandboxes())
    assert ask(schema, "GET", "/health").status_code == 503


# --- streams, events and waits


@pytest.fixture
def streaming(reached: Controlled, document: Document) -> Iterator[Sandbox]:
    """The default exchange, with a subscribed stream that has had frames of every kind there is."""
    sandbox = reached.world.sandbox
    headers = reached.world.signers["member", "main"].headers("GET", STREAM_PATH).items()
    raw = tuple((name.lower().encode(), value.encode()) for name, value in headers)
    handshake, entry = sandbox.shake_hands(Request("GET", STREAM_PATH, "", raw))
    assert handshake.session
    stream = sandbox.streams.open(handshake.session, Deaf())
    entry.connection = stream.number
    sandbox.journal.close(entry)
    stream.receive(b'{"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"]}}')
    stream.receive(b"\xff")
    yield sandbox
    sandbox.streams.forget(stream)


def test_frames_and_streams_are_as_documented(schema: BaseSchema, streaming: Sandbox) -> None:
    stream = next(iter(streaming.streams)).number
    frames = ask(schema, "GET", FRAMES, name="default", query={"connection": stream}).json()
    hints = [(frame["direction"], frame["kind"]) for frame in frames]
    assert hints == [("in", "open"), ("in", "subscribe"), ("out", "subscribed"), ("in", ""), ("out", "error")]
    assert frames[3]["frame_base64"] == "/w=="
    [shown] = ask(schema, "GET", STREAMS, name="default").json()
    assert (shown["number"], shown["account"]) == (stream, "member")


def test_stubs_streams_and_metrics_are_as_documented(schema: BaseSchema, streaming: Sandbox) -> None:
    given = [
        {"request": "GET /trade-api/v2/a", "query": {"b": 1}, "body_base64": "/w==", "headers": {"X": "y"}, "times": 1},
        {"request": "signalplus private/x", "signed": False, "result": {"n": 1.50}},
    ]
    stubs = ask(schema, "POST", STUBS, name="default", body=given).json()
    assert [stub["name"] for stub in stubs] == ["stub-1", "stub-2"]
    assert ask(schema, "GET", STUBS, name="default").json() == stubs
    _, entry = streaming.answer(Request("GET", "/trade-api/v2/a", "b=1"))
    streaming.journal.close(entry)
    [hints] = ask(schema, "GET", JOURNAL, name="default", query={"stub": "stub-1"}).json()
    assert (hints["stub"], hints["venue"], hints["answer_base64"]) == ("stub-1", "kalshi", "/w==")
    wanted = {"request": {"query": {"b": 1}, "stub": "stub-1"}}
    assert ask(schema, "POST", WAIT, name="default", body={"for": wanted}).json()["found"] == [hints]
    assert ask(schema, "DELETE", STUBS, name="default").status_code == 204
    sent = {"send": {"text": "hello"}, "account": "member"}
    assert ask(schema, "POST", STREAMS, name="default", body=sent).json() == {"connections": 1}
    number = next(iter(streaming.streams)).number
    frames = ask(schema, "GET", FRAMES, name="default", query={"connection": number, "kind": "literal"}).json()
    assert [(one["frame"], one["note"]) for one in frames] == [("hello", "asked for by the control API")]
    metrics = ask(schema, "GET", "/metrics")
    assert metrics.headers["content-type"] == ["text/plain; version=0.0.4; charset=utf-8"]
    assert 'mockexchange_stub_answers_total{sandbox="default"} 1' in metrics.content.decode().splitlines()


def test_what_is_found_is_as_documented(schema: BaseSchema, streaming: Sandbox) -> None:
    streaming.journal.add_firing(Firing(*streaming.moment(), "fault", "flaky", {"connection": 1}))
    wanted: list[dict[str, Any]] = [{"subscribed": {}}, {"request": {}}, {"frame": {"kind": "error"}}, {"fault": {}}]
    for what in [*wanted, {"script": "done"}]:
        answer = ask(schema, "POST", WAIT, name="default", body={"for": what, "timeout": "1us"})
        assert (answer.status_code, len(answer.json()["found"])) == (200, 0 if "script" in what else 1)


def test_events_of_every_kind_are_as_documented(reached: Controlled, schema: BaseSchema, document: Document) -> None:
    sandbox = reached.world.sandbox
    [begin] = hints(ask(schema, "GET", EVENTS, name="default", query={"follow": "false"}))
    last = {**BEARER, "Last-Event-ID": begin.event_id or ""}
    steps = [{"announce": {"message": "Hello."}}, {"close": {"market": "NONE"}}]
    ask(schema, "POST", COMMANDS, name="default", body=steps)
    for kind in ("script", "trigger", "finding", "fault"):
        sandbox.journal.add_firing(Firing(*sandbox.moment(), kind, "one", {"repetition": 1}))
    sandbox.journal.add_frame(FrameEntry(*sandbox.moment(), 1, None, "lost", b"\xff", "fill", "fill", "one"))
    sandbox.journal.close(next(iter(sandbox.journal)))
    ask(schema, "POST", CLOCK, name="default", body={"advance": "1us"})
    unknown = {**BEARER, "Last-Event-ID": "unknown"}
    answers = [
        ask(schema, "GET", EVENTS, name="default", query={"follow": "false"}, headers=one) for one in (last, unknown)
    ]
    happened = [*hints(answers[0]), *hints(answers[1]), LiveEvent("end", {"reason": "reset"})]
    shapes = [one["properties"] for one in document["components"]["schemas"]["ServerSentEvent"]["oneOf"]]
    documented = {shape["event"]["const"]: shape["data"]["contentSchema"] for shape in shapes}
    assert {one.kind for one in happened} == set(documented)
    for one in happened:
        jsonschema_rs.validate({**documented[one.kind], "components": document["components"]}, one.data)


def hints(response: Response) -> list[LiveEvent]:
    assert response.headers["content-type"] == ["text/event-stream; charset=utf-8"]
    return list(read_events(response.content.decode().splitlines()))


def test_too_many_watch_or_wait(reached: Controlled, schema: BaseSchema, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockexchange.server.control.events.WATCHERS_MAX", 0)
    monkeypatch.setattr(waits, "WAITS_MAX", 0)
    answer = ask(schema, "GET", EVENTS, name="default", query={"follow": "false"})
    assert refusal(answer) == (409, "too_many_watchers")
    assert refusal(ask(schema, "POST", WAIT, body={"for": {"request": {}}})) == (409, "too_many_waits")


def test_what_is_under_way_ends_with_its_sandbox(reached: Controlled, schema: BaseSchema) -> None:
    ask(schema, "PUT", ONE, name="ending", body={"scenario": "empty", "clock": "paused"})
    reached.server_state.sandboxes.get("ending").sandbox.close("reset")
    said = {"announce": {"message": "Late."}}
    for path, body in ((COMMANDS, [said]), (SCRIPT, said), (CLOCK, {"advance": "1s"}), (CLOCK, {"run": "2x"})):
        assert refusal(ask(schema, "POST", path, name="ending", body=body)) == (409, "sandbox_ended")
    assert ask(schema, "DELETE", ONE, name="ending").status_code == 204


def test_too_much_is_due(schema: BaseSchema, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "overdue"  # a sandbox of its own: what other tests put into theirs may be due as well
    assert ask(schema, "PUT", ONE, name=name, body={"scenario": "empty", "clock": "paused"}).status_code == 201
    entry = {"after": "1s", "every": "1s", "times": 9, "announce": {"message": "Again."}}
    [step] = ask(schema, "POST", SCRIPT, name=name, body=entry).json()
    assert (step["action"], step["fired"]) == ("announce", 0)
    monkeypatch.setattr("mockexchange.sandbox.script.script.DUE_MAX", 2)
    assert refusal(ask(schema, "POST", CLOCK, name=name, body={"advance": "1h"})) == (409, "too_many_steps")
    [step] = ask(schema, "GET", SCRIPT, name=name).json()
    assert step["fired"] == 2
    assert ask(schema, "DELETE", ONE, name=name).status_code == 204


# --- what a document cannot say


def test_every_answer_is_marked(reached: Controlled) -> None:
    origin = reached.server_state.origin()
    for method, path, status in (
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("HEAD", "/_mock/sandboxes", 200),
        ("OPTIONS", "/_mock/sandboxes", 405),
        ("GET", "/_mock/sandboxes/", 404),
        ("GET", "/_mock", 404),
        ("POST", "/", 405),
        ("GET", "/trade-api/v2/portfolio/balance", 401),
    ):
        response = httpx.request(method, origin + path, headers=BEARER)
        assert (response.status_code, response.headers["x-mock-exchange"]) == (status, "1"), (method, path)
        assert (response.text == "") == (method == "HEAD")


def test_a_mistake_of_the_server_is_marked_and_reported(reached: Controlled, monkeypatch: pytest.MonkeyPatch) -> None:
    said: SimpleQueue[logging.LogRecord] = SimpleQueue()
    handler = QueueHandler(said)
    monkeypatch.setattr(reached.server_state, "sandboxes", None)
    logging.getLogger("mockexchange.server").addHandler(handler)
    try:
        response = httpx.get(f"{reached.server_state.origin()}/_mock/sandboxes", headers=BEARER)
        assert "Traceback" in said.get(timeout=PATIENCE_S).getMessage()
    finally:
        logging.getLogger("mockexchange.server").removeHandler(handler)
    assert (response.status_code, response.headers["x-mock-exchange"]) == (500, "1")
    assert response.json()["error"]["code"] == "internal_error"


def test_a_wrong_method_is_answered_with_the_right_ones(reached: Controlled) -> None:
    response = httpx.patch(f"{reached.server_state.origin()}/_mock/sandboxes/{SPARE}", headers=BEARER)
    assert response.headers["allow"] == "DELETE, GET, HEAD, PUT"


@pytest.mark.parametrize("last", [0, 1, 3, 999])
def test_the_last_so_many_entries(schema: BaseSchema, last: int) -> None:
    whole = ask(schema, "GET", JOURNAL, name="default").json()
    entries = ask(schema, "GET", JOURNAL, name="default", query={"last": last}).json()
    assert len(entries) == min(last, len(whole))
    assert whole[len(whole) - len(entries) :] == entries
