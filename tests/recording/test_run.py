"""A recording from the command line: of the mock, beside a program, and of a HAR."""

import asyncio
import errno
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from mockexchange.api.serve import serve
from mockexchange.api.synchronous.exchange import Exchange
from mockexchange.cli import main
from mockexchange.recording.har import add_har
from mockexchange.recording.read_errors import network_reason
from mockexchange.recording.recording_file import RecordingFile
from mockexchange.recording.redaction import Redactor
from mockexchange.recording.run import RecordSettings, finish, record, url_variables
from mockexchange.recording.upstreams import parse_upstreams
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row

FILLS = "/trade-api/v2/portfolio/fills?limit=2"
PROGRAM = """
import os, sys, urllib.request, urllib.error
url = os.environ["KALSHI_API_BASE_URL"].removesuffix("/trade-api/v2")
assert url == os.environ["MOCKEXCHANGE_RECORD_URL"]
headers = eval(os.environ["SIGNED"])
for target in (os.environ["TARGET"], "/trade-api/v2/exchange/status"):
    with urllib.request.urlopen(urllib.request.Request(url + target, headers=headers)) as answer:
        sys.stdout.write(answer.read().decode() + chr(10))
sys.exit(5)
"""


@pytest.fixture(scope="module")
def exchange() -> Iterator[Exchange]:
    with serve("demo", clock="paused") as one:
        yield one


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["record", *arguments], prog_name="mockexchange")


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_program_is_recorded_with_the_bytes_that_it_got(
    exchange: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    origin = exchange.base_url.removesuffix("/trade-api/v2")
    signed = exchange.accounts["alice"].headers("GET", origin + FILLS)
    monkeypatch.setenv("SIGNED", repr(dict(signed)))
    monkeypatch.setenv("TARGET", FILLS)
    out = tmp_path / "run.jsonl"
    result = run("--to", origin, "--port", "0", "--out", str(out), "--", sys.executable, "-c", PROGRAM)
    assert result.exit_code == 5, result.output
    assert "2 requests" in result.stderr
    first, _ = capfd.readouterr().out.splitlines()
    assert first == httpx.get(origin + FILLS, headers=signed).text
    _, entry, _, end = lines_of(out)
    assert (entry["target"], entry["status"], end["requests"]) == (FILLS, 200, 2)
    before, after = json.loads(first), json.loads(entry["answer"])
    for was, shown in zip(before["fills"], after["fills"], strict=True):
        same = {name for name in was if was[name] == shown[name]}
        assert was.keys() - same == {"fill_id", "order_id", "trade_id"}
    text = out.read_text(encoding="utf-8")
    assert [value for value in signed.values() if len(value) > 20 and value in text] == []


def test_a_signal_ends_a_recording_without_a_program(tmp_path: Path) -> None:
    settings = RecordSettings(upstreams=parse_upstreams("demo"), out=tmp_path / "run.jsonl", environment={})

    def stop(origin: str) -> None:
        asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGTERM)

    result = asyncio.run(record(settings, stop))
    assert (result.code, len(lines_of(tmp_path / "run.jsonl"))) == (0, 2)


def test_an_interrupt_before_the_program_runs_leaves_a_whole_file(tmp_path: Path) -> None:
    settings = RecordSettings(
        upstreams=parse_upstreams("demo"), out=tmp_path / "run.jsonl", environment={}, command=["sleep", "60"]
    )

    def interrupt(origin: str) -> None:
        next(iter(asyncio.all_tasks())).cancel()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(record(settings, interrupt))
    assert [path.name for path in tmp_path.iterdir()] == ["run.jsonl"]
    assert len(lines_of(tmp_path / "run.jsonl")) == 2


def test_an_interrupt_of_a_conversion_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.har").write_text(json.dumps(har_of_one_fill()))
    monkeypatch.setattr(RecordingFile, "add_request", _interrupt)
    assert run("--har", str(tmp_path / "a.har"), "--out", str(tmp_path / "b.jsonl")).exit_code in (1, 130)
    assert [path.name for path in tmp_path.iterdir()] == ["a.har"]


def _interrupt(*arguments: object, **named: object) -> None:
    raise KeyboardInterrupt


def har_of_one_fill() -> dict[str, Any]:
    headers = [{"name": "Content-Type", "value": "application/json"}, {"name": "Cookie", "value": "sid=1"}]
    entry = {
        "startedDateTime": "2026-06-11T06:25:23.609242Z",
        "time": 12.5,
        "request": {"method": "GET", "url": f"https://demo.test{FILLS}", "headers": headers},
        "response": {"status": 200, "headers": headers, "content": {"text": '{"fills":[],"cursor":""}'}},
        "_webSocketMessages": [{"type": "receive", "time": 1781159123.5, "opcode": 1, "data": '{"type":"fill"}'}],
    }
    return {"log": {"entries": [entry]}}


def test_a_har_comes_in_and_goes_out(tmp_path: Path) -> None:
    har, lines, back, again = (tmp_path / name for name in ("a.har", "b.jsonl", "c.har", "d.jsonl"))
    har.write_text(json.dumps(har_of_one_fill()))
    assert run("--har", str(har), "--out", str(lines)).exit_code == 0
    _, entry, frame, _ = lines_of(lines)
    assert (entry["target"], entry["source"], entry["latency_us"]) == (FILLS, "https://demo.test", 12_500)
    assert entry["at"] == "2026-06-11T06:25:23.609242Z"
    assert ["Cookie", ""] not in entry["headers"]
    assert (frame["frame"], frame["direction"]) == ('{"type":"fill"}', "out")
    assert run("--har", str(har), "--out", str(back)).exit_code == 0
    (shown,) = json.loads(back.read_text())["log"]["entries"]
    assert shown["request"]["url"] == f"https://demo.test{FILLS}"
    assert shown["_webSocketMessages"][0]["data"] == '{"type":"fill"}'
    assert run("--har", str(back), "--out", str(again)).exit_code == 0
    assert [one.get("answer") for one in lines_of(again)] == [one.get("answer") for one in lines_of(lines)]


BROKEN = [
    ("no json", "is no HAR: no JSON: Expecting value at character 1"),
    ('{"log": {}}', "is no HAR: 'entries' is missing"),
    ('{"log": {"entries": [{"request": {}}]}}', "entry 1: 'response' is missing"),
    ('{"log": {"entries": [5]}}', "entry 1: "),
    (b"\xff", "is no HAR: not UTF-8 text at byte 0"),
]


def test_lines_of_a_har_that_cannot_be_written_are_kept(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_text(json.dumps(har_of_one_fill()))
    file = RecordingFile(tmp_path / "c.har", Redactor(), "x")
    add_har(tmp_path / "a.har", file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "write_text", _no_space)
        with pytest.raises(OSError, match=r"c\.har cannot be written \(no space\): its lines are in .*c\.har\.jsonl"):
            finish(file, tmp_path / "c.har")
    assert not (tmp_path / "c.har").exists()
    assert "format" in (tmp_path / "c.har.jsonl").read_text(encoding="utf-8")


def _no_space(*arguments: object, **named: object) -> int:
    raise OSError(28, "no space")


@each_row(("text", "message"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_har_leaves_no_file(tmp_path: Path, text: str | bytes, message: str) -> None:
    (tmp_path / "a.har").write_bytes(text if isinstance(text, bytes) else text.encode())
    result = run("--har", str(tmp_path / "a.har"), "--out", str(tmp_path / "b.jsonl"))
    assert (result.exit_code, message in result.stderr) == (1, True), result.output
    assert os.listdir(tmp_path) == ["a.har"]  # noqa: PTH208  # names alone


REFUSED = [
    (("--to", "https://api.elections.kalshi.com"), 2, "is production"),
    (("--allow-writes", "--production-read-only"), 2, "an order there is real money"),
    (("--max-size", "3"), 2, "expected a size such as 200MB"),
    (("--max-size", "0MB"), 2, "expected a size from 1kB on"),
    (("--to", "ftp://x"), 2, "--to: expected demo or a URL"),
    (("--streams-to", "nonsense"), 2, "--streams-to: expected demo or a URL"),
    (("--har", __file__, "--", "true"), 2, "'true' cannot be run beside it"),
    (("--har", __file__), 1, "is no HAR: no JSON"),
    (("--port", "0", "--", "/nowhere/at-all"), 127, "command not found"),
]


@each_row(("arguments", "code", "message"), REFUSED, ids=[message for _, _, message in REFUSED])
def test_a_wrong_recording_leaves_no_file(tmp_path: Path, arguments: tuple[str, ...], code: int, message: str) -> None:
    result = run("--out", str(tmp_path / "a.jsonl"), *arguments)
    assert (result.exit_code, message in result.stderr) == (code, True), result.output
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("mine")
    result = run("--out", str(tmp_path / "a.jsonl"), "--port", "0", "--", "true")
    assert (result.exit_code, "give --out another name" in result.stderr) == (1, True)
    assert (tmp_path / "a.jsonl").read_text() == "mine"


def test_a_recording_that_cannot_begin_says_why(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.part").write_text("half")
    killed = run("--out", str(tmp_path / "a.jsonl"), "--port", "0", "--", "true")
    assert (killed.exit_code, "a.jsonl.part is of a recording that runs or was killed" in killed.stderr) == (1, True)
    assert (tmp_path / "a.jsonl.part").read_text() == "half"
    nowhere = run("--out", str(tmp_path / "none" / "a.jsonl"), "--port", "0", "--", "true")
    assert (nowhere.exit_code, f"no directory {tmp_path / 'none'}: make it first" in nowhere.stderr) == (2, True)


def test_known_clients_are_pointed_at_the_proxy_without_a_key() -> None:
    found = url_variables("http://127.0.0.1:8700")
    assert found["KALSHI_API_BASE_URL"] == "http://127.0.0.1:8700/trade-api/v2"
    assert found["KALSHI_WS_URL"] == "ws://127.0.0.1:8700/trade-api/ws/v2"
    assert not any("KEY" in name or "SECRET" in name for name in found)


LISTENER = """
import os, sys, threading
from pykalshi import Feed, KalshiClient
done, url = threading.Event(), os.environ["KALSHI_API_BASE_URL"]

class Printing(Feed):
    def _dispatch(self, raw):
        print(raw, flush=True)
        super()._dispatch(raw)
        if '"orderbook_snapshot"' in str(raw):
            done.set()

with KalshiClient(os.environ["KEY_ID"], os.environ["KEY_PATH"], api_base=url) as client:
    feed = Printing(client)
    feed._ws_url = url.replace("http", "ws", 1).replace("/trade-api/v2", "/trade-api/ws/v2")
    with feed:
        feed.subscribe("orderbook_delta", market_ticker="KXRAINNYC-25NOV05-T1")
        sys.exit(not done.wait(120))
"""


def test_a_published_client_gets_the_same_frames(
    exchange: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    alice, out = exchange.accounts["alice"], tmp_path / "run.jsonl"
    monkeypatch.setenv("KEY_ID", alice.key_id)
    monkeypatch.setenv("KEY_PATH", str(alice.private_key_path))
    program = [sys.executable, "-W", "ignore", "-c", LISTENER]
    origin = exchange.base_url.removesuffix("/trade-api/v2")
    result = run("--to", origin, "--port", "0", "--out", str(out), "--", *program)
    assert result.exit_code == 0, result.output
    through = [line for line in capfd.readouterr().out.splitlines() if line.strip()]
    environment = {**os.environ, "KALSHI_API_BASE_URL": exchange.base_url}
    direct = subprocess.run(
        program, env=environment, capture_output=True, text=True, check=True, timeout=PATIENCE_S
    ).stdout
    assert through == [line for line in direct.splitlines() if line.strip()]
    assert [json.loads(line)["type"] for line in through] == ["subscribed", "orderbook_snapshot"]
    frames = [line["frame"] for line in lines_of(out) if line.get("direction") == "out" and not line["kind"]]
    recorded, got = json.loads(frames[1]), json.loads(through[1])
    assert recorded["msg"].pop("market_id") != got["msg"].pop("market_id"), "each UUID is a pseudonym"
    assert recorded == got


def test_a_port_that_is_in_use_is_named_with_the_option(exchange: Exchange, tmp_path: Path) -> None:
    origin = exchange.base_url.removesuffix("/trade-api/v2")
    port, out = origin.rpartition(":")[2], tmp_path / "run.jsonl"
    words = ["record", "--to", origin, "--port", port, "--out", str(out)]
    result = CliRunner().invoke(main, words, prog_name="mockexchange")
    assert result.exit_code == 1
    assert f"--port: {port} of 127.0.0.1 is in use: give another one, or 0 for a free one" in result.stderr
    assert list(tmp_path.iterdir()) == []


UNREACHED = [
    (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 1)"), "Connection refused"),
    (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "Name or service not known"),
    (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), "no TLS: "),
    (TimeoutError(), "it does not answer"),
    (OSError("Multiple exceptions: many"), "Multiple exceptions: many"),
]


@each_row(("error", "reason"), UNREACHED, ids=[reason for _, reason in UNREACHED])
def test_a_server_that_is_not_reached_is_said_in_words(error: Exception, reason: str) -> None:
    found = network_reason(error)
    assert found.startswith(reason)
    assert "[Errno" not in found
