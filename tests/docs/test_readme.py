"""The README is executed: its commands run against a server, its scenario opens, its links lead somewhere."""

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.loader import load_text
from tests.docs.fences import Fence
from tests.docs.test_snippets import Follower
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.house.serving import served

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
TALK = "## Talk to it"
DERIBIT = "## Deribit too"
GOES_ON = ("mockexchange serve", "mockexchange watch", "mockexchange verify server")
START_ONLY = (
    *GOES_ON,
    "mockexchange run",
    "mockexchange verify client",
    "make ",
    "pip install",
    "uvx ",
    "docker ",
    "export ",
)


def commands_after(heading: str) -> list[str]:
    """The shell lines of the first block after a heading, without their comments."""
    block = re.search(r"```sh\n(.*?)```", README[README.index(heading) :], re.DOTALL)
    assert block is not None
    return [line.partition("   #")[0].strip() for line in block[1].splitlines() if line.strip()]


def run(line: str, ready_file: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    line, _, target = line.partition(" > ")
    words = shlex.split(line)
    assert words[0] == "mockexchange", line
    environment = {**os.environ, "MOCKEXCHANGE_READY_FILE": str(ready_file)}
    command = [sys.executable, "-m", "mockexchange", *words[1:]]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=folder, timeout=PATIENCE_S, check=False
    )
    if target:
        (folder / target).write_text(done.stdout)
    return done


@pytest.fixture(scope="module")
def ready_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The ready file of a server on the demo scenario, as `make serve` starts it."""
    home = tmp_path_factory.mktemp("readme")
    with served(home, sys.executable, "-m", "mockexchange", "serve", "--scenario", "demo"):
        yield home / "ready.json"


@pytest.fixture(scope="module")
def deribit_ready_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("deribit")
    with served(home, sys.executable, "-m", "mockexchange", "serve", "--scenario", "deribit"):
        yield home / "ready.json"


def block(language: str, word: str) -> str:
    """The one block in that language that has the word."""
    blocks: list[str] = [text for known, text in BLOCKS if known == language and word in text]
    (found,) = blocks
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "election.yaml").write_text(block("yaml", "# election.yaml"))
    return tmp_path


def test_the_commands_to_talk_to_the_server_work_in_their_order(ready_file: Path, folder: Path) -> None:
    for line in commands_after(TALK):
        done = run(line, ready_file, folder)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr


def test_the_commands_about_deribit_work_in_their_order(deribit_ready_file: Path, folder: Path) -> None:
    for line in commands_after(DERIBIT):
        done = run(line, deribit_ready_file, folder)
        assert done.returncode == 0, (line, done.stdout, done.stderr)


def test_every_other_command_is_one_that_exists(folder: Path, ready_file: Path) -> None:
    shell = "\n".join(text for language, text in BLOCKS if language == "sh")
    lines = [line.partition("   #")[0].strip() for line in shell.splitlines() if line.strip()]
    talked = [*commands_after(TALK), *commands_after(DERIBIT)]
    run("mockexchange call alice GET /portfolio/balance", ready_file, folder)  # a journal to replay
    for line in lines:
        if line in talked or line.startswith(START_ONLY) or line.startswith("#"):
            continue
        done = run(line, ready_file, folder)
        assert done.returncode == 0, (line, done.stdout, done.stderr)


@pytest.mark.parametrize("command", GOES_ON)
def test_every_line_that_goes_on_has_options_that_exist(folder: Path, command: str) -> None:
    shell = "\n".join(text for language, text in BLOCKS if language == "sh")
    lines = re.findall(rf"^{command}[^#\n]*", shell, re.MULTILINE)
    assert lines
    for line in lines:
        done = run(f"{line.strip()} --help", folder / "none.json", folder)
        assert done.returncode == 0, (line, done.stderr)


def test_the_scenario_opens(folder: Path) -> None:
    plan = load_text((folder / "election.yaml").read_text())
    sandbox = asyncio.run(open_sandbox(plan, SandboxOptions()))
    assert len(sandbox.exchange.state.markets) == 2


def test_the_client_snippet_runs_against_the_server(ready_file: Path, tmp_path: Path) -> None:
    snippet = block("python", "http://127.0.0.1:8600")
    ready = json.loads(ready_file.read_text())
    alice = ready["accounts"][0]
    here = snippet.replace("http://127.0.0.1:8600/trade-api/v2", ready["venues"]["kalshi"]["base_url"])
    here = here.replace("alice.pem", alice["private_key_path"])
    assert alice["key_id"] in here, "the README's key id is the demo scenario's"
    done = subprocess.run([sys.executable, "-c", here], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    assert "KXHIGHCHI-25NOV05-B60" in done.stdout


@each_row("text", [text for language, text in BLOCKS if language == "python" and "def test_" in text])
def test_the_tests_that_it_shows_pass(text: str, tmp_path: Path) -> None:
    with Follower(tmp_path) as follower:
        follower.follow(Fence("../README.md", 1, "python", "test_readme.py", "", text))
        assert set(re.findall(r"^PASSED \S+::(test_\w+)", follower.test(), re.MULTILINE)) == set(
            re.findall(r"^def (test_\w+)", text, re.MULTILINE)
        )


@each_row("target", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)\)", README))))
def test_links_lead_to_files(target: str) -> None:
    assert (ROOT / target).exists()


def test_the_built_in_scenarios_it_names_are_there() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mockexchange", "scenario", "list"], capture_output=True, text=True, check=True
    )
    for name in ("demo", "golden", "fcm", "pages", "lively", "deribit", "signalplus", "empty"):
        assert name in done.stdout
        assert f"`{name}`" in README
