"""What a shell is offered, and that its script asks for it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mockexchange.cli import main
from mockexchange.cli.commands import COMMANDS
from mockexchange.cli.commands.completion import SHELLS, VARIABLE, paths_of
from mockexchange.clients.published import CLIENTS
from mockexchange.scenario.loader import builtin_names
from tests.cli.conftest import Cli
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.house.serving import COMMAND, clean_environment

CHECKERS = {"bash": ("bash", "-n"), "zsh": ("zsh", "-n"), "fish": ("fish", "--no-execute")}


def offered(line: str, **environment: str) -> list[str]:
    """What comes after a line in bash, each as kind,value; the word that is being typed is its last."""
    words = {VARIABLE: "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1), **environment}
    result = CliRunner().invoke(main, [], env=words, prog_name="mockexchange")
    assert result.exit_code == 0, result.output
    return result.stdout.split()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_asks_this_program(cli: Cli, shell: str) -> None:
    script = cli("completion", shell).stdout
    assert f"{VARIABLE}={shell}_complete" in script
    assert "mockexchange" in script
    if shutil.which(shell):
        subprocess.run(CHECKERS[shell], input=script, text=True, check=True, timeout=PATIENCE_S)


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash here")
def test_bash_completes_with_it(cli: Cli, tmp_path: Path) -> None:
    script = tmp_path / "complete.sh"
    script.write_text(
        cli("completion", "bash").stdout
        + "COMP_WORDS=(mockexchange serve --scenario gol); COMP_CWORD=3\n_mockexchange_completion mockexchange\n"
        + 'compopt() { :; }; echo "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "--norc", str(script)],
        check=True,
        env=clean_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert COMMAND.exists()
    assert done.stdout.strip() == "golden"


def test_another_shell_is_refused(cli: Cli) -> None:
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in cli("completion", "tcsh", code=2).stderr


def test_commands_and_options() -> None:
    assert offered("mockexchange ") == [f"plain,{name}" for name in COMMANDS]
    assert offered("mockexchange do") == ["plain,doctor", "plain,do"]
    assert "plain,--tls-name" in offered("mockexchange serve --tl")


def test_scenarios_by_name_or_as_a_file() -> None:
    assert offered("mockexchange serve --scenario ") == [f"plain,{name}" for name in builtin_names()]
    assert offered("mockexchange serve --scenario gol") == ["plain,golden"]
    assert offered("mockexchange serve --scenario ./mine") == ["file,./mine"]


def test_clients_by_name() -> None:
    assert offered("mockexchange env --client ") == [f"plain,{name}" for name in CLIENTS]


def test_accounts_of_the_server(cli: Cli, tmp_path: Path) -> None:
    ready = ["alice", "eddy", "own"]
    assert offered("mockexchange call ") == [f"plain,{name}" for name in ready]
    assert offered("mockexchange env --account al") == ["plain,alice"]
    missing = tmp_path / "missing.json"
    assert offered("mockexchange call ", MOCKEXCHANGE_READY_FILE=str(missing)) == []
    assert offered(f"mockexchange env --ready-file {missing} --account ") == []


def test_paths_of_calls(cli: Cli) -> None:
    assert "plain,/portfolio/positions" in offered("mockexchange call alice GET /portfolio/pos")
    assert offered("mockexchange call alice DELETE /portfolio/pos") == []
    assert "plain,/portfolio/orders" in offered("mockexchange call alice POST /portfolio/ord")
    environment = {"MOCKEXCHANGE_READY_FILE": "/nowhere/ready.json"}
    assert "plain,/exchange/status" in offered("mockexchange call alice GET /exch", **environment)
    assert paths_of("deribit", "GET")[0].startswith("/private/")


@each_row("command", ["call", "journal", "watch"])
def test_commands_that_complete_paths_load_no_tables_of_a_venue(command: str) -> None:
    loaded = "'mockexchange.venues.kalshi.resources' in sys.modules"
    code = f"import sys, mockexchange.cli.commands.{command}; print({loaded})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
