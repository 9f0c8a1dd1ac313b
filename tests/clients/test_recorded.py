"""The published clients through the recording proxy: what they report, and the bytes that they get."""

import asyncio
import json
import threading
from collections.abc import Iterator
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
from tests.clients.exchange import Sandbox, Server
from tests.clients.matrix import ask_peer
from tests.clients.published import CLIENTS, COMPAT, TRADERS, Published
from tests.clients.truths import SCENARIO, TRUTH, WRITES_SCENARIO, WRITES_TRUTH, read_questions

pytestmark = pytest.mark.clients

TITLES = ("pykalshi 2.0.0", "kalshi-python-sync 3.34.0", "kalshi-sdk 22.4.0")
RECORDED = [
    *((client, SCENARIO, TRUTH) for client in CLIENTS if client.title in TITLES),
    *((client, WRITES_SCENARIO, WRITES_TRUTH) for client in TRADERS if client.title == "kalshi-typescript 3.30.0"),
]


class Unredacted(Redactor):
    """Keeps everything, so that the file can be compared with the exchange's own journal."""

    def target(self, target: str) -> str:
        return target

    def body(self, raw: bytes) -> bytes | None:
        return raw

    def leaks(self, text: str) -> list[str]:
        return []


@contextmanager
def proxied(sandbox: Sandbox, path: Path) -> Iterator[tuple[Sandbox, RecordingFile]]:
    """Yield the sandbox as clients reach it through a proxy, and the proxy's file."""
    origin = sandbox.base_url.removesuffix(urlsplit(sandbox.base_url).path)
    file = RecordingFile(path, Unredacted(), origin)
    ports: list[int] = []
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
        assert is_ready.wait(30)
        there = f"http://127.0.0.1:{ports[0]}"
        yield replace(sandbox, base_url=sandbox.base_url.replace(origin, there)), file
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()
        file.abandon()


def exchanges(entries: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted((one["method"], one["target"], one["status"], one["body"] or "", one["answer"]) for one in entries)


@pytest.mark.parametrize(("client", "scenario", "truth"), RECORDED, ids=[one.title for one, *_ in RECORDED])
def test_a_client_gets_the_same_bytes_through_the_proxy(
    server: Server, tmp_path: Path, client: Published, scenario: Path, truth: Path
) -> None:
    sandbox = server.control.open(scenario.read_text(encoding="utf-8"), COMPAT, "paused")
    with proxied(sandbox, tmp_path / "run.jsonl") as (recorded, file), client.driven(tmp_path / "log.txt") as peer:
        findings, _ = ask_peer(client, COMPAT, recorded, peer, read_questions(truth))
        lines = [json.loads(line) for line in file.part.read_text(encoding="utf-8").splitlines()[1:]]
    assert {method for method, each in findings.items() if each.mistakes} == set(client.faults_at(COMPAT))
    journal = sandbox.journal()
    sandbox.delete()
    assert len(lines) > 10
    assert exchanges(lines) == exchanges(journal)
