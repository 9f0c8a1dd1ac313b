"""A server in a process of its own, which is killed and started again."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from mockexchange.cli import main as cli

TOKEN = "histories"  # of servers that end with this program
MARKET = {"event": "RAIN", "series": "RAIN"}
ACCOUNTS: dict[str, Any] = {"accounts": {"bob": {}}, "markets": {"RAIN-1": MARKET}}
SCENARIO = json.dumps({"scenario": "histories", **ACCOUNTS, "auth": {"past": "1h", "future": "1h"}})
READY_SECONDS_MAX = 60


class Service:
    """A server on one port, which is started again after each end."""

    def __init__(
        self, home: Path, store: str, further: Sequence[str] = ("--scenario", "histories.yaml"), plant: str = ""
    ) -> None:
        self.home, self.store, self._further = home, store, further
        self._module = ["benchmarks.planted", plant] if plant else ["mockexchange"]
        (home / "histories.yaml").write_text(SCENARIO)
        self.port = 0
        self.start()

    def start(self) -> None:
        ready = self.home / "ready.json"
        ready.unlink(missing_ok=True)
        options = [*self._further, "--token", TOKEN, "--port", str(self.port), "--quiet"]
        if self.store:
            options += ["--store", self.store]
        command = [sys.executable, "-m", *self._module, "serve", *options, "--ready-file", str(ready)]
        environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
        with (self.home / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.home, stderr=log, env=environment)
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

    def workers(self) -> list[int]:
        """Return the process ids of the workers; a server without them has none."""
        return sorted(map(int, Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()))

    def be_there(self) -> None:
        """Start the server until it runs."""
        for _ in range(30):
            if self.process.poll() is None:
                return
            self.start()
            if self.process.poll() is not None:
                time.sleep(0.5)
        raise AssertionError((self.home / "log.txt").read_text()[-2_000:])


def stored(store: str, command: str, *arguments: str) -> bytes:
    """Return what `mockexchange store` prints, which reads everything and carries every log out again."""
    return CliRunner().invoke(cli, ["store", command, store, *arguments]).stdout_bytes
