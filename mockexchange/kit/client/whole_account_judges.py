"""Checks the rows that an adapter reports for the reference account, at every API date and with wrong fields.

The reference account is in a scenario of the kit; its expected rows were worked out by hand. The API documents
determine the precision with which each API date can serve them.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT
from mockexchange.kit.client.adapter import AdapterReply, AskedAdapter, one_line
from mockexchange.kit.client.read_tasks import COMPAT, LATEST, ReadTask, aliases_of, meanings_at
from mockexchange.kit.client.rows import GUIDE, Row, compare, float_findings, reported_values
from mockexchange.kit.client.sandboxes import open_session
from mockexchange.kit.findings import Finding
from mockexchange.kit.local_exchange import Exchange
from mockexchange.kit.target import NotJudged
from mockexchange.kit.venue import VenueKit
from mockexchange.scenario.loader import load_text

SCENARIOS = Path(__file__).parent / "scenarios"
NULL = "null"
POISONS = ("absent", "zero", "wrong")
UNSUPPORTED = "the adapter supports none of the tasks: {}"
SUBACCOUNT = "subaccount"


class ReferenceAccount(NamedTuple):
    """A scenario as text, and the true rows of its one account, by task, in full precision."""

    scenario: str
    truth: Mapping[str, list[Row]]


class TaskReply(NamedTuple):
    """An adapter's reply to a task at one API date. `where` names task and date in findings."""

    task: ReadTask
    api_date: str
    where: str
    reply: AdapterReply


@cache
def read_reference_account(name: str = "reference_account") -> ReferenceAccount:
    """Read the kit's scenario `name`, and the true rows of its account, with amounts as text."""
    truth: Any = yaml.load((SCENARIOS / f"{name}.truth.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506  # the safest of all: everything is text
    return ReferenceAccount(
        (SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8"), {task: _rows(truth[task]) for task in truth}
    )


def _rows(written: list[dict[str, str]]) -> list[Row]:
    return [{name: None if cell == NULL else cell for name, cell in row.items()} for row in written]


def judge_dates(
    adapter: AskedAdapter, exchange: Exchange, venue: VenueKit, dates: Sequence[str] = ()
) -> Iterator[Finding]:
    """Yield findings about the rows that an adapter reports at each API date with documents, and at `compat`.

    `dates` are the API dates that the client supports, all if empty. Raises NotJudged if the adapter supports no task,
    AdapterBroken if it cannot be used.
    """
    judged_dates = dates or (*aliases_of(venue.name), COMPAT)
    replies = [one for date in judged_dates for one in ask_tasks(adapter, exchange, venue.tasks, date)]
    _require_some(replies, venue)
    yield from _judge(replies, venue)


def judge_account(
    adapter: AskedAdapter, exchange: Exchange, venue: VenueKit, api_date: str = LATEST
) -> Iterator[Finding]:
    """Yield findings about the rows that an adapter reports at one API date. Raises the errors of `judge_dates`."""
    replies = list(ask_tasks(adapter, exchange, venue.tasks, api_date))
    _require_some(replies, venue)
    yield from _judge(replies, venue)


def judge_floats(
    adapter: AskedAdapter, exchange: Exchange, venue: VenueKit, api_date: str = LATEST
) -> Iterator[Finding]:
    """Yield a finding for each amount of money that an adapter reports as a JSON number with a fraction, such as 5.0.

    Raises the errors of `judge_dates`; also NotJudged if every task that the adapter supports failed, so that no
    amount was reported.
    """
    replies = list(ask_tasks(adapter, exchange, venue.tasks, api_date))
    _require_some(replies, venue)
    if all(one.reply.rows is None for one in replies):
        raise NotJudged(all_failed({one.task.name: one.reply for one in replies}))
    for one in replies:
        yield from float_findings(one.task, one.reply.rows or [], one.where)


def judge_poison(adapter: AskedAdapter, exchange: Exchange, venue: VenueKit) -> Iterator[Finding]:
    """Yield findings about an adapter's rows when fields that the venue has removed are absent, zero or wrong.

    The API date is `compat`, at which the server sends every field of every date. Raises the errors of `judge_dates`.
    """
    replies = [one for poison in POISONS for one in ask_tasks(adapter, exchange, venue.tasks, COMPAT, poison)]
    _require_some(replies, venue)
    yield from _judge(replies, venue)


def ask_tasks(
    adapter: AskedAdapter, exchange: Exchange, tasks: Sequence[ReadTask], api_date: str, poison: str = ""
) -> Iterator[TaskReply]:
    """Send every task to an adapter, in one new sandbox, and yield the replies to the tasks that it supports."""
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
        truth = read_reference_account().truth[one.task.name]
        if SUBACCOUNT not in meanings:
            # Dates whose rows cannot name a subaccount show those of the primary one alone.
            truth = [row for row in truth if row.get(SUBACCOUNT, PRIMARY_SUBACCOUNT) == PRIMARY_SUBACCOUNT]
        yield from compare(one.task, rows, truth, meanings, one.where)


def _reported_names(replies: Sequence[TaskReply], task: ReadTask) -> set[str]:
    """Return the names that a client reports for a task at any API date; every date that has them must show them."""
    rows = (row for one in replies if one.task is task for row in one.reply.rows or ())
    return {cell.name for row in rows for cell in reported_values(task, row)}


def _completed(task: ReadTask, row: Row, names: set[str]) -> Row:
    missing = names - {cell.name for cell in reported_values(task, row)}
    return {**row, **dict.fromkeys(sorted(missing))}


def _raised(one: TaskReply) -> Finding:
    return Finding("understanding.raised", one.where, raised(one.reply), "the rows of the answer", f"{GUIDE}#tasks")


def raised(reply: AdapterReply) -> str:
    """Return a line of text about a task that failed."""
    status = "" if reply.status is None else f" (status {reply.status})"
    return f"it raised{status}: {one_line(reply.error) or 'unsupported'}"


def all_failed(reply: Mapping[str, AdapterReply]) -> str:
    """Return a line of text that every supported task failed. There must be at least one such task."""
    (name, first), *others = ((name, one) for name, one in reply.items() if not one.is_unsupported)
    more = f"; {', '.join(name for name, _ in others)} failed too" if others else ""
    return f"{name}: {raised(first)}{more}"
