"""docs/languages.md shows parts of programs that the tests of examples/ run, and a ready file like those there are."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.fences import Fence, fences_of
from tests.examples.programs import EXAMPLES, NODE_ENVIRONMENT, environment, require, require_node, run
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT
from tests.house.serving import COMMAND, served

PAGE = "languages.md"
PARTS = [fence for fence in fences_of(PAGE) if fence.title]


def shapes(value: Any, where: str = "") -> Iterator[str]:
    """Yield where there is what, names of venues apart."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from shapes(each, f"{where}.{'*' if where == '.venues' else name}")
    elif isinstance(value, list):
        for each in value:
            yield from shapes(each, f"{where}[]")
    else:
        yield where


def is_part(fence: Fence) -> bool:
    return fence.text in (ROOT / fence.title).read_text(encoding="utf-8")


@each_row("fence", PARTS, ids=lambda fence: fence.place)
def test_a_part_of_a_program_is_in_it(fence: Fence) -> None:
    assert is_part(fence)


def test_there_is_a_part_of_a_program_in_each_language() -> None:
    assert {Path(fence.title).parts[1] for fence in PARTS} == {"node", "go", "shell"}
    assert not is_part(PARTS[0]._replace(text=PARTS[0].text.upper()))


def test_the_ready_file_is_like_those_there_are(tmp_path: Path) -> None:
    [shown] = [json.loads(fence.text) for fence in fences_of(PAGE) if fence.language == "json"]
    with served(tmp_path, str(COMMAND), "serve", "--scenario", "demo") as ready:
        account = next(each for each in ready["accounts"] if each["name"] == "alice")
        told = {**ready, "accounts": [account]}
        assert set(shapes(shown)) == set(shapes(told))
        assert shown["accounts"][0]["key_id"] == account["key_id"]
        assert shown["venues"]["kalshi"].keys() == ready["venues"]["kalshi"].keys()


# --- commands, as they are printed


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The examples, where the commands of the page find them."""
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns("node_modules"))
    return tmp_path


def commands_of(heading: str) -> str:
    [text] = [fence.text for fence in fences_of(PAGE) if (fence.heading, fence.language) == (heading, "bash")]
    return text


def run_as_printed(text: str, folder: Path, *, code: int = 0, **variables: str) -> str:
    """Run commands one after another, up to one that fails; return what they printed."""
    given = environment(folder, GOCACHE=str(folder / "cache"), GOPROXY="off", MOCKEXCHANGE_PORT="0", **variables)
    return run(["bash", "-e", "-c", text], folder, given, code=code).stdout


def test_the_commands_for_go_run_as_they_are_printed(checkout: Path) -> None:
    require("bash", "go")
    told = run_as_printed(commands_of("Go"), checkout)
    assert "ok  \t" in told
    assert "KXRAINNYC-25NOV05-T1 10.00 5.600000" in told


def test_the_commands_for_a_shell_run_as_they_are_printed(checkout: Path) -> None:
    require("bash", "curl", "openssl", "jq")
    told = run_as_printed(commands_of("Shell"), checkout)
    assert '"market_positions"' in told
    assert told.count("KXRAINNYC-25NOV05-T1 10.00 5.600000") == 2


def test_the_quickest_way_uses_the_exchange_that_it_starts(checkout: Path) -> None:
    require("bash", "go", "npm")
    require_node()
    (checkout / "examples" / "node" / "node_modules").symlink_to(NODE_ENVIRONMENT / "node_modules")
    node, go = commands_of("The quickest way").splitlines()
    for line, folder in ((node, "node"), (go, "go")):
        printed = run_as_printed(f"cd examples/{folder}\n{line} 2>&1", checkout)
        assert "pass 6" in printed if folder == "node" else "ok  \t" in printed


WAITING = "In continuous integration"


def test_a_server_is_waited_for(checkout: Path) -> None:
    require("bash")
    ended = "\nmockexchange call alice GET /portfolio/balance\nkill $server\nwait $server || true\n"
    assert '"balance"' in run_as_printed(commands_of(WAITING) + ended, checkout)


def test_a_server_that_does_not_start_is_not_waited_for(checkout: Path) -> None:
    require("bash")
    run_as_printed(commands_of(WAITING), checkout, code=1, MOCKEXCHANGE_SCENARIO="there-is-none")
