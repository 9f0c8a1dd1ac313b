"""Whoever asks finds done what was due before, though no timer has rung; and nothing outlives its sandbox."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import DEFAULT, SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.sandboxes import Slot
from mockexchange.scenario.loader import load_text
from mockexchange.server.app import ListenerApp
from mockexchange.server.control.access import Tokens
from mockexchange.server.control.app import control_app
from mockexchange.server.script_timer import ScriptTimer
from mockexchange.server.server_state import ServerState
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from mockexchange.venues.kalshi.named_days import api_date
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import POSITIONS, SMALL, WALL, signed
from tests.helpers.scripts import SAY
from tests.server.wire import ADDRESS

TOKEN = "a-token"
SECOND = 1_000_000
BUY = "fill: {account: alice, market: RAIN-1, side: yes, action: buy, count: 5, price: 0.5}"
Messages = list[dict[str, Any]]


class Inside:
    """A server inside this process, asked in ASGI's words; its host clock stands until it is moved."""

    def __init__(self) -> None:
        self.server_state = ServerState(ADDRESS, public_url=f"http://{ADDRESS}")
        self.host_at = WALL
        control = control_app(self.server_state, Tokens(TOKEN), [ADDRESS], dict)
        self.app: Any = ListenerApp(self.server_state.sandboxes.route, self.server_state.diagnosis_worker, control)

    @property
    def sandbox(self) -> Sandbox:
        return self.server_state.sandboxes.get(DEFAULT).sandbox

    async def open(self, *entries: str, clock: str = "real") -> None:
        script = "".join(f"  - {{{entry}}}\n" for entry in entries)
        options = SandboxOptions(api_date=api_date("2026-10"), clock=clock, host=lambda: self.host_at)
        self.server_state.sandboxes.add(Slot(await open_sandbox(load_text(f"{SMALL}script:\n{script}"), options)))

    async def control(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        headers = [(b"authorization", f"Bearer {TOKEN}".encode()), (b"host", ADDRESS.encode())]
        raw = b"" if body is None else json.dumps(body).encode()
        return _answer(await self._ask("http", f"/_mock/sandboxes/{DEFAULT}{path}", headers, _body(raw), method))

    async def venue(self, target: str = POSITIONS) -> tuple[int, bytes]:
        return _answer(await self._ask("http", target, list(signed(self.sandbox, target).headers), _body(b"")))

    async def upgrade(self, *commands: str) -> list[str]:
        """The kinds of the messages that an upgrade of a stream, and commands after it, are answered with."""
        headers = list(signed(self.sandbox, STREAM_PATH).headers)
        coming = [{"type": "websocket.connect"}, *({"type": "websocket.receive", "text": text} for text in commands)]
        return [str(message["type"]) for message in await self._ask("websocket", STREAM_PATH, headers, coming)]

    async def _ask(self, kind: str, path: str, headers: Any, coming: Messages, method: str = "GET") -> Messages:
        scope = {"type": kind, "method": method, "path": path, "raw_path": path.encode(), "query_string": b""}
        sent: Messages = []

        async def receive() -> dict[str, Any]:
            return coming.pop(0) if coming else {"type": f"{kind}.disconnect", "code": 1001}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app({**scope, "headers": headers, "http_version": "1.1", "root_path": ""}, receive, send)
        return sent


def _body(raw: bytes) -> Messages:
    return [{"type": "http.request", "body": raw}]


def _answer(sent: Messages) -> tuple[int, bytes]:
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def inside(test: Callable[[Inside], Awaitable[None]]) -> Callable[[], None]:
    """The test in a loop that looks closely, with no task left at its end."""

    async def scene() -> None:
        server = Inside()
        async with asyncio.timeout(PATIENCE_S):
            await test(server)
        server.server_state.diagnosis_worker.close()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    return lambda: asyncio.run(scene(), debug=True)


@inside
async def test_a_request_sees_what_was_due_before_it(server: Inside) -> None:
    await server.open(f"after: 1s, {BUY}")
    server.host_at += SECOND - 1
    assert b'"15.00"' not in (await server.venue())[1]
    server.host_at += 1
    assert b'"15.00"' in (await server.venue())[1]


@inside
async def test_an_upgrade_sees_what_was_due_before_it(server: Inside) -> None:
    await server.open("after: 1s, fault: {then: {refuse: 403}}")
    assert (await server.upgrade())[0] == "websocket.accept"
    server.host_at += SECOND
    assert (await server.upgrade())[0] == "websocket.http.response.start"


@inside
async def test_what_a_command_sets_off_at_once_waits_for_nobody_on_a_clock_that_stands(server: Inside) -> None:
    await server.open(f"when: {{subscribed: {{channel: fill}}}}, {BUY}", clock="paused")
    await server.upgrade('{"id":1,"cmd":"subscribe","params":{"channels":["fill"]}}')
    assert [record.cause.step for record in server.sandbox.log if record.cause] == ["script[0]"]


_STATE = ["/accounts/alice/positions", "/accounts/alice/ledger", "/log", "/clock", ""]
READS = [*_STATE, "/journal", "/frames", "/streams", "/script", "/faults"]


def test_a_control_request_sees_what_was_due_before_it() -> None:
    @inside
    async def scene(server: Inside) -> None:
        await server.open(*[f"after: {number}s, {BUY}" for number in range(1, len(READS) + 1)])
        before = len(server.sandbox.log)
        for number, path in enumerate(READS, start=1):
            server.host_at += SECOND
            status, _ = await server.control("GET", path)
            assert (status, len(server.sandbox.log)) == (200, before + number), path

    scene()


def ended(answer: tuple[int, bytes]) -> bool:
    return answer[0] == 409 and json.loads(answer[1])["error"]["code"] == "sandbox_ended"


@inside
async def test_an_advance_ends_where_its_sandbox_is_reset(server: Inside) -> None:
    await server.open(f"after: 1ms, every: 1ms, {SAY}", clock="paused")
    server.server_state.script_timers[DEFAULT] = ScriptTimer(server.sandbox)
    old = server.sandbox
    advance = asyncio.create_task(server.control("POST", "/clock", {"advance": "10s"}))
    await until_busy(old)
    again = asyncio.create_task(server.control("POST", "/clock", {"advance": "1s"}))
    status, shown = await server.control("POST", "/reset")
    assert (status, json.loads(shown)["clock"]["now"]) == (200, "2025-11-04T12:00:00.003Z")
    assert ended(await advance)
    assert await again == (200, b'{"mode":"paused","now":"2025-11-04T12:00:01.003Z"}') or ended(await again)
    assert len(old.log) < 10_000
    server.server_state.script_timers[DEFAULT].stop()


@inside
async def test_commands_end_where_their_sandbox_is_reset_and_their_keys_lead_nowhere(server: Inside) -> None:
    await server.open(clock="paused")
    server.server_state.script_timers[DEFAULT] = ScriptTimer(server.sandbox)
    old = server.sandbox
    steps = [{"announce": {"message": "x"}}] * 5_000
    commands = asyncio.create_task(server.control("POST", "/commands", steps))
    await until_busy(old)
    await server.control("POST", "/reset")
    assert ended(await commands)
    assert len(old.log) < 5_000
    assert server.server_state.sandboxes.route(None) is server.sandbox is not old
    server.server_state.script_timers[DEFAULT].stop()


async def until_busy(sandbox: Sandbox) -> None:
    """Until one more command was carried out."""
    busy = asyncio.Event()
    sandbox.observers.append(lambda record, outcome: busy.set())
    await busy.wait()


@each_row("method", ["commands", "script"])
def test_what_comes_to_an_end_meanwhile_says_so(method: str) -> None:
    body = {"commands": [{"announce": {"message": "x"}}], "script": {"after": "1s", "announce": {"message": "x"}}}[
        method
    ]

    @inside
    async def scene(server: Inside) -> None:
        await server.open(clock="paused")
        server.sandbox.close("deleted")
        assert ended(await server.control("POST", f"/{method}", body))

    scene()


@inside
async def test_commands_whose_sandbox_ends_while_their_effects_are_due_say_so(server: Inside) -> None:
    await server.open(f"after: 1ms, every: 1ms, {SAY}")

    def pass_time(*_: object) -> None:
        server.host_at += 100_000

    async def end() -> None:
        server.sandbox.close("reset")

    server.sandbox.observers.append(pass_time)
    server.sandbox.script.pause = end
    assert ended(await server.control("POST", "/commands", [{"announce": {"message": "x"}}]))
