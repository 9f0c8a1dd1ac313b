"""Histories: clients write and read while a server and its database are killed, stopped and cut off, by a seed.

What the clients saw is compared with the log at the end: every acknowledged deposit is in it once, every read was a
part of it that had what was acknowledged before, every step of a script was carried out once, and an answer
is a success, or a refusal with its reason.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from threading import Event, Lock, Thread
from typing import Any

import httpx
from click.testing import CliRunner

from mockexchange.cli import main as cli
from tests.helpers.postgres import PostgresServer, program

SANDBOXES = ("default", "paced", "other")
CLIENTS = 4
READ_RECORDS = 1_000
"""More than the steps that become due while the database is away."""
TOKEN = "histories"
SCENARIO = "scenario: histories\naccounts: {bob: {}}\n"
PACED = {"scenario": "paced", "accounts": {"bob": {}}}
STEP = {"name": "tick", "after": "50ms", "every": "50ms", "deposit": {"account": "bob", "amount": 0.01}}
EXPECTED = ("store_unavailable", "sandbox_ended")
"""Refusals while the database is away, and while the server ends."""
READY_SECONDS_MAX = 60
STOPPED_SECONDS_MAX = 8
"""Longer than a server waits for the answer of its database."""


class Observations:
    """What clients saw: deposits by whether they were acknowledged, lines of logs, and answers that should not be."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, set[int]] = {name: set() for name in SANDBOXES}
        self.tried: dict[str, set[int]] = {name: set() for name in SANDBOXES}
        self.lines: dict[str, dict[int, bytes]] = {name: {} for name in SANDBOXES}
        self.statuses = Counter[int]()
        self.problems: list[str] = []
        self.summary = ""
        self.lock = Lock()
        self._numbers = iter(range(1, 10**9))

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


class Service:
    """A server on one port, which is started again after each end."""

    def __init__(self, home: Path, store: str) -> None:
        self.home, self.store = home, store
        (home / "histories.yaml").write_text(SCENARIO)
        self.port = 0
        self.start()

    def start(self) -> None:
        ready = self.home / "ready.json"
        ready.unlink(missing_ok=True)
        options = ["--scenario", "histories.yaml", "--token", TOKEN, "--port", str(self.port), "--quiet"]
        command = [sys.executable, "-m", "mockexchange", "serve", "--store", self.store, *options]
        with (self.home / "log.txt").open("ab") as log:
            self.process = subprocess.Popen([*command, "--ready-file", ready], cwd=self.home, stderr=log)
        until = time.monotonic() + READY_SECONDS_MAX
        while not ready.exists():
            if self.process.poll() is not None:  # the database is away, or still has the lock of the one before
                return
            assert time.monotonic() < until, "the server is not ready"
            time.sleep(0.02)
        self.url = json.loads(ready.read_text())["control_url"]
        self.port = int(self.url.removesuffix("/_mock").rpartition(":")[2])

    def end(self, number: int) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait()

    def be_there(self) -> None:
        """Start the server until it runs."""
        for _ in range(30):
            if self.process.poll() is None:
                return
            self.start()
            if self.process.poll() is not None:
                time.sleep(0.5)
        raise AssertionError((self.home / "log.txt").read_text()[-2_000:])


def live(service: Service, seed: int, seen: Observations, is_over: Event) -> None:
    """Deposit different amounts in any sandbox, and read the ends of logs, until all is over."""
    random = Random(seed)
    with httpx.Client(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=90) as client:
        while not is_over.is_set():
            name = random.choice(SANDBOXES)
            try:
                act(client, f"{service.url}/sandboxes/{name}", name, seen)
            except httpx.HTTPError:
                is_over.wait(0.02)


def act(client: httpx.Client, url: str, name: str, seen: Observations) -> None:
    amount = seen.next_amount(name)
    deposit = [{"deposit": {"account": "bob", "amount": amount}}]
    if judge(client.post(f"{url}/commands", json=deposit), seen):
        with seen.lock:
            seen.acknowledged[name].add(amount)
        reply = client.get(f"{url}/log?last={READ_RECORDS}")
        if judge(reply, seen) and amount not in seen.note_lines(name, reply.content):
            with seen.lock:
                seen.problems.append(f"{name}: a read after the answer to the deposit of {amount} does not have it")


def judge(reply: httpx.Response, seen: Observations) -> bool:
    """Note an answer; return whether it is a success."""
    with seen.lock:
        seen.statuses[reply.status_code] += 1
        if reply.status_code != 200 and reply.json()["error"]["code"] not in EXPECTED:
            seen.problems.append(f"{reply.status_code}: {reply.text[:300]}")
    return reply.status_code == 200


def nemeses(service: Service, server: PostgresServer | None) -> Mapping[str, Callable[[Random], object]]:
    """Return what may be done to the server and its database, by name."""

    def stop_backends(random: Random) -> None:
        assert server is not None
        server.pause(signal.SIGSTOP)
        time.sleep(random.random() * STOPPED_SECONDS_MAX)
        server.pause(signal.SIGCONT)

    def kill_database(random: Random) -> None:
        assert server is not None
        server.stop(signal.SIGKILL)
        time.sleep(random.random())
        server.start_surely()

    def cut_connections(random: Random) -> None:
        assert server is not None
        own = "application_name ~ '^mockexchange'"
        server.run_sql(f"select pg_terminate_backend(pid) from pg_stat_activity where {own}")

    of_server: dict[str, Callable[[Random], object]] = {
        "kill server": lambda _: service.end(signal.SIGKILL),
        "end server": lambda _: service.end(signal.SIGTERM),
        "none": lambda _: None,
    }
    of_database = {"stop backends": stop_backends, "kill database": kill_database, "cut connections": cut_connections}
    return of_server | of_database if server else of_server


def drawn(random: Random, names: Iterable[str], seconds: float) -> Iterator[str]:
    """Yield one name after the other until the time is over."""
    until, sorted_names = time.monotonic() + seconds, sorted(names)
    while time.monotonic() < until:
        yield random.choice(sorted_names)


def torment(
    service: Service, server: PostgresServer | None, random: Random, chosen: float | Sequence[str]
) -> Counter[str]:
    """Do nemeses for some seconds, or those that are named."""
    known, done = nemeses(service, server), Counter[str]()
    for name in drawn(random, known, chosen) if isinstance(chosen, float) else chosen:
        time.sleep(0.2 + random.random())
        known[name](random)
        done[name] += 1
        service.be_there()
    return done


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
    return problems


def history(
    home: Path, server: PostgresServer | None, seed: int, chosen: float | Sequence[str]
) -> tuple[Observations, list[str]]:
    """Live through a history of some seconds, or of named nemeses; return what was seen, and what is wrong."""
    store = server.url.text if server else f"sqlite:{home}/histories.db"
    service, seen, is_over, random = Service(home, store), Observations(), Event(), Random(seed)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for name in SANDBOXES[1:]:
        httpx.put(f"{service.url}/sandboxes/{name}", json={"scenario": PACED}, headers=headers).raise_for_status()
    httpx.post(f"{service.url}/sandboxes/paced/script", json=STEP, headers=headers).raise_for_status()
    threads = [Thread(target=live, args=(service, seed * 100 + each, seen, is_over)) for each in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        done = torment(service, server, random, chosen)
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    service.end(signal.SIGKILL)
    problems = differences(seen, {name: stored(store, "export", name) for name in SANDBOXES})
    problems += [line.decode() for line in stored(store, "check", "--json").splitlines()]
    acknowledged = sum(map(len, seen.acknowledged.values()))
    seen.summary = f"seed {seed}: {acknowledged} deposits acknowledged, answers {dict(seen.statuses)}, {dict(done)}"
    return seen, problems


def stored(store: str, command: str, *arguments: str) -> bytes:
    """Return what `mockexchange store` prints, which reads everything and carries every log out again."""
    return CliRunner().invoke(cli, ["store", command, store, *arguments]).stdout_bytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="postgres")
    given = parser.parse_args()
    initdb, postgres = program("initdb"), program("postgres")
    with tempfile.TemporaryDirectory() as home:
        server = None
        if given.engine == "postgres":
            assert initdb is not None, "PostgreSQL is not installed"
            assert postgres is not None, "PostgreSQL is not installed"
            server = PostgresServer(initdb, postgres)
        try:
            seen, problems = history(Path(home), server, given.seed, given.seconds)
        finally:
            if server:
                with suppress(ProcessLookupError):
                    server.remove()
    sys.stdout.write(
        "\n".join([seen.summary, *problems[:50]] if problems else [seen.summary, "nothing is wrong"]) + "\n"
    )
    raise SystemExit(bool(problems))


if __name__ == "__main__":
    main()
