"""Checks single reads: their status, the order of lists, and that timestamps of past events are in the past."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.list_facts import instant_of
from mockexchange.kit.rules.finding_format import answer_text, finding, lists_of, views_of
from mockexchange.kit.target import Answer, NotJudged, Target

ANSWERED, NEWEST, PAST = "reads.answered", "lists.order", "instants.past"
TOLERANCE = timedelta(seconds=60)
"""The tolerance for timestamps in the future: clocks differ, and the reported time lags behind the lists."""


def judge_answered(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a read is answered with 200. (The target compares the answer's content with the document.)"""
    answer = target.read(operation_id)
    require_found(target, operation_id, answer)
    if answer.status != 200:
        yield finding(target, ANSWERED, answer.where, answer_text(answer), "status 200", operation_id)


def require_found(target: Target, operation_id: str, answer: Answer) -> None:
    """Raise NotJudged for a documented 404, since not every exchange or account has the object."""
    operation = target.operations[operation_id]
    is_optional = not operation.names or operation_id in target.venue.facts.may_be_missing
    if answer.status == 404 and is_optional and "404" in operation.node["responses"]:
        raise NotJudged(f"{answer.where}: there is nothing of the kind, which is a documented 404")


def judge_order(target: Target, operation_id: str) -> Iterator[Finding]:
    fields, judged = target.listing(operation_id).newest, False
    for view in views_of(target, operation_id):
        whole = target.whole(operation_id, view)
        for before, after in zip(whole.rows, whole.rows[1:], strict=False):
            name = next((field for field in fields if field in before and field in after), None)
            earlier, later = (instant_of(row.get(name or "")) for row in (before, after))
            if name is None or earlier is None or later is None:
                continue
            judged = True
            if later > earlier:
                seen = f"{name} {after[name]} after {before[name]}"
                yield finding(target, NEWEST, whole.where, seen, "newest first", operation_id)
    if not judged:
        raise NotJudged("there are fewer than two rows to compare")


def clock_of(target: Target) -> datetime:
    """Return the exchange's time, which may be virtual; this host's time if no read returns the exchange's."""
    clock = target.venue.facts.clock
    if clock is None or clock[0] not in target.operations:
        return datetime.now(UTC)
    answer = target.ask(target.operations[clock[0]].path)
    now = instant_of(answer.json().get(clock[1])) if answer.status == 200 else None
    if now is None:
        raise NotJudged(f"{answer.where} does not show the time of the exchange")
    return now


def judge_past_timestamps(target: Target, operation_id: str) -> Iterator[Finding]:
    whole = target.whole(operation_id)
    found = [(name, value) for row in whole.rows for name, value in _past(target, row)]
    now = clock_of(target)
    for name, value in found:
        at = instant_of(value)
        if at is None:
            yield finding(target, PAST, whole.where, f"{name} {value!r}", "a timestamp", operation_id)
        elif at > now + TOLERANCE:
            expected = f"not after the exchange's own time, {now.isoformat()}"
            yield finding(target, PAST, whole.where, f"{name} {value!r}", expected, operation_id)
    if not found:
        raise NotJudged("no row has a timestamp")


def _past(target: Target, row: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    past_fields = target.venue.facts.past_fields
    yield from ((name, value) for name, value in row.items() if name in past_fields and value is not None)


def _has_past_fields(target: Target, operation_id: str) -> bool:
    """Return whether the documented rows of a list have the timestamp of a past event."""
    return bool(set(target.row_schema(operation_id).get("properties", {})) & target.venue.facts.past_fields)


ANSWERED_CHECK: Check[Target] = Check(
    ANSWERED, "A read answers as documented.", "each read", lambda target: list(target.operations), judge_answered
)
ORDER_CHECK: Check[Target] = Check(
    NEWEST,
    "A list has its newest row first.",
    "the summary of each list",
    lambda target: [name for name in lists_of(target) if target.listing(name).newest],
    judge_order,
)
PAST_CHECK: Check[Target] = Check(
    PAST,
    "What has happened is not in the future.",
    "the schemas of rows",
    lambda target: [name for name in lists_of(target) if _has_past_fields(target, name)],
    judge_past_timestamps,
)
