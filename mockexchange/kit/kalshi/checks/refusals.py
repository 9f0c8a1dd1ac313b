"""Checks error responses of a server: the message for each wrong parameter, and the sequence of the JSON members."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.applicability import dated_only
from mockexchange.kit.operations import Operation
from mockexchange.kit.rules.finding_format import answer_text, finding
from mockexchange.kit.rules.parameters import bounds_of, two_values
from mockexchange.kit.target import Answer, NotJudged, Target

MESSAGES, MEMBERS, TIMES, CURSOR = (
    f"refusals.{name}" for name in ("words", "member_order", "times_together", "cursor_across")
)
MEMBER_ORDER = ("code", "message", "details", "service")
ONE_OF_SINCE = "2026-01-01"
"""The day from which an unknown choice has a message.

Before, it was a bad request without one: both were recorded, the day is a choice.
"""

STATUS_OF = "GetMarkets"
"""Its unknown status has a code of its own in October 2026: a report without a recording, so either is right."""


class Cause(NamedTuple):
    """A parameter with a wrong value, and a text that the refusal must contain."""

    name: str
    value: object
    text: str


def _causes(target: Target, operation: Operation) -> Iterator[Cause]:
    failed = f"Parameter validation failed for {operation.id}: "
    for name, parameter in operation.query.items():
        for bound, beyond in bounds_of(parameter):
            tag = "gte" if beyond < bound else "lte"
            yield Cause(name, beyond, f"'{tag}' tag")
            yield Cause(name, beyond, failed)
        kind = parameter.schema["type"]
        if kind in {"integer", "boolean"}:
            yield Cause(name, "ten", f"Invalid format for parameter {name}: error binding")
        if parameter.schema["type"] != "array":
            yield Cause(name, two_values(parameter), f"multiple values for single value parameter '{name}'")
        if "enum" in parameter.schema:
            has_message = target.document["info"]["version"] >= ONE_OF_SINCE
            other = "999999" if kind == "integer" else "no_such_value"
            if operation.id != STATUS_OF or name != "status" or not has_message:
                yield Cause(name, other, "on the 'oneof' tag" if has_message else '"code":"bad_request"')
        if parameter.is_required or name == "subtrader_id":
            yield Cause(name, None, f"Query argument {name} is required, but not found")


def judge_messages(target: Target, operation_id: str) -> Iterator[Finding]:
    for cause in _causes(target, target.operations[operation_id]):
        answer = target.read(operation_id, {cause.name: cause.value})
        if answer.status != 400 or cause.text not in answer.text:
            expected = f"400 with {cause.text!r}"
            yield finding(target, MESSAGES, answer.where, answer_text(answer), expected, operation_id)


def _refusals(target: Target) -> Iterator[Answer]:
    """Yield one refusal of each status that a read can have."""
    yield target.read("GetBalance", change=lambda headers: {})
    yield target.read("GetBalance", change=lambda headers: {**headers, "KALSHI-ACCESS-KEY": "nobody"})
    yield target.ask(target.operations["GetOrder"].path, names={"order_id": "nobody"})
    yield target.read("GetFills", {"limit": "0"})
    yield target.ask("/portfolio/summary/total_resting_order_value", signer=target.key("member"))
    yield target.send("GET", "/no_such_route")


def judge_members(target: Target, subject: str) -> Iterator[Finding]:
    for answer in _refusals(target):
        if answer.status < 400:
            yield finding(target, MEMBERS, answer.where, answer_text(answer), "a refusal")
            continue
        error = json.loads(answer.content).get("error", {})
        expected = [name for name in MEMBER_ORDER if name in error]
        if [name for name in error if name in MEMBER_ORDER] != expected:
            yield finding(target, MEMBERS, answer.where, ", ".join(error), ", ".join(expected))


def judge_times(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that each kind of time filter is accepted alone, and refused beside another kind.

    A filter is also refused beside a `status` that its kind excludes.
    """
    times = target.operations[operation_id].node["x-times"]
    taken = [({f"min_{kind}_ts": "1"}, 200) for kind in times]
    beside = [({f"min_{kind}_ts": "1", "status": word}, 200) for kind, words in times.items() for word in words]
    others = sorted({word for words in times.values() for word in words})
    against = [
        ({f"min_{kind}_ts": "1", "status": word}, 400)
        for kind, words in times.items()
        for word in others
        if word not in words
    ]
    kinds = list(times)
    both = [({f"min_{one}_ts": "1", f"min_{two}_ts": "1"}, 400) for one, two in pairwise(kinds)]
    for query, status in (*taken, *beside, *against, *both):
        if not set(query) <= set(target.operations[operation_id].query):
            continue
        answer = target.read(operation_id, {**query, "limit": "1"})
        if answer.status != status:
            yield finding(target, TIMES, answer.where, answer_text(answer), f"status {status}", operation_id)


def judge_cursor(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a cursor from the list of settled positions is refused in the list of all positions.

    This is documented in October 2026.
    """
    cursor = target.body(operation_id, {"limit": "1", "settlement_status": "settled"}).get("cursor")
    if not cursor:
        raise NotJudged("there are fewer than two settled positions")
    answer = target.read(operation_id, {"limit": "1", "settlement_status": "all", "cursor": cursor})
    if answer.status != 400:
        yield finding(target, CURSOR, answer.where, answer_text(answer), "status 400", operation_id)


def _across(target: Target) -> list[str]:
    query = target.operations["GetPositions"].query
    return ["GetPositions"] if {"settlement_status", "exchange_index"} <= set(query) else []


PLACE = "contracts/kalshi/facts/errors.yaml"
CHECKS: tuple[Check[Target], ...] = (
    Check(
        MESSAGES,
        "A refusal has the message for its cause.",
        PLACE,
        lambda target: [name for name, operation in target.operations.items() if operation.query],
        judge_messages,
    ),
    Check(
        MEMBERS,
        "The members of an error are code, message, details, service, in order.",
        PLACE,
        lambda target: ["refusals"],
        judge_members,
    ),
    Check(
        TIMES,
        "Kinds of time exclude each other, and some statuses.",
        PLACE,
        lambda target: [name for name, operation in target.operations.items() if "x-times" in operation.node],
        judge_times,
    ),
    Check(CURSOR, "A cursor does not cross settlement statuses.", PLACE, dated_only(_across), judge_cursor),
)
