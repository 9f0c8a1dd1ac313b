"""The published clients through the recording proxy: what they report, and the bytes that they get.

What the proxy writes down is compared with the journal of the exchange, and with a run that goes directly to it.
"""

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mockexchange.emulation.tcp_listener import TcpListener
from mockexchange.recording.proxy import RecordingProxy
from mockexchange.recording.recording_file import RecordingFile
from mockexchange.recording.redaction import Redactor
from mockexchange.recording.upstreams import parse_upstreams
from tests.clients import deribit
from tests.clients.exchange import Sandbox, Server
from tests.clients.hearing import hear
from tests.clients.listeners import STREAMERS, Peers, Streamer
from tests.clients.matrix import ask_peer
from tests.clients.moves import BEFORE
from tests.clients.processes import Peer, find_python, started
from tests.clients.published import CLIENTS, COMPAT, TRADERS, Published, of_push
from tests.clients.test_ccxt import RUNNER as CCXT_RUNNER
from tests.clients.test_ccxt import VERSION as CCXT_VERSION
from tests.clients.test_ccxt import User
from tests.clients.test_typed_deribit import CHANGES, MOVES, PERPETUAL, RUNNER, VERSION, Client
from tests.clients.truths import SCENARIO, TRUTH, WRITES_SCENARIO, WRITES_TRUTH, read_questions
from tests.helpers.patience import PATIENCE_S

pytestmark = pytest.mark.clients

Line = Mapping[str, Any]


class Unredacted(Redactor):
    """Keeps everything, so that the file can be compared with the exchange's own journal."""

    def target(self, target: str) -> str:
        return target

    def body(self, raw: bytes) -> bytes | None:
        return raw

    def leaks(self, text: str) -> list[str]:
        return []


@contextmanager
def proxied(sandbox: Sandbox, path: Path) -> Iterator[tuple[Sandbox, list[Line]]]:
    """Yield the sandbox as clients reach it through a proxy, and a list that has the recorded lines at the end."""
    origin = f"http://{urlsplit(sandbox.base_url).netloc}"
    file = RecordingFile(path, Unredacted(), origin)
    ports: list[int] = []
    lines: list[Line] = []
    is_ready, loop, done = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        proxy = RecordingProxy(parse_upstreams(origin), file, allows_writes=True)
        async with TcpListener(proxy.serve) as listener:
            ports.append(listener.port)
            is_ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert is_ready.wait(PATIENCE_S)
        yield through(sandbox, f"127.0.0.1:{ports[0]}"), lines
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()
        lines += [json.loads(line) for line in file.part.read_text(encoding="utf-8").splitlines()[1:]]
        file.abandon()


def through(sandbox: Sandbox, there: str) -> Sandbox:
    """Return the sandbox with another host and port in its URLs."""

    def moved(url: str) -> str:
        return url.replace(urlsplit(url).netloc, there)

    venues = {
        name: {key: moved(value) if "://" in str(value) else value for key, value in urls.items()}
        for name, urls in sandbox.venues.items()
    }
    return replace(sandbox, base_url=moved(sandbox.base_url), ws_url=moved(sandbox.ws_url), venues=venues)


def exchanges(entries: Sequence[Line]) -> list[tuple[Any, ...]]:
    """Return requests with their answers, without those that open streams."""
    asked = [one for one in entries if "method" in one and one["status"] != 101]
    return sorted((one["method"], one["target"], one["status"], one["body"] or "", one["answer"]) for one in asked)


def frames(entries: Sequence[Line]) -> dict[str, list[str]]:
    """Return the texts that went each way on streams, in their order."""
    found = [one for one in entries if "direction" in one and not one["kind"].startswith(("open", "close", "p"))]
    return {way: [one["frame"] for one in found if one["direction"] == way] for way in ("in", "out")}


def reported(client: Published, sandbox: Sandbox, peer: Peer, truth: Path) -> dict[str, Any]:
    """Return the rows that a client reports by method, which have to be right but for its own faults."""
    findings, _ = ask_peer(client, COMPAT, sandbox, peer, read_questions(truth))
    assert {method for method, each in findings.items() if each.mistakes} == set(client.faults_at(COMPAT))
    return {method: each.rows for method, each in findings.items()}


@pytest.mark.parametrize("client", of_push(CLIENTS), ids=lambda client: client.title)
def test_a_reader_gets_the_same_bytes_as_directly(server: Server, tmp_path: Path, client: Published) -> None:
    with client.driven(tmp_path / "log.txt") as peer:
        sandbox = server.control.open(SCENARIO.read_text(encoding="utf-8"), COMPAT, "paused")
        directly, first = reported(client, sandbox, peer, TRUTH), sandbox.journal()
        with proxied(sandbox, tmp_path / "run.jsonl") as (recorded, lines):
            assert reported(client, recorded, peer, TRUTH) == directly
        asked = sandbox.journal()[len(first) :]
        sandbox.delete()
    assert len(lines) > 10
    assert exchanges(lines) == exchanges(asked) == exchanges(first)


@pytest.mark.parametrize("client", of_push(TRADERS), ids=lambda client: client.title)
def test_a_trader_gets_the_bytes_that_the_exchange_sent(server: Server, tmp_path: Path, client: Published) -> None:
    sandbox = server.control.open(WRITES_SCENARIO.read_text(encoding="utf-8"), COMPAT, "paused")
    with client.driven(tmp_path / "log.txt") as peer, proxied(sandbox, tmp_path / "run.jsonl") as (recorded, lines):
        reported(client, recorded, peer, WRITES_TRUTH)
    journal = sandbox.journal()
    sandbox.delete()
    assert len(lines) >= 10
    assert exchanges(lines) == exchanges(journal)


@pytest.mark.parametrize("streamer", STREAMERS, ids=[one.title for one in STREAMERS])
def test_a_listener_gets_the_frames_that_the_exchange_sent(
    server: Server, peers: Peers, tmp_path: Path, streamer: Streamer
) -> None:
    directly = server.control.open(BEFORE, streamer.api_date, "paused")
    sandbox = server.control.open(BEFORE, streamer.api_date, "paused")
    with proxied(sandbox, tmp_path / "run.jsonl") as (recorded, lines):
        assert hear(peers(streamer), recorded) == hear(peers(streamer), directly)
    sent = frames(sandbox.frames())
    assert len(sent["out"]) > 20
    assert frames(lines) == sent
    assert exchanges(lines) == exchanges(sandbox.journal())
    for one in (directly, sandbox):
        one.delete()


def test_ccxt_gets_the_same_bytes_as_directly(server: Server, tmp_path: Path) -> None:
    sandbox = server.control.open(deribit.SCENARIO, "latest", "paused")
    command = [str(find_python("ccxt", CCXT_VERSION)), "-W", "error", str(CCXT_RUNNER)]
    reads = ("fetch_positions", "fetch_balance")
    with started(command, tmp_path / "log.txt") as peer:
        directly = [User(peer, sandbox, "sync").ask(read) for read in reads]
        first = sandbox.journal()
        with proxied(sandbox, tmp_path / "run.jsonl") as (recorded, lines):
            assert [User(peer, recorded, "sync").ask(read) for read in reads] == directly
    assert exchanges(lines) == exchanges(sandbox.journal()[len(first) :])
    assert {one["target"].partition("?")[0] for one in lines} == {one["target"].partition("?")[0] for one in first}
    sandbox.delete()


def test_typed_deribit_gets_the_frames_that_the_exchange_sent(server: Server, tmp_path: Path) -> None:
    sandbox = server.control.open(deribit.SCENARIO, "latest", "paused")
    command = [str(find_python("typed-deribit", VERSION)), "-W", "error", str(RUNNER)]
    with started(command, tmp_path / "log.txt") as peer, proxied(sandbox, tmp_path / "run.jsonl") as (recorded, lines):
        client = Client(peer, recorded)
        client.open()
        client.subscribe(CHANGES, kind="future", currency="BTC", interval="raw")
        sandbox.do(*MOVES)
        changes = client.received(CHANGES, len(MOVES))
        client.ask("close")
    assert {change["instrument_name"] for change in changes} == {PERPETUAL}
    assert len(frames(lines)["out"]) > len(MOVES)
    assert frames(lines)["out"] == frames(sandbox.frames())["out"]
    sandbox.delete()
