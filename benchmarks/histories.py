"""Histories: clients write and read while a server and its database are killed, stopped and cut off, by a seed.

What the clients saw is compared with the log at the end: every acknowledged deposit is in it once, every read was a
part of it that had what was acknowledged before, every step of a script was carried out once, and an answer is a
success, or a refusal with its reason. With `--workers N` the server has so many processes, which are killed and held;
with `--replicas N` clients speak to several servers on one database, whose clocks differ by minutes and whose networks
are cut; with `--kills N` one server is killed so many times. `--nemesis NAME` does that alone.
"""

import argparse
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any

import httpx

from benchmarks.kills import credential_of, kills, read_balance
from benchmarks.nemesis_names import require_known
from benchmarks.network import Machine, enter_own_network
from benchmarks.observations import SANDBOXES, Observations, act, differences
from benchmarks.one_server import ACCOUNTS, TOKEN, Service, stored
from benchmarks.planted import PLANTS
from benchmarks.replica_histories import CLOCKS, replica_history
from tests.helpers.postgres import PostgresServer, program

CLIENTS = 4
PACED = {"scenario": "paced", **ACCOUNTS}
STEP = {"name": "tick", "after": "50ms", "every": "50ms", "deposit": {"account": "bob", "amount": 0.01}}
STOPPED_SECONDS_MAX = 8
"""Longer than a server waits for the answer of its database."""


def live(
    service: Service, seed: int, seen: Observations, is_over: Event, credential: dict[str, Any] | None = None
) -> None:
    """Deposit different amounts in any sandbox, and read the ends of logs, until all is over.

    With a credential of the default sandbox, read its balance too.
    """
    random = Random(seed)
    with httpx.Client(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=90) as client:
        while not is_over.is_set():
            name = random.choice(SANDBOXES)
            try:
                reads_log = credential is None or random.random() < 0.5  # else the balance is read at once
                act(client, f"{service.url}/sandboxes/{name}", name, seen, reads=reads_log)
                if credential is not None:
                    _read_with_a_connection_of_its_own(service, seen, credential)
            except httpx.HTTPError:
                is_over.wait(0.02)


def _read_with_a_connection_of_its_own(service: Service, seen: Observations, credential: dict[str, Any]) -> None:
    """Read a balance at one of the workers: one that has written stays with the first."""
    with httpx.Client(timeout=90) as client:
        read_balance(client, service.url.removesuffix("/_mock"), "the server", "default", seen, credential)


def nemeses(service: Service, server: PostgresServer | None) -> Mapping[str, Callable[[Random], object]]:
    """Return what may be done to the server and its database, by name."""

    def stop_backends(random: Random) -> None:
        assert server is not None
        with server.paused():
            time.sleep(random.random() * STOPPED_SECONDS_MAX)

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
    if len(service.workers()) > 1:
        of_server["kill worker"] = lambda random: os.kill(random.choice(service.workers()), signal.SIGKILL)
        of_server["hold worker"] = lambda random: hold(random.choice(service.workers()), random)
    of_database = {"stop backends": stop_backends, "kill database": kill_database, "cut connections": cut_connections}
    return of_server | of_database if server else of_server


def hold(process: int, random: Random) -> None:
    """Stop a process for a while."""
    os.kill(process, signal.SIGSTOP)
    time.sleep(random.random() * 2)
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGCONT)


def drawn(random: Random, names: Iterable[str], seconds: float) -> Iterator[str]:
    """Yield one name after the other until the time is over."""
    until, sorted_names = time.monotonic() + seconds, sorted(names)
    while time.monotonic() < until:
        yield random.choice(sorted_names)


def torment(
    service: Service,
    server: PostgresServer | None,
    random: Random,
    chosen: float | Sequence[str],
    among: Sequence[str] = (),
) -> Counter[str]:
    """Do nemeses for some seconds, those of `among` or all; or those that are chosen, in order."""
    known, done = nemeses(service, server), Counter[str]()
    for name in drawn(random, among or known, chosen) if isinstance(chosen, float) else chosen:
        time.sleep(0.2 + random.random())
        known[name](random)
        done[name] += 1
        service.be_there()
    return done


def history(
    home: Path,
    server: PostgresServer | None,
    seed: int,
    chosen: float | Sequence[str],
    *,
    among: Sequence[str] = (),
    workers: int = 1,
    plant: str = "",
) -> tuple[Observations, list[str]]:
    """Live through a history of some seconds, or of named nemeses; return what was seen, and what is wrong."""
    store = server.url.text if server else f"sqlite:{home}/histories.db"
    options = ["--scenario", "histories.yaml", "--workers", str(workers)]
    service, seen, is_over, random = Service(home, store, options, plant), Observations(), Event(), Random(seed)
    credential = credential_of(home) if workers > 1 else None
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for name in SANDBOXES[1:]:
        httpx.put(f"{service.url}/sandboxes/{name}", json={"scenario": PACED}, headers=headers).raise_for_status()
    httpx.post(f"{service.url}/sandboxes/paced/script", json=STEP, headers=headers).raise_for_status()
    threads = [
        Thread(target=live, args=(service, seed * 100 + each, seen, is_over, credential)) for each in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    try:
        require_known(among, nemeses(service, server))
        done = torment(service, server, random, chosen, among)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="postgres")
    parser.add_argument(
        "--replicas", type=int, default=0, help="so many servers on one PostgreSQL, in networks of their own"
    )
    parser.add_argument("--workers", type=int, default=1, help="so many processes of one server on SQLite")
    parser.add_argument(
        "--nemesis", action="append", default=[], help="one of those that the summary names, such as 'kill server'"
    )
    parser.add_argument("--plant", choices=PLANTS, default="", help="a bug in every server, which has to be found")
    parser.add_argument("--kills", type=int, default=0, help="instead: so often `kill -9` while clients deposit")
    parser.add_argument("--commands", type=int, default=10_000, help="with --kills: deposits that are acknowledged")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        home, machines = Path(name), list[Machine]()
        if given.replicas:
            machines = _machines(given.replicas + 1, stack)
        server = _database(machines, stack) if given.engine == "postgres" or given.replicas else None
        if given.kills:
            seen, problems = kills(home, server, given.seed, given.kills, given.commands)
        elif given.replicas:
            assert server is not None
            plants = [given.plant] * given.replicas if given.plant else ["", *CLOCKS]
            seen, problems = replica_history(
                home,
                server,
                given.seed,
                given.seconds,
                machines,
                plants=plants,
                count=given.replicas,
                among=given.nemesis,
            )
        else:
            seen, problems = history(
                home, server, given.seed, given.seconds, among=given.nemesis, workers=given.workers, plant=given.plant
            )
    print("\n".join([seen.summary, *problems[:50], "" if problems else "nothing is wrong"]))
    raise SystemExit(bool(problems))


def _machines(count: int, stack: ExitStack) -> list[Machine]:
    """Return machines in a network of their own, the database's first; none where that is not possible."""
    reason = enter_own_network()
    if reason:
        print(f"SKIPPED: partitions of the network, since {reason}")
        return []
    machines = [Machine(number) for number in range(count)]
    for machine in machines:
        stack.callback(machine.remove)
    return machines


def _database(machines: Sequence[Machine], stack: ExitStack) -> PostgresServer:
    initdb, postgres = program("initdb"), program("postgres")
    assert initdb is not None, "PostgreSQL is not installed"
    assert postgres is not None, "PostgreSQL is not installed"
    server = PostgresServer(initdb, postgres, *((machines[0].inside, machines[0].address) if machines else ()))

    def remove() -> None:
        with suppress(ProcessLookupError):
            server.remove()

    stack.callback(remove)
    return server


if __name__ == "__main__":
    main()
