"""The official client from this side: where its interpreter is, what to ask it, what it answered."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from tests.clients.exchange import MAIN_KEY, Credential, Sandbox
from tests.house.checkout import ROOT

RUNNER = Path(__file__).with_name("official_runner.py")
ENVIRONMENT = ROOT / ".venv-clients"
PYTHON_VARIABLE = "MOCKEXCHANGE_CLIENTS_PYTHON"

Task = dict[str, Any]
Answer = Mapping[str, Any]


def find_python() -> Path:
    """Return the interpreter that has the client; skip the test where nobody made one."""
    given = os.environ.get(PYTHON_VARIABLE)
    if given:
        assert Path(given).exists(), f"{PYTHON_VARIABLE}={given} is not there"
        return Path(given)
    # The stamp comes last: an interpreter without it may be one that is still being set up.
    if not (ENVIRONMENT / ".installed").exists():
        pytest.skip("kalshi-python-sync is not installed (it needs Python 3.13 or later): run `make clients-env`")
    return ENVIRONMENT / "bin" / "python"


def environment() -> dict[str, str]:
    """This environment without what is meant for this interpreter."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def task(sandbox: Sandbox, account: str, call: str, key: str = MAIN_KEY, **arguments: object) -> Task:
    """A call of the client by the holder of a key; arguments that are None are left out."""
    return task_with(sandbox, sandbox.keys[account, key], call, **arguments)


def task_with(sandbox: Sandbox, credential: Credential, call: str, **arguments: object) -> Task:
    """The same with credentials that need not belong together."""
    given = {name: value for name, value in arguments.items() if value is not None}
    return {"host": sandbox.base_url, **credential._asdict(), "call": call, "arguments": given}


def all_pages(task: Task) -> Task:
    return {**task, "all_pages": True}


class OfficialClient:
    """The runner as a process: it starts once, since importing the client takes a second."""

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
        self._tasks.write(f"{json.dumps(task)}\n")
        self._tasks.flush()
        line = self._answers.readline()
        assert line, self._log_file.read_text(encoding="utf-8")
        answer: Answer = json.loads(line)
        return answer


@contextmanager
def started(python: Path, log_file: Path) -> Iterator[OfficialClient]:
    """Start the runner, warnings being errors, and end it."""
    command = [str(python), "-W", "error", str(RUNNER)]
    with (
        log_file.open("wb") as log,
        subprocess.Popen(
            command, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        yield OfficialClient(process, log_file)


def rows_of(answer: Answer, name: str) -> list[dict[str, Any]]:
    """Return the rows of one list over all pages of an answer."""
    assert "pages" in answer, answer
    return [row for page in answer["pages"] for row in page[name]]
