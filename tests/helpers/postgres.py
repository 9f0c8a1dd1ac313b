"""A PostgreSQL of the tests' own, under an unprivileged user, on a socket in its folder."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mockexchange.store.postgres.url import PostgresUrl
from tests.helpers.installations import await_installations
from tests.helpers.patience import PATIENCE_S

UNPRIVILEGED = "nobody"
"""PostgreSQL does not start as root."""
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "shared_buffers": "16MB",
    "max_connections": "20",
    "autovacuum": "off",
}
ATTEMPTS_MAX = 1_000
RESTARTS_MAX = 100
GUARDED = "guarded"
"""A user with a password, and without rights."""
PASSWORD = "se/cr et"


def program(name: str) -> Path | None:
    """Return a program of PostgreSQL: on the PATH, or where Debian has it."""
    await_installations()
    found = shutil.which(name)
    if found:
        return Path(found)
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return places[-1] if places else None


class PostgresServer:
    """A server that can be stopped and started again."""

    def __init__(self, initdb: Path, postgres: Path, inside: Sequence[str] = (), address: str = "") -> None:
        """`inside`: the beginning of a command in a network of its own, in which it listens on an address, too."""
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._as: dict[str, Any] = {"cwd": self.folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if os.getuid() == 0:
            shutil.chown(self.folder, UNPRIVILEGED)
            self._as |= {"user": UNPRIVILEGED, "extra_groups": []}
        options = ["--auth=trust", "--username=mock", "--no-locale", "--encoding=UTF8", "--no-sync"]
        subprocess.run([initdb, "-D", self.folder / "data", *options], check=True, **self._as)
        access = self.folder / "data" / "pg_hba.conf"
        access.write_text(f"local all {GUARDED} scram-sha-256\nlocal all all trust\nhost all all samenet trust\n")
        given = SETTINGS | {"listen_addresses": address}
        settings: list[str | Path] = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
        command = [postgres, "-D", self.folder / "data", "-k", self.folder, *settings]
        self._start_as = self._as
        self._command: list[str | Path] = [*command]
        if inside:  # only root can go there, and becomes the unprivileged user then
            user = pwd.getpwnam(UNPRIVILEGED)
            self._command = [*inside, "--setuid", str(user.pw_uid), "--setgid", str(user.pw_gid), *command]
            self._start_as = {name: value for name, value in self._as.items() if name not in {"user", "extra_groups"}}
        self.outer_url = PostgresUrl(f"postgresql://mock@{address}/postgres")
        """From other machines of that network."""
        self.url = self.url_of("mock")
        self.start()

    def url_of(self, user: str, password: str = "", database: str = "postgres") -> PostgresUrl:
        return PostgresUrl(f"postgresql://{user}{password and ':'}{password}@/{database}?host={self.folder}")

    def start_surely(self) -> None:
        """Start after `kill -9`: until its last process has ended, the database does not start."""
        for _ in range(RESTARTS_MAX):
            with suppress(AssertionError):
                self.start()
                return
        raise AssertionError("PostgreSQL did not start")

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, **self._start_as)
        for _ in range(ATTEMPTS_MAX):
            try:
                psycopg.connect(self.url.text).close()
            except psycopg.OperationalError:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(0.02)
                    break
            else:
                return
        raise AssertionError("PostgreSQL did not start")

    def stop(self, number: int = signal.SIGQUIT) -> None:
        """Stop at once, without waiting for connections."""
        self._process.send_signal(number)
        self._process.wait(PATIENCE_S)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop the processes of all connections until the end of the block."""
        try:
            self._signal_children(signal.SIGSTOP)
            yield
        finally:
            self._signal_children(signal.SIGCONT)

    def _signal_children(self, number: int) -> None:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        for child in children:
            with suppress(ProcessLookupError):  # that of a closed connection ends by itself
                os.kill(int(child), number)

    def run_sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """Return the rows of the last statement."""
        with psycopg.connect(self.url.text, autocommit=True) as connection:
            cursor = connection.execute("; ".join(statements).encode())
            return cursor.fetchall() if cursor.description else []

    def remove(self) -> None:
        if self._process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    initdb, postgres = program("initdb"), program("postgres")
    if initdb is None or postgres is None:
        pytest.skip("PostgreSQL is not installed: Debian's package is `postgresql`")
    server = PostgresServer(initdb, postgres)
    try:
        password = PASSWORD.replace("'", "''")
        server.run_sql(f"create role {GUARDED} login password '{password}'")
        yield server
    finally:
        server.remove()


@pytest.fixture
def postgres(postgres_server: PostgresServer) -> PostgresServer:
    """A server whose database is empty."""
    postgres_server.run_sql("set client_min_messages = error; drop schema if exists mockexchange cascade")
    return postgres_server
