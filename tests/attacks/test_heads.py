"""Heads that are too much: each is cut at its bound, refused with the reason, journalled, and kept small."""

import asyncio
from functools import partial

import pytest

from mockexchange.server.http import connection, request_limits
from mockexchange.server.http.connection import PIPELINE_MAX
from mockexchange.server.http.request_limits import HEADERS_BYTES_MAX, HEADERS_MAX
from mockexchange.server.loop_budget import PIECE_BYTES, TURN_S, LoopBudget, budget_of
from tests.attacks.attacking import ROUNDS, TURN_STEPS_MAX, attacked, head, play, watched
from tests.attacks.test_turns import Clock
from tests.helpers.patience import PATIENCE_S

POSITIONS = "/trade-api/v2/portfolio/positions"
SLOW_BODY = head(POSITIONS, "Content-Length: 100000", method="POST")


def many(count: int, value: str = "b") -> list[str]:
    return [f"a{number}: {value}" for number in range(count)]


TOO_MUCH = {
    "100,000 headers": (many(100_000), f"more than {HEADERS_MAX} headers"),
    "one header too many": (many(HEADERS_MAX), f"more than {HEADERS_MAX} headers"),
    "a megabyte of Authorization": (["Authorization: Bearer " + "a," * 500_000], f"{HEADERS_BYTES_MAX:,} bytes"),
    "long headers": (many(200, "v" * 1_000), f"{HEADERS_BYTES_MAX:,} bytes"),
    "a byte too many": (["a: " + "v" * HEADERS_BYTES_MAX], f"{HEADERS_BYTES_MAX:,} bytes"),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_much_of_a_head_is_refused_and_journalled(name: str) -> None:
    headers, diagnosis = TOO_MUCH[name]

    async def scene() -> None:
        async with attacked() as target:
            async with watched(target):
                for _ in range(ROUNDS):
                    answer = await target.ask(head(POSITIONS, *headers))
                    assert answer.startswith(b"HTTP/1.1 431 ") or not answer  # a reset may overtake the answer
                    assert diagnosis.encode() in answer or not answer
            entries = target.sandbox.journal.find(status=431)
            assert len(entries) == ROUNDS
            assert diagnosis in str(entries[-1].diagnosis)
            assert entries[-1].head_bytes + len(entries[-1].body or b"") < 4 * HEADERS_BYTES_MAX
            assert target.most_steps < TURN_STEPS_MAX

    play(scene())


def test_as_many_headers_as_may_be_are_answered() -> None:
    async def scene() -> None:
        async with attacked() as target:
            assert (await target.ask(head("/", "Connection: close", *many(HEADERS_MAX - 2)))).startswith(
                b"HTTP/1.1 404"
            )

    play(scene())


@pytest.mark.parametrize("trailer", [b"a: b\r\n" * 100_000, b"a: " + b"b" * 1_000 + b"\r\n"], ids=["many", "long"])
def test_endless_trailers_of_a_body_end(trailer: bytes) -> None:
    count = 1 if len(trailer) > HEADERS_BYTES_MAX else HEADERS_MAX // 2
    raw = head(POSITIONS, "Transfer-Encoding: chunked", method="POST") + b"0\r\n" + trailer * count

    async def scene() -> None:
        async with attacked() as target, watched(target):
            reader, writer = await target.connect()
            writer.write(raw)
            answer = await reader.read(12)
            assert answer in (b"HTTP/1.1 431", b"HTTP/1.1 400")
            writer.close()
        assert target.most_steps < TURN_STEPS_MAX

    play(scene())


@pytest.mark.parametrize(
    ("name", "raw", "diagnosis"),
    [
        ("HEAD_S_MAX", b"GET / HTTP/1.1\r\nHost: x\r\n", "the head of this request was not complete"),
        ("BODY_S_MAX", head(POSITIONS, "Content-Length: 9", method="POST") + b"1234", "the body of this request"),
    ],
)
def test_a_late_client_is_answered(name: str, raw: bytes, diagnosis: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, name, 0.01)

    async def scene() -> None:
        async with attacked() as target:
            answer = await target.ask(raw)
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert diagnosis.encode() in answer
            [entry] = target.sandbox.journal
            assert (entry.status, diagnosis in str(entry.diagnosis)) == (408, True)

    play(scene())


@pytest.mark.parametrize(("name", "opening"), [("HEAD_S_MAX", b"GET /"), ("BODY_S_MAX", SLOW_BODY)])
def test_single_bytes_do_not_put_a_deadline_off(name: str, opening: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, name, 0.2)

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(opening)
        while True:
            writer.write(b"a")
            await asyncio.sleep(0.01)

    async def scene() -> None:
        async with attacked() as target:
            reader, writer = await target.connect()
            dripping = asyncio.ensure_future(drip(writer))
            assert await asyncio.wait_for(reader.read(12), PATIENCE_S) == b"HTTP/1.1 408"
            dripping.cancel()
            writer.close()

    play(scene())


def test_a_silent_client_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SILENCE_S_MAX", 0.01)

    async def scene() -> None:
        async with attacked() as target:
            assert await target.ask(b"") == b""
            assert len(target.sandbox.journal) == 0

    play(scene())


def test_unfinished_requests_have_a_bound_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "UNFINISHED_BYTES_MAX", 50_000)
    body = head(POSITIONS, "Content-Length: 90000", method="POST") + b"x" * 20_000

    async def scene() -> None:
        shares = budget_of(asyncio.get_running_loop())
        async with attacked() as target:
            clients = [await target.connect() for _ in range(4)]
            for _, writer in clients:
                writer.write(body)
            done, rest = await asyncio.wait(
                [asyncio.ensure_future(reader.read(12)) for reader, _ in clients], return_when=asyncio.FIRST_COMPLETED
            )
            assert {task.result() for task in done} == {b"HTTP/1.1 503"}
            assert shares.unfinished_bytes <= 50_000
            for _, writer in clients:
                writer.close()
            await asyncio.gather(*rest)
        assert shares.unfinished_bytes == 0

    play(scene())


def test_a_pipeline_gets_its_share_of_a_turn() -> None:
    """Thousands of requests in one write are parsed and answered a few at a time."""
    count = 600 * ROUNDS
    raw = head("/trade-api/v2/exchange/status") * count

    async def scene() -> None:
        async with attacked() as target, watched(target):
            reader, writer = await target.connect()
            writer.write(raw)
            waiting = 0
            for _ in range(count):
                await reader.readuntil(b"HTTP/1.1 200 OK\r\n")
                [client] = target.listener.open_connections
                waiting = max(waiting, len(client.pipeline))
            writer.close()
            assert target.most_steps < TURN_STEPS_MAX
            assert waiting <= PIPELINE_MAX + 1 + PIECE_BYTES // (len(raw) // count)

    play(scene())


def test_work_beyond_the_first_piece_waits_in_one_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pieces wait, a turn takes a bounded part of them, in the order of their arrival."""
    clock = Clock(monkeypatch)

    async def scene() -> None:
        shares, done = LoopBudget(asyncio.get_running_loop()), list[int]()

        def work(number: int) -> None:
            done.append(number)
            clock.work(TURN_S / 4)

        for number in range(30):
            shares.add(partial(work, number))
        most = 0
        while len(done) < 30:
            before = len(done)
            await asyncio.sleep(0)
            most = max(most, len(done) - before)
        assert done == sorted(done)
        assert most == 4

    play(scene())
