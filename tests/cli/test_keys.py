"""`keys new`: a pair that works here, kept to its owner, and never written over another."""

import json
import os
import stat
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mockexchange.cli import main
from mockexchange.cli.commands.keys import USAGE
from mockexchange.scenario.keys import KeyPool
from mockexchange.scenario.loader import load_text
from mockexchange.venues.kalshi.request_signer import sign
from mockexchange.venues.kalshi.signatures import verify
from mockexchange.venues.keys.public_keys import load_public_key
from tests.cli.test_click_base import error_of

ALICE = "    alice: "


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def new(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["keys", "new", *arguments], prog_name="mockexchange")
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("algorithm", ["rsa", "ed25519"])
def test_the_halves_fit(algorithm: str, here: Path) -> None:
    new("--algorithm", algorithm)
    public = load_public_key((here / "keys/public.pem").read_text())
    assert algorithm in type(public).__name__.lower()
    assert verify(public, sign((here / "keys/private.pem").read_text(), b"text"), b"text") == "good"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_the_private_half_is_the_owners_alone(here: Path) -> None:
    before = os.umask(0)
    try:
        new("--algorithm", "ed25519")
    finally:
        os.umask(before)
    assert stat.S_IMODE((here / "keys/private.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((here / "keys/public.pem").stat().st_mode) == 0o644


@pytest.mark.parametrize("out", ["keys", "a/b c", "it's, {here}", "."])
def test_what_is_printed_works_in_a_scenario(out: str, here: Path) -> None:
    printed = new("--algorithm", "ed25519", "--out", out)
    public = Path(out) / "public.pem"
    assert printed.startswith(f"private key  {Path(out) / 'private.pem'}  (mode 0600: your client signs with it)\n")
    snippet = printed[printed.index("  accounts:") :]
    plan = load_text(f"  scenario: s\n{snippet}", str(here / "scenario.yaml"))
    assert [spec.public_path for spec in plan.keys] == [here / public]
    assert KeyPool("s").pair_for(plan.keys[0]).public_pem == public.read_text()
    assert ALICE in USAGE


def test_programs_get_json(here: Path) -> None:
    private, public = (str(Path("keys") / f"{half}.pem") for half in ("private", "public"))
    wanted = {"algorithm": "ed25519", "private_key": private, "public_key": public}
    assert json.loads(new("--algorithm", "ed25519", "--json")) == wanted


@pytest.mark.parametrize("taken", ["private.pem", "public.pem"])
def test_nothing_is_written_over(taken: str, here: Path) -> None:
    (here / taken).write_text("precious")
    line = error_of("keys", "new", "--out", str(here))
    assert line == f"mockexchange keys new: {here / taken} exists already: choose another place with --out"
    assert [path.read_text() for path in here.iterdir()] == ["precious"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_that_leads_nowhere_is_not_followed(here: Path) -> None:
    (here / "private.pem").symlink_to(here / "elsewhere")
    assert "exists already" in error_of("keys", "new", "--out", str(here))
    assert not (here / "elsewhere").exists()


def test_a_place_that_cannot_be_written_is_named(here: Path) -> None:
    (here / "file").write_text("")
    line = error_of("keys", "new", "--algorithm", "ed25519", "--out", "file/keys", code=1)
    assert line == "mockexchange keys new: file/keys cannot be written: Not a directory"
