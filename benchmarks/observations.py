"""What clients of a server that is tormented have seen, and the checks that compare it with the log at the end."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import Any, NamedTuple

import httpx

SANDBOXES = ("default", "paced", "other")
READ_RECORDS = 1_000
"""More than the steps that become due while the database is away."""
FILL = {
    "fill": {"account": "bob", "market": "RAIN-1", "side": "yes", "action": "buy", "count": 1, "price": 0.01, "fee": 0}
}
EXPECTED = ("store_unavailable", "sandbox_ended")
"""Refusals while the database is away, and while the server ends."""


class Read(NamedTuple):
    """A read of a balance, and when it began and ended."""

    began: float
    ended: float
    sandbox: str
    cents: int
    replica: str
    wanted: int | None = None
    """The number of the command that it had to contain, if that is all that was promised (`--reads session`)."""


class StreamSeen(NamedTuple):
    """The fills of one stream."""

    replica: str
    trades: list[str]
    is_last: bool
    """Whether it was open until nothing happened any more."""


class Observations:
    """What clients saw: deposits by whether they were acknowledged, lines of logs, and answers that should not be."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, set[int]] = {name: set() for name in SANDBOXES}
        self.tried: dict[str, set[int]] = {name: set() for name in SANDBOXES}
        self.lines: dict[str, dict[int, bytes]] = {name: {} for name in SANDBOXES}
        self.acknowledged_at: list[tuple[str, int, float]] = []
        """Sandbox, amount and time of each answer to a deposit."""
        self.reads: list[Read] = []
        self.frames: list[StreamSeen] = []
        self.statuses = Counter[int]()
        self.problems: list[str] = []
        self.summary = ""
        self.lock = Lock()
        self._numbers = iter(range(1, 10**9))

    def note_acknowledged(self, sandbox: str, amount: int) -> None:
        with self.lock:
            self.acknowledged[sandbox].add(amount)
            self.acknowledged_at.append((sandbox, amount, time.monotonic()))

    def next_amount(self, sandbox: str) -> int:
        with self.lock:
            amount = next(self._numbers)
            self.tried[sandbox].add(amount)
        return amount

    def note_lines(self, sandbox: str, body: bytes) -> set[int]:
        """Compare the lines of a log with those read before; return the amounts of their deposits."""
        lines = body.splitlines()[1:]
        found = {int(json.loads(line)["seq"]): line for line in lines}
        with self.lock:
            known = self.lines[sandbox]
            for number, line in found.items():
                if known.setdefault(number, line) != line:
                    self.problems.append(f"{sandbox}: record {number} was {known[number]!r}, and then {line!r}")
        return set(amounts_of(lines))


def amounts_of(lines: list[bytes]) -> list[int]:
    """Return the whole amounts that were deposited, which are the clients' own; a step deposits less."""
    commands = [json.loads(line)["do"] for line in lines]
    micros = [one["deposit"]["amount_micros"] for one in commands if "deposit" in one]
    return [one // 10**6 for one in micros if one % 10**6 == 0]


def act(client: httpx.Client, url: str, name: str, seen: Observations, *, reads: bool = True) -> int:
    """Deposit an amount of its own, and find it in the end of the log; return the number that the answer has, or 0."""
    amount = seen.next_amount(name)
    commands = [{"deposit": {"account": "bob", "amount": amount}}, *([] if name == "paced" else [FILL])]
    done = client.post(f"{url}/commands", json=commands)
    if not judge(done, seen):
        return 0
    seen.note_acknowledged(name, amount)
    if reads:
        reply = client.get(f"{url}/log?last={READ_RECORDS}")
        if judge(reply, seen) and amount not in seen.note_lines(name, reply.content):
            with seen.lock:
                seen.problems.append(f"{name}: a read after the answer to the deposit of {amount} does not have it")
    return int(done.headers["x-mock-seq"])


def judge(reply: httpx.Response, seen: Observations) -> bool:
    """Note an answer; return whether it is a success."""
    with seen.lock:
        seen.statuses[reply.status_code] += 1
        if reply.status_code != 200 and reply.json()["error"]["code"] not in EXPECTED:
            seen.problems.append(f"{reply.status_code}: {reply.text[:300]}")
    return reply.status_code == 200


def differences(seen: Observations, logs: Mapping[str, bytes]) -> list[str]:
    """Return what in the clients' observations is not as the logs at the end have it."""
    problems = list(seen.problems)
    for name, body in logs.items():
        lines = body.splitlines()[1:]
        records: list[dict[str, Any]] = [json.loads(line) for line in lines]
        if [one["seq"] for one in records] != list(range(1, len(records) + 1)):
            problems.append(f"{name}: the numbers have a hole")
        amounts = Counter(amounts_of(lines))
        problems += [f"{name}: {one} is lost" for one in sorted(seen.acknowledged[name] - set(amounts))]
        problems += [f"{name}: {one} is there {count} times" for one, count in amounts.items() if count > 1]
        problems += [f"{name}: {one} was never sent" for one in sorted(set(amounts) - seen.tried[name])]
        causes = Counter(json.dumps(one["cause"]) for one in records if "cause" in one)
        problems += [f"{name}: {one} was carried out {count} times" for one, count in causes.items() if count > 1]
        final = dict(enumerate(lines, start=1))
        wrong = [number for number, line in seen.lines[name].items() if final.get(number) != line]
        problems += [f"{name}: record {number} was read and is another one, or gone" for number in wrong]
        problems += read_problems(seen, name, records)
    return problems


def read_problems(seen: Observations, name: str, records: list[dict[str, Any]]) -> list[str]:
    """Return what is wrong with the reads of an account: none is of no prefix of the log, and none is old.

    A read has what was acknowledged before it began, and what a read had that ended before it began.
    """
    position_of, position_of_amount = positions(records)
    known: list[tuple[float, int]] = [
        (at, position_of_amount.get(amount, 0)) for sandbox, amount, at in seen.acknowledged_at if sandbox == name
    ]
    reads, problems = [read for read in seen.reads if read.sandbox == name], []
    for read in reads:
        if read.cents in position_of:
            known.append((read.ended, position_of[read.cents]))
        else:
            problems.append(f"{name}: {read.replica} showed a balance of {read.cents} cents, which never was")
    known.sort()
    newest, place = 0, 0
    for read in sorted(reads):
        while place < len(known) and known[place][0] < read.began:
            newest, place = max(newest, known[place][1]), place + 1
        needed = newest if read.wanted is None else read.wanted
        if position_of.get(read.cents, needed) < needed:
            behind = needed - position_of[read.cents]
            problems.append(f"{name}: {read.replica} showed a balance that is {behind} records old")
    return problems


def positions(records: list[dict[str, Any]]) -> tuple[dict[int, int], dict[int, int]]:
    """Return the number of the last record by the balance in cents after it, and the numbers of whole deposits."""
    cents, by_balance = 0, {0: 0}
    by_amount: dict[int, int] = {}
    for record in records:
        command = record["do"]
        if "deposit" in command:
            micros = command["deposit"]["amount_micros"]
            cents += micros // 10**4
            by_amount.setdefault(micros // 10**6, record["seq"])
        elif "fill" in command:
            cents -= command["fill"]["price_centicents"] * command["fill"]["count_centis"] // 10**4
        by_balance[cents] = record["seq"]
    return by_balance, by_amount


def stream_problems(streams: Iterable["StreamSeen"], trades: Sequence[str]) -> list[str]:
    """Return what is wrong with the fills of streams: each has a part of all fills, in order and without a hole."""
    place = {trade: number for number, trade in enumerate(trades)}
    problems = []
    for stream in streams:
        numbers = [place.get(trade, -1) for trade in stream.trades]
        if numbers and numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            problems.append(f"a stream at {stream.replica} has fills {numbers}, which are no part of the log")
        if stream.is_last and trades and stream.trades and stream.trades[-1] != trades[-1]:
            problems.append(f"the last frame at {stream.replica} is {stream.trades[-1]}, the last fill {trades[-1]}")
    return problems
