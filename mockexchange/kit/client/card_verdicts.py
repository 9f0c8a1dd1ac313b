"""Compares the traffic and the result of a test card's run with what the card expects, and gives the verdict."""

import json
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

from mockexchange.kit.client.accounts import AccountPositions
from mockexchange.kit.client.adapter import AdapterReply, one_line
from mockexchange.kit.client.api_documents import ApiDocuments
from mockexchange.kit.client.cards import ADVICE_ON_ERROR, ADVICE_ONLY, Card, Task
from mockexchange.kit.client.order_tasks import PlayedTasks, order_findings
from mockexchange.kit.client.processes import CommandResult
from mockexchange.kit.client.rows import (
    duplicate_values,
    float_values,
    row_differences,
    shown_rows,
    subset_differences,
    value_differences,
)
from mockexchange.kit.client.rules import RULES, NotSeen
from mockexchange.kit.client.traffic import Call, Frame, Traffic, counted
from mockexchange.kit.findings import Finding, Verdict

TICKER = "ticker"
ANSWER = "answer"
SIGNATURE, AUTHORIZATION = "signature", "authorization"
"""Endings of the names of headers that carry a signature or a token."""
ERROR_STATUS_MIN = 400
PAUSE_SLACK_S = 0.05
"""The tolerance in seconds for differences between the clocks of client and server."""


@dataclass(frozen=True, slots=True)
class CardRun:
    """One run of a test card: its traffic, and the adapter's `reply`, or the result `ran` of the client's command.

    `no_reply` is the reason if no reply came, else "". `undisturbed` is the command's result without faults.
    """

    traffic: Traffic
    reply: AdapterReply | None = None
    no_reply: str = ""
    ran: CommandResult | None = None
    undisturbed: CommandResult | None = None
    played: PlayedTasks | None = None
    """The tasks that the adapter was sent, with the orders that the exchange has of them."""
    positions: AccountPositions | None = None
    """The positions of the account while the tasks were played."""
    output: str = ""
    """What the adapter has logged, or the command has printed."""
    private_pem: str = ""


def judge(card: Card, trial: CardRun, documents: ApiDocuments, reproduction: str, began_s: float) -> Verdict:
    """Return the verdict of a test card's run. Findings have the card's number and the command that runs it again."""
    found, notes, unseen = _of_rules(card, trial, documents)
    found += _unmet_expectations(card, trial)
    why = "" if found or notes else _reason_not_judged(card, trial, unseen)
    findings = [one for one in found if not _is_advice(card, one)]
    advice = [one for one in found if _is_advice(card, one)] + notes
    return Verdict(
        card.number,
        card.title,
        _numbered(card, findings, reproduction),
        why,
        _numbered(card, advice, reproduction),
        card.description,
        time.perf_counter() - began_s,
    )


def _is_advice(card: Card, finding: Finding) -> bool:
    """Return whether a finding is a note. With an error instead of rows a user knows that the rows are not there."""
    return card.advice == ADVICE_ONLY or (card.advice == ADVICE_ON_ERROR and finding.rule == ANSWER)


def not_judged(card: Card, why: str) -> Verdict:
    return Verdict(card.number, card.title, (), why, (), card.description)


def _numbered(card: Card, findings: list[Finding], reproduction: str) -> tuple[Finding, ...]:
    return tuple(replace(one, rule=f"{card.number} {one.rule}", reproduction=reproduction) for one in findings)


def _of_rules(
    card: Card, trial: CardRun, documents: ApiDocuments
) -> tuple[list[Finding], list[Finding], dict[str, str]]:
    """Return the findings of a card's rules, the advice of its rules, and why a rule, by name, was not judged."""
    findings: list[Finding] = []
    notes: list[Finding] = []
    unseen: dict[str, str] = {}
    is_told = trial.reply is not None and bool(trial.reply.error)
    for name in card.see.rules:
        rule = RULES[name]
        if is_told and name in card.see.unless_told:
            continue
        try:
            (notes if rule.is_advice else findings).extend(rule.judge(trial.traffic, documents))
        except NotSeen as reason:
            unseen[name] = str(reason)
    return findings, notes, unseen


def _reason_not_judged(card: Card, trial: CardRun, unseen: dict[str, str]) -> str:
    """Return why nothing was judged, "" if something was. The first rule of a card decides, as its subject."""
    if card.faults and not trial.traffic.fault_count:
        return "no message came that could be disturbed"
    has_more = card.see.requests or card.see.streams or trial.reply or (trial.ran and card.see.answer == "rows")
    return "" if has_more or not card.see.rules else unseen.get(card.see.rules[0], "")


def _unmet_expectations(card: Card, trial: CardRun) -> list[Finding]:
    found = [*_of_counts(card, trial.traffic), *_of_end(card, trial)]
    if trial.reply and trial.reply.rows is not None and not trial.no_reply:
        found += _of_rows(card, trial.reply.rows, trial.positions)
    if card.see.status and trial.played:
        found += _of_statuses(card, trial.played, trial.traffic)
    if card.see.private:
        found += _of_secrets(card, trial)
    if card.changes_orders and trial.played:
        found += order_findings(trial.played, trial.traffic, card.place)
    return found


def _of_counts(card: Card, traffic: Traffic) -> Iterator[Finding]:
    calls = requests_of_card(card, traffic)
    for what, more, span, count in (
        ("request", "", card.see.requests, len(calls)),
        ("stream", " opened", card.see.streams, len(traffic.handshakes)),
    ):
        if span and not span[0] <= count <= span[1]:
            yield _finding(card, f"{what}s", f"{counted(count, what)}{more}", _span_text(span))
    if card.see.pause and len(calls) > 1:
        gap_s = calls[1].began_s - calls[0].began_s  # a busy server notes the end after the client has read it
        if gap_s < card.see.pause - PAUSE_SLACK_S:
            yield _finding(card, "pause", f"the next request {gap_s:.2f} s later", f"none for {card.see.pause:g} s")


def requests_of_card(card: Card, traffic: Traffic) -> list[Call]:
    """Return the client's requests to the operation that a test card names, or all if the card names none."""
    return [call for call in traffic.requests if card.needs.operation in (None, call.operation)]


def _span_text(span: tuple[int, int]) -> str:
    low, high = span
    if low == high:
        return f"exactly {low}"
    return f"{low} to {high}" if low else f"at most {high}"


def _of_end(card: Card, trial: CardRun) -> Iterator[Finding]:
    if trial.no_reply:
        yield _finding(card, "ends", trial.no_reply, "rows, or an error")
    elif trial.reply:
        yield from _of_answer(card, trial.reply)
    elif trial.ran and trial.undisturbed and trial.undisturbed.exit_code is not None:
        yield from _of_exit(card, trial.ran, trial.undisturbed.exit_code)


def _of_answer(card: Card, reply: AdapterReply) -> Iterator[Finding]:
    if card.see.answer == "rows" and reply.rows is None:
        status = f" (status {reply.status})" if reply.status else ""
        yield _finding(card, ANSWER, f"an error: {one_line(reply.error)}{status}", "rows")
    elif card.see.answer == "error" and reply.rows is not None:
        yield _finding(
            card, ANSWER, f"{counted(len(reply.rows), 'row')}: {shown_rows(reply.rows) or 'none'}", "an error"
        )


def _of_exit(card: Card, ran: CommandResult, code_undisturbed: int) -> Iterator[Finding]:
    if ran.exit_code is None:
        yield _finding(card, "ends", f"it did not end: {ran.why}", "an end, as there is when nothing is disturbed")
    elif card.see.answer == "rows" and ran.exit_code != 0 and code_undisturbed == 0:
        seen = f"exit code {ran.exit_code}; its last output: {ran.last_line}"
        yield _finding(card, ANSWER, seen, "exit code 0, as when nothing is disturbed")


def _of_rows(card: Card, rows: list[dict[str, object]], positions: AccountPositions | None) -> Iterator[Finding]:
    see = card.see
    if see.complete and positions:
        yield from _of_positions(card, rows, positions)
    if see.count and not see.count[0] <= len(rows) <= see.count[1]:
        yield _finding(card, "count", counted(len(rows), "row"), _span_text(see.count))
    differences = [
        *(row_differences(rows, see.rows) if see.rows is not None else ()),
        *subset_differences(rows, see.holds),
    ]
    if see.last and not rows:
        yield _finding(
            card, "last", "no row was reported", " ".join(f"{name}={value}" for name, value in see.last.items())
        )
    elif see.last:
        differences += value_differences(rows[-1], see.last)
    for difference in differences:
        yield _finding(card, "rows", difference.seen, difference.expected)
    for name, word in see.words.items():
        for other in sorted({str(row[name]) for row in rows if row.get(name) is not None} - {word}):
            yield _finding(card, "words", f"{name} is reported as {other!r}", f"{word!r}, null or an error")
    for value in duplicate_values(rows, see.once) if see.once else ():
        yield _finding(card, "once", f"{value} is reported more than once", f"one row for each {see.once}")
    floats = list(float_values(rows)) if see.exact else []
    for name, text in floats[:1]:
        expected = "text or whole numbers: a JSON number with a fraction was a binary float"
        yield _finding(card, "exact", f"{name} is reported as the number {text} ({len(floats)} such amounts)", expected)


def _of_statuses(card: Card, played: PlayedTasks, traffic: Traffic) -> Iterator[Finding]:
    """Compare the status that an error has with that of the last answer to its task."""
    for one in played.tasks:
        calls = traffic.calls[one.first_call : one.end_call]
        reply, last = one.result.reply, calls[-1].status if calls else 0
        if reply and reply.error and last >= ERROR_STATUS_MIN and reply.status != last:
            status = "no status" if reply.status is None else f"the status {reply.status}"
            body = one_line(calls[-1].answer.decode("utf-8", "replace"))
            yield _finding(card, "status", f"an error with {status}: {one_line(reply.error)}", f"{last}, of {body}")


def _of_secrets(card: Card, trial: CardRun) -> Iterator[Finding]:
    replies = [one.result.reply for one in trial.played.tasks] if trial.played else [trial.reply]
    text = "\n".join([trial.output, trial.no_reply, *map(text_of, replies)])
    secret = secret_in(text, trial.private_pem, [word for call in trial.traffic.calls for word in _proofs_of(call)])
    if secret:
        yield _finding(card, "private", f"{secret} is in its output, its log or its reply", "no secret anywhere")


def _proofs_of(call: Call) -> Iterator[str]:
    """Yield the signatures and tokens of a call; the id of its key is no secret."""
    for name, value in call.headers.items():
        if name.endswith(SIGNATURE):
            yield value
        elif name.endswith(AUTHORIZATION):
            words = (word.removeprefix("sig=") for word in re.split("[ ,]", value))
            yield from (word for word in words if word != call.key_id)


def _of_positions(card: Card, rows: list[dict[str, object]], positions: AccountPositions) -> Iterator[Finding]:
    """Compare the tickers of rows with the positions that the exchange listed all the time."""
    reported = {str(row[TICKER]) for row in rows if TICKER in row}
    if len(rows) < len(positions.listed) or (reported and positions.listed - reported):
        missing = "some of them" if rows and not reported else ", ".join(sorted(positions.listed - reported))
        yield _finding(card, "rows", f"{counted(len(rows), 'row')}, without {missing}", _rows_of(positions))
    if reported - positions.known:
        yield _finding(
            card,
            "rows",
            f"rows that there are not: {', '.join(sorted(reported - positions.known))}",
            _rows_of(positions),
        )


def _rows_of(positions: AccountPositions) -> str:
    return f"the {counted(len(positions.listed), 'row')} of the exchange: {', '.join(sorted(positions.listed))}"


def _finding(card: Card, rule: str, seen: str, expected: str) -> Finding:
    where = f"task {card.task.name}" if card.task else card.title
    return Finding(rule, where, seen, expected, card.place)


# Clients that listened too briefly: on a busy machine messages may come after their time is over


SECONDS = "seconds"
"""The argument of a task that is the time for which it listens."""
LONGER = 5
"""How many times as long a card listens that is played again."""
ALL = 0.9
"""The part of its time after which a client has listened until the end: its clock starts before the first request."""
EARLY = 0.25
"""The part of the time in which all messages come on a machine that is not busy."""
FAREWELL = "unsubscribed"


def listening_s(card: Card) -> float:
    """Return the longest time in seconds for which a task of a test card listens to a stream; 0 if none does."""
    return max((float(task.arguments.get(SECONDS, 0)) for task in card.tasks), default=0.0)


def with_more_time(card: Card) -> Card:
    """Return the test card with tasks that listen longer."""
    more_s = (LONGER - 1) * listening_s(card)
    return replace(card, tasks=tuple(map(_longer, card.tasks)), seconds=card.seconds + more_s)


def _longer(task: Task) -> Task:
    if SECONDS not in task.arguments:
        return task
    return replace(task, arguments={**task.arguments, SECONDS: LONGER * task.arguments[SECONDS]})


def is_cut_short(card: Card, traffic: Traffic) -> bool:
    """Return whether a client listened until its time was over, and may have missed messages that came too late.

    That may be if a message came after the early part of the time, or if none came although the client sent a command.
    """
    began_s = min((call.began_s for call in traffic.calls), default=traffic.ended_s)
    wanted_s = listening_s(card)
    if not wanted_s or not traffic.commands or traffic.ended_s - began_s < ALL * wanted_s:
        return False
    last_s = max((one.at_s for one in traffic.frames if one.direction == "out" and _is_message(one)), default=None)
    return last_s is None or last_s - began_s > EARLY * wanted_s


def _is_message(frame: Frame) -> bool:
    return bool(frame.channel) and frame.kind != FAREWELL


# Secrets in what a client printed, logged or reported


SECRET_CHARS_MIN = 30
"""The shortest line of a private key's PEM text that is searched for."""


def secret_in(output: str, private_pem: str, signatures: Iterable[str]) -> str:
    """Return what kind of secret a client's output contains, such as its private key; empty if there is none."""
    lines = [line for line in private_pem.splitlines() if len(line) >= SECRET_CHARS_MIN and not line.startswith("-")]
    if any(line in output for line in lines):
        return "the private key"
    spelled = [form for text in signatures if len(text) >= SECRET_CHARS_MIN for form in (text, quote(text, safe=""))]
    return "a signature" if any(text in output for text in spelled) else ""


def text_of(reply: AdapterReply | None) -> str:
    """Return all text of an adapter's reply: its error message and its rows."""
    return "" if reply is None else f"{reply.error}\n{json.dumps(reply.rows)}"
