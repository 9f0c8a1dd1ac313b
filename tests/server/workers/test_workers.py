"""`serve --workers` from outside: one port, several processes, of which each may be killed."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from mockexchange.cli.click_base import UsageFailure
from mockexchange.cli.serve import options as serve_options
from mockexchange.server.http import listener
from mockexchange.store.postgres.url import PostgresUrl
from tests.helpers.patience import PATIENCE_S, wait_until
from tests.helpers.sandboxes import SMALL
from tests.house.serving import COMMAND, clean_environment, unmeasured, wait_until_ready
from tests.server.live import PREFIX, TOKEN
from tests.server.wire import ADDRESS

TICK = "\nscript:\n  - {name: tick, every: 100ms, deposit: {account: bob, amount: 1}}\n"


@contextmanager
def started(home: Path, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """Run the command; the process is the parent of the workers."""
    home.mkdir(exist_ok=True)
    (home / "small.yaml").write_text(SMALL + TICK)
    ready, log = home / "ready.json", home / "log.txt"
    given = ("--scenario", "small.yaml", "--port", "0", "--token", TOKEN, "--ready-file", str(ready), *options)
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [COMMAND, "serve", *given], cwd=home, env=unmeasured(clean_environment(home)), stdout=stream, stderr=stream
        )
        try:
            yield process, dict(wait_until_ready(process, lambda: ready, log))
        finally:
            process.terminate()
            process.wait(PATIENCE_S)
            assert not ready.exists()


def children_of(pid: int) -> list[int]:
    """Return the workers, the first one first."""
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def send(url: str, body: Any = None) -> Any:
    """Send a request on a connection of its own, again while a worker is replaced; return the answer's JSON."""
    raw = None if body is None else json.dumps(body).encode()

    def answers() -> list[Any]:
        try:
            with urlopen(Request(url, raw, {"Authorization": f"Bearer {TOKEN}"}), timeout=PATIENCE_S) as answer:
                return [json.loads(answer.read())]
        except (URLError, OSError):
            if body is not None:
                raise
            return []

    return wait_until(answers)[0]


def deposits_of(control: str) -> list[dict[str, Any]]:
    with urlopen(Request(f"{control}/sandboxes/default/log", None, {"Authorization": f"Bearer {TOKEN}"})) as answer:
        rows = [json.loads(line) for line in answer.read().splitlines()[1:]]
    return [row for row in rows if "deposit" in row["do"]]


def wait_for_replacement(pid: int, killed: int) -> None:
    wait_until(lambda: killed not in (found := children_of(pid)) and len(found) >= 2)


def test_each_worker_may_be_killed_and_nothing_answered_is_lost(tmp_path: Path) -> None:
    amounts = iter(range(1_000, 9_000))
    acknowledged = []
    with started(tmp_path, "--workers", "2", "--store", "sqlite:mock.db") as (parent, ready):
        control, venue = ready["control_url"], ready["venues"]["kalshi"]["base_url"]
        assert ready["pid"] == parent.pid
        for place in (0, 1):
            for _ in range(5):
                acknowledged.append(next(amounts))
                send(
                    f"{control}/sandboxes/default/commands",
                    [{"deposit": {"account": "bob", "amount": acknowledged[-1]}}],
                )
            killed = children_of(parent.pid)[place]
            os.kill(killed, signal.SIGKILL)
            wait_for_replacement(parent.pid, killed)
            for _ in range(6):  # some of them at each worker
                assert send(f"{venue}/exchange/status")["exchange_active"]
        shown = send(f"{control}/sandboxes/default")
        found = deposits_of(control)
        assert ready["control_token"] == json.loads((tmp_path / "ready.json").read_text())["control_token"]
        with pytest.raises(listener.PortInUse):
            listener.bind_all(ADDRESS, int(venue.split(":")[2].split("/")[0]), 2)
    whole = [row["do"]["deposit"]["amount_micros"] // 10**6 for row in found if not row.get("cause")]
    assert [amount for amount in whole if amount >= 1_000] == acknowledged
    fired = [row["cause"]["repetition"] for row in found if row.get("cause")]
    assert fired == list(range(1, len(fired) + 1))
    assert fired
    assert shown["broken"] is None
    log = (tmp_path / "log.txt").read_text()
    assert log.count("was killed by signal 9: this one has its place") == 2


def test_workers_share_a_temporary_file_and_a_signal_stops_all(tmp_path: Path) -> None:
    with started(tmp_path, "--workers", "3", "--log-format", "json", "--control-port", "0") as (parent, ready):
        workers = children_of(parent.pid)
        assert len(workers) == 3
        entries = []
        for _ in range(20):
            send(f"{ready['venues']['kalshi']['base_url']}/exchange/status")
            entries = send(f"{ready['control_url']}/sandboxes/default/journal")
        assert [entry["path"] for entry in entries if "path" in entry] or len(entries) == 20
        assert [entry["target"] for entry in entries] == [f"{PREFIX}/exchange/status"] * 20
    assert parent.returncode == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    assert not list(tmp_path.glob("**/store.db*"))
    assert all(json.loads(line) for line in (tmp_path / "log.txt").read_text().splitlines())


def test_what_cannot_start_is_said_once(tmp_path: Path) -> None:
    arguments = [
        str(COMMAND),
        "serve",
        "--workers",
        "2",
        "--port",
        "0",
        "--ready-file",
        "ready.json",
        "--scenario",
        "no.yaml",
    ]
    environment = unmeasured(clean_environment(tmp_path))
    done = subprocess.run(
        arguments, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("no.yaml") == 1
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("**/run-*"))


def test_other_systems_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    serve_options.require_workers_possible(2, None, tls=False)
    with pytest.raises(UsageFailure, match="end TLS in a proxy"):
        serve_options.require_workers_possible(2, None, tls=True)
    with pytest.raises(UsageFailure, match="shares an SQLite file"):
        serve_options.require_workers_possible(2, PostgresUrl("postgresql://a@b/c"), tls=False)
    monkeypatch.setattr("sys.platform", "darwin")
    serve_options.require_workers_possible(1, None, tls=True)
    with pytest.raises(UsageFailure, match="only Linux"):
        serve_options.require_workers_possible(2, None, tls=False)
