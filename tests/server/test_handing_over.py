"""Several servers of one user, found by the default ready file: the newest that runs."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.helpers.patience import PATIENCE_S
from tests.house.serving import clean_environment

COMMAND = [sys.executable, "-m", "mockexchange"]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def serve(stack: ExitStack, home: Path) -> subprocess.Popen[str]:
    """Start a server that leaves word in the default place; its banner comes once it does."""
    words = [*COMMAND, "serve", "--scenario", "empty", "--port", "0", "--log", "none"]
    process = subprocess.Popen(words, env=clean_environment(home), stdout=subprocess.PIPE, text=True)
    stack.enter_context(process)
    stack.callback(process.terminate)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("mockexchange serves ")
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0


def test_the_server_before_is_found_again_when_the_last_one_ends(tmp_path: Path, stack: ExitStack) -> None:
    ready = tmp_path / ".cache" / "mockexchange" / "ready.json"
    first, second = serve(stack, tmp_path), serve(stack, tmp_path)
    assert json.loads(ready.read_text(encoding="utf-8"))["pid"] == second.pid
    end(second)
    assert json.loads(ready.read_text(encoding="utf-8"))["pid"] == first.pid
    told = subprocess.run([*COMMAND, "journal"], env=clean_environment(tmp_path), capture_output=True, check=False)
    assert (told.returncode, told.stderr) == (0, b"")
    end(first)
    assert not ready.exists()
    assert list(ready.parent.iterdir()) == []
