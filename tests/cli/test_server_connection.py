"""Finding the server, talking to it, and what is said when that does not work."""

import json
import os
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click
import pytest

from mockexchange.cli.click_base import Failure
from mockexchange.cli.server_connection import Server, find_server
from mockexchange.runtime.http_request import Unreachable, send
from mockexchange.runtime.ready_file import is_running
from mockexchange.scenario.keys import make_pair
from mockexchange.venues.kalshi.request_signer import sign, signed_headers
from mockexchange.venues.kalshi.signatures import verify
from mockexchange.venues.keys.public_keys import load_public_key
from tests.cli.conftest import Cli
from tests.helpers.rows import each_row

NOBODY = 2**22 + 1
"""Above the highest process id Linux gives out."""


def ready(**changed: object) -> dict[str, Any]:
    plain = {
        "pid": os.getpid(),
        "control_url": "http://127.0.0.1:1/_mock",
        "control_token": "t",
        "venues": {"kalshi": {"base_url": "http://127.0.0.1:1/trade-api/v2"}},
        "accounts": [],
    }
    return {**plain, **changed}


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """Something else on the port: every request gets the same answer. Yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as other:
        thread = threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{other.server_port}"
        finally:
            other.shutdown()
            thread.join()


# --- the ready file


def test_without_a_server_it_says_how_to_start_one(cli: Cli, tmp_path: Path) -> None:
    missing = tmp_path / "ready.json"
    result = cli("journal", "--ready-file", str(missing), code=1)
    assert result.stderr == (
        f"mockexchange journal: no server is running: there is no {missing}; "
        "start one with `mockexchange serve` (--ready-file names another)\n"
    )


@each_row(
    "text",
    [
        "",
        "x",
        "[]",
        '"text"',
        "{}",
        json.dumps(ready(venues={})),
        json.dumps(ready(accounts=[{"name": "alice"}])),
        json.dumps(ready(accounts=7)),
    ],
)
def test_a_broken_ready_file_is_named(text: str, tmp_path: Path) -> None:
    file = tmp_path / "ready.json"
    file.write_text(text)
    with pytest.raises(Failure, match=r"ready\.json is no ready file: expected what `mockexchange serve` writes"):
        find_server(file)


def test_a_ready_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot be read: is a directory"):
        find_server(tmp_path)


def test_a_server_that_is_gone_is_told_from_one_that_does_not_answer(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "ready.json"
    file.write_text(json.dumps(ready(pid=NOBODY)))
    line = cli("why", "--ready-file", str(file), code=1).stderr
    assert line.startswith(f"mockexchange why: the server that wrote {file} (pid {NOBODY}) is gone (")
    assert line.endswith(": start one with `mockexchange serve` (--ready-file names another)\n")
    file.write_text(json.dumps(ready()))
    line = cli("why", "--ready-file", str(file), code=1).stderr
    expected = f"mockexchange why: the server (pid {os.getpid()}) does not answer at http://127.0.0.1:1/_mock: "
    assert line.startswith(expected)


def test_another_server_on_the_port_of_a_dead_one_is_noticed(server: Server, tmp_path: Path) -> None:
    stale = Server(tmp_path, {**server.ready, "pid": NOBODY, "control_token": "old"})
    with pytest.raises(Failure, match=rf"\(pid {NOBODY}\) is gone \(another server has its port\)"):
        stale.ask_sandbox("GET", "default")
    with pytest.raises(Failure, match=r"refuses the control token in .*: expected the file as that server wrote it"):
        Server(tmp_path, {**server.ready, "control_token": "old"}).ask_sandbox("GET", "default")


@each_row(("status", "body"), [(200, b"<html>"), (404, b"gone"), (500, b'{"error": "no"}'), (301, b"{}"), (400, b"[]")])
def test_what_is_no_control_api_is_named(status: int, body: bytes, tmp_path: Path) -> None:
    with answering(status, body) as url:
        other = Server(tmp_path, ready(control_url=url))
        with pytest.raises(Failure, match=f"expected the control API at {url}, got status {status}"):
            other.ask("GET", "live")


def test_the_control_apis_own_words_are_passed_on(server: Server) -> None:
    with pytest.raises(Failure, match=r"^no sandbox 'a b\?'; known: default"):
        server.ask_sandbox("GET", "a b?")
    with pytest.raises(Failure, match=r"^\[0\]: a step here happens now"):
        server.ask_sandbox("POST", "default", "/commands", body=[{"cancel": {"order": "x"}, "after": "5s"}])


def test_a_failure_remembers_its_command() -> None:
    with click.Context(click.Command("why"), info_name="why"):
        assert Failure("x").ctx is click.get_current_context()
    assert Failure("x").ctx is None


@each_row("pid", [NOBODY, 2**80, "12", None])
def test_a_process_that_cannot_be(pid: object) -> None:
    assert not is_running(pid)


def test_a_process_of_somebody_else_runs() -> None:
    assert is_running(os.getpid())
    assert is_running(1)


@each_row(
    ("url", "says"),
    [
        ("http://127.0.0.1:1/", "Connection refused"),
        ("http://127.0.0.1:99999/", "Port out of range"),
        ("http://127.0.0.1:1/a b", "control characters"),
    ],
)
def test_what_cannot_be_sent_says_why(url: str, says: str) -> None:
    with pytest.raises(Unreachable, match=says):
        send("GET", url, {})


# --- signing


@each_row("algorithm", ["rsa", "ed25519"])
def test_a_signed_request_verifies(algorithm: str) -> None:
    pair = make_pair(algorithm)
    headers = signed_headers("id", pair.private_pem or "", "GET", "/trade-api/v2/x", 1_700_000_000_123)
    assert list(headers) == ["KALSHI-ACCESS-KEY", "KALSHI-ACCESS-TIMESTAMP", "KALSHI-ACCESS-SIGNATURE"]
    signature = b64decode(headers["KALSHI-ACCESS-SIGNATURE"], validate=True)
    message = b"1700000000123GET/trade-api/v2/x"
    assert verify(load_public_key(pair.public_pem), signature, message) == "good"
    assert headers["KALSHI-ACCESS-KEY"] == "id"


def test_a_key_of_another_kind_cannot_sign() -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(*form).decode()
    with pytest.raises(ValueError, match="expected an RSA or Ed25519 key, got EC"):
        sign(pem, b"x")
