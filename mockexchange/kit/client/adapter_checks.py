"""What a client made of an account: compared with the truth, at every API date and when removed fields go wrong.

The account is a scenario of the kit's own with a truth worked out by hand; what the wire of a date can say of it stands
in the contract documents.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from mockexchange.kit.checks import NotJudged
from mockexchange.kit.client.adapter import Adapter, AdapterReply, one_line
from mockexchange.kit.client.row_comparison import GUIDE, Row, compare, float_findings, reported_values
from mockexchange.kit.client.session import open_session
from mockexchange.kit.client.task_fields import COMPAT, LATEST, aliases_of, meanings_at
from mockexchange.kit.client.tasks import Task
from mockexchange.kit.findings import Finding
from mockexchange.kit.local_exchange import Exchange
from mockexchange.kit.venue import VenueKit
from mockexchange.scenario.loader import load_text

SCENARIOS = Path(__file__).parent / "scenarios"
NULL = "null"
POISONS = ("absent", "zero", "wrong")
UNSUPPORTED = "the adapter supports none of the tasks: {}"


class ReferenceAccount(NamedTuple):
    """A scenario as text, and what is true of its one account: the rows of each task, the finest there are."""

    scenario: str
    truth: Mapping[str, list[Row]]


class TaskReply(NamedTuple):
    """What was told to a task as of a date; `where` says so in a line."""

    task: Task
    api_date: str
    where: str
    reply: AdapterReply


@cache
def read_reference_account(name: str = "reference_account") -> ReferenceAccount:
    """Read a scenario of the kit and its truth, amounts as text."""
    truth: Any = yaml.load((SCENARIOS / f"{name}.truth.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506  # the safest of all: everything is text
    return ReferenceAccount(
        (SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8"), {task: _rows(truth[task]) for task in truth}
    )


def _rows(written: list[dict[str, str]]) -> list[Row]:
    return [{name: None if cell == NULL else cell for name, cell in row.items()} for row in written]


def judge_dates(adapter: Adapter, exchange: Exchange, venue: VenueKit, dates: Sequence[str] = ()) -> Iterator[Finding]:
    """Yield what an adapter understands otherwise than it is, at each API date that has documents and under `compat`.

    `dates` are those of them that its client supports, all if none are given. Raises NotJudged where it supports no
    task, AdapterBroken where it cannot be worked with.
    """
    asked = dates or (*aliases_of(venue.name), COMPAT)
    replies = [one for date in asked for one in ask_tasks(adapter, exchange, venue.tasks, date)]
    _require_some(replies, venue)
    yield from _judge(replies, venue)


def judge_account(adapter: Adapter, exchange: Exchange, venue: VenueKit, api_date: str = LATEST) -> Iterator[Finding]:
    """Yield what an adapter understands otherwise than it is at one API date. Raises as `judge_dates`."""
    replies = list(ask_tasks(adapter, exchange, venue.tasks, api_date))
    _require_some(replies, venue)
    yield from _judge(replies, venue)


def judge_floats(adapter: Adapter, exchange: Exchange, venue: VenueKit, api_date: str = LATEST) -> Iterator[Finding]:
    """Yield where an adapter tells money as JSON numbers with a fraction.

    Raises as `judge_dates`, and NotJudged too where each task it supports failed: then it told no amount.
    """
    replies = list(ask_tasks(adapter, exchange, venue.tasks, api_date))
    _require_some(replies, venue)
    if all(one.reply.rows is None for one in replies):
        raise NotJudged(all_failed({one.task.name: one.reply for one in replies}))
    for one in replies:
        yield from float_findings(one.task, one.reply.rows or [], one.where)


def judge_poison(adapter: Adapter, exchange: Exchange, venue: VenueKit) -> Iterator[Finding]:
    """Yield what an adapter understands otherwise once the removed twins of fields are absent, zero or wrong.

    Under `compat`, which has them beside what came after. Raises as `judge_dates`.
    """
    replies = [one for poison in POISONS for one in ask_tasks(adapter, exchange, venue.tasks, COMPAT, poison)]
    _require_some(replies, venue)
    yield from _judge(replies, venue)


def ask_tasks(
    adapter: Adapter, exchange: Exchange, tasks: Sequence[Task], api_date: str, poison: str = ""
) -> Iterator[TaskReply]:
    """Give each task to an adapter in a fresh sandbox; yield what it told, unsupported ones left out."""
    fault = f"\nfaults:\n  - {{then: {{legacy: {poison}}}}}\n" if poison else ""
    poisoned = f" with removed fields {poison}" if poison else ""
    plan = load_text(read_reference_account().scenario + fault)
    with open_session(exchange, plan, api_date) as session:
        for task in tasks:
            reply = adapter.ask(task.name, session.connection_details())
            if not reply.is_unsupported:
                yield TaskReply(task, api_date, f"{task.name} at {api_date}{poisoned}", reply)


def _require_some(replies: Sequence[TaskReply], venue: VenueKit) -> None:
    if not replies:
        raise NotJudged(UNSUPPORTED.format(", ".join(task.name for task in venue.tasks)))


def _judge(replies: Sequence[TaskReply], venue: VenueKit) -> Iterator[Finding]:
    for one in replies:
        if one.reply.rows is None:
            yield _raised(one)
            continue
        meanings = meanings_at(one.task, venue.name, one.api_date)
        known = _reported_names(replies, one.task) & set(meanings)
        rows = [_completed(one.task, row, known) for row in one.reply.rows]
        yield from compare(one.task, rows, read_reference_account().truth[one.task.name], meanings, one.where)


def _reported_names(replies: Sequence[TaskReply], task: Task) -> set[str]:
    """The names that a client has: what it told once it has to tell wherever the wire says it."""
    rows = (row for one in replies if one.task is task for row in one.reply.rows or ())
    return {cell.name for row in rows for cell in reported_values(task, row)}


def _completed(task: Task, row: Row, names: set[str]) -> Row:
    missing = names - {cell.name for cell in reported_values(task, row)}
    return {**row, **dict.fromkeys(sorted(missing))}


def _raised(one: TaskReply) -> Finding:
    return Finding("understanding.raised", one.where, raised(one.reply), "the rows of the answer", f"{GUIDE}#tasks")


def raised(reply: AdapterReply) -> str:
    """Return in one line that a task failed."""
    status = "" if reply.status is None else f" (status {reply.status})"
    return f"it raised{status}: {one_line(reply.error) or 'unsupported'}"


def all_failed(reply: Mapping[str, AdapterReply]) -> str:
    """Return in one line that every task failed that is supported; there is at least one."""
    (name, first), *others = ((name, one) for name, one in reply.items() if not one.is_unsupported)
    more = f"; {', '.join(name for name, _ in others)} failed too" if others else ""
    return f"{name}: {raised(first)}{more}"
