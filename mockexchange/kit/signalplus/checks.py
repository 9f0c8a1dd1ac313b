"""Checks SignalPlus' own rules for servers, beyond its API document: calls, signatures and positions."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.jsonrpc import encode_json, post, result_of
from mockexchange.kit.position_contradictions import Row, contradictions_of
from mockexchange.kit.rules.finding_format import answer_text, finding, shown
from mockexchange.kit.signalplus.calls import POSITIONS, body_with_rid, envelope, rows_of, snake
from mockexchange.kit.signalplus.signing import KEY, NONCE, SIGNATURE, TIMESTAMP, Signer
from mockexchange.kit.target import MEMBER, OTHER, Answer, Headers, NotJudged, Target

# Calls


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


# Signatures


REFUSED, TAKEN, OTHERS = (f"signatures.{name}" for name in ("refused", "taken", "another_key"))
WINDOW_MS, MARGIN_MS = 15_000, 2_000
Make = Callable[[Signer, Headers], Headers]


def _without(name: str) -> Make:
    return lambda key, right: {header: value for header, value in right.items() if header != name}


def _with(name: str, value: str) -> Make:
    return lambda key, right: {**right, name: value}


def _signing(text: Callable[[Headers], str]) -> Make:
    return lambda key, right: {**right, SIGNATURE: key.signature(text(right).encode())}


def _by_secret_text(key: Signer, right: Headers) -> Headers:
    other = key._replace(secret=b64encode(key.secret.encode()).decode())
    return {**right, SIGNATURE: other.signature(f"{right[TIMESTAMP]}\n{right[NONCE]}".encode())}


def _unchanged(key: Signer, right: Headers) -> Headers:
    return right


SIGNING_MISTAKES: dict[str, Make] = {
    "no headers": lambda key, right: {},
    "no key": _without(KEY),
    "no timestamp": _without(TIMESTAMP),
    "no nonce": _without(NONCE),
    "no signature": _without(SIGNATURE),
    "an unknown key": _with(KEY, "Bearer no-such-key"),
    "a key without Bearer": lambda key, right: {**right, KEY: key.key_id},
    "an invalid signature": _with(SIGNATURE, "AAAA"),
    "a signature in hexadecimal digits": lambda key, right: {**right, SIGNATURE: right[SIGNATURE].encode().hex()},
    "another nonce": _with(NONCE, "another"),
    "a later timestamp": lambda key, right: {**right, TIMESTAMP: str(int(right[TIMESTAMP]) + 1)},
    "a timestamp in seconds": lambda key, right: key.signed(right[TIMESTAMP][:-3], right[NONCE]),
    "nonce before timestamp": _signing(lambda right: f"{right[NONCE]}\n{right[TIMESTAMP]}"),
    "no newline": _signing(lambda right: f"{right[TIMESTAMP]}{right[NONCE]}"),
    "a newline at the end": _signing(lambda right: f"{right[TIMESTAMP]}\n{right[NONCE]}\n"),
    "the path signed too": _signing(lambda right: f"{right[TIMESTAMP]}\n{right[NONCE]}\n/{POSITIONS}"),
    "the secret used without decoding": _by_secret_text,
}
AGES_MS: Mapping[str, int] = {"too old": WINDOW_MS + MARGIN_MS, "too early": -WINDOW_MS - MARGIN_MS}


def _key(target: Target, role: str = MEMBER) -> Signer:
    key = target.key(role)
    if not isinstance(key, Signer):
        raise NotJudged("the kit cannot sign wrongly with this kind of key")
    return key


def _call(target: Target, make: Callable[[Headers], Headers], age_ms: int = 0) -> Answer:
    return target.post(f"/{POSITIONS}", encode_json(envelope()), _key(target), age_ms=age_ms, change=make)


def judge_refused(target: Target, description: str) -> Iterator[Finding]:
    make, key = SIGNING_MISTAKES.get(description, _unchanged), _key(target)
    answer = _call(target, lambda right: make(key, right), AGES_MS.get(description, 0))
    if answer.status != 401:
        yield finding(target, REFUSED, f"{answer.where}, {description}", answer_text(answer), "status 401", POSITIONS)


def judge_accepted(target: Target, description: str) -> Iterator[Finding]:
    age_ms = WINDOW_MS - MARGIN_MS
    answer = _call(target, dict, {"now": 0, "within the window": age_ms, "from a clock ahead": -age_ms}[description])
    if answer.status != 200:
        yield finding(target, TAKEN, f"{answer.where}, {description}", answer_text(answer), "status 200", POSITIONS)


def judge_others(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a request with the id of one key and the signature of another is refused."""
    other = _key(target, OTHER)
    answer = _call(target, lambda right: {**right, KEY: f"Bearer {other.key_id}"})
    if answer.status != 401:
        yield finding(target, OTHERS, answer.where, answer_text(answer), "status 401", operation_id)


# Positions


ROWS, KEYS, CURRENCY, KIND, NULL, APART = (
    f"positions.{name}" for name in ("rows", "keys", "currency", "kind", "null", "apart")
)
WHERE = f"POST /{POSITIONS}"
CURRENCIES = ("BTC", "ETH", "USDC", "USDT", "EURR")
KINDS = ("future", "option", "spot", "future_combo", "option_combo")
KEY_ORDER = (
    "averagePrice",
    "averagePriceUsd",
    "delta",
    "side",
    "estimatedLiquidationPrice",
    "floatingProfitLoss",
    "floatingProfitLossUsd",
    "gamma",
    "indexPrice",
    "initialMargin",
    "instrumentName",
    "interestValue",
    "kind",
    "leverage",
    "maintenanceMargin",
    "markPrice",
    "openOrdersMargin",
    "realizedFunding",
    "realizedProfitLoss",
    "settlementPrice",
    "size",
    "sizeCurrency",
    "theta",
    "totalProfitLoss",
    "vega",
)
"""The keys in the order of the documentation's table, which its example has too."""


def _rows(target: Target) -> list[dict[str, str]]:
    found = rows_of(target)
    if not found:
        raise NotJudged("the account has no position")
    return found


def judge_rows(target: Target, operation_id: str) -> Iterator[Finding]:
    for fields in _rows(target):
        for wrong in contradictions_of(Row(snake(fields))):
            yield finding(target, ROWS, f"{WHERE} {fields['instrumentName']}", wrong.seen, wrong.expected, operation_id)


def judge_keys(target: Target, operation_id: str) -> Iterator[Finding]:
    for fields in _rows(target):
        expected = [name for name in KEY_ORDER if name in fields]
        if list(fields) != expected:
            yield finding(target, KEYS, f"{WHERE} {fields['instrumentName']}", shown([*fields]), shown(expected))


def _currency_of(row: dict[str, str]) -> str:
    return row["instrumentName"].partition("-")[0].split("_")[-1]


def judge_currency(target: Target, currency: str) -> Iterator[Finding]:
    whole = _rows(target)
    expected = [row for row in whole if currency in {"any", _currency_of(row)}]
    found = rows_of(target, {"currency": currency})
    if found != expected:
        yield finding(target, CURRENCY, f"{WHERE} currency={currency}", shown(found), shown(expected), POSITIONS)


def judge_kind(target: Target, kind: str) -> Iterator[Finding]:
    expected = [row for row in _rows(target) if row["kind"] == kind]
    found = rows_of(target, {"kind": kind})
    if found != expected:
        yield finding(target, KIND, f"{WHERE} kind={kind}", shown(found), shown(expected), POSITIONS)


def judge_null(target: Target, name: str) -> Iterator[Finding]:
    """Check that null as a parameter means the same as no parameter, and that unknown parameters are ignored."""
    found, expected = rows_of(target, {name: None}), _rows(target)
    if found != expected:
        yield finding(target, NULL, f"{WHERE} {name}=null", shown(found), shown(expected), POSITIONS)


def judge_apart(target: Target, operation_id: str) -> Iterator[Finding]:
    own, others = _rows(target), rows_of(target, None, target.key(OTHER))
    if not others:
        raise NotJudged("the other account has no position")
    if own == others:
        yield finding(target, APART, f"{WHERE} by the other key", shown(others), "rows of its own", operation_id)


def _list(target: Target) -> list[str]:
    return [POSITIONS]


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
    Check(
        REFUSED,
        "A wrongly signed request is a 401.",
        PLACE,
        lambda target: [*SIGNING_MISTAKES, *AGES_MS],
        judge_refused,
    ),
    Check(
        TAKEN,
        "A request signed in time is accepted.",
        PLACE,
        lambda target: ["now", "within the window", "from a clock ahead"],
        judge_accepted,
    ),
    Check(OTHERS, "No key signs for another account.", PLACE, lambda target: [POSITIONS], judge_others),
    Check(ROWS, "The fields of a row are consistent.", PLACE, _list, judge_rows),
    Check(KEYS, "Keys are in the documented order.", PLACE, _list, judge_keys),
    Check(CURRENCY, "Currencies split the list.", PLACE, lambda target: ["any", *CURRENCIES], judge_currency),
    Check(KIND, "Kinds split the list.", PLACE, lambda target: KINDS, judge_kind),
    Check(
        NULL,
        "A null parameter equals an omitted one.",
        PLACE,
        lambda target: ["currency", "kind", "subaccountId", "unheardOf"],
        judge_null,
    ),
    Check(APART, "No account reads another's positions.", PLACE, _list, judge_apart),
)
