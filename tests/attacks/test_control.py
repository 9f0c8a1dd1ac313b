"""Large requests of the control API, with the token: no turn of the loop takes long, whatever is asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from mockexchange.sandbox.interface import RequestContext
from mockexchange.sandbox.journal import FrameEntry
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario import located_text
from mockexchange.scenario.loader import load_text
from mockexchange.server.control import requests
from mockexchange.server.control.requests import BODY_BYTES_MAX
from mockexchange.server.process import Server
from mockexchange.server.serve_options import ServeOptions
from mockexchange.server.server_state import ServerState
from mockexchange.venues.request import Request
from tests.attacks.attacking import ROUNDS, TURN_STEPS_MAX, Target, head, play
from tests.helpers.rows import each_row
from tests.helpers.turns import uninterrupted_threads
from tests.server.live import Client
from tests.server.wire import ADDRESS

LONG = ROUNDS > 1
STEPS = 10_000 if LONG else 1_000
ACCOUNTS = 10_000 if LONG else 200
KEYS = 500_000 if LONG else 100_000
TOKEN = "the-token"
BALANCE = "/trade-api/v2/portfolio/balance"
SCENARIO = "scenario: s\naccounts: {alice: {cash: 1000000}}\nmarkets: {RAIN-1: {event: RAIN, series: RAIN}}\n"
FILL = {"account": "alice", "market": "RAIN-1", "side": "yes", "action": "buy", "count": "1", "price": "0.50"}


class Control(Target):
    """A server whose control API is under attack."""

    def __init__(self, state: ServerState) -> None:
        assert state.main is not None
        super().__init__(state.sandboxes.get("default").sandbox, state.main)

    async def call(self, method: str, path: str, body: Any = None, declared: int | None = None) -> tuple[int, bytes]:
        """Ask on a connection of its own; return the status and the body. A body of bytes is sent as it is.

        To write a large body, and to join an answer, would be turns of the client: only the rest is measured.
        """
        before = self.most_steps
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        await self.leave_out_turn(before)
        size = len(raw) if declared is None else declared
        head = (
            f"{method} /_mock{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Connection: close\r\nContent-Length: {size}\r\n\r\n"
        )
        reader, writer = await self.connect()
        writer.write(head.encode())
        for place in range(0, len(raw), 262_144):
            writer.write(raw[place : place + 262_144])
            await writer.drain()
        parts = []
        while part := await reader.read(65_536):
            parts.append(part)
        writer.close()
        before = self.most_steps
        answered, _, rest = b"".join(parts).partition(b"\r\n\r\n")
        await self.leave_out_turn(before)
        return int(answered.split()[1]), rest

    async def leave_out_turn(self, before: int) -> None:
        """Let the watch note the turn that ends here, and forget it."""
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.most_steps = before


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


@asynccontextmanager
async def controlled(home: Path) -> AsyncIterator[Control]:
    """Serve in this loop, and measure its turns."""
    options = ServeOptions(host=ADDRESS, port=0, ready_file=home / "ready.json", token=TOKEN, scenario_dir=home)
    async with Server(load_text(SCENARIO), SandboxOptions(clock="paused"), options) as server:
        target = Control(server.server_state)
        watch = asyncio.ensure_future(target.watch())
        try:
            yield target
        finally:
            watch.cancel()


def repeated_key(count: int) -> bytes:
    names = ",".join(f'"k{number}":1' for number in range(count))
    return f'{{"scenario":{{"accounts":{{{names},"k{count - 1}":2}}}}}}'.encode()


def test_a_repeated_key_among_many_is_found_at_once(home: Path) -> None:
    async def scene() -> None:
        async with controlled(home) as target:
            status, answer = await target.call("POST", "/sandboxes", repeated_key(KEYS))
            assert (status, f"the key 'k{KEYS - 1}' is there twice".encode() in answer) == (400, True), answer[:200]
            assert target.most_steps < TURN_STEPS_MAX

    play(scene())


def test_too_many_values_are_not_parsed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(located_text, "VALUES_MAX", 10_000)

    async def scene() -> None:
        async with controlled(home) as target:
            status, answer = await target.call("POST", "/sandboxes", b"[" + b"1," * 10_001 + b"}")
            assert (status, b"at most 10,000 values, got 10,002 commas and brackets: send" in answer) == (413, True)
            status, answer = await target.call("POST", "/sandboxes", b"[" + b"1," * 9_998 + b"}")
            assert (status, b"not valid JSON" in answer) == (400, True)

    play(scene())


def test_a_body_that_is_announced_too_large_is_not_awaited(home: Path) -> None:
    async def scene() -> None:
        async with controlled(home) as target:
            status, answer = await target.call("POST", "/sandboxes/default/commands", declared=BODY_BYTES_MAX + 1)
            assert (status, json.loads(answer)["error"]["code"]) == (413, "body_too_large")

    play(scene())


def test_more_accounts_than_there_are_development_keys(home: Path) -> None:
    accounts = {f"account-{number}": {"cash": "5"} for number in range(ACCOUNTS)}

    async def scene() -> None:
        async with controlled(home) as target:
            small = {"name": "small", "scenario": {"scenario": "small", "accounts": {"one": {"cash": "5"}}}}
            await target.call("POST", "/sandboxes", small)  # the first request of a kind imports what it needs
            target.most_steps = 0
            body = {"name": "crowd", "scenario": {"scenario": "crowd", "accounts": accounts}}
            status, answer = await target.call("POST", "/sandboxes", body)
            assert status == 201, answer[:200]
            assert answer.count(b"BEGIN PRIVATE KEY") == ACCOUNTS
            assert target.most_steps < TURN_STEPS_MAX

    play(scene())


def test_a_long_batch_and_all_that_lists_it(home: Path) -> None:
    async def scene() -> None:
        async with controlled(home) as target:
            status, answer = await target.call("POST", "/sandboxes/default/commands", [{"fill": FILL}] * STEPS)
            assert (status, answer.count(b'"type":"filled"')) == (200, STEPS)
            for path in ("/log", "/accounts/alice/ledger", "/accounts/alice/positions", "/journal", "/frames", ""):
                status, answer = await target.call("GET", f"/sandboxes/default{path}")
                assert status == 200
            assert target.most_steps < TURN_STEPS_MAX

    play(scene())


def test_many_steps_that_are_due_at_once(home: Path) -> None:
    steps = [{"after": "1s", "deposit": {"account": "alice", "amount": "1"}}] * STEPS

    async def scene() -> None:
        async with controlled(home) as target:
            status, answer = await target.call("POST", "/sandboxes/default/script", steps)
            assert status == 201, answer[:200]
            assert (await target.call("POST", "/sandboxes/default/clock", {"advance": "1s"}))[0] == 200
            assert (await target.call("GET", "/sandboxes/default/script"))[0] == 200
            assert len(target.sandbox.log) > STEPS
            assert target.most_steps < TURN_STEPS_MAX

    play(scene())


def test_a_full_journal_is_read_in_pieces(home: Path) -> None:
    """A journal of requests with long headers and bodies, which fill its bounds: 180 MB in a long run."""
    headers = tuple((f"x-header-{number}".encode(), b"v" * 60) for number in range(60))
    requests = 20_000 if LONG else 800

    async def scene() -> None:
        async with controlled(home) as target:
            for number in range(requests):
                request = Request("POST", "/trade-api/v2/portfolio/orders", f"n={number}", headers, b"{" + b" " * 3_000)
                target.sandbox.answer(RequestContext.of(request))
            await target.leave_out_turn(0)
            for query in ("", "?status=401&redact=true", "?short=true", "?q=nowhere", "?path=/nowhere"):
                status, _ = await target.call("GET", f"/sandboxes/default/journal{query}")
                assert status == 200
            assert (await target.call("DELETE", "/sandboxes/default/journal"))[0] == 204
            assert target.most_steps < TURN_STEPS_MAX

    play(scene())


ROWS = 100
"""So few that a body is read at once: while a thread reads it, the loop turns too."""
PAYMENT = {"deposit": {"account": "alice", "amount": "1"}}
PAID = {"scenario": "s", "accounts": {"alice": {}}, "history": [PAYMENT] * ROWS}
DUE = [{"after": "1s", **PAYMENT}] * ROWS


async def send_batch(target: Control) -> None:
    await target.call("POST", "/sandboxes/default/commands", [PAYMENT] * ROWS)


async def read_ledger(target: Control) -> None:
    await target.call("GET", "/sandboxes/default/accounts/alice/ledger")


async def add_steps(target: Control) -> None:
    assert (await target.call("POST", "/sandboxes/default/script", DUE))[0] == 201


async def run_steps(target: Control) -> None:
    await target.call("POST", "/sandboxes/default/clock", {"advance": "1s"})


async def search_journal(target: Control) -> None:
    await target.call("GET", "/sandboxes/default/journal?q=nowhere")


async def filter_journal(target: Control) -> None:
    await target.call("GET", "/sandboxes/default/journal?short=true&filter=-nowhere&last=1")


async def record_frames(target: Control) -> None:
    for number in range(ROWS):
        target.sandbox.journal.add_frame(FrameEntry(0, 0, 0, 1, None, "out", b'{"sid":1,"seq":%d}' % number))


async def count_gaps(target: Control) -> None:
    await target.call("GET", "/sandboxes/default/frames?short=true&last=1")


async def open_sandbox_with_history(target: Control) -> None:
    assert (await target.call("POST", "/sandboxes", {"name": "paid", "scenario": PAID}))[0] == 201


async def open_sandbox_of_many(target: Control) -> None:
    accounts: dict[str, Any] = {f"account-{number}": {} for number in range(ROWS)}
    scenario = {"scenario": "many", "accounts": accounts}
    assert (await target.call("POST", "/sandboxes", {"name": "many", "scenario": scenario}))[0] == 201


async def install_faults(target: Control) -> None:
    rules = [{"match": {"operation": "GetPositions"}, "then": {"status": 500}}] * ROWS
    assert (await target.call("POST", "/sandboxes/default/faults", rules))[0] == 201


async def install_stubs(target: Control) -> None:
    stubs = [{"request": f"GET /nowhere/{number}", "json": {}} for number in range(ROWS)]
    assert (await target.call("POST", "/sandboxes/default/stubs", stubs))[0] == 201


async def nothing(target: Control) -> None:
    """Prepare nothing."""


Work = Callable[[Control], Awaitable[None]]
# the constant that divides the work, what has to be before, and the work
SLICED: dict[str, tuple[str, Work, Work]] = {
    "a batch": ("mockexchange.server.control.answers.SLICE_S", send_batch, send_batch),
    "a list": ("mockexchange.server.control.answers.SLICE_S", send_batch, read_ledger),
    "added steps": ("mockexchange.sandbox.script.script.MADE_AT_ONCE", nothing, add_steps),
    "due steps": ("mockexchange.sandbox.script.script.SLICE_S", add_steps, run_steps),
    "a search": ("mockexchange.server.control.answers.SLICE_S", send_batch, search_journal),
    "a filter": ("mockexchange.server.control.answers.SLICE_S", send_batch, filter_journal),
    "gaps": ("mockexchange.server.control.answers.SLICE_S", record_frames, count_gaps),
    "a history": ("mockexchange.sandbox.opening.SLICE_S", nothing, open_sandbox_with_history),
    "accounts": ("mockexchange.sandbox.opening.SLICE_S", nothing, open_sandbox_of_many),
    "faults": ("mockexchange.sandbox.clock.SLICE_S", send_batch, install_faults),
    "stubs": ("mockexchange.sandbox.clock.SLICE_S", send_batch, install_stubs),
}


@pytest.mark.parametrize("name", SLICED)
def test_long_work_is_done_in_slices(home: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the smallest slices there is a turn of the loop for each row, however quick the machine is."""
    constant, prepare, work = SLICED[name]

    async def scene() -> None:
        async with controlled(home) as target:
            for number in range(ROWS):
                target.sandbox.answer(RequestContext.of(Request("GET", f"/{number}")))
            await prepare(target)
            monkeypatch.setattr(constant, 1 if constant.endswith("_ONCE") else 0.0)
            before = target.turns
            await work(target)
            assert target.turns - before >= (2 * ROWS if name == "a list" else ROWS), "a list is made and then sent"

    play(scene())


@each_row("path", ["clock", "call", "streams", "wait"])
def test_a_long_body_is_freed_beside_the_loop(home: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one of which little is wanted: what was parsed of it is no piece of work that the loop has to do at once."""
    monkeypatch.setattr("mockexchange.scenario.located_text.FREED_PER_TURN", 1)
    body = {"no such member": ["x" * 200] * ROWS}

    async def scene() -> None:
        async with controlled(home) as target:
            before = target.turns
            assert (await target.call("POST", f"/sandboxes/default/{path}", body))[0] == 400
            assert target.turns - before >= ROWS

    play(scene())


@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_a_long_scenario_is_parsed_beside_the_loop(home: Path, kind: str) -> None:
    """A scenario of 60 MB of JSON, or of 30 MB of YAML, in a long run."""
    count = (300_000 if LONG else 5_000) if kind == "json" else (60_000 if LONG else 3_000)
    steps = [{"deposit": {"account": "alice", "amount": "1", "payment": f"p-{n}"}} for n in range(count)]
    whole: Any = {"scenario": "long", "accounts": {"alice": {}}, "history": steps}
    if kind == "yaml":
        rows = "".join(f"- deposit: {json.dumps(step['deposit'])}\n" for step in steps)
        whole = "scenario: long\naccounts: {alice: {}}\nhistory:\n" + rows

    async def scene() -> None:
        async with controlled(home) as target:
            status, answer = await target.call("POST", "/sandboxes", {"name": "long", "scenario": whole})
            assert status == 201, answer[:300]
            assert target.most_steps < TURN_STEPS_MAX

    play(scene())


def test_a_signed_read_is_answered_while_a_long_scenario_is_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that reads keeps the interpreter as long as it may, so that only its own pauses let others in."""
    body = b'{"scenario": [' + b"1234567," * 400_000 + b"1]}"
    came, ended = asyncio.Event(), Event()

    async def scene() -> None:
        loop = asyncio.get_running_loop()

        def parse(*given: Any) -> Any:
            loop.call_soon_threadsafe(came.set)
            parsed = located_text.located_json(*given)
            ended.set()
            return parsed

        monkeypatch.setattr(requests, "located_json", parse)
        async with controlled(home) as target:
            key = next(iter(target.sandbox.credentials()))
            signed = Client(key.key_id, str(key.private_pem)).headers("GET", BALANCE)
            asked = head(BALANCE, "Connection: close", *(f"{name}: {value}" for name, value in signed.items()))
            making = asyncio.ensure_future(target.call("PUT", "/sandboxes/long", body))
            await came.wait()
            with uninterrupted_threads():
                answer = await target.ask(asked)
            assert (answer[:13], ended.is_set()) == (b"HTTP/1.1 200 ", False)
            assert (await making)[0] == 400

    play(scene())


def test_a_long_scenario_is_checked_beside_the_loop(home: Path) -> None:
    steps = [{"deposit": {"account": "alice", "amount": "1", "payment": f"p-{n}"}} for n in range(5_000)]
    body = {"scenario": {"scenario": "long", "accounts": {"alice": {}}, "history": steps}}

    async def scene() -> None:
        async with controlled(home) as target:
            status, answer = await target.call("POST", "/scenarios/check", body)
            assert (status, json.loads(answer)["ok"]) == (200, True)
            assert target.most_steps < TURN_STEPS_MAX

    play(scene())


def test_a_long_scenario_that_a_short_request_names_is_read_beside_the_loop(home: Path) -> None:
    rows = "".join(f"- deposit: {{account: alice, amount: 1, payment: p-{n}}}\n" for n in range(2_000))
    (home / "long.yaml").write_text(f"scenario: long\naccounts: {{alice: {{}}}}\nhistory:\n{rows}")

    async def scene() -> None:
        async with controlled(home) as target:
            status, answer = await target.call("PUT", "/sandboxes/long", {"scenario": "long.yaml"})
            assert (status, json.loads(answer)["commands"]) == (201, 2_002)
            assert target.most_steps < TURN_STEPS_MAX

    play(scene())
