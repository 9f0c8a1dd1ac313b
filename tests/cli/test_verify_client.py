"""`verify client`: what is printed and written, exit codes, and one line for what cannot be judged."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from mockexchange.cli import main
from mockexchange.kit.client.cards import load_cards
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT
from tests.kit.client.fake_adapters import answering

BOT = ROOT / "tests" / "kit" / "client" / "bot.py"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    assert not list(tmp_path.glob("mockexchange-findings/*")), "nothing was to be kept"


def verify(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["verify", "client", *arguments], prog_name="mockexchange")


def bot(*deeds: str) -> list[str]:
    return ["--", sys.executable, str(BOT), *deeds]


def error_of(*arguments: str) -> str:
    """Run what cannot be judged: exit code 2, and one last line on standard error."""
    result = verify(*arguments)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    return result.stderr.splitlines()[-1]


def test_the_cards_are_listed() -> None:
    result = verify("--list-cards", "--cards", "R0*")
    assert result.exit_code == 0
    assert [line[:3] for line in result.stdout.splitlines()] == [f"R0{place}" for place in range(1, 10)]
    assert len(verify("--list-cards").stdout.splitlines()) == len(load_cards())


def test_another_venue_has_cards_clients_and_dates_of_its_own() -> None:
    listed = verify("--venue", "signalplus", "--list-cards", "--cards", "G1*").stdout
    assert listed == "G10  Positions are read\n"
    foreign = error_of("--venue", "deribit", "--client", "kyro", *bot("positions"))
    assert foreign.endswith("Invalid value for '--client': kyro is a client of kalshi, not of deribit")
    undated = error_of("--venue", "deribit", "--api-date", "2025-09", *bot("positions"))
    assert "Invalid value for '--api-date'" in undated


def test_a_client_that_keeps_its_cards_ends_with_0(tmp_path: Path) -> None:
    result = verify("--cards", "R01,R20", "--report", f"junit:{tmp_path / 'r.xml'}", *bot("positions"))
    assert result.exit_code == 0, result.output
    assert re.search("2 kept, 0 broken, 0 not judged", result.stdout)
    assert re.search(r"GET /portfolio/positions +\d+ +200", result.stdout)
    assert len(list(ElementTree.parse(tmp_path / "r.xml").iter("testcase"))) == 2


def test_a_client_that_breaks_one_ends_with_1_and_says_how_to_see_it(tmp_path: Path) -> None:
    result = verify("--cards", "R20", "--report", f"html:{tmp_path / 'r.html'}", *bot("first_page"))
    assert result.exit_code == 1, result.output
    assert "R20 pages.followed" in result.stdout
    assert "mockexchange verify client --cards R20 -- " in result.stdout
    assert "broken R20" in result.stderr
    assert "pages.followed" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_cards_that_are_known_to_be_broken_fail_nothing_and_others_do() -> None:
    known = Path("broken-cards.txt")  # as short as its lines: a long path is folded
    first = verify("--cards", "R01,R20", "--write-baseline", str(known), *bot("first_page"))
    assert (first.exit_code, first.stderr.splitlines()[-1]) == (0, f"Written: {known}")
    lines = known.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["R20 A list of several pages"]
    again = verify("--cards", "R01,R20", "--baseline", str(known), *bot("first_page"))
    assert again.exit_code == 0, again.output
    assert f"known to be broken: {known}" in again.stdout
    assert "R20 pages.followed" in again.stdout
    assert "broken R20" not in again.stderr
    assert "Mended" not in again.stdout
    known.write_text("R01 Requests are signed  # they were not\n")
    others = verify("--cards", "R01,R20", "--baseline", str(known), *bot("first_page"))
    assert others.exit_code == 1
    assert re.search(rf"Mended, remove these lines from {known}\n.*\nR01 +Requests are signed", others.stdout)


def test_a_command_that_is_stopped_is_said_to_be() -> None:
    result = verify("--cards", "R01,R05", "--timeout", "2s", *bot("hang"))
    assert result.exit_code == 0, result.output
    assert len(re.findall("the command was stopped after [23] s: its time was over", result.stdout)) == 1


def test_cards_of_ones_own_are_shown_again_with_their_directory(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    text = "card: X01\ntitle: Own\nsays: So.\nsee: {rules: [pages.followed]}\n"
    (tmp_path / "own" / "x.yaml").write_text(text.replace("pages.followed", "calls.documented"), encoding="utf-8")
    (tmp_path / "own" / "y.yaml").write_text(
        "card: X02\ntitle: Own\nsays: So.\ntask: {name: positions}\nneeds: {operation: GetPositions}\n"
        "see: {requests: {max: 0}}\n",
        encoding="utf-8",
    )
    result = verify("--more-cards", "own", "--cards", "X*", *bot("positions"))
    assert result.exit_code == 1, result.output
    assert "mockexchange verify client --more-cards own --cards X02 -- " in result.stdout
    assert "own/y.yaml:1" in result.stdout


def test_an_adapter_is_given_tasks() -> None:
    result = verify("--adapter", "--cards", "R26", "--api-date", "2026-06", "--", *answering("tell(task, rows=[])"))
    assert result.exit_code == 0, result.output


@each_row(
    ("arguments", "words"),
    [
        ([], "expected a command after --, such as: mockexchange verify client -- python bot.py"),
        (["--cards", "R0l", "--", "x"], "no card 'R0l': --list-cards shows those that there are"),
        (["--more-cards", "nowhere", "--", "x"], "nowhere: expected cards, found no file there that ends in .yaml"),
        (["--api-date", "2026-13", "--", "x"], "Invalid value for '--api-date'"),
        (["--timeout", "soon", "--", "x"], "Invalid value for '--timeout'"),
        (["--timeout", "0s", "--", "x"], "Invalid value for '--timeout': expected a duration above 0, such as 60s"),
        (["--cards", "", "--", "x"], "expected numbers of cards such as R07,S* or !R71"),
        (["--cards", "!R7l", "--", "x"], "no card 'R7l': --list-cards shows those that there are"),
        (["--more-cards", str(BOT), "--", "x"], "bot.py: expected a directory with cards, found a file"),
        (["--report", "pdf:x", "--", "x"], "Invalid value for '--report'"),
        (["--", "/no/such/program"], "`/no/such/program` cannot be started: No such file or directory"),
        (["--adapter", "--", "/no/such/program"], "`/no/such/program` cannot be started: No such file or directory"),
        (["--scenario", "nothing", *bot("positions")], "no scenario 'nothing'"),
        (["--baseline", "none.txt", "--", "x"], "none.txt cannot be read: No such file or directory: --write-baseline"),
        (["--baseline", str(BOT), "--", "x"], "bot.py:1: no such card: "),
        (["--baseline", "a", "--write-baseline", "b", "--", "x"], "expected one of --baseline and --write-baseline"),
        (["--baseline", ".", "--", "x"], ". cannot be read: "),
        (["--cards", "R01", *bot("silent")], "sent nothing to the sandbox"),
        (["--cards", "R01", *bot("crowd")], "it opened more than 256 connections at once"),
    ],
    ids=[
        "none",
        "card",
        "cards",
        "date",
        "timeout",
        "no time",
        "no card",
        "not that card",
        "file",
        "report",
        "command",
        "adapter",
        "scenario",
        "no baseline",
        "baseline",
        "baselines",
        "folder",
        "silent",
        "crowd",
    ],
)
def test_what_cannot_be_judged_is_one_line(arguments: list[str], words: str) -> None:
    assert words in error_of(*arguments)


def test_an_interruption_ends_everything_and_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mockexchange", "verify", "client", "--cards", "R01", *bot("poll_and_tell")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KIT_TOLD": str(tmp_path / "told")}
    pipe = subprocess.PIPE
    os.mkfifo(tmp_path / "told")
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        with (tmp_path / "told").open() as told:
            port = int(told.readline())
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert "The run ended before its end: it was interrupted" in output
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_report_that_cannot_be_written_any_more_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    body = f"import shutil; shutil.rmtree({str(tmp_path / 'gone')!r}, ignore_errors=True); tell(task, rows=[])"
    report = f"junit:{tmp_path / 'gone' / 'r.xml'}"
    result = verify("--adapter", "--cards", "R26", "--report", report, "--", *answering(body))
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr.splitlines()[-1]


def test_broken_documents_are_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from mockexchange.runtime import api_documents

    broken = tmp_path / "documents" / "kalshi" / "2026-10"
    broken.mkdir(parents=True)
    for kind in ("openapi", "asyncapi"):
        (broken / f"{kind}.yaml").write_text("info: [\n", encoding="utf-8")
    monkeypatch.setattr(api_documents, "directory", lambda: tmp_path / "documents")
    assert "the contract documents cannot be read" in error_of("--cards", "R05", *bot("positions"))
