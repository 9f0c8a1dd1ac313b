"""What is wrong is refused by the error that was recorded for it, or is documented."""

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
    extra = {"reason": reason, "param": param}
    data = {name: words for name, words in extra.items() if words}
    return {"code": code, "message": message, **({"data": data} if data else {})}


def params_error(reason: str, param: str) -> dict[str, Any]:
    return error(-32602, "Invalid params", reason, param)


class Mistake(NamedTuple):
    """A request that is wrong in one thing; `send` sends it. Of `expected` what it has is compared."""

    words: str
    method: str
    send: Callable[[Target, str], Answer]
    expected: Mapping[str, Any]


def posting(body: bytes) -> Callable[[Target, str], Answer]:
    return lambda target, method: target.post(f"/{method}", body, signer_of(target, method))


def getting(**query: Any) -> Callable[[Target, str], Answer]:
    return lambda target, method: target.ask(f"/{method}", query=query)


def calling(**params: Any) -> Callable[[Target, str], Answer]:
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
"""The words of the reason are the venue's own, and were not recorded."""

MISTAKES = (
    Mistake("no credentials", POSITIONS, unsigned, UNAUTHORIZED),
    Mistake("a currency that is none", POSITIONS, getting(currency="NOPE"), NO_CURRENCY),
    Mistake("a currency that is none, in a body", POSITIONS, calling(currency="NOPE"), NO_CURRENCY),
    Mistake("a currency in small letters", POSITIONS, getting(currency="btc"), NO_CURRENCY),
    Mistake("a kind that is none", POSITIONS, getting(kind="swap"), WRONG_PARAM),
    Mistake("a currency that is a number", POSITIONS, calling(currency=1), WRONG_PARAM),
    Mistake("a subaccount that is a text", POSITIONS, calling(subaccount_id="ten"), WRONG_PARAM),
    Mistake("a subaccount that is a fraction", POSITIONS, calling(subaccount_id=1.5), WRONG_PARAM),
    Mistake(
        "a switch that is a text", "private/get_account_summary", calling(currency="BTC", extended="yes"), WRONG_PARAM
    ),
    Mistake("an instrument that is none", POSITION, getting(instrument_name="BTC-NOPE"), NO_INSTRUMENT),
    Mistake(
        "an instrument that is none, of a ticker", "public/ticker", getting(instrument_name="BTC-NOPE"), NO_INSTRUMENT
    ),
    Mistake("no instrument", POSITION, getting(), params_error("value is required", "instrument_name")),
    Mistake("no currency", TRADES, calling(), params_error("value is required", "currency")),
    Mistake("a count beyond its bounds", TRADES, calling(currency="BTC", count=1001), WRONG_PARAM),
    Mistake("a count of none", TRADES, calling(currency="BTC", count=0), WRONG_PARAM),
    Mistake("no JSON", TIME, posting(b"{"), NOT_JSON),
    Mistake("no text", TIME, posting(b'{"method":"\xff"}'), NOT_JSON),
    Mistake("nothing", TIME, posting(b""), NOT_JSON),
    Mistake("a list of calls", TIME, posting(b'[{"id":1,"method":"public/get_time"}]'), INVALID),
    Mistake("no method", TIME, posting(b'{"id":1,"params":{}}'), BAD_REQUEST),
    Mistake("a method that is a number", TIME, posting(b'{"id":1,"method":7}'), BAD_REQUEST),
    Mistake(
        "parameters by place",
        POSITIONS,
        posting(b'{"id":1,"method":"private/get_positions","params":["BTC"]}'),
        WRONG_PARAM,
    ),
    Mistake("too large a body", TIME, posting(LARGE), TOO_LARGE),
)


def judge_worded(target: Target, words: str) -> Iterator[Finding]:
    mistake = next(one for one in MISTAKES if one.words == words)
    yield from _held(target, WORDED, mistake.send(target, mistake.method), mistake.expected, mistake)


def _held(
    target: Target, rule: str, answer: Answer, expected: Mapping[str, Any], mistake: Mistake | None = None
) -> Iterator[Finding]:
    where = f"{answer.where}, {mistake.words}" if mistake else answer.where
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
    """A key whose scopes are those of the account's summary reads that and nothing else."""
    may = target.operations[method].node["x-scope"].startswith("account")
    answer = target.ask(f"/{method}", query=required_params(target, method), signer=target.key(BALANCE_ONLY))
    if may and answer.status != 200:
        yield finding(target, SCOPES, answer.where, answer_text(answer), "status 200", method)
    elif not may:
        yield from _held(target, SCOPES, answer, error(13021, "forbidden"))


def judge_streams(target: Target, method: str) -> Iterator[Finding]:
    expected = error(10030, "must_be_websocket_request")
    for params in ({"channels": ["user.changes.any.any.raw"]}, {"interval": 30}):
        yield from _held(target, STREAMS, calling(**params)(target, method), expected)


def judge_unknown(target: Target, path: str) -> Iterator[Finding]:
    """A method that is none, by its path and by a body that names it."""
    expected = error(-32601, "Method not found")
    body = json.dumps({"id": 1, "method": path.strip("/"), "params": {}}).encode()
    for answer in (target.send("GET", path), target.post(f"/{TIME}", body, None, is_base=True, is_judged=False)):
        yield from _held(target, UNKNOWN, answer, expected)
        yield from target.answers.component_objections("UnknownRoute", answer)


def _stream_methods(target: Target) -> list[str]:
    return [one.id for one in target.operations.values() if one.node.get("x-never-carried-out")]


PLACE = "contracts/deribit/README.md"
UNHEARD_OF = ("/private/no_such_method", "/public/no_such_method", "/private/getpositions", "/no/such/route/here")
CHECKS: tuple[Check[Target], ...] = (
    Check(WORDED, "Each mistake has its error.", PLACE, lambda target: [one.words for one in MISTAKES], judge_worded),
    Check(SCOPES, "A key reads what its scopes let it.", PLACE, private_of, judge_scopes),
    Check(STREAMS, "What is for streams is refused over HTTP.", PLACE, _stream_methods, judge_streams),
    Check(UNKNOWN, "A method that is none is told so.", PLACE, lambda target: UNHEARD_OF, judge_unknown),
)
