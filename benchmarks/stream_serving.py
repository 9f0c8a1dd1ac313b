"""The streams that are measured, each server in a process of its own: ours, or a plain ASGI application.

Prints a JSON line when it answers: {port, key_id, private_pem}. Then takes orders, a JSON line each, and answers each
with one. Ends with its standard input.

    {"do": "send", "count": N}      one happening is told to everybody N times, as fast as readers take it
    {"do": "encode", "count": N}    the same, its frame made anew each time
    {"do": "fill", "count": N}      the same, each a fill that the exchange carries out
    {"do": "pace", "count": N}      fills one after the other with a pause, and when each began
    {"do": "show"}                  the frame that was sent last
    {"do": "weigh"}                 the process's resident memory
"""

import argparse
import asyncio
import json
import sys
import time
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send

from benchmarks.memory import resident_bytes
from benchmarks.world import loop_factory
from mockexchange.core.commands import Fill
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import Action, Side, SubaccountRef
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_text
from mockexchange.server.app import ListenerApp
from mockexchange.server.http import listener as listeners
from mockexchange.server.http.listener import Listener
from mockexchange.server.http.rest_endpoint import DiagnosisWorker
from mockexchange.server.operating_system import allow_many_files
from mockexchange.server.websocket.stream_transport import streams_drained
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.stream.feed import Message, messages_of

BATCH = 32
"""Happenings before the loop has a turn, in both servers."""
PAUSE_S = 0.001
SCENARIO = """
scenario: stream-bench
auth: {past: 1h}
stream: {connections: 100000, pong: 0s}
accounts: {trader: {}}
markets: {KXBENCH-1: {event: KXBENCH, series: KXBENCH, price: 0.56}}
"""
FILL = Fill(
    subaccount_ref=SubaccountRef("trader"),
    market="KXBENCH-1",
    side=Side.YES,
    action=Action.BUY,
    count_centis=100,
    price_centicents=5_600,
)
Answer = dict[str, Any]


class Ours:
    """Our listener with one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._diagnosis_worker = DiagnosisWorker()
        self.app = ListenerApp(lambda key_id: sandbox, self._diagnosis_worker, None)

    @classmethod
    async def make(cls) -> "Ours":
        return cls(await open_sandbox(load_text(SCENARIO), SandboxOptions(api_date=api_date("latest"))))

    async def start(self) -> Answer:
        self._listener = Listener(self.app, listeners.bind("127.0.0.1", 0))
        await self._listener.start()
        outcome = await self.sandbox.submit(FILL)
        assert not isinstance(outcome, Refusal), outcome
        self._filled = outcome
        [key] = self.sandbox.credentials()
        return {"port": self._listener.port, "key_id": key.key_id, "private_pem": key.private_pem}

    async def stop(self) -> None:
        await self._listener.stop()
        self._diagnosis_worker.close()

    async def send(self, count: int) -> None:
        """Past the exchange and the encoder, as the plain application is."""
        told = self._tell()
        for number in range(count):
            self.sandbox.streams.publish(told)
            await self._turn(number)

    async def encode(self, count: int) -> None:
        """Past the exchange: one fill is told over and over, its frame made anew."""
        for number in range(count):
            self.sandbox.streams.publish(self._tell())
            await self._turn(number)

    async def fill(self, count: int) -> None:
        for number in range(count):
            await self.sandbox.submit(FILL)
            await self._turn(number)

    async def _turn(self, number: int) -> None:
        if number % BATCH == 0:
            await streams_drained(self.sandbox)

    def _tell(self) -> list[Message]:
        """What the channel tells of the last fill."""
        sandbox = self.sandbox
        state, at = sandbox.exchange.state, sandbox.exchange.last_at
        return messages_of(state, self._filled, at, sandbox.context.settings, {"fill"})

    async def one(self) -> None:
        await self.sandbox.submit(FILL)

    @property
    def text(self) -> str:
        return self.sandbox.journal.frames[-1].raw.decode()


class Plain:
    """An application that accepts everybody and sends a text that it was given to all of them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._sends: set[Send] = set()

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        await send({"type": "websocket.send", "text": '{"type":"subscribed"}\n'})
        self._sends.add(send)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        self._sends.discard(send)

    async def start(self) -> Answer:
        config = uvicorn.Config(
            self.app,
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            ws_ping_interval=None,
            log_config=None,
            access_log=False,
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        sock = listeners.bind("127.0.0.1", 0)
        self._task = asyncio.create_task(self._server.serve(sockets=[sock]))
        return {"port": sock.getsockname()[1], "key_id": "", "private_pem": None}

    async def stop(self) -> None:
        self._server.should_exit = True
        await self._task

    async def send(self, count: int) -> None:
        event = {"type": "websocket.send", "text": self.text}
        for number in range(count):
            for send in self._sends:
                await send(event)
            if number % BATCH == 0:
                await asyncio.sleep(0)

    async def one(self) -> None:
        for send in self._sends:
            await send({"type": "websocket.send", "text": self.text})


async def obey(server: Ours | Plain, order: Answer) -> Answer:
    began_s = time.perf_counter()
    match order["do"]:
        case "send":
            await server.send(order["count"])
        case "encode" | "fill" as kind:
            await getattr(server, kind)(order["count"])
        case "pace":
            return {"began_s": [await _begin_one(server) for _ in range(order["count"])]}
        case "show":
            return {"text": server.text}
        case "weigh":
            return {"resident_bytes": resident_bytes()}
    return {"began_s": began_s}


async def _begin_one(server: Ours | Plain) -> float:
    await asyncio.sleep(PAUSE_S)
    began_s = time.perf_counter()
    await server.one()
    return began_s


async def serve(server: Ours | Plain) -> None:
    allow_many_files()
    loop = asyncio.get_running_loop()
    print(json.dumps(await server.start()), flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await obey(server, json.loads(line))), flush=True)
    await server.stop()


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("text", nargs="?", help="what the plain application sends; ours without it")
    arguments = parser.parse_args()
    await serve(Plain(arguments.text) if arguments.text else await Ours.make())


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main())
