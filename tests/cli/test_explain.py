"""`explain`: one signature, one key, no server."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mockexchange.cli import main
from mockexchange.cli.control import signed_headers
from mockexchange.scenario.keys import KeyPair, make_pair

PATH = "/trade-api/v2/portfolio/positions"
TIMESTAMP_MS = 1_762_300_000_123


@pytest.fixture(scope="module")
def pair() -> KeyPair:
    return make_pair("ed25519")


def explain(folder: Path, pem: str, signature: str, *more: str) -> Result:
    key = folder / "key.pem"
    key.write_text(pem)
    sent = ["--method", "GET", "--path", PATH, "--timestamp", str(TIMESTAMP_MS), "--signature", signature]
    return CliRunner().invoke(main, ["explain", *sent, "--key", str(key), *more], prog_name="mockexchange")


def signature_of(pair: KeyPair, path: str) -> str:
    return signed_headers("id", pair.private_pem or "", "GET", path, TIMESTAMP_MS)["KALSHI-ACCESS-SIGNATURE"]


@pytest.mark.parametrize("half", ["public_pem", "private_pem"])
def test_a_right_signature_verifies(half: str, pair: KeyPair, tmp_path: Path) -> None:
    result = explain(tmp_path, getattr(pair, half), signature_of(pair, PATH))
    assert (result.exit_code, result.output) == (0, "verifies\n")


def test_a_wrong_one_says_what_to_change(pair: KeyPair, tmp_path: Path) -> None:
    result = explain(tmp_path, pair.public_pem, signature_of(pair, f"{PATH}?limit=2"), "--query", "limit=2")
    assert result.exit_code == 1
    assert f'you signed "{PATH}?limit=2"' in result.output


def test_a_signature_that_begins_with_a_dash_is_taken(pair: KeyPair, tmp_path: Path) -> None:
    result = explain(tmp_path, pair.public_pem, "-_x")
    assert (result.exit_code, result.stderr) == (1, "")


@pytest.mark.parametrize("pem", ["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_file_without_a_key_is_a_misuse(pem: str, tmp_path: Path) -> None:
    result = explain(tmp_path, pem, "AAAA")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"mockexchange explain: --key {tmp_path / 'key.pem'}: the key cannot be used: ")
    assert len(result.stderr.splitlines()) == 1


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    result = explain(tmp_path, "", "AAAA", "--key", str(tmp_path / "gone.pem"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"mockexchange explain: --key: {tmp_path / 'gone.pem'} cannot be read: No such file or directory\n"
    )
    (tmp_path / "der").write_bytes(b"\x30\xff")
    result = explain(tmp_path, "", "AAAA", "--key", str(tmp_path / "der"))
    assert result.stderr == f"mockexchange explain: --key: {tmp_path / 'der'} is no PEM file: it is not text\n"
