"""Several servers on one database, in processes of their own, and in networks of their own where the machine allows."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random

import httpx

from benchmarks.network import Machine
from benchmarks.one_server import READY_SECONDS_MAX, SCENARIO, TOKEN
from benchmarks.plant_names import SESSION_IGNORED, SESSION_READS
from tests.helpers.postgres import PostgresServer

HELD_S = (5.0, 7.0)
"""Longer than the others wait for the home."""
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


class ReplicaProcess:
    """One server, which is started again after each end."""

    def __init__(
        self, home: Path, url: str, machine: Machine | None, hosts: Sequence[str] = (), plant: str = ""
    ) -> None:
        home.mkdir()
        (home / "histories.yaml").write_text(SCENARIO)
        self.name, self.home, self.machine = home.name, home, machine
        host = machine.address if machine else "127.0.0.1"
        self.base, peer = f"http://{host}:{free_port()}", f"{host}:{free_port()}"
        self.peer = peer
        options = ["--store", url, "--scenario", "histories.yaml", "--token", TOKEN, "--host", host, "--quiet"]
        options += ["--port", self.base.rpartition(":")[2], "--replica", peer, "--ready-file", "ready.json"]
        for host in hosts:  # since the home answers what others pass on to it
            options += ["--allow-host", host]
        module = ["benchmarks.planted", plant] if plant else ["mockexchange"]
        inside = machine.inside if machine else ()
        self._command = [*inside, sys.executable, "-m", *module, "serve", *options]
        self.process: subprocess.Popen[bytes]

    def start(self) -> None:
        (self.home / "ready.json").unlink(missing_ok=True)
        environment = {"PYTHONPATH": str(Path.cwd()), "HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.home)}
        with (self.home / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(self._command, cwd=self.home, stderr=log, env=environment)

    @property
    def is_ready(self) -> bool:
        return (self.home / "ready.json").exists()

    def wait_until_ready(self) -> None:
        until = time.monotonic() + READY_SECONDS_MAX
        while not self.is_ready:
            assert time.monotonic() < until, self.log
            if self.process.poll() is not None:  # the database was away
                self.start()
            time.sleep(0.02)

    @property
    def log(self) -> str:
        return (self.home / "log.txt").read_text()[-2_000:]

    def lines(self) -> list[str]:
        """Return all that the server has logged."""
        return (self.home / "log.txt").read_text().splitlines()

    def send(self, number: int) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def end(self, number: int = signal.SIGKILL) -> None:
        self.send(number)
        self.process.wait()


class ReplicaSet:
    """The servers and their database; what may be done to them."""

    def __init__(
        self, home: Path, database: PostgresServer, machines: Sequence[Machine], plants: Sequence[str], count: int
    ) -> None:
        """`machines`: that of the database first; empty: all is on this one. `plants`: what is changed in a server."""
        self._database, self._machines = database, machines
        self.is_session = SESSION_READS in plants or SESSION_IGNORED in plants
        """Whether a read has only to contain the command whose number it sends."""
        self.store = database.url.text
        url = database.outer_url.text if machines else database.url.text
        given = [*plants, *[""] * count][:count]
        own: Sequence[Machine | None] = machines[1:] or [None] * count
        hosts = [machine.address for machine in machines[1:]]
        self.replicas = [
            ReplicaProcess(home / f"r{number}", url, machine, hosts, plant)
            for number, (machine, plant) in enumerate(zip(own, given, strict=True), start=1)
        ]
        for replica in self.replicas:
            replica.start()
            replica.wait_until_ready()

    def end(self) -> None:
        for replica in self.replicas:
            replica.send(signal.SIGCONT)
            replica.end()

    def be_there(self) -> None:
        """Start the servers that have ended, and wait until each answers."""
        for replica in self.replicas:
            if replica.process.poll() is not None:
                replica.start()
        for replica in self.replicas:
            replica.wait_until_ready()
            until = time.monotonic() + READY_SECONDS_MAX
            while not _answers(replica):
                assert time.monotonic() < until, f"{replica.name} does not answer: {replica.log}"

    def home_and_others(self) -> tuple[ReplicaProcess, list[ReplicaProcess]]:
        """Return the home, as the database has it, and the others."""
        [[address]] = self._database.run_sql("select address from mockexchange.home")
        [home] = [replica for replica in self.replicas if replica.peer == address]
        return home, [replica for replica in self.replicas if replica is not home]

    def nemeses(self) -> Mapping[str, Callable[[Random], object]]:
        """Return what may be done, by name."""
        chosen: dict[str, Callable[[Random], object]] = {
            "kill home": lambda random: self._kill(random, self.home_and_others()[0]),
            "end home": lambda random: self.home_and_others()[0].end(signal.SIGTERM),
            "kill follower": lambda random: self._kill(random, random.choice(self.home_and_others()[1])),
            "hold home": lambda random: self._hold(random, self.home_and_others()[0]),
            "hold follower": lambda random: self._hold(random, random.choice(self.home_and_others()[1])),
            "none": lambda random: None,
            "cut connections": self._cut_connections,
            "kill database": self._kill_database,
            "stop backends": self._stop_backends,
        }
        if self._machines:
            chosen |= {
                "part home from database": lambda random: self._part(random, self.home_and_others()[0]),
                "part follower from database": lambda random: self._part(
                    random, random.choice(self.home_and_others()[1])
                ),
                "part follower from home": self._part_servers,
            }
        return chosen

    def _kill(self, random: Random, replica: ReplicaProcess) -> None:
        replica.end()
        time.sleep(random.uniform(0, 6))

    def _hold(self, random: Random, replica: ReplicaProcess) -> None:
        replica.send(signal.SIGSTOP)
        time.sleep(random.uniform(*HELD_S))
        replica.send(signal.SIGCONT)

    def _cut_connections(self, random: Random) -> None:
        own = "application_name ~ '^mockexchange'"
        self._database.run_sql(f"select pg_terminate_backend(pid) from pg_stat_activity where {own}")

    def _kill_database(self, random: Random) -> None:
        self._database.stop(signal.SIGKILL)
        time.sleep(random.random())
        self._database.start_surely()

    def _stop_backends(self, random: Random) -> None:
        with self._database.paused():
            time.sleep(random.uniform(*HELD_S))

    def _part(self, random: Random, replica: ReplicaProcess) -> None:
        assert replica.machine
        replica.machine.part(self._machines[0])
        time.sleep(random.uniform(*HELD_S))
        replica.machine.heal(self._machines[0])

    def _part_servers(self, random: Random) -> None:
        home, others = self.home_and_others()
        other = random.choice(others)
        assert home.machine
        assert other.machine
        other.machine.part(home.machine)
        time.sleep(random.uniform(*HELD_S))
        other.machine.heal(home.machine)


def _answers(replica: ReplicaProcess) -> bool:
    """Return whether a server answers, and has a home."""
    try:
        reply = httpx.get(f"{replica.base}/_mock/sandboxes", headers=HEADERS, timeout=20)
    except httpx.HTTPError:
        time.sleep(0.1)
        return False
    return reply.status_code == 200
