"""`serve` as a user sees it: the banner, whose lines work when pasted, and a clean end."""

import json
import logging
import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mockexchange.cli.click_base import Failure
from mockexchange.cli.commands.serve import program_to_type
from mockexchange.cli.serve.banner import banner
from mockexchange.cli.serve.request_log import JSON, REFUSALS, opened_request_log
from mockexchange.cli.server_connection import Server, find_server
from mockexchange.runtime.http_request import send
from mockexchange.runtime.ready_file import default_ready_file
from mockexchange.venues.kalshi.named_days import api_date
from tests.cli.conftest import COLOUR, Cli
from tests.cli.test_click_base import ENVIRONMENT, PROGRAM, error_of
from tests.helpers.patience import PATIENCE_S, wait_until
from tests.helpers.rows import each_row
from tests.helpers.signals import none_ignored
from tests.house.serving import served

ACCOUNTS: list[dict[str, Any]] = [
    {
        "name": "own",
        "kind": "member",
        "venue": "kalshi",
        "key_id": "k0",
        "private_key_path": None,
        "secret": None,
        "subtraders": [],
    },
    {
        "name": "a b",
        "kind": "fcm",
        "venue": "kalshi",
        "key_id": "k1",
        "private_key_path": "/keys/a b.pem",
        "secret": None,
        "subtraders": ["s1", "s2"],
    },
]
VENUE = {"base_url": "http://127.0.0.1:8600/trade-api/v2", "ws_url": "ws://127.0.0.1:8600/trade-api/ws/v2"}
READY = {"venues": {"kalshi": VENUE}, "accounts": ACCOUNTS}
PINNED = """\
scenario: pinned
start: 2025-11-04T23:00:00Z
accounts: {alice: {cash: 100, keys: {main: {api_date: 2026-03-09}}}}
"""


def plain(text: str) -> list[str]:
    """Return the lines of a text without colours."""
    return COLOUR.sub("", text).splitlines()


def test_the_banner_says_where_who_and_how() -> None:
    assert plain(banner(READY, api_date("latest"), default_ready_file())) == [
        "mockexchange serves Kalshi, wire of 2026-10 (2026-10-31)",
        "  http://127.0.0.1:8600/trade-api/v2",
        "  ws://127.0.0.1:8600/trade-api/ws/v2",
        "  in a browser: mockexchange console",
        "",
        "  own          member  key k0",
        "  a b          fcm     key k1  subtraders s1, s2",
        "",
        "export KALSHI_API_BASE_URL=http://127.0.0.1:8600/trade-api/v2",
        "export KALSHI_WS_URL=ws://127.0.0.1:8600/trade-api/ws/v2",
        "export KALSHI_API_KEY_ID=k1",
        "export KALSHI_PRIVATE_KEY_PATH='/keys/a b.pem'",
        "mockexchange call 'a b' GET /portfolio/positions",
        "",
        "Ctrl-C stops it.",
    ]


def test_the_banner_says_what_to_type_if_a_shell_does_not_find_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = plain(banner(READY, api_date("latest"), default_ready_file(), program=".venv/bin/mockexchange"))
    assert lines[4] == "  a shell does not find mockexchange here: type .venv/bin/mockexchange"
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert program_to_type().endswith(" -m mockexchange")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert program_to_type() == ""


def test_a_script_that_a_shell_does_not_find_is_typed_as_it_was_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "my env" / "mockexchange"
    script.parent.mkdir()
    script.touch()
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(sys, "argv", [str(script), "serve"])
    assert program_to_type() == f"'{script}'"


def test_the_banner_has_colours_and_one_block_to_copy() -> None:
    lines = banner(READY, api_date("compat"), default_ready_file()).splitlines()
    assert lines[0].startswith("\x1b[32m\x1b[1mmockexchange serves Kalshi\x1b[0m")
    assert [line for line in lines if "\x1b[36m" in line] == [*lines[1:3], lines[4]]
    assert lines[3].startswith("\x1b[33m  compat keeps ")
    block = lines.index("export KALSHI_API_BASE_URL=http://127.0.0.1:8600/trade-api/v2")
    assert [line.split("=")[0] for line in lines[block - 1 : block + 6]] == [
        "",
        "export KALSHI_API_BASE_URL",
        "export KALSHI_WS_URL",
        "export KALSHI_API_KEY_ID",
        "export KALSHI_PRIVATE_KEY_PATH",
        "mockexchange call 'a b' GET /portfolio/positions",
        "",
    ]


def test_the_banner_of_compat_names_the_date_for_ci() -> None:
    first, _, _, line, *_ = plain(banner(READY, api_date("compat"), default_ready_file()))
    assert first == "mockexchange serves Kalshi, compat: every field of every date"
    assert line.startswith("  compat keeps ")
    assert line.endswith(" removed fields: use --api-date latest in CI")


def test_the_banner_says_nothing_of_removed_fields_where_nobody_could_get_any() -> None:
    dora = {**ACCOUNTS[0], "name": "dora", "venue": "deribit"}
    ready = {"venues": {"kalshi": VENUE, "deribit": VENUE}, "accounts": [dora]}
    assert "removed fields" not in banner(ready, api_date("compat"), default_ready_file())
    both = {**ready, "accounts": [dora, ACCOUNTS[0]]}
    assert "removed fields" in banner(both, api_date("compat"), default_ready_file())


def test_the_banner_without_a_usable_key_has_no_lines_to_paste() -> None:
    text = banner({**READY, "accounts": ACCOUNTS[:1]}, api_date("latest"), default_ready_file())
    assert "export" not in text
    assert "mockexchange call" not in text


def test_the_banner_has_lines_for_each_venue_that_somebody_has_an_account_with() -> None:
    where = {"base_url": "http://127.0.0.1:8600/api/v2", "ws_url": "ws://127.0.0.1:8600/ws/api/v2"}
    dora = {**ACCOUNTS[0], "name": "dora", "venue": "deribit", "key_id": "k2", "secret": "s 2"}
    second = {**dora, "name": "dan", "key_id": "k3"}
    ready = {"venues": {"kalshi": VENUE, "deribit": where, "signalplus": where}, "accounts": [*ACCOUNTS, dora, second]}
    lines = plain(banner(ready, api_date("latest"), default_ready_file()))
    assert lines[3:6] == [
        "mockexchange serves Deribit, wire of 2026-10 (2026-10-31)",
        "  http://127.0.0.1:8600/api/v2",
        "  ws://127.0.0.1:8600/ws/api/v2",
    ]
    assert "  dora         Deribit key k2" in lines
    assert lines[-8:-2] == [
        "export DERIBIT_API_URL=http://127.0.0.1:8600/api/v2",
        "export DERIBIT_WS_URL=ws://127.0.0.1:8600/ws/api/v2",
        "export DERIBIT_CLIENT_ID=k2",
        "export DERIBIT_CLIENT_SECRET='s 2'",
        "mockexchange call 'a b' GET /portfolio/positions",
        "mockexchange call dora GET /private/get_positions",
    ]


def test_the_line_to_paste_finds_a_server_that_is_not_the_default_one(cli: Cli, server: Server, home: Path) -> None:
    server.ask("GET", "live")
    printed = (home / "log.txt").read_text().splitlines()
    (line,) = [line for line in printed if line.startswith("mockexchange call ")]
    arguments = shlex.split(line)[1:]
    assert arguments[-2:] == ["--ready-file", str(server.ready_file)]
    assert json.loads(cli(*arguments, environment={"MOCKEXCHANGE_READY_FILE": None}).stdout)["cursor"] == ""


def test_a_port_in_use_names_a_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = error_of("serve", "--port", str(port))
    assert line.startswith(f"mockexchange serve: port {port} on 127.0.0.1 is in use: try --port ")
    assert line.endswith(", or --port 0 for any")


def test_a_control_port_in_use_is_that_option() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = error_of("serve", "--port", "0", "--control-port", str(port))
    assert line.startswith(f"mockexchange serve: port {port} on 127.0.0.1 is in use: try --control-port ")
    assert line.endswith(", or --control-port 0 for any")


@each_row("host", ["192.0.2.1", "300.1.1.1"])
def test_an_address_of_another_machine_is_explained(host: str) -> None:
    line = error_of("serve", "--port", "0", "--host", host)
    assert line.startswith(f"mockexchange serve: cannot serve on {host}:0: ")
    assert line.endswith(": give --host an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all")


@each_row(
    ("option", "words"),
    [
        ("--ready-file", "Invalid value for '--ready-file': File "),
        ("--audit", "Invalid value for '--audit': File "),
        ("--store", "cannot be opened: it is a directory: give a file"),
    ],
)
def test_a_directory_instead_of_a_file_is_refused(tmp_path: Path, option: str, words: str) -> None:
    place = f"sqlite:{tmp_path}" if option == "--store" else str(tmp_path)
    assert words in error_of("serve", "--port", "0", option, place)


def test_a_wrong_scenario_names_the_command_that_prints_all_its_errors(tmp_path: Path) -> None:
    file = tmp_path / "my own.yaml"
    file.write_text("scenario: mine\nstart: yesterday\naccounts: {alice: {cash: lots}}\n")
    advice = f"; all errors: mockexchange scenario check '{file}'"
    assert error_of("serve", "--port", "0", "--scenario", str(file)).endswith(f"got 'yesterday'{advice}")
    assert error_of("run", "--scenario", str(file), "--", "true").endswith(f"got 'yesterday'{advice}")
    assert "all errors" not in error_of("serve", "--port", "0", "--scenario", "dem")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals")
@each_row("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_ends_it_and_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    """Also after somebody has named a pipe as a scenario, which nobody writes to."""
    environment = {**ENVIRONMENT, "XDG_RUNTIME_DIR": str(tmp_path)}
    os.mkfifo(tmp_path / "pipe.yaml")
    command = [*PROGRAM, "serve", "--port", "0", "--scenario", "empty", "--scenario-dir", str(tmp_path)]
    pipe = subprocess.PIPE
    with none_ignored([number]), subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe) as process:
        try:
            assert process.stdout
            assert process.stdout.readline().startswith(b"mockexchange serves ")
            server = find_server(tmp_path / "mockexchange/ready.json")
            assert server.ready["pid"] == process.pid
            with pytest.raises(Failure, match="is a pipe: expected a regular file"):
                server.ask("POST", "sandboxes", {"scenario": "pipe.yaml"}, patience_s=PATIENCE_S)
            process.send_signal(number)
            _, complaint = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
    assert (process.returncode, complaint) == (0, b"")
    assert list((tmp_path / "mockexchange").iterdir()) == []


def test_quiet_prints_nothing(tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    command = [*PROGRAM, "serve", "--port", "0", "--scenario", "empty", "--quiet", "--ready-file", str(ready_file)]
    environment = {**ENVIRONMENT, "XDG_RUNTIME_DIR": str(tmp_path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        wait_until(ready_file.exists)
        process.terminate()
        printed, _ = process.communicate(timeout=PATIENCE_S)
    assert printed == b""


def test_a_date_without_documents_cannot_be_checked() -> None:
    line = error_of("serve", "--port", "0", "--self-check", "--api-date", "2026-03-09")
    start = "mockexchange serve: --self-check: there is no document of 2026-03-09 to check against: there are 2025-11, "
    assert line.startswith(start)


def test_what_is_served_with_a_self_check_is_checked(tmp_path: Path) -> None:
    (tmp_path / "pinned.yaml").write_text(PINNED)
    with served(tmp_path, *PROGRAM, "serve", "--self-check", "--scenario", "pinned.yaml"):
        server = find_server(tmp_path / "ready.json")
        key_id = server.ready["accounts"][0]["key_id"]
        url = server.ready["venues"]["kalshi"]["base_url"]
        send("GET", f"{url}/exchange/status", {"KALSHI-ACCESS-KEY": key_id})
        (entry,) = server.ask("GET", "sandboxes/default/journal")
    assert entry["findings"] == ["self-check: not checked, there is no document of 2026-03-09"]


def test_the_banner_says_where_the_findings_of_a_server_that_checks_itself_are() -> None:
    ready_file, date = default_ready_file(), api_date("latest")
    line = "  it checks itself: what differs from the documents is in `mockexchange journal`, also with --frames"
    assert line in plain(banner(READY, date, ready_file, is_checked=True))
    assert "checks itself" not in banner(READY, date, ready_file)


def test_every_line_of_a_json_log_is_an_object(tmp_path: Path) -> None:
    """Also the reason of a failed start."""
    (tmp_path / "bad.yaml").write_text("scenario: [x\n")
    command = [sys.executable, "-m", "mockexchange", "serve", "--log-format", "json", "--scenario", "bad.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    [failed] = map(json.loads, done.stderr.splitlines())
    assert (done.returncode, failed["event"], failed["level"]) == (2, "failed", "error")
    assert failed["problem"].startswith("bad.yaml:2: not valid YAML")


def _make_a_mistake() -> None:
    with opened_request_log(JSON, REFUSALS):
        try:
            raise ValueError("of a library")
        except ValueError:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
        raise ZeroDivisionError("of the server")


def test_messages_of_libraries_and_mistakes_are_in_the_json_log(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        _make_a_mistake()
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (ended.value.code, first["text"], first["level"]) == (1, "Exception in ASGI application", "error")
    assert first["traceback"].endswith("ValueError: of a library\n")
    assert "ZeroDivisionError: of the server" in second["traceback"]
