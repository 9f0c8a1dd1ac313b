"""Programs that drive a published client in an interpreter of its own: a task a line in, an answer a line out."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from tests.clients.exchange import Credential
from tests.helpers.installations import await_installations
from tests.house.checkout import ROOT

ENVIRONMENTS = ROOT / ".venv-clients"
ENVIRONMENTS_VARIABLE = "MOCKEXCHANGE_CLIENTS"
"""Names another directory that has the environments, so that several checkouts can share them."""

Task = dict[str, Any]
Answer = Mapping[str, Any]


def environments() -> Path:
    """Return the directory of the environments of clients."""
    return Path(os.environ.get(ENVIRONMENTS_VARIABLE, ENVIRONMENTS))


def find_python(client: str, version: str) -> Path:
    """Return the interpreter that has a client; skip the test if there is none."""
    await_installations()
    home = environments() / f"{client}-{version}"
    # The stamp comes last: an interpreter without it may be one that is still being set up.
    if not (home / ".installed").exists():
        pytest.skip(f"{client} {version} is not installed (it needs Python 3.13 or later): run `make clients-env`")
    return home / "bin" / "python"


def environment() -> dict[str, str]:
    """This environment without what is meant for this interpreter."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


class Peer:
    """The program as a process: it starts once, since importing a client takes a second."""

    def __init__(self, process: subprocess.Popen[str], log_file: Path) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._tasks: IO[str] = process.stdin
        self._answers: IO[str] = process.stdout
        self._log_file = log_file

    def run(self, *tasks: Task) -> list[Answer]:
        """Return what the client made of each task; AssertionError with its traceback if it broke."""
        return [self._run(task) for task in tasks]

    def _run(self, task: Task) -> Answer:
        self.begin(task)
        return self.finish()

    def write_key(self, credential: Credential) -> Path:
        """Return a file that holds a private key."""
        path = self._log_file.with_name(f"{credential.key_id}.pem")
        path.write_text(credential.private_key_pem, encoding="ascii")
        return path

    def begin(self, task: Task) -> None:
        """Send a task whose reply `finish` returns later."""
        self._tasks.write(f"{json.dumps(task)}\n")
        self._tasks.flush()

    def finish(self) -> Answer:
        """Return the answer to the task begun; AssertionError with its traceback if the client broke."""
        line = self._answers.readline()
        assert line, self._log_file.read_text(encoding="utf-8")
        answer: Answer = json.loads(line)
        return answer


@contextmanager
def started(command: list[str], log_file: Path) -> Iterator[Peer]:
    """Start a program at the root of the checkout, and end it."""
    with (
        log_file.open("wb") as log,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        yield Peer(process, log_file)
