"""examples/node with kalshi-typescript, where `make node-env` has installed it."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mockexchange.clients.published import CLIENTS
from tests.examples.programs import EXAMPLES, NODE_ENVIRONMENT, by_url, environment, pointed, require, require_node, run
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT

FOLDER = EXAMPLES / "node"
LOCKS = [FOLDER / "package-lock.json", ROOT / "tests" / "contracts" / "parser" / "package-lock.json"]


SHARED = """
import { Configuration, PortfolioApi } from "kalshi-typescript";
const [basePath, ...accounts] = process.argv.slice(2);
const made = accounts.map((each) => JSON.parse(each)).map(
  ([apiKey, privateKeyPath]) => new PortfolioApi(new Configuration({ basePath, apiKey, privateKeyPath })),
);
for (const each of made) console.log((await each.getBalance()).config.headers["KALSHI-ACCESS-KEY"]);
"""
"""Two accounts without an axios of their own."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example as its users have it: with what it requires beside it."""
    require_node()
    copy = tmp_path / "node"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("node_modules"))
    (copy / "node_modules").symlink_to(NODE_ENVIRONMENT / "node_modules")
    return copy


def test_positions_are_printed_from_the_variables(
    folder: Path, ready: Mapping[str, Any], lines: set[str], tmp_path: Path
) -> None:
    done = run(["node", "positions.mjs"], folder, environment(tmp_path, **pointed(ready, "alice")))
    assert set(done.stdout.splitlines()) == lines


def test_positions_are_printed_from_the_ready_file(
    folder: Path, ready: Mapping[str, Any], lines: set[str], tmp_path: Path
) -> None:
    named = environment(tmp_path, MOCKEXCHANGE_READY_FILE=ready["ready_file"])
    assert set(run(["node", "positions.mjs"], folder, named).stdout.splitlines()) == lines
    (tmp_path / "run" / "mockexchange").mkdir(parents=True)
    shutil.copy(ready["ready_file"], tmp_path / "run" / "mockexchange" / "ready.json")
    found = environment(tmp_path, XDG_RUNTIME_DIR=str(tmp_path / "run"))
    assert set(run(["node", "positions.mjs"], folder, found).stdout.splitlines()) == lines


def test_it_runs_under_run(folder: Path, lines: set[str], tmp_path: Path) -> None:
    options = ["--client", "kalshi-typescript", "--scenario", "demo"]
    done = run(["mockexchange", "run", *options, "--", "node", "positions.mjs"], folder, environment(tmp_path))
    assert set(done.stdout.splitlines()) == lines


def test_its_own_tests_pass(folder: Path, ready: Mapping[str, Any], tmp_path: Path) -> None:
    for given in ({"MOCKEXCHANGE_READY_FILE": ready["ready_file"]}, by_url(ready)):
        told = run(["node", "--test"], folder, environment(tmp_path, **given)).stdout
        assert re.search(r"(?m)^\S+ pass 6$", told), told


def test_its_own_tests_pass_under_run_at_its_exchange(folder: Path, tmp_path: Path) -> None:
    report = tmp_path / "run.xml"
    command = [
        "mockexchange",
        "run",
        "--client",
        "kalshi-typescript",
        "--report",
        f"junit:{report}",
        "--",
        "npm",
        "test",
    ]
    require("npm")
    told = run(command, folder, environment(tmp_path)).stdout
    assert re.search(r"(?m)^\S+ pass 6$", told), told


def test_on_the_shared_axios_the_first_account_signs_for_all(
    folder: Path, ready: Mapping[str, Any], tmp_path: Path
) -> None:
    program = folder / "shared.mjs"
    program.write_text(SHARED, encoding="utf-8")
    named = [one for one in ready["accounts"] if one["venue"] == "kalshi" and one["kind"] == "member"][:2]
    given = [json.dumps([one["key_id"], one["private_key_path"]]) for one in named]
    done = run(["node", str(program), ready["venues"]["kalshi"]["base_url"], *given], folder, environment(tmp_path))
    assert done.stdout.split() == [named[0]["key_id"]] * 2


def test_without_a_server_it_says_what_to_do(folder: Path, tmp_path: Path) -> None:
    done = run(["node", "positions.mjs"], folder, environment(tmp_path), code=1)
    assert re.fullmatch(r"no server is running, there is no \S+ready\.json: mockexchange serve\n", done.stderr)
    nowhere = environment(tmp_path) | {"PATH": str(Path(shutil.which("node") or "").parent)}
    if shutil.which("mockexchange", path=nowhere["PATH"]) is None:
        told = run(["node", "--test", "--test-name-pattern=a fill is a position"], folder, nowhere, code=1).stdout
        assert "spawn mockexchange ENOENT: is mockexchange installed, and on your PATH?" in told


def test_its_own_tests_start_a_server_themselves(folder: Path, tmp_path: Path) -> None:
    told = run(["node", "--test", "--test-name-pattern=a fill is a position"], folder, environment(tmp_path)).stdout
    assert re.search(r"(?m)^\S+ pass 1$", told), told


def test_it_uses_the_version_that_we_know() -> None:
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    assert package["dependencies"]["kalshi-typescript"] == CLIENTS["kalshi-typescript"].version


@each_row("lock", LOCKS, ids=lambda lock: lock.parent.name)
def test_a_lock_has_hashes_and_names_no_registry(lock: Path) -> None:
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    installed = {name: each for name, each in packages.items() if name}
    assert len(installed) > 10
    assert [name for name, each in installed.items() if "integrity" not in each or "resolved" in each] == []
    about = json.loads((lock.parent / "package.json").read_text(encoding="utf-8"))
    assert packages[""]["dependencies"] == about["dependencies"]
