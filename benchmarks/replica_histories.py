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

from benchmarks.kills import read_balance, replay_differences, signed_get, truth
from benchmarks.nemesis_names import require_known
from benchmarks.network import Machine
from benchmarks.observations import SANDBOXES, Observations, StreamSeen, act, differences, stream_problems
from benchmarks.one_server import ACCOUNTS, stored
from benchmarks.replica_set import HEADERS, ReplicaProcess, ReplicaSet
from mockexchange.clients.request_signers import UnsignedRequest, sign
from tests.helpers.postgres import PostgresServer

CLIENTS = 4
PATIENT = {"auth": {"past": "1h", "future": "1h"}}
"""Clocks of the servers differ by minutes."""
OTHER = {"scenario": "histories", **ACCOUNTS, **PATIENT}
STEP = {"name": "tick", "after": "50ms", "every": "50ms", "deposit": {"account": "bob", "amount": 0.01}}
FILLS = "/trade-api/v2/portfolio/fills?limit=1000"
STREAM = "/trade-api/ws/v2"
SUBSCRIBE = json.dumps({"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"]}})

CLOCKS = ("clock +60 s", "clock -60 s")
Credentials = dict[str, dict[str, Any]]
DIFFERS = "differs from the home's"
"""The report of a server whose copy has another digest than the home's."""
LATE_S_MAX = 10.0
"""The seconds that a listener waits for the last fill, after the last deposit was answered."""


class Ending:
    """The end of a history for its listeners: it begins when no client deposits any more.

    A listener that ended before would take a fill that is not the last for the last one.
    """

    def __init__(self) -> None:
        self.has_begun = Event()
        self._last_trade, self._ends_s = "", 0.0

    def begin(self, replica: ReplicaProcess, credential: dict[str, Any]) -> None:
        """Let listeners wait for the last fill, which a server shows; without an answer, for a while."""
        with suppress(httpx.HTTPError, LookupError), httpx.Client(timeout=25) as client:
            self._last_trade = _all_trades(client, replica.base, credential)[-1]
        self._ends_s = time.monotonic() + LATE_S_MAX
        self.has_begun.set()

    def is_reached(self, trades: Sequence[str]) -> bool:
        """Return whether a stream with these fills has nothing to wait for."""
        if not self.has_begun.is_set():
            return False
        return not trades or trades[-1] == self._last_trade or time.monotonic() > self._ends_s


def replica_history(
    home: Path,
    database: PostgresServer,
    seed: int,
    chosen: float | Sequence[str],
    machines: Sequence[Machine] = (),
    *,
    plants: Sequence[str] = (),
    count: int = 3,
    among: Sequence[str] = (),
) -> tuple[Observations, list[str]]:
    """Live through a history of some seconds, or of named nemeses; return what was seen, and what is wrong."""
    seen, is_over, ending, random = Observations(), Event(), Ending(), Random(seed)
    replicas = ReplicaSet(home, database, machines, plants, count)
    try:
        require_known(among, replicas.nemeses())
        credentials = _prepare(replicas.replicas[0])
        clients = [
            Thread(target=_live, args=(replicas, seed * 100 + each, seen, is_over, credentials))
            for each in range(CLIENTS)
        ]
        listeners = [Thread(target=_listen, args=(one, seen, ending, credentials)) for one in replicas.replicas]
        for thread in (*listeners, *clients):
            thread.start()
        done = Counter[str]()
        try:
            done = _torment(replicas, random, chosen, among)
            replicas.be_there()
            time.sleep(1)  # clients go on a moment with all servers
        finally:
            is_over.set()
            for thread in clients:
                thread.join()
            ending.begin(replicas.replicas[0], credentials["default"])
            for thread in listeners:
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
    """Deposit at any server, and read balances at any server, until all is over; as a session if servers want that."""
    random, numbers = Random(seed), dict.fromkeys(SANDBOXES, 0)
    with httpx.Client(headers=HEADERS, timeout=25) as client, httpx.Client(timeout=25) as plain:
        while not is_over.is_set():
            name = random.choice(SANDBOXES)
            try:
                writer, reader = random.choice(replicas.replicas), random.choice(replicas.replicas)
                url = f"{writer.base}/_mock/sandboxes/{name}"
                numbers[name] = max(numbers[name], act(client, url, name, seen, reads=random.random() < 0.2))
                for _ in range(3):
                    wanted = numbers[name] if replicas.is_session else None
                    found = read_balance(plain, reader.base, reader.name, name, seen, credentials[name], wanted=wanted)
                    numbers[name] = max(numbers[name], found)
            except httpx.HTTPError:
                is_over.wait(0.02)


def _listen(replica: ReplicaProcess, seen: Observations, ending: Ending, credentials: Credentials) -> None:
    """Read the fills of one sandbox from streams of a server, one after the other."""
    while not ending.has_begun.is_set():
        trades: list[str] = []
        is_last = False
        with suppress(OSError, TimeoutError, WebSocketException):
            _read_stream(replica, trades, ending, credentials["default"])
            is_last = True
        if trades:
            with seen.lock:
                seen.frames.append(StreamSeen(replica.name, trades, is_last))
        ending.has_begun.wait(0.1)


def _read_stream(replica: ReplicaProcess, trades: list[str], ending: Ending, credential: dict[str, Any]) -> None:
    """Read the fills of one stream to the end of the history. Raises OSError and WebSocketException."""
    headers = sign("kalshi", credential, UnsignedRequest("GET", STREAM, b""))
    url = replica.base.replace("http", "ws") + STREAM
    with connect(url, additional_headers=headers, open_timeout=20, close_timeout=1) as stream:
        stream.send(SUBSCRIBE)
        while not ending.is_reached(trades):
            with suppress(TimeoutError):
                frame = json.loads(stream.recv(0.2))
                if frame["type"] == "fill":
                    trades.append(frame["msg"]["trade_id"])


def _torment(replicas: ReplicaSet, random: Random, chosen: float | Sequence[str], among: Sequence[str]) -> Counter[str]:
    """Do nemeses for some seconds, those of `among` or all; or those that are chosen, in order."""
    known, done, until = replicas.nemeses(), Counter[str](), time.monotonic()
    names = list(chosen) if not isinstance(chosen, float) else []
    while names or (isinstance(chosen, float) and time.monotonic() < until + chosen):
        name = names.pop(0) if names else random.choice(sorted(among or known))
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
    problems += [f"{one.name}: {line}" for one in replicas.replicas for line in one.lines() if DIFFERS in line]
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
