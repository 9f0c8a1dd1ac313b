"""The official client from this side: where its interpreter is, what to ask it, what it answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.clients import processes
from tests.clients.exchange import MAIN_KEY, Credential, Sandbox
from tests.clients.processes import Answer, Peer, Task

RUNNER = Path(__file__).with_name("official_runner.py")
VERSION = "3.34.0"


def find_python() -> Path:
    """Return the interpreter that has the client; skip the test if there is none."""
    return processes.find_python("kalshi-python-sync", VERSION)


def task(sandbox: Sandbox, account: str, call: str, key: str = MAIN_KEY, **arguments: object) -> Task:
    """A call of the client by the holder of a key; arguments that are None are left out."""
    return task_with(sandbox, sandbox.keys[account, key], call, **arguments)


def task_with(sandbox: Sandbox, credential: Credential, call: str, **arguments: object) -> Task:
    """The same with credentials that need not belong together."""
    given = {name: value for name, value in arguments.items() if value is not None}
    return {"host": sandbox.base_url, **credential._asdict(), "call": call, "arguments": given}


def all_pages(task: Task) -> Task:
    return {**task, "all_pages": True}


@contextmanager
def started(python: Path, log_file: Path) -> Iterator[Peer]:
    """Start the runner, warnings being errors, and end it."""
    with processes.started([str(python), "-W", "error", str(RUNNER)], log_file) as peer:
        yield peer


def rows_of(answer: Answer, name: str) -> list[dict[str, Any]]:
    """Return the rows of one list over all pages of an answer."""
    assert "pages" in answer, answer
    return [row for page in answer["pages"] for row in page[name]]
