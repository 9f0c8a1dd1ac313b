"""The rule that timestamps of past events are not in the future."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from mockexchange.kit.checks import Check, NotJudged
from mockexchange.kit.findings import Finding
from mockexchange.kit.rules.finding_format import finding, lists_of
from mockexchange.kit.rules.timestamps import instant_of
from mockexchange.kit.target import Target

PAST = "instants.past"
TOLERANCE = timedelta(seconds=60)
"""Clocks differ, and the time that an exchange reports lags behind its lists."""


def clock_of(target: Target) -> datetime:
    """Return the exchange's own time, since its clock may be virtual; without such a read, the time of this host."""
    clock = target.venue.facts.clock
    if clock is None or clock[0] not in target.operations:
        return datetime.now(UTC)
    answer = target.ask(target.operations[clock[0]].path)
    now = instant_of(answer.json().get(clock[1])) if answer.status == 200 else None
    if now is None:
        raise NotJudged(f"{answer.where} does not show the time of the exchange")
    return now


def judge(target: Target, operation_id: str) -> Iterator[Finding]:
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


CHECKS: tuple[Check[Target], ...] = (
    Check(
        PAST,
        "What has happened is not in the future.",
        "the schemas of rows",
        lambda target: [name for name in lists_of(target) if _has_past_fields(target, name)],
        judge,
    ),
)


def _has_past_fields(target: Target, operation_id: str) -> bool:
    """Whether the rows of a list have the timestamp of a past event, by the document."""
    return bool(set(target.row_schema(operation_id).get("properties", {})) & target.venue.facts.past_fields)
