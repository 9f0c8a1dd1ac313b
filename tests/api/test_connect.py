"""Finding a server elsewhere, and what a dead, a wrong and a moved one is told by."""

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from mockexchange import MockExchangeError, Unavailable, Unreachable, WrongRequest, connect, connect_async, serve
from mockexchange.api.transport.remote import find_control, url_mapper
from mockexchange.api.values.sandbox_settings import for_remote_server
from mockexchange.runtime.ready_file import default_ready_file
from tests.api.connections import get, run_in_thread
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row

TOKEN = "the-token-of-the-server-elsewhere"
FREE_PORT = 9  # discard: nobody listens there


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Any]:
    with serve(token=TOKEN) as exchange:
        yield exchange


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No server of this machine is found by its ready file."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    for name in ("TOKEN", "URL", "READY_FILE"):
        monkeypatch.delenv(f"MOCKEXCHANGE_{name}", raising=False)


def ready_file(exchange: Any, file: Path, **more: Any) -> Path:
    ready = {
        "pid": 1,
        "control_url": exchange.control_url,
        "control_token": TOKEN,
        "venues": {"kalshi": {"base_url": exchange.base_url}},
        "accounts": [],
        **more,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(ready), encoding="utf-8")
    return file


# --- which server, and which of its sandboxes


def test_a_fresh_sandbox_is_made_and_goes(elsewhere: Any) -> None:
    with connect(elsewhere.control_url, TOKEN, scenario="demo") as exchange:
        name = exchange.name
        assert name != elsewhere.name
        assert get(exchange, "/portfolio/balance").status == 200
        with elsewhere.sandbox("empty"):
            pass
    assert name not in {row["id"] for row in _sandboxes(elsewhere)}


def test_a_sandbox_that_there_is_is_used_and_stays(elsewhere: Any) -> None:
    with elsewhere.sandbox("demo", name="theirs") as theirs:
        with connect(elsewhere.control_url, TOKEN, sandbox="theirs") as exchange:
            exchange.deposit("bob", 5)
            assert (exchange.name, exchange.base_url) == ("theirs", theirs.base_url)
        assert theirs.ledger("bob")["deposits"][-1]["amount"] == 5
        with run_in_thread(connect_async, elsewhere.control_url, TOKEN, sandbox="theirs") as exchange:
            assert exchange.ledger("bob")["deposits"][-1]["amount"] == 5
        assert get(theirs, "/portfolio/balance").status == 200


def test_a_forked_process_leaves_the_sandbox_of_its_parent(elsewhere: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect(elsewhere.control_url, TOKEN) as exchange:
        with monkeypatch.context() as patch:
            patch.setattr(os, "getpid", lambda: 1)
            exchange.discard()
        assert exchange.name in {row["id"] for row in _sandboxes(elsewhere)}
        exchange.discard()
        assert exchange.name not in {row["id"] for row in _sandboxes(elsewhere)}


@each_row("url", ["{origin}", "{origin}/", "{origin}/_mock", "{origin}/_mock/"])
def test_a_url_is_of_the_server_or_of_its_control_api(elsewhere: Any, url: str) -> None:
    origin = elsewhere.control_url.removesuffix("/_mock")
    with connect(url.format(origin=origin), TOKEN, sandbox="default") as exchange:
        assert exchange.control_url == elsewhere.control_url


def test_the_server_is_that_of_the_ready_file(elsewhere: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect(ready_file=ready_file(elsewhere, tmp_path / "mine.json")) as exchange:
        assert exchange.now().year > 2000
    ready_file(elsewhere, default_ready_file())
    with connect(sandbox="default") as exchange:
        assert exchange.token == TOKEN
    with connect(elsewhere.control_url, sandbox="default") as exchange:
        assert exchange.token == TOKEN, "it is the ready file of that server"
    monkeypatch.setenv("MOCKEXCHANGE_READY_FILE", str(tmp_path / "none.json"))
    with pytest.raises(Unreachable, match=r"^no server is running: there is no .*none\.json: "), connect():
        pass


def test_the_server_is_that_of_the_environment(elsewhere: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCKEXCHANGE_URL", elsewhere.control_url)
    monkeypatch.setenv("MOCKEXCHANGE_TOKEN", TOKEN)
    with connect(sandbox="default") as exchange:
        assert exchange.control_url == elsewhere.control_url


def test_what_is_given_comes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCKEXCHANGE_URL", "http://other:1")
    monkeypatch.setenv("MOCKEXCHANGE_TOKEN", "other")
    assert find_control("http://mine:2", "mine", None, None).control.url == "http://mine:2/_mock"
    assert find_control("http://mine:2", None, None, None).control.token == "other"
    file = tmp_path / "ready.json"
    file.write_text(
        '{"pid": 1, "control_url": "https://file:3/_mock", "control_token": "t",'
        ' "ca_cert": "/ca.crt", "ca_bundle": "/bundle.crt", "venues": {"kalshi": {"base_url": ""}}, "accounts": []}',
        encoding="utf-8",
    )
    found, bundle = find_control(None, None, file, None)
    assert bundle == "/bundle.crt"
    assert (found.url, found.token, found.ca_cert) == ("https://file:3/_mock", "t", "/ca.crt")
    found, _ = find_control("https://file:3", None, file, None)
    assert (found.url, found.token, found.ca_cert) == ("https://file:3/_mock", "other", "/ca.crt")
    found, bundle = find_control("https://file:3", "mine", file, tmp_path)
    assert bundle == str(tmp_path)
    assert (found.token, found.ca_cert) == ("mine", str(tmp_path))


def _sandboxes(exchange: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = exchange._connection.ask("GET", "sandboxes")
    return rows


# --- what cannot be


def test_no_server_is_told() -> None:
    text = f"no server is running: there is no {default_ready_file()}: start one with `mockexchange serve`, or give"
    with pytest.raises(Unreachable) as caught, connect():
        pass
    assert str(caught.value) == f"{text} a URL or another ready file"


def test_a_ready_file_that_is_none_is_told(tmp_path: Path) -> None:
    file = tmp_path / "ready.json"
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(Unreachable) as caught, connect(ready_file=file):
        pass
    assert str(caught.value) == f"{file} is no ready file: expected what `mockexchange serve` writes"


def test_a_dead_server_is_told() -> None:
    url = f"http://127.0.0.1:{FREE_PORT}"
    text = (
        f"no server answers at {url}/_mock ([Errno 111] Connection refused): start one with `mockexchange serve`,"
        " or give another URL"
    )
    with pytest.raises(Unreachable) as caught, connect(url, TOKEN):
        pass
    assert str(caught.value) == text

    async def live() -> None:
        async with connect_async(url, TOKEN):
            pass

    with pytest.raises(Unreachable) as caught:
        asyncio.run(live())
    assert str(caught.value) == text


def test_a_server_that_dies_is_told() -> None:
    with serve(token=TOKEN) as server:
        context = connect(server.control_url, TOKEN)
        exchange = context.__enter__()
    with pytest.raises(Unreachable, match=r"^no server answers at http://127\.0\.0\.1:\d+/_mock \(.*refused\): start"):
        exchange.now()
    context.__exit__(None, None, None)


@each_row(
    "url",
    [
        "127.0.0.1:8600",
        "ftp://127.0.0.1",
        "http://",
        "http://h:port",
        "http://h:0",
        "http://[bad",
        "http://h/trade-api/v2",
        "http://h?a=1",
    ],
)
def test_a_url_that_is_none_is_told(url: str) -> None:
    with pytest.raises(WrongRequest) as caught, connect(url, TOKEN):
        pass
    assert str(caught.value) == f"url: expected the URL of a server such as http://127.0.0.1:8600, got {url!r}"
    assert caught.value.code == "bad_argument"


def test_a_wrong_token_and_none_are_told(elsewhere: Any) -> None:
    with pytest.raises(
        WrongRequest, match=r"^expected the control API's token: give a `token`, or set MOCKEXCHANGE_TOK"
    ):
        connect(elsewhere.control_url).__enter__()
    with pytest.raises(WrongRequest, match=r"^expected `Authorization: Bearer TOKEN` with the token") as caught:
        connect(elsewhere.control_url, "wrong").__enter__()
    assert caught.value.code == "unauthorized"


def test_an_unknown_sandbox_is_told(elsewhere: Any) -> None:
    with pytest.raises(WrongRequest, match=r"^no sandbox 'mine'; known: default") as caught:
        connect(elsewhere.control_url, TOKEN, sandbox="mine").__enter__()
    assert caught.value.code == "unknown_sandbox"


def test_an_authority_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"No such file or directory"):
        connect("https://127.0.0.1:1", TOKEN, ca_cert=tmp_path / "none").__enter__()


def test_another_server_is_told() -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name there
            pass

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(MockExchangeError) as caught, connect(url, TOKEN):
            pass
        thread.join()
    assert str(caught.value) == f"expected a control API at {url}/_mock, got status 200: b'hello'"


def test_what_only_a_server_here_has_is_told(elsewhere: Any) -> None:
    with connect(elsewhere.control_url, TOKEN) as exchange:
        with pytest.raises(Unavailable, match=r"^the sandbox '.*' is in another process: its application is had with"):
            _ = exchange.app
        with pytest.raises(Unavailable, match=r"^this exchange is in another process: nothing can be run in its loop$"):
            exchange._connection.run(asyncio.sleep(0))


# --- waiting for one elsewhere


def test_who_is_cancelled_waits_no_longer_and_nor_does_a_thread(
    elsewhere: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mockexchange.server.control import waits

    waited, wait_for = threading.Event(), waits.wait_for

    async def wait(*given: Any) -> Any:
        waited.set()
        return await wait_for(*given)

    monkeypatch.setattr(waits, "wait_for", wait)

    async def live() -> None:
        async with connect_async(elsewhere.control_url, TOKEN, sandbox="default") as exchange:
            asking = asyncio.create_task(exchange.ask("POST", "wait", {"for": {"request": {}}, "timeout": "10m"}))
            assert await asyncio.to_thread(waited.wait, PATIENCE_S)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.get_running_loop().shutdown_default_executor()

    before = set(threading.enumerate())
    asyncio.run(live())
    assert not [
        thread for thread in threading.enumerate() if thread.name.startswith("asyncio") and thread not in before
    ]


# --- how it is reached from here


@each_row(
    ("control", "main", "url", "reached"),
    [
        # a server of this machine, and one that knows its own URL
        ("http://127.0.0.1:8600", "http://127.0.0.1:8600/a", "http://127.0.0.1:8600/b", "http://127.0.0.1:8600/b"),
        ("http://127.0.0.1:8600", "http://127.0.0.1:8600/a", "ws://127.0.0.1:9/b", "ws://127.0.0.1:9/b"),
        ("http://localhost:8600", "http://127.0.0.1:8600/a", "ws://127.0.0.1:9/b", "ws://127.0.0.1:9/b"),
        ("http://mock:8600", "https://mock.test/a", "wss://mock.test/b", "wss://mock.test/b"),
        # one in a container: its port is another here
        ("http://127.0.0.1:9000", "http://127.0.0.1:8600/a", "http://127.0.0.1:8600/b", "http://127.0.0.1:9000/b"),
        ("http://localhost:9000", "http://127.0.0.1:8600/a", "ws://127.0.0.1:8600/b", "ws://localhost:9000/b"),
        # one on another machine
        ("http://mock:8600", "http://127.0.0.1:8600/a", "ws://127.0.0.1:8600/b", "ws://mock:8600/b"),
        ("http://mock:8600", "http://127.0.0.1:8600/a", "ws://127.0.0.1:5001/b", "ws://mock:5001/b"),
        ("https://mock:443", "https://127.0.0.1:8600/a", "wss://127.0.0.1:5001/b", "wss://mock:5001/b"),
        ("http://[fd00::7]:8600", "http://[::1]:8600/a", "http://[::1]:5001/b", "http://[fd00::7]:5001/b"),
        # one behind something that speaks TLS for it
        ("https://mock", "http://127.0.0.1:8600/a", "ws://127.0.0.1:8600/b", "wss://mock/b"),
    ],
)
def test_urls_are_those_of_here(control: str, main: str, url: str, reached: str) -> None:
    assert url_mapper(f"{control}/_mock", main)(url) == reached


def test_a_scenario_goes_to_a_server_elsewhere_as_text(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("{scenario: mine}", encoding="utf-8")
    lines = tmp_path / "mine.jsonl"
    lines.write_text("{}", encoding="utf-8")

    def sent(scenario: Any) -> Any:
        body = for_remote_server({"scenario": scenario, "clock": "real"})
        assert (body["clock"], body["expires_after"]) == ("real", "1h")
        return body["scenario"]

    assert sent(str(file)) == "{scenario: mine}\n"
    for other in ("demo", str(lines), "scenario: mine\n", {"scenario": "mine"}, str(tmp_path / "none"), ""):
        assert sent(other) == other
