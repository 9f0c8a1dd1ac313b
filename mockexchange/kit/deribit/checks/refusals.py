"""Checks that each kind of wrong request is refused with the recorded or documented error."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from mockexchange.kit.checks import Check
from mockexchange.kit.deribit.calls import private_of, required_params, signer_of
from mockexchange.kit.findings import Finding
from mockexchange.kit.rules.finding_format import answer_text, finding
from mockexchange.kit.target import BALANCE_ONLY, Answer, Target

WORDED, SCOPES, STREAMS, UNKNOWN = (f"refusals.{name}" for name in ("worded", "scopes", "streams_only", "unknown"))
POSITIONS, POSITION, TIME = "private/get_positions", "private/get_position", "public/get_time"
TRADES = "private/get_user_trades_by_currency"
BODY_BYTES_MAX = 32 * 1024


def error(code: int, message: str, reason: str = "", param: str = "") -> dict[str, Any]:
    """Return the error object that is expected of the server."""
    extra = {"reason": reason, "param": param}
    data = {name: text for name, text in extra.items() if text}
    return {"code": code, "message": message, **({"data": data} if data else {})}


def params_error(reason: str, param: str) -> dict[str, Any]:
    return error(-32602, "Invalid params", reason, param)


class Mistake(NamedTuple):
    """A request with exactly one deliberate mistake, which the server must refuse.

    `send(target, method)` calls an API method with the mistake and returns the answer.
    """

    description: str
    method: str
    send: Callable[[Target, str], Answer]
    expected: Mapping[str, Any]
    """The members that the error must have."""


def by_body(body: bytes) -> Callable[[Target, str], Answer]:
    return lambda target, method: target.post(f"/{method}", body, signer_of(target, method))


def by_get(**query: Any) -> Callable[[Target, str], Answer]:
    return lambda target, method: target.ask(f"/{method}", query=query)


def by_call(**params: Any) -> Callable[[Target, str], Answer]:
    def send(target: Target, method: str) -> Answer:
        envelope = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return target.post(f"/{method}", json.dumps(envelope).encode(), signer_of(target, method))

    return send


def unsigned(target: Target, method: str) -> Answer:
    return target.ask(f"/{method}", change=lambda headers: {})


LARGE = json.dumps({"id": 1, "method": TIME, "params": {"padding": "x" * BODY_BYTES_MAX}}).encode()
BAD_REQUEST, INVALID = error(11050, "bad_request"), error(-32600, "Invalid Request")
NOT_JSON, TOO_LARGE = error(-32700, "Parse error"), error(-32600, "request entity too large")
UNAUTHORIZED = error(13009, "unauthorized", "invalid_token")
NO_CURRENCY = params_error("invalid currency", "currency")
NO_INSTRUMENT = params_error("instrument not found", "instrument_name")
WRONG_PARAM: Mapping[str, Any] = {"code": -32602, "message": "Invalid params"}
"""The expected error where no reason was recorded, so that the reason is not compared."""

MISTAKES = (
    Mistake("no credentials", POSITIONS, unsigned, UNAUTHORIZED),
    Mistake("an unknown currency", POSITIONS, by_get(currency="NOPE"), NO_CURRENCY),
    Mistake("an unknown currency in a body", POSITIONS, by_call(currency="NOPE"), NO_CURRENCY),
    Mistake("a currency in lower case", POSITIONS, by_get(currency="btc"), NO_CURRENCY),
    Mistake("an unknown kind", POSITIONS, by_get(kind="swap"), WRONG_PARAM),
    Mistake("a currency that is a number", POSITIONS, by_call(currency=1), WRONG_PARAM),
    Mistake("a subaccount that is a string", POSITIONS, by_call(subaccount_id="ten"), WRONG_PARAM),
    Mistake("a subaccount that is a fraction", POSITIONS, by_call(subaccount_id=1.5), WRONG_PARAM),
    Mistake(
        "a switch that is a string", "private/get_account_summary", by_call(currency="BTC", extended="yes"), WRONG_PARAM
    ),
    Mistake("an unknown instrument", POSITION, by_get(instrument_name="BTC-NOPE"), NO_INSTRUMENT),
    Mistake("an unknown instrument of a ticker", "public/ticker", by_get(instrument_name="BTC-NOPE"), NO_INSTRUMENT),
    Mistake("no instrument", POSITION, by_get(), params_error("value is required", "instrument_name")),
    Mistake("no currency", TRADES, by_call(), params_error("value is required", "currency")),
    Mistake("a count beyond its bounds", TRADES, by_call(currency="BTC", count=1001), WRONG_PARAM),
    Mistake("a count of 0", TRADES, by_call(currency="BTC", count=0), WRONG_PARAM),
    Mistake("not JSON", TIME, by_body(b"{"), NOT_JSON),
    Mistake("not UTF-8", TIME, by_body(b'{"method":"\xff"}'), NOT_JSON),
    Mistake("an empty body", TIME, by_body(b""), NOT_JSON),
    Mistake("a list of calls", TIME, by_body(b'[{"id":1,"method":"public/get_time"}]'), INVALID),
    Mistake("no method", TIME, by_body(b'{"id":1,"params":{}}'), BAD_REQUEST),
    Mistake("a method that is a number", TIME, by_body(b'{"id":1,"method":7}'), BAD_REQUEST),
    Mistake(
        "positional parameters",
        POSITIONS,
        by_body(b'{"id":1,"method":"private/get_positions","params":["BTC"]}'),
        WRONG_PARAM,
    ),
    Mistake("too large a body", TIME, by_body(LARGE), TOO_LARGE),
)


def judge_worded(target: Target, description: str) -> Iterator[Finding]:
    mistake = next(one for one in MISTAKES if one.description == description)
    yield from _judge_error(target, WORDED, mistake.send(target, mistake.method), mistake.expected, mistake)


def _judge_error(
    target: Target, rule: str, answer: Answer, expected: Mapping[str, Any], mistake: Mistake | None = None
) -> Iterator[Finding]:
    where = f"{answer.where}, {mistake.description}" if mistake else answer.where
    method = mistake.method if mistake else ""
    seen = _error_of(answer)
    differs = any(seen.get(name) != value for name, value in expected.items()) or (
        mistake is not None and mistake.expected is not WRONG_PARAM and seen != dict(expected)
    )
    if answer.status != 400 or differs:
        yield finding(target, rule, where, answer_text(answer), f"status 400 and the error {dict(expected)}", method)


def _error_of(answer: Answer) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    found = body.get("error") if isinstance(body, dict) else None
    return found if isinstance(found, dict) else {}


def judge_scopes(target: Target, method: str) -> Iterator[Finding]:
    """Check that a key whose only scope is the one for account summaries reads those and nothing else."""
    is_allowed = target.operations[method].node["x-scope"].startswith("account")
    answer = target.ask(f"/{method}", query=required_params(target, method), signer=target.key(BALANCE_ONLY))
    if is_allowed and answer.status != 200:
        yield finding(target, SCOPES, answer.where, answer_text(answer), "status 200", method)
    elif not is_allowed:
        yield from _judge_error(target, SCOPES, answer, error(13021, "forbidden"))


def judge_streams(target: Target, method: str) -> Iterator[Finding]:
    expected = error(10030, "must_be_websocket_request")
    for params in ({"channels": ["user.changes.any.any.raw"]}, {"interval": 30}):
        yield from _judge_error(target, STREAMS, by_call(**params)(target, method), expected)


def judge_unknown(target: Target, path: str) -> Iterator[Finding]:
    """Check that a call of an unknown method is refused, whether the path or the body names the method."""
    expected = error(-32601, "Method not found")
    body = json.dumps({"id": 1, "method": path.strip("/"), "params": {}}).encode()
    for answer in (target.send("GET", path), target.post(f"/{TIME}", body, None, is_base=True, is_judged=False)):
        yield from _judge_error(target, UNKNOWN, answer, expected)
        yield from target.answers.component_objections("UnknownRoute", answer)


def _stream_methods(target: Target) -> list[str]:
    return [one.id for one in target.operations.values() if one.node.get("x-never-carried-out")]


PLACE = "contracts/deribit/README.md"
UNKNOWN_METHODS = ("/private/no_such_method", "/public/no_such_method", "/private/getpositions", "/no/such/route/here")
CHECKS: tuple[Check[Target], ...] = (
    Check(
        WORDED, "Each mistake has its error.", PLACE, lambda target: [one.description for one in MISTAKES], judge_worded
    ),
    Check(SCOPES, "A key reads what its scopes allow.", PLACE, private_of, judge_scopes),
    Check(STREAMS, "Methods of streams are refused over HTTP.", PLACE, _stream_methods, judge_streams),
    Check(UNKNOWN, "An unknown method is refused.", PLACE, lambda target: UNKNOWN_METHODS, judge_unknown),
)
