"""The latency of one sandbox while another one is at its quotas, beside its latency alone.

    python -m benchmarks.quotas [--smoke] [--seconds 5]

Both sandboxes are of one server. Four programs send commands to the loud one, as fast as they can and far above its
quota; a client of the quiet one asks for a public page, again and again. The same without quotas is for comparison.
"""

import argparse
import http.client
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

TOKEN = "benchmark-of-quotas"  # of a server that ends with this program
LOUD, QUIET = "loud", "quiet"
QUOTAS = ("commands=1000",)
SCENARIO = {
    "scenario": "small",
    "accounts": {"alice": {"cash": 1_000_000}},
    "markets": {"M": {"event": "E", "series": "S"}},
}
STEPS = [{"deposit": {"account": "alice", "amount": 1}}] * 20
SENDERS, SETTLE_S = 4, 1.0
SPAWN = multiprocessing.get_context("spawn")


@contextmanager
def serving(quotas: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Yield the ready file of a server with both sandboxes, each on a port of its own."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        options = [word for quota in quotas for word in ("--quota", quota)]
        command = [sys.executable, "-m", "mockexchange", "serve", "--port", "0", "--scenario", "empty", "--quiet"]
        server = subprocess.Popen([*command, "--token", TOKEN, "--ready-file", str(ready), *options])
        try:
            while not ready.exists():
                if server.poll() is not None:
                    raise SystemExit("the server did not start")
                time.sleep(0.02)
            yield json.loads(ready.read_text())
        finally:
            server.terminate()
            server.wait()


class Control:
    """A connection to the control API."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self._connection = http.client.HTTPConnection(ready["control_url"].split("/")[2])

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Return the status and the body of an answer; `path` is below the sandboxes."""
        self._connection.request(
            method, f"/_mock/sandboxes{path}", json.dumps(body), {"Authorization": f"Bearer {TOKEN}"}
        )
        answer = self._connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None


def made(control: Control, name: str) -> dict[str, Any]:
    status, sandbox = control.ask("POST", "", {"name": name, "scenario": SCENARIO, "port": 0})
    if status != 201:
        raise SystemExit(f"the sandbox was refused: {sandbox}")
    return dict(sandbox)


def latencies_us(base_url: str, seconds: float) -> list[float]:
    """Return the latencies of a public page, asked for again and again."""
    host, path = base_url.split("/", 3)[2:]
    connection = http.client.HTTPConnection(host)
    taken, ends_at = [], time.monotonic() + seconds
    while time.monotonic() < ends_at:
        began = time.perf_counter()
        connection.request("GET", f"/{path}/exchange/status")
        connection.getresponse().read()
        taken.append((time.perf_counter() - began) * 1e6)
    return taken


def send_commands(ready: dict[str, Any]) -> None:
    control = Control(ready)
    while True:
        status, answer = control.ask("POST", f"/{LOUD}/commands", STEPS)
        assert status in {200, 409}, answer


@contextmanager
def noise(ready: dict[str, Any]) -> Iterator[None]:
    """Send commands to the loud sandbox, each sender in a process of its own."""
    senders = [SPAWN.Process(target=send_commands, args=(ready,), daemon=True) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    time.sleep(SETTLE_S)
    try:
        yield
    finally:
        for sender in senders:
            sender.terminate()
            sender.join()


def report(title: str, taken: list[float]) -> None:
    cuts = quantiles(taken, n=100)
    print(f"{title:32} {len(taken):7,} requests   p50 {cuts[49]:7.0f} us   p99 {cuts[98]:7.0f} us")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    seconds = 0.3 if given.smoke else given.seconds
    for title, quotas in (("beside one at its quotas", QUOTAS), ("beside one without quotas", ())):
        with serving(quotas) as ready:
            control = Control(ready)
            made(control, LOUD)
            quiet = made(control, QUIET)
            alone = latencies_us(quiet["base_url"], seconds)
            with noise(ready):
                beside = latencies_us(quiet["base_url"], seconds)
            report("alone", alone)
            report(title, beside)


if __name__ == "__main__":
    main()
