"""Checks bodies: the order of keys, amounts that two fields show in two formats, and fields that depend on others."""

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.amounts import CENT, ONE, truncated
from mockexchange.kit.list_facts import instant_of
from mockexchange.kit.operations import property_sets
from mockexchange.kit.rules.finding_format import finding
from mockexchange.kit.target import Answer, NotJudged, Target

KEY_ORDER, TWINS, REPEATS, COMPLEMENTS, FLOW = (
    f"kalshi.{name}" for name in ("key_order", "twins", "repeats", "complements", "instants")
)
STEPS = {"_dollars": CENT, "_fixed": CENT, "_fp": ONE}
"""By suffix of a text amount's key, the unit of the whole number beside it: cents or contracts."""
FROM_ONE = {"queue_position": 1}
"""The difference that a whole number may have to its text.

Queue positions were recorded as whole numbers from 1 on, and texts begin at 0; no answer that was recorded has both, so
equal ones are accepted too.
"""
REPEATED = (("trade_id", "fill_id"), ("market_ticker", "ticker"))
COMPLEMENTARY = (
    ("yes_price_dollars", "no_price_dollars"),
    ("yes_price_fixed", "no_price_fixed"),
    ("yes_bid_dollars", "no_ask_dollars"),
    ("yes_ask_dollars", "no_bid_dollars"),
)
PASSED_ON = "GetCFBenchmarks"
"""The operation that passes on the answer of another provider, whose order of keys is not the venue's."""
FLOWS = (
    ("created_time", "last_update_time"),
    ("created_time", "updated_time"),
    ("created_ts", "finalized_ts"),
    ("open_time", "close_time"),
)
"""Pairs of timestamps of which the first is not after the second."""


def _answer(target: Target, operation_id: str) -> Answer:
    nested = {"with_nested_markets": "true"} if "with_nested_markets" in target.operations[operation_id].query else {}
    answer = target.read(operation_id, nested)
    if answer.status != 200:
        raise NotJudged(f"{answer.where} was answered {answer.status}")
    return answer


def _objects(value: Any, at: str = "body") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield path and value of every JSON object inside a value."""
    if isinstance(value, dict):
        yield at, value
        for name, part in value.items():
            yield from _objects(part, f"{at}.{name}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _objects(part, f"{at}[{index}]")


def judge_key_order(target: Target, operation_id: str) -> Iterator[Finding]:
    answer = _answer(target, operation_id)
    for at, value in _objects(json.loads(answer.content)):
        if operation_id == PASSED_ON and at != "body":
            continue
        if list(value) != sorted(value):
            where = f"{answer.where}: {at}"
            yield finding(target, KEY_ORDER, where, ", ".join(value), ", ".join(sorted(value)), operation_id)


def _bodies(target: Target, operation_id: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    answer = _answer(target, operation_id)
    for at, value in _objects(json.loads(answer.content, parse_float=Decimal)):
        yield f"{answer.where}: {at}", value


def _amount_pairs(value: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, str, Decimal]]:
    """Yield each amount that an object has as a number and as a text: both keys, both values, and the step.

    Amounts in the levels of order books are included.
    """
    for name, number in value.items():
        for suffix, step in STEPS.items():
            text = value.get(name + suffix)
            pairs = zip(number, text, strict=False) if isinstance(number, list) and isinstance(text, list) else ()
            levels = [(one[0], other[0]) for one, other in pairs if isinstance(one, list) and isinstance(other, list)]
            for one, other in levels or [(number, text)]:
                if isinstance(one, int | Decimal) and not isinstance(one, bool) and isinstance(other, str):
                    yield name, name + suffix, one, other, step


def judge_twins(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a whole-number field equals the text field of the same amount, truncated to cents or contracts."""
    judged = False
    for where, value in _bodies(target, operation_id):
        for name, other, number, text, step in _amount_pairs(value):
            judged = True
            expected = truncated(Decimal(text), step) / step
            if truncated(Decimal(number), ONE) not in (expected, expected + FROM_ONE.get(name, 0)):
                wanted = f"{name} {expected}, as {other} is {text}"
                yield finding(target, TWINS, where, f"{name} {number}", wanted, operation_id)
    if not judged:
        raise NotJudged("no amount has two formats")


def judge_repeats(target: Target, operation_id: str) -> Iterator[Finding]:
    judged = False
    for where, value in _bodies(target, operation_id):
        for name, other in REPEATED:
            if name in value and other in value:
                judged = True
                if value[name] != value[other]:
                    yield finding(
                        target, REPEATS, where, f"{name} {value[name]}", f"{other} {value[other]}", operation_id
                    )
        at = instant_of(value.get("created_time"))
        if at and "ts" in value and value["ts"] != int(at.timestamp()):
            expected = f"{int(at.timestamp())}, as created_time is {value['created_time']}"
            yield finding(target, REPEATS, where, f"ts {value['ts']}", expected, operation_id)
    if not judged:
        raise NotJudged("no object has both fields")


def judge_complements(target: Target, operation_id: str) -> Iterator[Finding]:
    judged = False
    for where, value in _bodies(target, operation_id):
        for name, other in COMPLEMENTARY:
            if not (isinstance(value.get(name), str) and isinstance(value.get(other), str)):
                continue
            judged = True
            if Decimal(value[name]) + Decimal(value[other]) != ONE:
                seen = f"{name} {value[name]} and {other} {value[other]}"
                yield finding(target, COMPLEMENTS, where, seen, "one dollar together", operation_id)
    if not judged:
        raise NotJudged("there is no row with both prices")


def judge_flow(target: Target, operation_id: str) -> Iterator[Finding]:
    judged = False
    for where, value in _bodies(target, operation_id):
        for name, other in FLOWS:
            before, after = instant_of(value.get(name)), instant_of(value.get(other))
            if before is None or after is None:
                continue
            judged = True
            if before > after:
                seen = f"{name} {value[name]} after {other} {value[other]}"
                yield finding(target, FLOW, where, seen, "not after", operation_id)
    if not judged:
        raise NotJudged("there is no row with both timestamps")


def _with_pairs(*pairs: tuple[str, str]) -> Callable[[Target], list[str]]:
    """Return a function that selects the reads whose documented objects may have both keys of one of the pairs."""

    def find(target: Target) -> list[str]:
        return [
            name
            for name, operation in target.operations.items()
            if any({*pair} < keys for keys in property_sets(target.document, operation) for pair in pairs)
        ]

    return find


def _with_twins(target: Target) -> list[str]:
    return [
        name
        for name, operation in target.operations.items()
        if any(
            key + suffix in keys
            for keys in property_sets(target.document, operation)
            for key in keys
            for suffix in STEPS
        )
    ]


PLACE = "contracts/kalshi/README.md"
CHECKS: tuple[Check[Target], ...] = (
    Check(
        KEY_ORDER,
        "The keys of an answer are in alphabetical order.",
        PLACE,
        lambda target: list(target.operations),
        judge_key_order,
    ),
    Check(TWINS, "The two formats of an amount agree.", PLACE, _with_twins, judge_twins),
    Check(
        REPEATS,
        "Fields that repeat others are equal.",
        PLACE,
        _with_pairs(*REPEATED, ("ts", "created_time")),
        judge_repeats,
    ),
    Check(
        COMPLEMENTS,
        "The prices of both sides add up to a dollar.",
        PLACE,
        _with_pairs(*COMPLEMENTARY),
        judge_complements,
    ),
    Check(FLOW, "No end precedes its beginning.", PLACE, _with_pairs(*FLOWS), judge_flow),
)
