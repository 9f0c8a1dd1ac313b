"""What attacks have in common: a server in the loop of the test, raw clients, and the steps of its turns."""

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop

from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_scenario
from mockexchange.server.app import ListenerApp
from mockexchange.server.http.listener import Listener, bind
from mockexchange.server.http.rest_endpoint import DiagnosisWorker
from mockexchange.server.tls.acceptor import Identity
from tests.helpers.patience import PATIENCE_S
from tests.helpers.steps import Steps
from tests.server.wire import ADDRESS

ROUNDS = int(os.environ.get("ATTACK_ROUNDS", "1"))
"""How often an attack is repeated: once in the gate, often in a long run (make attacks)."""
TURN_STEPS_MAX = 200_000
"""The bound of a test for one turn of the loop, in steps of Python: some ten milliseconds on a quick machine."""


class Target:
    """A server under attack: one sandbox on one port."""

    def __init__(self, sandbox: Sandbox, listener: Listener) -> None:
        self.sandbox, self.listener = sandbox, listener
        self.most_steps = 0
        """The most steps of Python between two turns of the watch."""
        self.turns = 0
        """The turns of the loop since the watch began."""

    @property
    def port(self) -> int:
        return int(self.listener.port)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(ADDRESS, self.port)

    async def ask(self, raw: bytes) -> bytes:
        """Say something on a connection of its own, without an end, and read until the server closes it."""
        reader, writer = await self.connect()
        writer.write(raw)
        answer = await _read_all(reader)
        writer.close()
        return answer

    async def watch(self) -> None:
        """Note the longest turn of the loop until it is cancelled: the clients of the test are in it too.

        Meanwhile the steps are also what the server measures its turns by.
        """
        steps = Steps()
        with pytest.MonkeyPatch.context() as patch:
            steps.drive(patch)
            steps.start()
            try:
                while True:
                    before = steps.taken
                    await asyncio.sleep(0)
                    self.most_steps = max(self.most_steps, steps.taken - before)
                    self.turns += 1
            finally:
                steps.stop()


async def _read_all(reader: asyncio.StreamReader) -> bytes:
    parts = []
    try:
        while part := await reader.read(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


@asynccontextmanager
async def attacked(scenario: str = "demo", identity: Identity | None = None) -> AsyncIterator[Target]:
    """Serve a sandbox on a port of its own, in this loop."""
    sandbox = await open_sandbox(load_scenario(scenario), SandboxOptions())
    worker = DiagnosisWorker()
    listener = Listener(ListenerApp(lambda key_id: sandbox, worker, None), bind(ADDRESS, 0), identity=identity)
    await listener.start()
    try:
        yield Target(sandbox, listener)
    finally:
        sandbox.close("stopped")
        await listener.stop()
        worker.close()


@asynccontextmanager
async def watched(target: Target) -> AsyncIterator[Target]:
    """Measure the turns of the loop during the block."""
    watch = asyncio.ensure_future(target.watch())
    try:
        yield target
    finally:
        watch.cancel()


def play(scene: Coroutine[Any, Any, None]) -> None:
    """Run a scene on the loop that servers run on, within a time that only a hang exceeds."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(scene, PATIENCE_S * ROUNDS))


def head(target: str, *headers: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: x", *headers, "", ""]).encode("latin-1")
