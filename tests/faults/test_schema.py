"""The schema of rules: every effect, and the errors of wrong ones."""

import json

import jsonschema_rs
import pytest
import yaml

from mockexchange.scenario import fault_effects
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.fault_effects import EFFECTS, Effect, Surface
from mockexchange.scenario.fault_rules import FAULT, FAULTS, Rule, Span
from mockexchange.scenario.located_text import read_yaml
from tests.helpers.rows import each_row

READ: list[tuple[str, Effect]] = [
    ("{status: 503}", fault_effects.Status(503)),
    (
        "{status: 429, shape: msg, headers: {Retry-After: 1}}",
        fault_effects.Status(429, "msg", {"Retry-After": "1"}),
    ),
    ("{body: hello}", fault_effects.Body("hello")),
    ("{body: ''}", fault_effects.Body("")),
    ("{body: {a: 1, b: [x, null, true, 1.0]}}", fault_effects.Body('{"a":1,"b":["x",null,true,"1.0"]}')),
    ("{body: x, content_type: text/html}", fault_effects.Body("x", "text/html")),
    ("{delay: 250ms}", fault_effects.Delay(250_000)),
    ("{trickle: 10}", fault_effects.Trickle(10)),
    ("{cut_after: 0}", fault_effects.CutAfter(0)),
    ("{drop}", fault_effects.Drop()),
    ("{lost_answer}", fault_effects.LostAnswer()),
    ("{lost_request}", fault_effects.LostRequest()),
    ("{unknown_outcome: 0.5}", fault_effects.UnknownOutcome(500_000)),
    ("{unknown_outcome: 0}", fault_effects.UnknownOutcome(0)),
    ("{drop: true}", fault_effects.Drop()),
    ("{reset: }", fault_effects.Reset()),
    ("{content_type: text/plain}", fault_effects.ContentType("text/plain")),
    ("{truncate_json}", fault_effects.TruncateJson()),
    ("{cursor: null}", fault_effects.Cursor("null")),
    ("{cursor: absent}", fault_effects.Cursor("absent")),
    ("{cursor: repeat}", fault_effects.Cursor("repeat")),
    ("{page_size: 2}", fault_effects.PageSize(2)),
    ("{duplicate_row}", fault_effects.DuplicateRow()),
    ("{no_rows}", fault_effects.NoRows()),
    ("{stale: 5s}", fault_effects.Stale(5_000_000)),
    ("{legacy: zero}", fault_effects.Legacy("zero")),
    ("{clock_offset: -30s}", fault_effects.ClockOffset(-30_000_000)),
    ("{clock_offset: 1m}", fault_effects.ClockOffset(60_000_000)),
    ("{rate_limit: {requests: 5}}", fault_effects.RateLimit(5, 1_000_000, 5)),
    (
        "{rate_limit: {requests: 5, per: 2s, burst: 9, clock: exchange}, shape: nested}",
        fault_effects.RateLimit(5, 2_000_000, 9, "exchange", "nested"),
    ),
    ("{refuse: 502}", fault_effects.Refuse(502)),
    (
        "{refuse: 403, body: <html>, content_type: text/html, headers: {Server: edge}}",
        fault_effects.Refuse(403, None, {"Server": "edge"}, "<html>", "text/html"),
    ),
    ("{close: 1001}", fault_effects.Close(1001)),
    ("{close: 4000, at_frame: 3}", fault_effects.Close(4000, 3)),
    ("{abort}", fault_effects.Abort()),
    ("{duplicate}", fault_effects.Duplicate()),
    ("{reorder}", fault_effects.Reorder()),
    ("{gap}", fault_effects.Gap()),
    ("{stall}", fault_effects.Stall()),
    ("{silent_channel}", fault_effects.SilentChannel()),
    ("{late_ack: 2s}", fault_effects.LateAck(2_000_000)),
    ("{terminal: 25}", fault_effects.Terminal(25)),
    ("{frame: {type: x, sid: $sid, n: -3}}", fault_effects.LiteralFrame('{"type":"x","sid":"$sid","n":-3}')),
    ("{frame: {a: 007, b: 0, c: null, d: false}}", fault_effects.LiteralFrame('{"a":"007","b":0,"c":null,"d":false}')),
    ("{frame: '{\"a\": 1.50}'}", fault_effects.LiteralFrame('{"a": 1.50}')),
]


def rule_of(text: str) -> Rule:
    rule: Rule = FAULT.read(read_yaml(text, "f.yaml"), "")
    return rule


@each_row(("text", "effect"), READ, ids=[text for text, _ in READ])
def test_every_effect_is_read(text: str, effect: Effect) -> None:
    rule = rule_of(f"{{then: {text}}}")
    assert rule.effect == effect
    assert rule.kind in text


def test_every_effect_is_about_something() -> None:
    by_surface = {surface: [name for name, kind in EFFECTS.items() if kind.surface is surface] for surface in Surface}
    assert by_surface[Surface.HANDSHAKE] == ["refuse"]
    assert by_surface[Surface.ANSWER] == ["late_ack"]


WRONG = [
    ("{}", "f.yaml:1: expected the key 'then', which is missing"),
    ("{then: {}}", "f.yaml:1: then: expected one of status, body, "),
    ("{then: drop}", "f.yaml:1: then: expected a mapping with one of status, "),
    ("{then: {statsu: 503}}", "f.yaml:1: then: unknown effect 'statsu': did you mean 'status'?"),
    ("{then: {xyzzy: 1}}", "f.yaml:1: then: unknown effect 'xyzzy': known are status, body, "),
    (
        "{then: {status: 503, delay: 1s}}",
        "f.yaml:1: then: expected one effect, got status and delay: write a rule for each",
    ),
    ("{then: {status: 200}}", "f.yaml:1: then.status: expected a whole number from 400 to 599, got '200'"),
    ("{then: {status: 503, shap: msg}}", "f.yaml:1: then: unknown key 'shap': did you mean 'shape'?"),
    ("{then: {status: 503, shape: xml}}", "f.yaml:1: then.shape: expected nested, flat, msg or text, got 'xml'"),
    (
        "{then: {status: 503, headers: {Content-Length: 3}}}",
        "f.yaml:1: then.headers: expected a header other than those that frame an answer, got 'Content-Length'",
    ),
    (
        "{then: {status: 503, headers: {content-type: x}}}",
        (
            "f.yaml:1: then.headers: expected a header other than those that frame an answer, got 'content-type': "
            "use the effect content_type"
        ),
    ),
    ("{then: {status: 503, headers: {'a b': x}}}", "f.yaml:1: then.headers: expected a header name, got 'a b'"),
    ('{then: {content_type: "a\\r\\nb: c"}}', "f.yaml:1: then.content_type: expected a header value "),
    ("{then: {delay: 0s}}", "f.yaml:1: then.delay: expected a duration such as 250ms or 2s, above 0 "),
    ("{then: {delay: 11m}}", "f.yaml:1: then.delay: expected a duration such as 250ms or 2s, above 0 "),
    ("{then: {trickle: 0}}", "f.yaml:1: then.trickle: expected a whole number from 1 to "),
    ("{then: {drop: no}}", "f.yaml:1: then.drop: expected true, or nothing, got 'no'"),
    ("{then: {cursor: nul}}", "f.yaml:1: then.cursor: expected null, absent or repeat, got 'nul'"),
    ("{then: {close: 1006}}", "got '1006': no close frame has it, use `abort`"),
    ("{then: {close: 1005}}", "f.yaml:1: then.close: expected a close code from 1000 to 4999 that may be sent"),
    ("{then: {terminal: 17}}", "f.yaml:1: then.terminal: expected 10 or 25, got '17'"),
    ("{then: {refuse: 304}}", "f.yaml:1: then.refuse: expected a status from 200 to 599 whose answer has a body"),
    ("{then: {refuse: 101}}", "f.yaml:1: then.refuse: expected a status from 200 to 599"),
    ("{then: {refuse: 429, headers: {Connection: close}}}", "f.yaml:1: then.headers: expected a header other than"),
    ("{then: {frame: ''}}", "f.yaml:1: then.frame: expected a mapping, or text of 1 to 1,048,576 characters, got ''"),
    (
        "{then: {frame: [1]}}",
        "f.yaml:1: then.frame: expected a mapping, or text of 1 to 1,048,576 characters, got a list",
    ),
    ("{then: {rate_limit: {per: 1s}}}", "f.yaml:1: then.rate_limit: expected the key 'requests', which is missing"),
    ("{then: {rate_limit: {requests: 1, clock: wall}}}", "then.rate_limit.clock: expected host or exchange"),
    (
        "{match: {operation: GetPosition}, then: {drop}}",
        (
            "f.yaml:1: match.operation: expected the name of an operation, such as GetPositions or private/*, "
            "got 'GetPosition': did you mean 'GetPositions'?"
        ),
    ),
    (
        "{match: {channel: market_position}, then: {gap}}",
        (
            "f.yaml:1: match.channel: expected the name of a channel, such as market_positions, got 'market_position': "
            "did you mean 'market_positions'?"
        ),
    ),
    ("{match: {chanel: fill}, then: {gap}}", "f.yaml:1: match: unknown key 'chanel': did you mean 'channel'?"),
    ("{match: {nth: 0}, then: {drop}}", "f.yaml:1: match.nth: expected a whole number from 1 to "),
    ("{match: {probability: 0}, then: {drop}}", "f.yaml:1: match.probability: expected a probability such as 0.1"),
    ("{match: {probability: 1.1}, then: {drop}}", "f.yaml:1: match.probability: expected a probability such as 0.1"),
    ("{match: {from: noon}, then: {drop}}", "f.yaml:1: match.from: expected an instant such as "),
    ("{match: {path: /portfolio/positions}, then: {drop}}", "f.yaml:1: match.path: expected a path such as "),
    ("{match: {method: PATCH}, then: {drop}}", "f.yaml:1: match.method: expected GET, POST, PUT or DELETE, got"),
    ("{times: 0, then: {drop}}", "f.yaml:1: times: expected a whole number from 1 to "),
    (
        "{match: {page: 2}, then: {gap}}",
        (
            "f.yaml:1: match.page: expected account, channel, nth, every, probability, from, until, host_time: "
            "gap is about data frames of streams"
        ),
    ),
    (
        "{match: {channel: fill}, then: {drop}}",
        (
            "f.yaml:1: match.channel: expected operation, path, method, account, page, nth, every, probability, from, "
            "until, host_time: drop is about requests"
        ),
    ),
    ("{match: {path: '*'}, then: {refuse: 401}}", "f.yaml:1: match.path: expected operation, account, nth, "),
    (
        "{match: {operation: OpenStream}, then: {drop}}",
        "f.yaml:1: match.operation: expected refuse or clock_offset with OpenStream, got drop",
    ),
    (
        "{match: {operation: GetFills}, then: {refuse: 401}}",
        "f.yaml:1: match.operation: expected OpenStream: refuse is about handshakes of streams",
    ),
    (
        "{match: {nth: 2}, then: {close: 1001, at_frame: 2}}",
        "f.yaml:1: match.nth: expected `at_frame` or `nth`: both say at which frame",
    ),
    ("{match: {from: 10s, until: 10s}, then: {drop}}", "f.yaml:1: match.until: expected `until` after `from`"),
    (
        "{match: {host_time: {from: 2026-01-01T00:00:00Z, until: 2025-01-01T00:00:00Z}}, then: {gap}}",
        "f.yaml:1: match.host_time: expected `until` after `from`",
    ),
    ("{nam: x, then: {drop}}", "f.yaml:1: unknown key 'nam': did you mean 'name'?"),
]


@each_row(("text", "message"), WRONG, ids=[text for text, _ in WRONG])
def test_the_error_of_a_wrong_rule_has_its_place_and_the_expectation(text: str, message: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        rule_of(text)
    assert message in str(refused.value)


@each_row("span", ["from: 9s, until: 10s", "from: 10s, until: 2025-01-01T00:00:00Z", "until: 1s"])
def test_a_span_that_may_come_is_read(span: str) -> None:
    assert rule_of(f"{{match: {{{span}}}, then: {{drop}}}}").match.span != Span()


def test_an_error_has_the_line_of_the_mistake() -> None:
    text = "- name: one\n  then: {drop}\n- name: two\n  match:\n    account: alice\n    pge: 2\n  then: {drop}\n"
    with pytest.raises(ScenarioError, match=r"^f\.yaml:6: \[1\]\.match: unknown key 'pge': did you mean 'page'\?$"):
        FAULTS.read(read_yaml(text, "f.yaml"), "")


def test_a_rule_is_shown_as_it_was_given() -> None:
    rule = rule_of("{name: x, match: {nth: 3}, then: {cursor: null}}")
    assert json.loads(rule.text) == {"name": "x", "match": {"nth": "3"}, "then": {"cursor": None}}


SCHEMA = jsonschema_rs.validator_for(FAULT.json_schema())


@each_row("text", [text for text, _ in READ])
def test_what_is_read_is_what_the_schema_allows(text: str) -> None:
    assert SCHEMA.is_valid({"then": yaml.safe_load(text)})


@each_row("text", ["{}", "{statsu: 503}", "{status: 200}", "{close: 12}", "{terminal: 11}"])
def test_what_is_not_read_is_what_the_schema_refuses(text: str) -> None:
    assert not SCHEMA.is_valid({"then": yaml.safe_load(text)})
