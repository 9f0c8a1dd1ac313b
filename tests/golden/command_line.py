"""Runs the command line: its output for people and programs, its errors, and the log of the servers that it starts."""

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import chdir, contextmanager, suppress
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

import mockexchange
from mockexchange.cli import main
from tests.golden.documents import ROOT, read_yaml
from tests.golden.pinned import pinned_time
from tests.golden.wire import TABLES, Texts

PACKAGE = Path(mockexchange.__file__).parents[1]
START_SECONDS_MAX, PAUSE_S = 60, 0.05
PINNED = """
import sys
sys.path.insert(0, sys.argv.pop(1))
import mockexchange
sys.path[0] = sys.argv.pop(1)
from tests.golden.pinned import pinned_time
from mockexchange.cli import main
with pinned_time():
    main(prog_name="mockexchange")
"""
"""The program that runs the command line of this package in a process of its own."""
SCREEN = {"COLUMNS": "100", "LINES": "40", "NO_COLOR": "1", "TERM": "dumb"}


@contextmanager
def folder() -> Iterator[Path]:
    """Go to an empty folder, in an environment without somebody's options, until the end of the block."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="run-") as name, chdir(name):
        for variable in [one for one in os.environ if one.startswith(("MOCKEXCHANGE_", "XDG_", "COVERAGE_"))]:
            del os.environ[variable]
        os.environ.update(SCREEN, HOME=name, PATH=os.defpath)
        try:
            yield Path(name)
        finally:
            os.environ.clear()
            os.environ.update(before)


@contextmanager
def served(log: Path, *options: str) -> Iterator[None]:
    """Serve in a process of its own, whose output goes to a file, until the end of the block."""
    ready = Path("ready.json")
    common = ("--port", "0", "--clock", "paused", "--token", "token-of-the-recorder", "--ready-file", str(ready))
    command = [sys.executable, "-c", PINNED, str(PACKAGE), str(ROOT), "serve", *common, *options]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            for _ in range(round(START_SECONDS_MAX / PAUSE_S)):
                if ready.exists() or process.poll() is not None:
                    break
                with suppress(subprocess.TimeoutExpired):
                    process.wait(PAUSE_S)
            assert ready.exists(), log.read_text(encoding="utf-8")
            os.environ["MOCKEXCHANGE_READY_FILE"] = str(ready)
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(START_SECONDS_MAX)


def run(line: str) -> str:
    """Carry out one command line; return it with its exit code and all that it prints, or keep that in a file."""
    words, _, kept = line.partition(" > ")
    result = CliRunner().invoke(main, shlex.split(words), prog_name="mockexchange")
    assert isinstance(result.exception, SystemExit | None), (line, result.exc_info)
    if kept:
        Path(kept).write_text(result.output, encoding="utf-8")
    return f"$ mockexchange {line}\n=> {result.exit_code}\n{result.output}"


def run_all(lines: Iterable[str]) -> Texts:
    """Carry out command lines; return what the commands of each name say."""
    texts: Texts = {}
    for line in lines:
        name = line.split()[0]
        texts[name] = texts.get(name, "") + run(line)
    return texts


def record() -> Texts:
    """Return what each command says, and what the servers write to their logs."""
    table = read_yaml(TABLES / "command_lines.yaml")
    with pinned_time(), folder() as here:
        Path("key.pem").write_text(KEY, encoding="ascii")
        with served(here / "log.txt", "--scenario", "demo", "--log", "requests"):
            texts = run_all(table["commands"])
            os.environ.update(_key_of_alice(json.loads(Path("ready.json").read_text(encoding="utf-8"))))
            texts |= run_all(table["verifying"])
        Path("ready.json").unlink(missing_ok=True)
        with served(
            here / "log.json", "--scenario", "demo", "--log", "requests", "--log-format", "json", "--show-secrets"
        ):
            run_all(table["logged"])
        texts["log of a server as text"] = Path("log.txt").read_text(encoding="utf-8")
        texts["log of a server as JSON"] = Path("log.json").read_text(encoding="utf-8")
    return texts


def _key_of_alice(ready: dict[str, Any]) -> dict[str, str]:
    """Return the variables in which `verify server` finds the server, and a key for it."""
    key = next(account for account in ready["accounts"] if account["name"] == "alice")
    found = {"URL": ready["venues"]["kalshi"]["base_url"], "KEY_ID": key["key_id"], "KEY": key["private_key_path"]}
    return {f"MOCKEXCHANGE_VERIFY_SERVER_{name}": value for name, value in found.items()}


def record_help() -> Texts:
    """Return the help page of every command, by its name."""
    with folder():
        return {
            words or "mockexchange": run(f"{words} --help".strip()) for words in _commands(main, click.Context(main))
        }


def _commands(command: click.Command, context: click.Context, words: str = "") -> Iterator[str]:
    yield words
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if found := command.get_command(context, name):
                yield from _commands(found, click.Context(found, parent=context), f"{words} {name}".strip())


def record_wrong_scenarios() -> Texts:
    """Return the errors of scenario files, for people and for programs."""
    wrong: Mapping[str, str] = read_yaml(TABLES / "wrong_scenarios.yaml")
    texts = {}
    with folder():
        for name, text in wrong.items():
            Path(f"{name}.yaml").write_text(text, encoding="utf-8")
            texts[name] = run(f"scenario check {name}.yaml") + run(f"scenario check {name}.yaml --json")
    return texts


KEY = """\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""
