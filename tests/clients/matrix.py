"""Every client asked everything at an API date: what it understood, what not, and what the exchange did not have."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from tests.clients.exchange import Sandbox
from tests.clients.processes import Answer, Peer, Task
from tests.clients.published import COMPAT, Published
from tests.clients.truths import Question, differences, read_questions, truth_at


class Cell(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "404"
    """The exchange had no such call then."""
    GONE = "410"
    """The exchange had retired the call."""
    NONE = "-"
    """The client has no such call."""


# 405 where the path has other calls.
ABSENT = {404: Cell.UNKNOWN, 405: Cell.UNKNOWN, 410: Cell.GONE}


class Finding(NamedTuple):
    cell: Cell
    mistakes: list[str]
    """The wrong value of the client, or the message of its exception."""
    rows: Any


Findings = Mapping[str, Finding]


def ask(client: Published, api_date: str, sandbox: Sandbox, log_file: Path) -> tuple[Findings, list[str]]:
    """Return what a client makes of each method, and its calls that none of them has made."""
    with client.driven(log_file) as peer:
        return ask_peer(client, api_date, sandbox, peer, read_questions())


def ask_peer(
    client: Published, api_date: str, sandbox: Sandbox, peer: Peer, questions: Sequence[Question]
) -> tuple[Findings, list[str]]:
    """Do the same with a driver that runs already."""
    answers = [(question, put(peer, sandbox, question)) for question in questions]
    untried = [row["call"] for row in put(peer, sandbox, questions[0]._replace(method="untried"))["rows"]]
    findings = {question.method: judge(client, api_date, question, answer) for question, answer in answers}
    # After the last write, so that no later one may undo an earlier one.
    missed = {question.method: list(missed_orders(sandbox, question)) for question in questions}
    return {
        method: Finding(Cell.NO, missed[method], one.rows) if one.cell is Cell.YES and missed[method] else one
        for method, one in findings.items()
    }, untried


def put(peer: Peer, sandbox: Sandbox, question: Question) -> Answer:
    """Return what a client answers to one question."""
    credential = sandbox.keys[question.account, question.key]
    task: Task = {
        "id": 1,
        "task": question.method,
        "base_url": sandbox.base_url,
        "ws_url": sandbox.ws_url,
        "key_id": credential.key_id,
        "private_key_path": str(peer.write_key(credential)),
        "arguments": question.arguments,
    }
    (answer,) = peer.run(task)
    return answer


def judge(client: Published, api_date: str, question: Question, answer: Answer) -> Finding:
    """Elsewhere than at its own date and under `compat` a client need not find everything that it looks for."""
    if "error" in answer:
        if question.refused_with is not None and question.refused_with == answer["status"]:
            return Finding(Cell.YES, [], [])
        return Finding(ABSENT.get(answer["status"], Cell.NO), [f"{question.method}: {answer['error']}"], None)
    if "unsupported" in answer:
        return Finding(Cell.NONE, [], None)
    if question.refused_with:
        return Finding(Cell.NO, [f"{question.method} was not refused: {answer['rows']}"], None)
    may_omit = api_date not in {client.api_date, COMPAT}
    mistakes = list(differences(answer["rows"], truth_at(question, api_date), may_omit, question.method))
    return Finding(Cell.NO if mistakes else Cell.YES, mistakes, answer["rows"])


def missed_orders(sandbox: Sandbox, question: Question) -> Iterator[str]:
    """Yield a line for each order that the exchange does not have as a write should have left it."""
    if question.after:
        rows = sandbox.ledger(question.account)["orders"]
        found = {row[key]: row for row in rows for key in ("id", "client_order_id")}
        for name, expected in question.after.items():
            left = [found[name]["status"], found[name]["remaining"]] if name in found else None
            if left != list(expected):
                yield f"{question.method} left {name} as {left}, expected {expected}"
