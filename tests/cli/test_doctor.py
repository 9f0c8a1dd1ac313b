"""What the doctor finds: a row a situation, each with its verdict, its words and how to mend it."""

import http.server
import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from time import time

import pytest

from mockexchange.cli import doctor_checks
from mockexchange.cli.doctor_checks import CHECKS, FAIL, OK, WARN, Finding
from mockexchange.cli.server_connection import Server
from mockexchange.runtime.http_request import Reply
from mockexchange.runtime.ready_file import START_ONE
from tests.cli.conftest import Cli
from tests.cli.doctor_machine import found, ready, situation
from tests.helpers.ports import free_port
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT

GONE = 2**22 + 1
"""Above the highest process id Linux gives out."""


@contextmanager
def answering(headers: dict[str, str]) -> Iterator[int]:
    """Something on a port that answers whatever it is asked with these headers and nothing else; yields the port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


# --- the command


def test_a_healthy_server_is_found_so(cli: Cli, server: Server) -> None:
    result = cli("doctor", "--json", "--port", "1", "--url", f"{server.control.url}/live")
    shown = [Finding(**one) for one in json.loads(result.stdout)]
    page = (ROOT / "docs/serve.md").read_text(encoding="utf-8")
    names = [f"`{name}`" for name in json.loads(result.stdout)[0]]
    assert f"as a list of {', '.join(names[:-1])} and {names[-1]}." in page
    by_check = {one.check: one for one in shown}
    assert by_check["server"].verdict == OK
    assert by_check["server"].message.startswith(f"pid {server.ready['pid']} answers at {server.control.url}")
    assert [one.message for one in shown if one.check == "clock"] == [
        "this machine's clock and the server's agree",
        "this machine's clock and that of 127.0.0.1 agree",
    ]
    assert by_check["python"].verdict == by_check["packages"].verdict == by_check["node"].verdict == OK


def test_a_failure_is_exit_code_1_and_says_how_to_mend_it(cli: Cli, tmp_path: Path) -> None:
    key = tmp_path / "no.pem"
    lines = cli("doctor", "--key", str(key), code=1).stdout.splitlines()
    place = lines.index(f"fail  key          --key: {key} cannot be read: No such file or directory")
    assert lines[place + 1] == f"{'':<18} > look at --key"


def test_what_is_no_url_is_refused(cli: Cli) -> None:
    assert (
        "expected a URL such as https://mock.example.org, got 'nope'" in cli("doctor", "--url", "nope", code=2).stderr
    )


def test_every_finding_that_is_not_well_says_how_to_mend_it(tmp_path: Path) -> None:
    """A situation in which nearly everything is wrong."""
    environment = {
        "KALSHI_API_BASE_URL": "ftp://x",
        "KALSHI_BASE_URL": "https://api.elections.kalshi.com/trade-api/v2",
        "KALSHI_PRIVATE_KEY_PATH": str(tmp_path),
        "KALSHI_PRIVATE_KEY": "x",
        "KALSHI_DEMO": "1",
        "HTTPS_PROXY": "http://proxy.test",
        "SSL_CERT_FILE": "/nowhere",
        "KALSHI_API_KEY_ID": "k9",
    }
    ready(tmp_path)
    findings = [one for check in CHECKS for one in check(situation(tmp_path, environment, url="http://127.0.0.1:1/"))]
    ill = [one for one in findings if one.verdict != OK]
    assert {one.check for one in ill} >= {"server", "clock", "key", "key id", "client", "proxy", "trust"}
    assert [one for one in ill if not one.remedy] == []


# --- what is installed


@each_row(
    ("line", "read"),
    [
        ("click>=8.1", ("click", "8.1", None, None)),
        ("uvloop>=0.17; platform_system != 'Windows'", ("uvloop", "0.17", None, False)),
        ('pywin32>=1; platform_system == "Windows"', ("pywin32", "1", None, True)),
        ("faker>=30; extra == 'generate'", ("faker", "30", "generate", None)),
        ("uvicorn[standard]>=0.35", ("uvicorn", "0.35", None, None)),
        ("plain", ("plain", "0", None, None)),
    ],
)
def test_lines_of_requirements(line: str, read: tuple[object, ...]) -> None:
    assert doctor_checks.read_requirement(line) == read


def test_a_line_that_is_none_is_passed_over() -> None:
    assert doctor_checks.read_requirement("?") is None


@each_row(("text", "numbers"), [("2.0", (2,)), ("2", (2,)), ("0.35.0rc1", (0, 35)), ("43.0.1", (43, 0, 1)), ("x", ())])
def test_versions_are_compared_by_their_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert doctor_checks.numbers_of(text) == numbers


def needs(*rows: tuple[str, str, str | None]) -> list[doctor_checks.Requirement]:
    return [doctor_checks.Requirement(name, floor, extra, None) for name, floor, extra in rows]


def test_packages_that_are_missing_or_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = needs(("click", "9999", None), ("no-such-package-here", "2", None), ("rich", "1", None))
    monkeypatch.setattr(doctor_checks, "requirements", lambda: wanted)
    old, missing = doctor_checks.check_dependencies(situation(tmp_path))
    assert (old.verdict, old.remedy) == (FAIL, f"{sys.executable} -m pip install 'click>=9999'")
    assert old.message.endswith("is too old: expected 9999 or later")
    assert missing[1:3] == (FAIL, "no-such-package-here is not installed")


def test_run_from_its_source_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_checks, "PACKAGE", "no-such-package-here")
    assert doctor_checks.requirements() == []
    assert [verdict for verdict, _ in found(doctor_checks.check_dependencies, situation(tmp_path))] == [WARN]


def test_an_extra_that_is_missing_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = needs(("no-such-package-here", "2", "kit"), ("click", "1", "generate"))
    monkeypatch.setattr(doctor_checks, "requirements", lambda: wanted)
    there, missing = doctor_checks.check_extras(situation(tmp_path))
    assert there == ("extras", OK, "generate is there, for `mockexchange scenario generate`", "")
    assert missing.message.endswith("takes: no-such-package-here is not installed")
    assert (missing.verdict, missing.remedy) == (OK, f"if wanted: {sys.executable} -m pip install 'mockexchange[kit]'")


def test_python_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [verdict for verdict, _ in found(doctor_checks.check_python, situation(tmp_path))] == [OK]
    monkeypatch.setattr(doctor_checks, "PYTHON_MIN", (99, 1))
    [old] = doctor_checks.check_python(situation(tmp_path))
    assert (old.verdict, old.remedy) == (FAIL, "expected Python 99.1 or later")


def test_node_is_looked_for_on_the_path(tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\n")
    node.chmod(0o755)
    assert found(doctor_checks.check_node, situation(tmp_path, {"PATH": str(tmp_path)})) == [(OK, f"node is {node}")]
    [(verdict, said)] = found(doctor_checks.check_node, situation(tmp_path, {"PATH": "/nowhere"}))
    assert (verdict, said[:16]) == (OK, "node is not on t")


# --- the server, clocks and the port


def test_no_server(tmp_path: Path) -> None:
    [one] = doctor_checks.check_server(situation(tmp_path))
    assert one == ("server", WARN, f"no server is running: there is no {tmp_path / 'ready.json'}", START_ONE)
    (tmp_path / "ready.json").write_text("[]")
    assert [verdict for verdict, _ in found(doctor_checks.check_server, situation(tmp_path))] == [FAIL]


def test_a_server_that_is_gone_or_does_not_answer_or_is_another(tmp_path: Path) -> None:
    file = ready(tmp_path, pid=GONE)
    assert found(doctor_checks.check_server, situation(tmp_path)) == [
        (FAIL, f"the server that wrote {file} (pid {GONE}) is gone")
    ]
    ready(tmp_path)
    [(verdict, said)] = found(doctor_checks.check_server, situation(tmp_path))
    assert (verdict, said.partition(": ")[0]) == (
        FAIL,
        f"the server (pid {os.getpid()}) does not answer at http://127.0.0.1:1/_mock/live",
    )
    with answering({"Server": "other"}) as port:
        ready(tmp_path, control_url=f"http://127.0.0.1:{port}/_mock")
        [(verdict, said)] = found(doctor_checks.check_server, situation(tmp_path))
    assert (verdict, said) == (FAIL, f"something else answers at http://127.0.0.1:{port}/_mock/live: status 200")


REPLY = Reply(200, "OK", json.loads("null"), b"")
CLOCKS = [
    (None, WARN, "that of x clock is unknown: the answer has no Date"),
    (0.0, OK, "this machine's clock and that of x agree"),
    (-1.9, OK, "this machine's clock and that of x agree"),
    (5.2, WARN, "this machine's clock is 5 s ahead of that of x"),
    (-12.0, FAIL, "this machine's clock is 12 s behind that of x"),
    (40.0, FAIL, "this machine's clock is 40 s ahead of that of x"),
]


@each_row(("ahead_s", "verdict", "said"), CLOCKS)
def test_clocks(ahead_s: float | None, verdict: str, said: str) -> None:
    judged = doctor_checks.judge_clock(doctor_checks.TimedReply(REPLY, ahead_s), "that of x")
    assert (judged.verdict, judged.message) == (verdict, said)


@each_row(
    ("date", "verdict"),
    [(formatdate(time() - 3_600, usegmt=True), FAIL), ("noon", WARN)],
    ids=["an hour behind", "no date"],
)
def test_the_clock_of_a_server_that_is_named(tmp_path: Path, date: str, verdict: str) -> None:
    with answering({"Date": date}) as port:
        given = situation(tmp_path, url=f"http://127.0.0.1:{port}/")
        assert [one for one, _ in found(doctor_checks.check_named_clock, given)] == [verdict]
    assert found(doctor_checks.check_named_clock, situation(tmp_path)) == []


def test_without_an_answer_the_servers_clock_is_not_judged(tmp_path: Path) -> None:
    assert found(doctor_checks.check_clock, situation(tmp_path)) == []
    ready(tmp_path)
    assert found(doctor_checks.check_clock, situation(tmp_path)) == []


def test_a_port_that_is_free_or_taken_and_by_whom(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        if sys.platform == "linux":
            assert doctor_checks.owner_of(port) == os.getpid()
    port = free_port()
    assert found(doctor_checks.check_port, situation(tmp_path, port=port)) == [(OK, f"{port} on 127.0.0.1 is free")]
    assert doctor_checks.owner_of(port) is None
    with answering({}) as port:
        [(verdict, said)] = found(doctor_checks.check_port, situation(tmp_path, port=port))
        assert (verdict, said.partition(": ")[2][:22]) == (WARN, "Address already in use")
    with answering({"X-Mock-Exchange": "1"}) as port:
        [(verdict, said)] = found(doctor_checks.check_port, situation(tmp_path, port=port))
        assert (verdict, "is taken by another mockexchange" in said) == (WARN, True)
        ready(tmp_path, control_url=f"http://127.0.0.1:{port}/_mock")
        assert found(doctor_checks.check_port, situation(tmp_path, port=port)) == [
            (OK, f"{port} is the running server's (pid {os.getpid()})")
        ]


def test_who_has_a_port_is_unknown_where_there_are_no_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_checks, "TCP_TABLES", ("/nowhere",))
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert doctor_checks.owner_of(other.getsockname()[1]) is None
