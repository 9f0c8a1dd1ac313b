"""A stranger's tour of what concerns recordings, in 80 and in 120 columns, compared with what is recorded.

To record it anew: `RECORD_TOUR=1 python -m pytest tests/cli/test_tour_of_recordings.py`, and read the difference.
"""

import json
import os
import re
from pathlib import Path

import pytest

from mockexchange.cli.serve.banner import banner
from mockexchange.cli.server_connection import Server
from tests.cli.conftest import COLOUR, AtTerminal, Cli
from tests.cli.test_fork import log_to_open
from tests.cli.test_tour import TOURS, settled
from tests.drift.test_drift import AT, DATE, SCENARIO
from tests.importing.recorder import READS, record
from tests.recording.test_run import har_of_one_fill

VARIABLE = (
    (re.compile(r"[1-9][0-9]* frames"), "7 frames"),
    (re.compile(r"--key /folder/[\w-]+\.pem"), "--key /folder/alice.pem"),
)
"""What differs from run to run besides what differs in every tour."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a recording that has drift and an unexplained value, a torn one, and a HAR."""
    monkeypatch.chdir(tmp_path)
    text = record(tmp_path / "run.jsonl", SCENARIO, DATE, READS, instants=[AT]).read_text(encoding="utf-8")
    changed = text.replace('\\"fee_cost\\"', '\\"fee\\"', 1).replace('\\"is_taker\\":true', '\\"is_taker\\":5', 1)
    (tmp_path / "run.jsonl").write_text(changed, encoding="utf-8")
    (tmp_path / "torn.jsonl").write_text(text[: len(text) // 2], encoding="utf-8")
    (tmp_path / "browser.har").write_text(json.dumps(har_of_one_fill()), encoding="utf-8")
    return tmp_path


def commands(width: int, server: Server, sandbox: str, account: list[str]) -> list[tuple[list[str], int]]:
    """Return the commands of the tour with their exit codes."""
    origin = server.base_url.removesuffix("/trade-api/v2")
    return [
        (["record", "--to", origin, "--port", "0", "--out", "mine.jsonl", "--", "true"], 0),
        (["record", "--to", origin, "--out", "mine.jsonl"], 1),
        (["record", "--har", "browser.har", "--out", "browser.jsonl"], 0),
        (["snapshot", *account, "--out", "account.jsonl"], 0),
        (["snapshot", *account, "--out", "none/account.jsonl"], 2),
        (["import", "run.jsonl", "--out", "account.yaml"], 1),
        (["import", "torn.jsonl", "--out", "torn.yaml"], 1),
        (["import", "run.jsonl", "--out", "account.yaml"], 2),
        (["drift", "run.jsonl"], 1),
        (["drift", "torn.jsonl", "--api-date", "latest"], 1),
        (["fork", "--sandbox", sandbox, "--at", "3", "--to", f"fork-{width}"], 0),
        (["fork", "--of-log", "run.jsonl"], 1),
    ]


def banner_of_a_log(cli: Cli, server: Server, sandbox: str) -> str:
    log = Path("log.jsonl")
    log.write_text(cli("log", "--sandbox", sandbox).output, encoding="utf-8")
    found, options = log_to_open(log, "--speed", "5x")
    shown = banner(server.ready, options.api_date, server.ready_file, remark=found.remark(options))
    return COLOUR.sub("", shown)


@pytest.mark.parametrize("width", [80, 120])
def test_the_tour_of_recordings_is_as_recorded(
    width: int, at_terminal: AtTerminal, cli: Cli, server: Server, sandbox: str, folder: Path
) -> None:
    shown = server.ask_sandbox("GET", sandbox)
    alice = next(one for one in shown["accounts"] if (one["name"], one["key"]) == ("alice", "main"))
    (folder / "alice.pem").write_text(alice["private_key_pem"], encoding="utf-8")
    account = ["--url", shown["base_url"], "--key-id", alice["key_id"], "--key", str(folder / "alice.pem")]
    parts = []
    for arguments, code in commands(width, server, sandbox, account):
        parts.append(f"\n$ mockexchange {' '.join(arguments)}\n{at_terminal(width, *arguments, code=code)}")
    parts.append(f"\n$ mockexchange serve --from-log log.jsonl --speed 5x\n{banner_of_a_log(cli, server, sandbox)}")
    seen = settled("".join(parts).replace(sandbox, "default"))
    for pattern, instead in VARIABLE:
        seen = pattern.sub(instead, seen)
    recorded = TOURS / f"recordings-{width}.txt"
    if os.environ.get("RECORD_TOUR"):
        recorded.write_text(seen, encoding="utf-8")
    assert seen.splitlines() == recorded.read_text(encoding="utf-8").splitlines()
