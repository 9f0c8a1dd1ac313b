"""examples/shell with the curl and the openssl that are here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.examples.programs import EXAMPLES, by_url, environment, pointed, require, run

FOLDER = EXAMPLES / "shell"


@pytest.fixture(autouse=True)
def _tools() -> None:
    require("sh", "curl", "openssl", "jq")


def test_a_signed_get_needs_curl_and_openssl(ready: Mapping[str, Any], tmp_path: Path) -> None:
    done = run(
        ["sh", str(FOLDER / "kalshi.sh"), "/portfolio/balance"],
        tmp_path,
        environment(tmp_path, **pointed(ready, "alice")),
    )
    assert '"balance_dollars"' in done.stdout
    assert done.stderr == ""


def test_positions_are_printed_page_by_page(ready: Mapping[str, Any], lines: set[str], tmp_path: Path) -> None:
    variables = environment(tmp_path, **pointed(ready, "alice"))
    assert set(run(["sh", str(FOLDER / "positions.sh")], tmp_path, variables).stdout.splitlines()) == lines


def test_a_refusal_is_an_exit_code_and_its_reason(ready: Mapping[str, Any], tmp_path: Path) -> None:
    variables = environment(tmp_path, **{**pointed(ready, "alice"), "KALSHI_API_KEY_ID": "somebody"})
    done = run(["sh", str(FOLDER / "kalshi.sh"), "/portfolio/balance"], tmp_path, variables, code=22)
    assert 'no key has the id "somebody"' in done.stderr
    assert "authentication_error" in done.stdout


def test_a_key_that_cannot_sign_is_told_before_anything_is_asked(ready: Mapping[str, Any], tmp_path: Path) -> None:
    variables = environment(tmp_path, **{**pointed(ready, "alice"), "KALSHI_PRIVATE_KEY_PATH": "none.pem"})
    done = run(["sh", str(FOLDER / "kalshi.sh"), "/portfolio/balance"], tmp_path, variables, code=1)
    assert done.stderr.endswith("kalshi.sh: cannot sign with none.pem\n")
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("scenario", "code", "told"),
    [("nope", 22, "no scenario 'nope'"), ("deribit", 1, "scenario deribit has no account with a private key")],
)
def test_why_there_is_no_sandbox_is_told(
    ready: Mapping[str, Any], tmp_path: Path, scenario: str, code: int, told: str
) -> None:
    variables = environment(tmp_path, **by_url(ready))
    assert told in run(["sh", str(FOLDER / "sandbox.sh"), scenario], tmp_path, variables, code=code).stderr


def test_a_step_that_is_refused_ends_it(ready: Mapping[str, Any], tmp_path: Path) -> None:
    copy = tmp_path / "sandbox.sh"
    text = (FOLDER / "sandbox.sh").read_text(encoding="utf-8")
    wrong = text.replace('$(jq .name "$folder/account.json")', '\\"zed\\"')
    assert wrong != text
    copy.write_text(wrong, encoding="utf-8")
    done = run(["sh", str(copy)], tmp_path, environment(tmp_path, **by_url(ready)), code=1)
    assert done.stderr.startswith("refused: unknown_account: ")


def test_a_sandbox_is_made_used_and_deleted(ready: Mapping[str, Any], lines: set[str], tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    variables = environment(tmp_path, TMPDIR=str(folder))
    for where in ({"MOCKEXCHANGE_READY_FILE": ready["ready_file"]}, by_url(ready)):
        done = run(["sh", str(FOLDER / "sandbox.sh"), "demo"], tmp_path, variables | where)
        assert set(done.stdout.splitlines()) == lines
        assert list(folder.iterdir()) == []
    listed = ["curl", "--silent", "--header", f"Authorization: Bearer {ready['control_token']}"]
    left = run([*listed, f"{ready['control_url']}/sandboxes"], tmp_path, variables).stdout
    assert left.count('"id"') == 1, left
