"""Checks calls: the request id (`rid`) in the answer, calls to the base URL, and the error for each mistake."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.jsonrpc import post, result_of
from mockexchange.kit.rules.finding_format import answer_text, finding
from mockexchange.kit.signalplus.calls import POSITIONS, body_with_rid, envelope
from mockexchange.kit.target import MEMBER, Answer, Target

RID, BASE, WORDED, VERBS, UNKNOWN, STREAMS = (
    f"calls.{name}" for name in ("rid", "base", "worded", "verbs", "unknown", "streams_only")
)
RIDS = ("0", "1", "-1", "9007199254740993", "9223372036854775807", "12345678901234567890123456789", "50002")
NO_RIDS = ('"50002"', "1.5", "null", "true", "{}")
BODY_BYTES_MAX = 32 * 1024
VERBS_TRIED = ("GET", "PUT", "PATCH", "DELETE", "OPTIONS")


def _send(target: Target, body: bytes, *, is_base: bool = False) -> Answer:
    return target.post(f"/{POSITIONS}", body, target.key(MEMBER), is_base=is_base)


def judge_rid(target: Target, rid: str) -> Iterator[Finding]:
    answer = _send(target, body_with_rid(rid))
    if not answer.text.replace(" ", "").startswith(f'{{"rid":{rid},'):
        yield finding(target, RID, answer.where, answer_text(answer), f'{{"rid":{rid},...', POSITIONS)


def judge_base(target: Target, description: str) -> Iterator[Finding]:
    signer = target.key(MEMBER)
    params = {"currency": "any"} if description == "with parameters" else {}
    answers = [post(target, POSITIONS, envelope(params), signer, is_base=is_base) for is_base in (False, True)]
    if result_of(answers[0]) != result_of(answers[1]):
        yield finding(target, BASE, answers[1].where, answer_text(answers[1]), answer_text(answers[0]), POSITIONS)


class Mistake(NamedTuple):
    """A request body with one mistake, and the error code with which the server must answer it."""

    description: str
    body: bytes
    code: int


def _body(**params: object) -> bytes:
    return json.dumps(envelope(params)).encode()


MISTAKES = (
    Mistake("not JSON", b"{", -32700),
    Mistake("an empty body", b"", -32700),
    Mistake("a list of calls", b'[{"rid":1,"method":"private/get_positions"}]', -32600),
    Mistake("no rid", b'{"method":"private/get_positions"}', -32600),
    *(Mistake(f"the rid {rid}", body_with_rid(rid), -32600) for rid in NO_RIDS),
    Mistake("no method", b'{"rid":1,"params":{}}', 11050),
    Mistake("a method that is a number", b'{"rid":1,"method":7}', 11050),
    Mistake("another method than the path's", b'{"rid":1,"method":"private/get_position"}', 11050),
    Mistake("positional parameters", b'{"rid":1,"method":"private/get_positions","params":["BTC"]}', -32602),
    Mistake("an unknown currency", _body(currency="NOPE"), -32602),
    Mistake("a currency in lower case", _body(currency="btc"), -32602),
    Mistake("an unknown kind", _body(kind="swap"), -32602),
    Mistake("a kind that is a number", _body(kind=1), -32602),
    Mistake("a subaccount that is a string", _body(subaccountId="1"), -32602),
    Mistake("a subaccount that is a fraction", _body(subaccountId=1.5), -32602),
    Mistake("too large a body", _body(padding="x" * BODY_BYTES_MAX), -32600),
)


def judge_worded(target: Target, description: str) -> Iterator[Finding]:
    mistake = next(one for one in MISTAKES if one.description == description)
    for is_base in (False, True):
        if is_base and "than the path's" in description:
            continue
        answer = _send(target, mistake.body, is_base=is_base)
        yield from _refused(target, WORDED, answer, mistake.code, description)


def _refused(
    target: Target, rule: str, answer: Answer, code: int, description: str, status: int = 400
) -> Iterator[Finding]:
    try:
        seen = answer.json()["error"]["code"]
    except (ValueError, LookupError, TypeError):
        seen = None
    if answer.status != status or seen != code:
        expected = f"status {status} and the error {code}"
        yield finding(target, rule, f"{answer.where}, {description}", answer_text(answer), expected, POSITIONS)


def judge_verbs(target: Target, path: str) -> Iterator[Finding]:
    for verb in VERBS_TRIED:
        answer = target.send(verb, path)
        allowed = {word.strip() for word in answer.headers.get("allow", "").split(",")}
        if answer.status != 405 or "POST" not in allowed:
            expected = "status 405 and Allow: POST"
            yield finding(target, VERBS, answer.where, answer_text(answer), expected, POSITIONS)
        yield from target.answers.component_objections("MethodNotAllowed", answer)


def judge_unknown(target: Target, method: str) -> Iterator[Finding]:
    body = json.dumps({"rid": 1, "method": method, "params": {}}).encode()
    answer = target.post(f"/{POSITIONS}", body, target.key(MEMBER), is_base=True, is_judged=False)
    yield from target.answers.component_objections("UnknownRoute", answer)
    yield from _refused(target, UNKNOWN, answer, -32601, method)


def judge_streams(target: Target, method: str) -> Iterator[Finding]:
    body = json.dumps({"rid": 4, "method": method, "params": {"channels": ["user.changes.any.any.raw"]}}).encode()
    yield from _refused(target, STREAMS, target.post(f"/{method}", body, target.key(MEMBER)), 10030, method)


PLACE = "contracts/signalplus/README.md"
CHECKS: tuple[Check[Target], ...] = (
    Check(RID, "An answer has the rid of its request.", PLACE, lambda target: RIDS, judge_rid),
    Check(
        BASE,
        "A call to the base equals one to the path.",
        PLACE,
        lambda target: ("bare", "with parameters"),
        judge_base,
    ),
    Check(
        WORDED, "Each mistake has its error.", PLACE, lambda target: [one.description for one in MISTAKES], judge_worded
    ),
    Check(VERBS, "Every call is a POST.", PLACE, lambda target: ["", f"/{POSITIONS}"], judge_verbs, needs_writes=True),
    Check(UNKNOWN, "An unknown method is refused.", PLACE, lambda target: ["private/get_position"], judge_unknown),
    Check(
        STREAMS,
        "Methods of streams are refused over HTTP.",
        PLACE,
        lambda target: ["connect", "private/subscribe", "private/unsubscribe"],
        judge_streams,
    ),
)
