"""examples/go with the standard library alone, where there is a Go."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.examples.programs import EXAMPLES, by_url, environment, pointed, require, run

FOLDER = EXAMPLES / "go"


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    require("go")
    return environment(tmp_path, GOCACHE=str(tmp_path / "cache"), GOFLAGS="-mod=readonly", GOPROXY="off")


def test_positions_are_printed(
    variables: dict[str, str], ready: Mapping[str, Any], lines: set[str], tmp_path: Path
) -> None:
    program = str(tmp_path / "positions")
    run(["go", "build", "-o", program, "."], FOLDER, variables)
    done = run([program], tmp_path, variables | pointed(ready, "alice"))
    assert set(done.stdout.splitlines()) == lines
    refused = run([program], tmp_path, variables, code=1)
    assert refused.stderr.startswith("KALSHI_API_BASE_URL, KALSHI_API_KEY_ID and")


def test_its_own_tests_pass_and_others_find_nothing(variables: dict[str, str], ready: Mapping[str, Any]) -> None:
    run(["go", "vet", "."], FOLDER, variables)
    for given in ({"MOCKEXCHANGE_READY_FILE": ready["ready_file"]}, by_url(ready)):
        assert run(["go", "test", "-v", "."], FOLDER, variables | given).stdout.count("--- PASS: ") == 5
    assert run(["gofmt", "-l", "."], FOLDER, variables).stdout == ""


def test_without_a_server_its_tests_fail(variables: dict[str, str]) -> None:
    done = run(["go", "test", "."], FOLDER, variables, code=1)
    assert done.stdout.count("no server: mockexchange run -- go test ./...") == 5


def test_its_own_tests_pass_under_run(variables: dict[str, str]) -> None:
    done = run(["mockexchange", "run", "--", "go", "test", "-v", "."], FOLDER, variables)
    assert done.stdout.count("--- PASS: ") == 5
