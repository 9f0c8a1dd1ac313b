"""`mockexchange fork`, and the options of `serve` that open a log."""

import asyncio
import json
from pathlib import Path

import click
import pytest

from mockexchange.cli import main
from mockexchange.cli.click_base import UsageFailure
from mockexchange.cli.serve.from_log import LogToOpen
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from tests.cli.conftest import Cli
from tests.cli.test_click_base import error_of
from tests.helpers.rows import each_row

BUY = "{fill: {account: alice, market: RAIN-1, side: yes, action: buy, count: 1, price: 0.6}}"


def test_a_sandbox_and_a_log_are_forked(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    cli("do", "--sandbox", sandbox, BUY)
    log = tmp_path / "run.jsonl"
    log.write_text(cli("log", "--sandbox", sandbox).output)
    count = len(log.read_text().splitlines()) - 1
    shown = [
        json.loads(cli("fork", "--json", *words).output)
        for words in (["--sandbox", sandbox], ["--of-log", str(log)], ["--of-log", str(log), "--at", str(count - 1)])
    ]
    assert [one["commands"] for one in shown] == [count + 1, count + 1, count]
    text = cli("fork", "--sandbox", sandbox, "--at", "3", "--to", "third", "--clock", "10x").output
    assert text.splitlines()[0].startswith("third: 4 commands, ")
    assert text.splitlines()[1].startswith("  http://127.0.0.1:")
    assert "none with the number 9,999" in cli("fork", "--at", "9999", code=1).stderr


WRONG_LOGS = [
    (b"\xff", "expected a log, as `mockexchange log` writes it: not UTF-8 text at byte 0"),
    (b"", "expected a log, as `mockexchange log` writes it: line 1: expected a log header, got an empty file"),
    (b'{"format": "mockexchange-recording"}\n', "expected a log, as `mockexchange log` writes it: line 1: "),
]


@pytest.mark.parametrize(("content", "message"), WRONG_LOGS, ids=["binary", "empty", "recording"])
def test_a_file_that_is_no_log_is_named(cli: Cli, tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    assert f"fork: {path}: {message}" in cli("fork", "--of-log", str(path), code=1).stderr


def test_errors_of_a_fork_name_the_log_or_the_option(cli: Cli, log: Path) -> None:
    assert f"fork: {log}: the log has" in cli("fork", "--of-log", str(log), "--at", "999", code=1).stderr
    assert "fork: --sandbox: no sandbox 'nosuch'" in cli("fork", "--sandbox", "nosuch", code=1).stderr


def log_to_open(log: Path, *words: str) -> tuple[LogToOpen, SandboxOptions]:
    """Return the log that `serve` would open with these options, and the options of its sandbox."""
    parent = click.Context(main, **main.context_settings)
    context = main.commands["serve"].make_context("serve", ["--from-log", str(log), *words], parent=parent)
    values = context.params
    found = LogToOpen.of(context, {"from_log": values["from_log"], "until": values["until"], "speed": values["speed"]})
    assert found is not None
    return found, found.options_of(SandboxOptions(api_date=values["api_date"], clock=values["clock"]))


def opened(log: Path, *words: str) -> Sandbox:
    """Return the sandbox that `serve` would open with these options."""
    found, options = log_to_open(log, *words)
    return asyncio.run(found.make(options))


@pytest.fixture
def log(cli: Cli, sandbox: str, tmp_path: Path) -> Path:
    cli("do", "--sandbox", sandbox, BUY)
    path = tmp_path / "run.jsonl"
    path.write_text(cli("log", "--sandbox", sandbox).output)
    return path


def test_the_banner_says_what_is_played(log: Path) -> None:
    last = json.loads(log.read_text().splitlines()[-1])["seq"]
    played, options = log_to_open(log, "--speed", "5x")
    assert played.remark(options).startswith(f"plays {log} back at 5x, to command {last} at 2025-11-04T")
    forked, options = log_to_open(log, "--until", "3")
    assert forked.remark(options) == f"as {log} has it; nothing is played back"


def test_serve_opens_a_log(log: Path, caplog: pytest.LogCaptureFixture) -> None:
    count = len(log.read_text().splitlines()) - 1
    assert opened(log).clock.mode == "1x"
    assert opened(log, "--speed", "5x").clock.mode == "5x"
    played = opened(log, "--clock", "paused", "--api-date", "2026-06")
    assert (played.clock.mode, played.options.api_date.name) == ("paused", "2026-06")
    forked = opened(log, "--until", str(count))
    assert (len(forked.log), forked.clock.mode) == (count + 1, "paused")
    with pytest.raises(UsageFailure, match="none with the number 999"):
        opened(log, "--until", "999")
    header, *records = log.read_text().splitlines()
    bare = {name: value for name, value in json.loads(header).items() if name != "origin"}
    log.write_text("\n".join([json.dumps(bare), *records]))
    assert len(opened(log).log) == count + 1
    assert "its scenario does not go on" in caplog.text


@each_row(
    ("words", "message"),
    [
        (["--until", "3"], "give --from-log FILE"),
        (["--log", __file__], f"--from-log {__file__} opens a log"),
        (["--speed", "fast"], "expected a clock"),
        (["--speed", "paused"], "expected a scale such as 5x"),
        (["--until", "0"], "from 1 on"),
        (["--from-log", __file__], "expected a log, as `mockexchange log` writes it"),
        (["--from-log", __file__, "--scenario", "demo"], "leave --scenario out"),
        (["--from-log", __file__, "--speed", "2x", "--clock", "paused"], "--speed contradicts --clock"),
        (["--from-log", __file__, "--speed", "2x", "--until", "3"], "--speed contradicts --until"),
    ],
)
def test_options_that_contradict_are_refused(words: list[str], message: str) -> None:
    assert message in error_of("serve", "--port", "0", *words)
