"""What a server loads before it is ready: its user waits for each module."""

import json
import os
import subprocess
import sys

import pytest

from tests.helpers.rows import each_row

NOT_NEEDED = (
    "h11",
    "mockexchange.core.derivatives.handlers",
    "mockexchange.replay",
    "mockexchange.sandbox.forks",
    "mockexchange.sandbox.reopening",
    "mockexchange.server.control.app",
    "mockexchange.server.persistence",
    "mockexchange.server.replicas",
    "mockexchange.server.websocket.stream_protocol",
    "mockexchange.server.workers.reader",
    "mockexchange.venues.deribit.rest",
    "mockexchange.venues.kalshi.diagnosis",
    "mockexchange.venues.kalshi.stream.session",
    "mockexchange.venues.signalplus.rest",
    "sqlite3",
    "starlette.requests",
    "starlette.routing",
    "websockets.protocol",
)
MODULES_MAX = 752
SERVE = """
import json, sys
from mockexchange.cli import main
from mockexchange.cli.commands import serve as command
from mockexchange.server.process import Server

async def run_until_ready(plan, sandbox_options, options, announce, progress):
    async with Server(plan, sandbox_options, options, progress):
        print(json.dumps(sorted(sys.modules)))

command.run_server = run_until_ready
main(["serve", "--port", "0", "--quiet", "--ready-file", sys.argv[1]], prog_name="mockexchange")
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """The modules of a server of `demo` that is ready."""
    ready = tmp_path_factory.mktemp("run") / "ready.json"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))}
    command = [sys.executable, "-c", SERVE, str(ready)]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return frozenset(json.loads(found.stdout))


@each_row("module", NOT_NEEDED)
def test_a_server_is_ready_without(module: str, loaded: frozenset[str]) -> None:
    assert module not in loaded


def test_a_server_is_ready_with_few_modules(loaded: frozenset[str]) -> None:
    assert len(loaded) <= MODULES_MAX, "each takes a fifth of a millisecond: import what few users need when it is used"
