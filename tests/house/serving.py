"""The installed command, run as a user or a container runs it; needs nothing but the standard library."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.helpers.patience import PATIENCE_S, wait_until

COMMAND = Path(sys.executable).with_name("mockexchange")


def clean_environment(home: Path) -> dict[str, str]:
    """Return this environment without the options of somebody's shell, with an empty home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MOCKEXCHANGE_", "XDG_"))}
    return kept | {"HOME": str(home), "PATH": f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"}


def unmeasured(environment: Mapping[str, str]) -> dict[str, str]:
    """The same without coverage, whose tracer never ends where an interrupt finds it holding its own lock."""
    return {name: value for name, value in environment.items() if not name.startswith("COVERAGE_")}


@contextmanager
def served(home: Path, *command: str) -> Iterator[Mapping[str, Any]]:
    """Run a command that serves on a free port; yield what its ready file says, and stop it at the end."""
    ready_file, log_file = home / "ready.json", home / "log.txt"
    arguments = [*command, "--port", "0", "--ready-file", str(ready_file)]
    with log_file.open("wb") as log:
        process = subprocess.Popen(arguments, cwd=home, env=clean_environment(home), stdout=log, stderr=log)
        try:
            yield wait_until_ready(process, lambda: ready_file, log_file)
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def wait_until_ready(process: subprocess.Popen[bytes], find: Callable[[], Path], log_file: Path) -> Mapping[str, Any]:
    """Return what the ready file says once it is where `find` looks for it."""
    wait_until(lambda: process.poll() is not None or find().exists())
    if process.poll() is None:
        ready: Mapping[str, Any] = json.loads(find().read_text(encoding="utf-8"))
        return ready
    raise AssertionError(f"exit code {process.poll()}, not ready; it said:\n{log_file.read_text(encoding='utf-8')}")
