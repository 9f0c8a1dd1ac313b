"""Histories of several servers on one database: clients speak to any of them, while they are killed, held and parted.

Besides the checks of one server: a balance that any server shows is one that the log gives, it has what was
acknowledged before, and no read is older than one that ended before it; streams of every server have a part of the
fills in order, and at the end the last one; what all servers show at the end is what a replay of the log gives.
"""

import json
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from benchmarks.kills import replay_differences, signed_get, truth
from benchmarks.network import Machine
from benchmarks.observations import SANDBOXES, Observations, Read, StreamSeen, act, differences, stream_problems
from benchmarks.one_server import ACCOUNTS, stored
from benchmarks.replica_set import HEADERS, ReplicaProcess, ReplicaSet
from mockexchange.clients.request_signers import UnsignedRequest, sign
from tests.helpers.postgres import PostgresServer

CLIENTS = 4
PATIENT = {"auth": {"past": "1h", "future": "1h"}}
"""Clocks of the servers differ by minutes."""
OTHER = {"scenario": "histories", **ACCOUNTS, **PATIENT}
STEP = {"name": "tick", "after": "50ms", "every": "50ms", "deposit": {"account": "bob", "amount": 0.01}}
BALANCE = "/trade-api/v2/portfolio/balance"
FILLS = "/trade-api/v2/portfolio/fills?limit=1000"
STREAM = "/trade-api/ws/v2"
SUBSCRIBE = json.dumps({"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"]}})

CLOCKS = ("clock +60 s", "clock -60 s")
Credentials = dict[str, dict[str, Any]]


def replica_history(
    home: Path,
    database: PostgresServer,
    seed: int,
    chosen: float | Sequence[str],
    machines: Sequence[Machine] = (),
    *,
    plants: Sequence[str] = (),
    count: int = 3,
) -> tuple[Observations, list[str]]:
    """Live through a history of some seconds, or of named nemeses; return what was seen, and what is wrong."""
    seen, is_over, random = Observations(), Event(), Random(seed)
    replicas = ReplicaSet(home, database, machines, plants, count)
    try:
        credentials = _prepare(replicas.replicas[0])
        threads = [
            Thread(target=_live, args=(replicas, seed * 100 + each, seen, is_over, credentials))
            for each in range(CLIENTS)
        ]
        threads += [Thread(target=_listen, args=(one, seen, is_over, credentials)) for one in replicas.replicas]
        for thread in threads:
            thread.start()
        done = Counter[str]()
        try:
            done = _torment(replicas, random, chosen)
            replicas.be_there()
            time.sleep(1)  # clients go on a moment with all servers
        finally:
            is_over.set()
            for thread in threads:
                thread.join()
        replayed = SANDBOXES if isinstance(chosen, float) else SANDBOXES[:1]
        problems = _compare_at_the_end(home, replicas, seen, credentials, replayed)
    finally:
        replicas.end()
    acknowledged = sum(map(len, seen.acknowledged.values()))
    seen.summary = (
        f"seed {seed}, {count} replicas{' in networks of their own' if machines else ''}: {acknowledged} deposits"
        f" acknowledged, {len(seen.reads)} reads of balances, {len(seen.frames)} streams with"
        f" {sum(len(one.trades) for one in seen.frames)} fills, answers {dict(seen.statuses)}, {dict(done)}"
    )
    return seen, problems


def _prepare(replica: ReplicaProcess) -> Credentials:
    """Create the sandboxes; return the key of each."""
    with httpx.Client(headers=HEADERS, base_url=f"{replica.base}/_mock", timeout=60) as client:
        for name in SANDBOXES:
            client.put(f"/sandboxes/{name}", json={"scenario": OTHER}).raise_for_status()
        client.post("/sandboxes/paced/script", json=STEP).raise_for_status()
        shown = {name: client.get(f"/sandboxes/{name}").json()["accounts"][0] for name in SANDBOXES}
    return {name: {key: one[key] for key in ("key_id", "private_key_pem", "secret")} for name, one in shown.items()}


def _live(replicas: ReplicaSet, seed: int, seen: Observations, is_over: Event, credentials: Credentials) -> None:
    """Deposit at any server, and read balances at any server, until all is over."""
    random = Random(seed)
    with httpx.Client(headers=HEADERS, timeout=25) as client, httpx.Client(timeout=25) as plain:
        while not is_over.is_set():
            name = random.choice(SANDBOXES)
            try:
                writer, reader = random.choice(replicas.replicas), random.choice(replicas.replicas)
                act(client, f"{writer.base}/_mock/sandboxes/{name}", name, seen, reads=random.random() < 0.2)
                for _ in range(3):
                    _read(plain, reader, name, seen, credentials)
            except httpx.HTTPError:
                is_over.wait(0.02)


def _read(
    client: httpx.Client, replica: ReplicaProcess, name: str, seen: Observations, credentials: Credentials
) -> None:
    began = time.monotonic()
    reply = signed_get(client, replica.base, BALANCE, credentials[name])
    ended = time.monotonic()
    with seen.lock:
        seen.statuses[reply.status_code] += 1
        if reply.status_code == 200:
            seen.reads.append(Read(began, ended, name, reply.json()["balance"], replica.name))
        elif reply.status_code != 503 or not reply.headers.get("x-mock-diagnosis"):
            seen.problems.append(f"{replica.name}: {reply.status_code} to a read: {reply.text[:300]}")


def _listen(replica: ReplicaProcess, seen: Observations, is_over: Event, credentials: Credentials) -> None:
    """Read the fills of one sandbox from streams of a server, one after the other."""
    while not is_over.is_set():
        trades: list[str] = []
        is_last = False
        with suppress(OSError, TimeoutError, WebSocketException):
            is_last = _read_stream(replica, trades, seen, is_over, credentials["default"])
        if trades:
            with seen.lock:
                seen.frames.append(StreamSeen(replica.name, trades, is_last))
        is_over.wait(0.1)


def _read_stream(
    replica: ReplicaProcess, trades: list[str], seen: Observations, is_over: Event, credential: dict[str, Any]
) -> bool:
    """Read one stream until it ends; return whether it was there to the end of the history."""
    headers = sign("kalshi", credential, UnsignedRequest("GET", STREAM, b""))
    url = replica.base.replace("http", "ws") + STREAM
    with connect(url, additional_headers=headers, open_timeout=20, close_timeout=1) as stream:
        stream.send(SUBSCRIBE)
        quiet_until = 0.0
        while not quiet_until or time.monotonic() < quiet_until:
            with suppress(TimeoutError):
                frame = json.loads(stream.recv(0.2))
                if frame["type"] == "fill":
                    trades.append(frame["msg"]["trade_id"])
                    quiet_until = 0.0
            if is_over.is_set() and not quiet_until:
                quiet_until = time.monotonic() + 1.0
    return True


def _torment(replicas: ReplicaSet, random: Random, chosen: float | Sequence[str]) -> Counter[str]:
    """Do nemeses for some seconds, or those that are named."""
    known, done, until = replicas.nemeses(), Counter[str](), time.monotonic()
    names = list(chosen) if not isinstance(chosen, float) else []
    while names or (isinstance(chosen, float) and time.monotonic() < until + chosen):
        name = names.pop(0) if names else random.choice(sorted(known))
        time.sleep(0.2 + random.random())
        known[name](random)
        done[name] += 1
        replicas.be_there()
    return done


def _compare_at_the_end(
    home: Path, replicas: ReplicaSet, seen: Observations, credentials: Credentials, replayed: Sequence[str]
) -> list[str]:
    """Stop the script, and compare what every server shows with the logs, and with replays of some."""
    control = f"{replicas.replicas[0].base}/_mock/sandboxes/paced/clock"
    httpx.post(control, json={"run": "paused"}, headers=HEADERS, timeout=60).raise_for_status()
    answers = {
        name: {one.name: truth(f"{one.base}/_mock", credentials[name]) for one in replicas.replicas}
        for name in SANDBOXES
    }
    with httpx.Client(timeout=60) as client:
        trades = _all_trades(client, replicas.replicas[0].base, credentials["default"])
    replicas.end()
    store = replicas.store
    logs = {name: stored(store, "export", name) for name in SANDBOXES}
    problems = differences(seen, logs) + stored(store, "check", "--json").decode().splitlines()
    problems += stream_problems(seen.frames, trades)
    for name in replayed:
        problems += replay_differences(home / f"replay-{name}", logs[name], answers[name], credentials[name])
    return problems


def _all_trades(client: httpx.Client, base: str, credential: dict[str, Any]) -> list[str]:
    """Return the fills of a sandbox, the oldest first."""
    found: list[str] = []
    cursor = ""
    while True:
        page = signed_get(client, base, f"{FILLS}{cursor and '&cursor='}{cursor}", credential).json()
        found += [row["trade_id"] for row in page["fills"]]
        cursor = page["cursor"]
        if not cursor:
            return found[::-1]
