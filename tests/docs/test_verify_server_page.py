"""docs/verify-server.md: its commands run, every group of rules has its line, every option that it names is there."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mockexchange.cli.commands.verify_server import server as command
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.server import throttled_transport
from mockexchange.kit.server.run import rules_of
from mockexchange.kit.streaming.target import LISTEN_S
from mockexchange.kit.target import MEMBER, ROLES
from tests.helpers.patience import PATIENCE_S
from tests.house.checkout import ROOT
from tests.house.serving import clean_environment, served

PAGE = (ROOT / "docs" / "verify-server.md").read_text(encoding="utf-8")
SHELL = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
START = SHELL[0].splitlines()[0]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("page")
    with served(folder, sys.executable, "-m", "mockexchange", "serve", "--scenario", "demo"):
        yield folder


@pytest.mark.parametrize("line", [line for block in SHELL for line in block.splitlines()[block == SHELL[0] :]])
def test_the_commands_run(line: str, home: Path) -> None:
    narrow = {"MOCKEXCHANGE_READY_FILE": str(home / "ready.json"), "MOCKEXCHANGE_VERIFY_SERVER_ONLY": "routes.*"}
    done = subprocess.run(
        ["bash", "-ec", f"{START}\n{line}"],
        cwd=home,
        env=clean_environment(home) | narrow,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert "0 broken" in done.stdout
    assert "warning" not in done.stderr
    for kind, name in re.findall(r"--report (\w+):(\S+)", line):
        assert (home / name).stat().st_size > 0, kind


def test_each_group_of_rules_has_its_line() -> None:
    cells = re.findall(r"^\| (`[\w-]+\.\*`(?:, `[\w-]+\.\*`)*) \|", PAGE, re.MULTILINE)
    named = {name for cell in cells for name in re.findall(r"`([\w-]+)\.\*`", cell)}
    assert named == {rule.partition(".")[0] for rule in rules_of(KALSHI)}


def test_each_role_has_its_line() -> None:
    assert set(re.findall(r"^\| `--role ([\w-]+)=", PAGE, re.MULTILINE)) == set(ROLES) - {MEMBER}


def test_the_options_it_names_are_there() -> None:
    known = {name for each in command.params if isinstance(each, click.Option) for name in each.opts}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) <= known


def test_the_limits_it_names_are_those_of_the_code() -> None:
    assert f"at most {throttled_transport.PAUSE_S_MAX:g} seconds" in PAGE
    seconds, megabytes = throttled_transport.ANSWER_S_MAX, throttled_transport.ANSWER_BYTES_MAX // 2**20
    assert f"takes at most {seconds:g} seconds and {megabytes} MB" in PAGE
    assert f"{LISTEN_S:g} seconds by default" in PAGE
    assert (throttled_transport.ATTEMPTS_MAX, throttled_transport.SILENT_MAX) == (5, 3)
