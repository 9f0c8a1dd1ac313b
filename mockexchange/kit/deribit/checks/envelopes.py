"""Checks JSON-RPC envelopes: the request's id, consistent times, plain numbers, the same result by GET and POST."""

import json
from collections.abc import Iterator
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.deribit.calls import methods_of, required_params, signer_of
from mockexchange.kit.findings import Finding
from mockexchange.kit.jsonrpc import decode_exact, post, result_of, unusual_numbers
from mockexchange.kit.rules.finding_format import answer_text, finding
from mockexchange.kit.target import Target

ID, TIMES, NUMBERS, TRANSPORTS = (f"envelopes.{name}" for name in ("id", "times", "numbers", "ways"))
IDS: tuple[str, ...] = ("1", "0", "-7", "9007199254740993", "9223372036854775808123", '"text"', '"\\u00e9\\"\\n"', '""')
"""JSON texts of ids, among them integers that a float cannot hold."""


def judge_id(target: Target, method: str) -> Iterator[Finding]:
    params = json.dumps(required_params(target, method))
    for text in (*IDS, None):
        member = "" if text is None else f'"id":{text},'
        body = f'{{"jsonrpc":"2.0",{member}"method":"{method}","params":{params}}}'.encode()
        answer = target.post(f"/{method}", body, signer_of(target, method))
        sent = None if text is None else json.loads(text)
        if text is None and "id" in decode_exact(answer):
            yield finding(target, ID, answer.where, answer_text(answer), "no id, since none was sent", method)
        elif text is not None and answer.json().get("id", "none") != sent:
            yield finding(target, ID, answer.where, answer_text(answer), f"the id {text}", method)


def judge_times(target: Target, method: str) -> Iterator[Finding]:
    answer = _call(target, method)
    body = decode_exact(answer)
    if body["usOut"] - body["usIn"] != body["usDiff"] or body["usDiff"] < 0:
        yield finding(target, TIMES, answer.where, answer_text(answer), "usDiff = usOut - usIn, not below zero", method)


def judge_numbers(target: Target, method: str) -> Iterator[Finding]:
    answer = _call(target, method)
    for number in unusual_numbers(answer.text)[:3]:
        expected = "a number without exponent and with nine decimals at most"
        yield finding(target, NUMBERS, answer.where, number, expected, method)


def _call(target: Target, method: str) -> Any:
    envelope = {"id": 1, "method": method, "params": required_params(target, method)}
    return post(target, method, envelope, signer_of(target, method))


def judge_transports(target: Target, method: str) -> Iterator[Finding]:
    """Check that GET, POST to the method's path and POST to the base URL give the same result."""
    params, signer = required_params(target, method), signer_of(target, method)
    envelope = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answers = [
        target.ask(f"/{method}", query=params),
        post(target, method, envelope, signer),
        post(target, method, envelope, signer, is_base=True),
    ]
    first, *others = [_without_volatile(target, result_of(one)) for one in answers]
    for answer, other in zip(answers[1:], others, strict=True):
        if other != first:
            yield finding(target, TRANSPORTS, answer.where, answer_text(answer), f"as by GET: {first}", method)


def _without_volatile(target: Target, value: Any) -> Any:
    volatile_fields = target.venue.facts.volatile_fields
    if isinstance(value, dict):
        return {name: _without_volatile(target, one) for name, one in value.items() if name not in volatile_fields}
    return [_without_volatile(target, one) for one in value] if isinstance(value, list) else value


def _except_time(target: Target) -> list[str]:
    return [name for name in methods_of(target) if name != "public/get_time"]


PLACE = "contracts/deribit/README.md"
CHECKS: tuple[Check[Target], ...] = (
    Check(ID, "An answer has the id of its request.", PLACE, methods_of, judge_id),
    Check(TIMES, "usDiff is usOut minus usIn.", PLACE, methods_of, judge_times),
    Check(NUMBERS, "Numbers have a plain notation.", PLACE, methods_of, judge_numbers),
    Check(
        TRANSPORTS,
        "GET and POST, to the path and to the base, give the same result.",
        PLACE,
        _except_time,
        judge_transports,
    ),
)
