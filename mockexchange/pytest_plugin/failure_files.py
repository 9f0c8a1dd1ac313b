"""Writes the log and the journal of a failed test to files, for `mockexchange replay`."""

import hashlib
import json
import re
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from mockexchange.api.synchronous.exchange import Exchange
from mockexchange.pytest_plugin.markers import SandboxRequest

NAME_CHARS_MAX = 80
DIGEST_CHARS = 8


class ReplayCommands(NamedTuple):
    """The shell commands that use the files of a failed test."""

    replay: str
    """The command that sends the requests of the test again."""
    serve: str
    """The command that serves the exchange as it was at the end of the test."""


def write_files(directory: Path, test: str, exchange: Exchange) -> ReplayCommands:
    """Write the files of a test's exchange; return the commands that read them."""
    name = name_of(test)
    directory.mkdir(parents=True, exist_ok=True)
    rows = {part: list(exchange.ask("GET", part)) for part in ("log", "journal", "frames")}
    log, *journals = (_write(directory / f"{name}.{part}.jsonl", found) for part, found in rows.items())
    given = [word for path in journals for word in ("--journal", str(path))]
    last = str(rows["log"][-1]["seq"])
    return ReplayCommands(
        shlex.join(["mockexchange", "replay", str(log), *given]),
        shlex.join(["mockexchange", "serve", "--from-log", str(log), "--until", last]),
    )


def name_of(test: str) -> str:
    """Return a unique file name for a test, made of the words of its id and a hash."""
    words = re.sub(r"[^A-Za-z0-9_.]+", "-", test).strip("-.")[-NAME_CHARS_MAX:].lstrip("-.")
    return f"{words}-{hashlib.sha256(test.encode()).hexdigest()[:DIGEST_CHARS]}"


def serve_command(sandbox_request: SandboxRequest) -> str | None:
    """Return the shell command that serves an exchange with the settings of a test's marker.

    Returns None if the scenario is not a name or a file.
    """
    if not isinstance(sandbox_request.scenario, str | Path) or "\n" in str(sandbox_request.scenario):
        return None
    words = [
        "--scenario",
        str(sandbox_request.scenario),
        "--api-date",
        sandbox_request.api_date,
        "--clock",
        sandbox_request.clock,
    ]
    return shlex.join(["mockexchange", "serve", *words])


def _write(path: Path, rows: Iterable[Any]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path
