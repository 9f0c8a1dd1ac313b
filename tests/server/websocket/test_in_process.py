"""The stream of an application inside another program: plain ASGI messages, without our protocol."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mockexchange.sandbox.clock import host_now_us
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_text
from mockexchange.server.app import ListenerApp
from mockexchange.server.http.rest_endpoint import DiagnosisWorker
from mockexchange.server.websocket.stream_transport import streams_drained
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from mockexchange.venues.kalshi.named_days import api_date
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import SMALL, signed
from tests.server.streaming import buy, play, subscribe, until


class Program:
    """What runs the application: it hands messages over and keeps what comes back, once that may go."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.coming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.may_send = asyncio.Event()
        self.may_send.set()

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.send":
            await self.may_send.wait()
        self.sent.append(message)

    def say(self, text: str) -> None:
        self.coming.put_nowait({"type": "websocket.receive", "text": text})

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(message["text"]) for message in self.sent if message["type"] == "websocket.send"]


@asynccontextmanager
async def running(
    path: str = STREAM_PATH, stream: str = "{}", faults: str = "[]", *, is_signed: bool = True
) -> AsyncIterator[Program]:
    """The application with one upgrade, which ends with the block unless it did before."""
    plan = load_text(f"{SMALL}stream: {stream}\nfaults: {faults}\n")
    sandbox = await open_sandbox(plan, SandboxOptions(api_date=api_date("2026-10")))
    headers = list(signed(sandbox, path, at=host_now_us()).headers) if is_signed else []
    scope = {"type": "websocket", "path": path, "query_string": b"", "headers": headers}
    diagnosis_worker, program = DiagnosisWorker(), Program(sandbox)
    app: Any = ListenerApp(lambda key_id: sandbox, diagnosis_worker, None)
    program.coming.put_nowait({"type": "websocket.connect"})
    serving = asyncio.create_task(app(scope, program.coming.get, program.send))
    yield program
    program.coming.put_nowait({"type": "websocket.disconnect", "code": 1001})
    await serving
    diagnosis_worker.close()
    assert len(sandbox.streams) == 0


def test_a_stream_works_without_a_socket() -> None:
    async def scene() -> None:
        async with running() as program:
            program.say(subscribe("fill"))
            program.coming.put_nowait(
                {"type": "websocket.receive", "bytes": subscribe("market_positions", number=2).encode()}
            )
            await until(lambda: len(program.told) == 2)
            assert program.sent[0]["type"] == "websocket.accept"
            assert [(one["type"], one["id"]) for one in program.told] == [("subscribed", 1), ("subscribed", 2)]
            await program.sandbox.submit(buy())
            await streams_drained(program.sandbox)
            await until(lambda: len(program.told) == 4)
            assert [one["type"] for one in program.told[2:]] == ["fill", "market_position"]
        ending = program.sandbox.journal.frames[-1]
        assert (ending.direction, ending.kind, ending.raw) == ("in", "close", b"1001")

    play(scene())


@each_row(("path", "status"), [(STREAM_PATH, 401), ("/trade-api/ws/v1", 404)])
def test_a_refusal_is_answered_with_its_body(path: str, status: int) -> None:
    async def scene() -> None:
        async with running(path, is_signed=status != 401) as program:
            await until(lambda: len(program.sent) == 2)
            head, body = program.sent
            assert (head["type"], head["status"]) == ("websocket.http.response.start", status)
            assert body["type"] == "websocket.http.response.body"
            assert json.loads(body["body"])["error"]["code"]
            assert dict(head["headers"])[b"x-mock-diagnosis"]

    play(scene())


@each_row(("effect", "body_bytes"), [("{cut_after: 10}", 10), ("{drop}", 0)])
def test_a_refusal_is_disturbed_as_far_as_a_program_can(effect: str, body_bytes: int) -> None:
    async def scene() -> None:
        rules = f"[{{match: {{operation: GetBalance}}, then: {effect}}}]"
        async with running("/trade-api/v2/portfolio/balance", faults=rules) as program:
            await until(lambda: [entry.is_closed for entry in program.sandbox.journal.find()] == [True])
            assert sum(len(message.get("body", b"")) for message in program.sent) == body_bytes

    play(scene())


@each_row(("how", "code", "frames"), [("close", 1012, 1), ("abort", 1006, 0)])
def test_an_end_of_ours_is_told(how: str, code: int, frames: int) -> None:
    async def scene() -> None:
        async with running() as program:
            program.say(subscribe("fill"))
            await until(lambda: len(program.told) == 1)
            await program.sandbox.submit(buy())
            [wire] = [connection.wire for connection in program.sandbox.streams]
            assert wire is not None
            wire.close(1012, "later") if how == "close" else wire.abort()
            wire.close(1000, "too late")
            await until(lambda: program.sent[-1]["type"] == "websocket.close")
            assert program.sent[-1]["code"] == code
            assert len(program.told) == 1 + frames

    play(scene())


def test_who_takes_nothing_is_not_asked_for_more_and_a_stall_sends_nothing() -> None:
    async def scene() -> None:
        async with running(stream="{outbox: 1024}") as program:
            program.may_send.clear()
            for number in range(1, 200):
                program.say(f'{{"id":{number},"cmd":"list_subscriptions"}}')
            await until(
                lambda: program.sandbox.streams.matching() and program.sandbox.streams.matching()[0].outbox.is_full
            )
            for _ in range(50):
                await asyncio.sleep(0)
            [connection] = program.sandbox.streams
            waiting = program.coming.qsize()
            assert waiting > 100
            program.may_send.set()
            await until(lambda: program.coming.qsize() < waiting - 20)
            program.may_send.clear()
            await until(lambda: connection.outbox.is_full)
            assert connection.wire is not None
            connection.wire.stall()
            sent = len(program.sent)
            program.may_send.set()
            await until(program.coming.empty)
        assert len(program.sent) <= sent + 1

    play(scene())
