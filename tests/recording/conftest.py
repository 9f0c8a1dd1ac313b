"""A recording proxy in this process, in front of a server that a test writes."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mockexchange.emulation.tcp_listener import StreamPair, TcpListener
from mockexchange.recording.proxy import RecordingProxy
from mockexchange.recording.recording_file import RecordingFile
from mockexchange.recording.redaction import Redactor
from mockexchange.recording.upstreams import parse_upstreams
from tests.helpers.patience import PATIENCE_S

Serve = Callable[[StreamPair], Awaitable[None]]


class Recorded(NamedTuple):
    """A proxy that records: its port, and its file."""

    port: int
    file: RecordingFile

    async def connect(self) -> StreamPair:
        return StreamPair(*await asyncio.open_connection("127.0.0.1", self.port))

    async def ask(self, raw: bytes) -> bytes:
        """Send bytes on a connection of their own and return what comes until it ends."""
        return await asyncio.wait_for(self._ask(raw), PATIENCE_S)

    async def _ask(self, raw: bytes) -> bytes:
        client = await self.connect()
        client.writer.write(raw)
        found = b""
        try:
            while part := await client.reader.read(65536):
                found += part
        except ConnectionResetError:
            found += b"(reset)"
        await client.close()
        return found

    def lines(self) -> list[dict[str, Any]]:
        """Finish the file and return its lines, but for the first."""
        self.file.finish()
        return [json.loads(line) for line in self.file.path.read_text(encoding="utf-8").splitlines()[1:]]


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    files: list[RecordingFile] = []

    @asynccontextmanager
    async def run(serve: Serve, *, allows_writes: bool = False) -> AsyncIterator[Recorded]:
        async with TcpListener(serve) as upstream:
            upstreams = parse_upstreams(f"http://127.0.0.1:{upstream.port}")
            file = RecordingFile(tmp_path / "run.jsonl", Redactor(), "here")
            files.append(file)
            proxy = RecordingProxy(upstreams, file, allows_writes=allows_writes)
            async with TcpListener(proxy.serve) as listener:
                yield Recorded(listener.port, file)

    yield run
    for file in files:
        file.abandon()
