"""What a store costs on the ways that write: control requests, scripts, batches of a client and single orders.

Run: python -m benchmarks.durability. Each server is a process of its own, in memory or on an SQLite file, in turns; the
figures are those of the server alone, as ratios to memory in the same turn.
"""

import argparse
import http.client
import json
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from benchmarks.load import load_key, repeat, run, signed_request
from benchmarks.one_server import TOKEN, Service
from benchmarks.store_reads import cpu_s

ARRANGEMENTS = {"memory": (), "normal": ("--durability", "normal"), "full": ("--durability", "full")}
SCENARIO = """
scenario: durability
start: 2026-06-20T00:00:00Z
auth: {past: 1h}
accounts: {alice: {cash: 100000000, tier: prime}}
markets: {M: {event: E, series: S}}
"""
FILL = {"account": "alice", "market": "M", "side": "yes", "action": "buy", "count": "1", "price": "0.50"}
ORDER = {"ticker": "M", "side": "bid", "count": "1.00", "price": "0.4200", "time_in_force": "good_till_canceled"}
ORDERS = "/trade-api/v2/portfolio/events/orders"
BATCH = 20
CREATED = 201


class Spent(NamedTuple):
    """Processor time of the server, and time by the clock, in seconds."""

    processor_s: float
    clock_s: float


class Served:
    """A server and one connection to its control API."""

    def __init__(self, home: Path, name: str) -> None:
        (home / "durability.yaml").write_text(SCENARIO)
        options = ("--scenario", "durability.yaml", "--clock", "paused", *ARRANGEMENTS[name])
        store = "" if name == "memory" else f"sqlite:{home / name}.db"
        self.service = Service(home, store, options)
        ready: dict[str, Any] = json.loads((home / "ready.json").read_text())
        [account] = ready["accounts"]
        self.key_id = account["key_id"]
        self.key = load_key(Path(account["private_key_path"]).read_text())
        self.connection = http.client.HTTPConnection("127.0.0.1", self.service.port)

    def control(self, path: str, body: object) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        self.connection.request("POST", f"/_mock/sandboxes/default{path}", json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status < 300, text

    def create(self, path: str, body: object, count: int) -> None:
        """Send a signed write `count` times, one after the other."""
        raw = signed_request(self.service.port, self.key_id, self.key, path=path, body=json.dumps(body).encode())
        run(repeat(self.service.port, raw, count, status=CREATED))

    def end(self) -> None:
        self.connection.close()
        self.service.end(signal.SIGTERM)


def by_request(served: Served, count: int) -> None:
    served.control("/commands", [{"fill": FILL}] * count)


def by_script(served: Served, count: int) -> None:
    served.control("/script", [{"every": "1us", "times": count, "fill": FILL}])
    served.control("/clock", {"advance": "1s"})


def by_batch(served: Served, count: int) -> None:
    order = {**ORDER, "self_trade_prevention_type": "taker_at_cross"}
    served.create(f"{ORDERS}/batched", {"orders": [order] * BATCH}, count // BATCH)


def by_create(served: Served, count: int) -> None:
    served.create(ORDERS, {**ORDER, "self_trade_prevention_type": "taker_at_cross"}, count)


WAYS: dict[str, tuple[Callable[[Served, int], None], float]] = {
    "fills in one control request": (by_request, 1.6),
    "fills of a script": (by_script, 1.6),
    f"orders in batches of {BATCH}": (by_batch, 1.6),
    "single orders over HTTP": (by_create, 1.3),
}
"""Each way with its goal: at most so many times memory."""


def spent(served: Served, way: Callable[[Served, int], None], count: int) -> Spent:
    pid, began = served.service.process.pid, perf_counter()
    before_s = cpu_s(pid)
    way(served, count)
    return Spent(cpu_s(pid) - before_s, perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    found: dict[tuple[str, str], list[Spent]] = {}
    for _ in range(given.rounds):
        for title, (way, _) in WAYS.items():
            for name in ARRANGEMENTS:
                with tempfile.TemporaryDirectory() as home:
                    served = Served(Path(home), name)
                    try:
                        way(served, BATCH)
                        found.setdefault((title, name), []).append(spent(served, way, given.count))
                    finally:
                        served.end()
    print(
        f"{given.count:,} of each, {given.rounds} turns; median ratio to memory: processor time of the server (clock)"
    )
    for title, (_, goal) in WAYS.items():
        memory = found[title, "memory"]
        print(
            f"  {title:30} memory {median(one.processor_s for one in memory) / given.count * 1e6:6.0f} us each", end=""
        )
        for name in ("normal", "full"):
            pairs = list(zip(found[title, name], memory, strict=True))
            processor = median(mine.processor_s / base.processor_s for mine, base in pairs)
            clock = median(mine.clock_s / base.clock_s for mine, base in pairs)
            print(f"; {name} {processor:4.2f} ({clock:5.2f})", end="")
        print(f"; goal {goal}")


if __name__ == "__main__":
    main()
