"""The handshake of a stream on a real socket: granted, refused, and what is none."""

import asyncio
import json
import logging
from base64 import b64encode
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from mockexchange.server.http import request_limits
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from mockexchange.venues.kalshi.stream.session import Session
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import SMALL
from tests.server.streaming import Bare, Venue, connect, frame, listening, play, subscribe, until, upgrade
from tests.server.wire import ADDRESS

BALANCE = "/trade-api/v2/portfolio/balance"


async def ask(venue: Venue, head: bytes) -> tuple[str, bytes]:
    """What bytes on a connection of their own are answered with: the head, and the body if that ends the connection."""
    reader, writer = await asyncio.open_connection(ADDRESS, venue.listener.port)
    writer.write(head)
    said = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next((line for line in said.lower().split("\r\n") if line.startswith("content-length: ")), "x: 0")
    body = await reader.readexactly(int(length.split(": ")[1]))
    writer.close()
    return said, body


@pytest.mark.since("websockets", "13", "its client for asyncio shows no answer to a handshake")
def test_a_signed_handshake_is_granted_and_journalled() -> None:
    async def scene() -> None:
        async with listening() as venue:
            async with venue.client() as client:
                assert client.response is not None
                assert client.response.headers["x-mock-exchange"] == "1"
                assert "sec-websocket-extensions" not in client.response.headers
                assert client.subprotocol is None
            [entry] = venue.sandbox.journal.expect(operation="OpenStream", status=101)
            assert (entry.method, entry.target, entry.account) == ("GET", STREAM_PATH, "alice")
            assert (entry.connection, entry.is_closed) == (1, True)
            assert entry.latency_us > 0

    play(scene())


@pytest.mark.since("websockets", "13", "its client for asyncio shows no answer to a handshake")
def test_a_refused_handshake_is_told_why_and_leaves_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        async with listening() as venue:
            wrong = venue.headers("/trade-api/v2/ws")
            with pytest.raises(InvalidStatus) as raised:
                async with connect(venue.url, additional_headers=wrong):
                    pass
            response = raised.value.response
            assert response.status_code == 401
            assert json.loads(response.body)["error"]["details"] == "INCORRECT_API_KEY_SIGNATURE"
            assert "/trade-api/v2/ws" in response.headers["x-mock-diagnosis"]
            assert response.headers.get_all("content-type") == ["application/json; charset=utf-8"]
            assert response.headers["content-length"] == str(len(response.body))
            [entry] = venue.sandbox.journal.expect(operation="OpenStream", status=401)
            assert entry.diagnosis == response.headers["x-mock-diagnosis"]
            assert (entry.answer, entry.is_closed) == (response.body, True)
            assert entry.latency_us > 0

    with caplog.at_level(logging.INFO):
        play(scene())
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_handshake_that_says_nothing_is_refused() -> None:
    async def scene() -> None:
        async with listening() as venue:
            said, body = await ask(venue, upgrade({}))
            assert said.startswith("HTTP/1.1 401 Unauthorized\r\n")
            assert "connection: close" in said.lower()
            assert json.loads(body)["error"]["code"]

    play(scene())


def test_a_page_of_another_origin_is_refused_where_the_scenario_says_so() -> None:
    async def scene() -> None:
        async with listening(stream="{origin: refuse}") as venue:
            said, body = await ask(venue, upgrade({**venue.headers(), "Origin": "https://elsewhere.example"}))
            assert said.startswith("HTTP/1.1 403 Forbidden\r\n")
            assert body == b"Forbidden\n"
            assert said.lower().count("content-type: ") == 1
            assert "content-type: text/plain; charset=utf-8" in said.lower()

    play(scene())


def test_an_upgrade_elsewhere_is_answered_as_without_it() -> None:
    async def scene() -> None:
        async with listening() as venue:
            said, body = await ask(venue, upgrade(venue.headers("/trade-api/ws/v1"), "/trade-api/ws/v1"))
            assert said.startswith("HTTP/1.1 404 Not Found\r\n")
            assert "x-mock-diagnosis: " in said.lower()
            assert json.loads(body)["error"]["code"] == "not_found"
            said, body = await ask(venue, upgrade(venue.headers(BALANCE), BALANCE))
            assert said.startswith("HTTP/1.1 200 OK\r\n")
            assert json.loads(body)["balance"] > 0
            assert [entry.status for entry in venue.sandbox.journal.find()] == [404, 200]

    play(scene())


@each_row(
    ("effect", "status", "body_bytes"),
    [("{status: 503}", 503, None), ("{delay: 1ms}", 200, None), ("{cut_after: 10}", 200, 10), ("{drop}", 0, 0)],
)
def test_an_upgrade_elsewhere_is_disturbed_as_without_it(
    effect: str, status: int, body_bytes: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    rules = f"faults: [{{match: {{operation: GetBalance}}, then: {effect}}}]\n"

    async def scene() -> None:
        async with listening(SMALL + rules) as venue:
            if body_bytes is None:
                said, _ = await ask(venue, upgrade(venue.headers(BALANCE), BALANCE))
                assert said.startswith(f"HTTP/1.1 {status} ")
            else:
                reader, writer = await asyncio.open_connection(ADDRESS, venue.listener.port)
                writer.write(upgrade(venue.headers(BALANCE), BALANCE))
                raw = await reader.read()
                assert raw.startswith(b"HTTP/1.1 200 " if status else b"")
                assert len(raw.partition(b"\r\n\r\n")[2]) == body_bytes
                writer.close()
            [entry] = venue.sandbox.journal.find()
            await until(lambda: entry.is_closed)

    with caplog.at_level(logging.INFO):
        play(scene())
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


NO_HANDSHAKES: list[tuple[str, dict[str, str], str | bytes]] = [
    ("no key", {"Sec-WebSocket-Key": ""}, STREAM_PATH),
    ("a short key", {"Sec-WebSocket-Key": b64encode(b"short").decode()}, STREAM_PATH),
    ("an old version", {"Sec-WebSocket-Version": "8"}, STREAM_PATH),
    ("a header too long", {"X-Filler": "x" * 9_000}, STREAM_PATH),
    ("a target too long", {}, STREAM_PATH + "?" + "x" * 9_000),
    ("too many headers", {f"X-{number}": "x" for number in range(150)}, STREAM_PATH),
]


@each_row(("what", "headers", "path"), NO_HANDSHAKES, ids=[row[0] for row in NO_HANDSHAKES])
def test_what_is_no_handshake_is_answered_and_journalled(
    what: str, headers: dict[str, str], path: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        async with listening() as venue:
            said, _ = await ask(venue, upgrade({**venue.headers(), **headers}, path))
            assert said.startswith("HTTP/1.1 400 Bad Request\r\n"), what
            assert "x-mock-diagnosis: this upgrade is no WebSocket handshake: " in said
            [entry] = venue.sandbox.journal.expect(status=400)
            assert entry.is_closed
            async with venue.client():
                pass

    with caplog.at_level(logging.INFO):
        play(scene())
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@each_row("headers", [{}, {"Connection": "keep-alive"}, {"Upgrade": "h2c"}], ids=str)
def test_a_plain_request_for_the_stream_is_answered(headers: dict[str, str]) -> None:
    async def scene() -> None:
        async with listening() as venue:
            head = upgrade({**venue.headers(), **headers}).replace(b"Upgrade: websocket\r\n", b"")
            said, body = await ask(venue, head)
            assert said.startswith("HTTP/1.1 400 Bad Request\r\n")
            assert body == b"Bad Request\n"
            assert said.lower().count("content-type: ") == 1

    play(scene())


def test_an_upgrade_by_another_method_is_no_handshake() -> None:
    async def scene() -> None:
        async with listening() as venue:
            said, _ = await ask(venue, upgrade({**venue.headers(), "Content-Length": "0"}, method=b"POST"))
            assert said.startswith("HTTP/1.1 400 Bad Request\r\n")
            async with venue.client():
                pass

    play(scene())


def test_letters_beyond_ascii_in_a_header_do_no_harm() -> None:
    async def scene() -> None:
        async with listening() as venue:
            head = upgrade(venue.headers()).replace(b"\r\n\r\n", b"\r\nX-Name: Z\xfcrich\r\n\r\n")
            said, _ = await ask(venue, head)
            assert said.startswith(("HTTP/1.1 101 ", "HTTP/1.1 400 "))
            async with venue.client():
                pass

    play(scene())


def test_a_bug_in_a_session_is_logged_and_ends_that_stream_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*arguments: Any) -> Any:
        raise RuntimeError("a bug")

    async def scene() -> None:
        async with listening() as venue, venue.client("fill") as other:
            async with venue.client() as client:
                monkeypatch.setattr(Session, "receive", break_down)
                await client.send(subscribe("fill"))
                with pytest.raises(ConnectionClosedError) as raised:
                    await client.recv()
                assert raised.value.rcvd is not None
                assert raised.value.rcvd.code == 1011
            await venue.fill()
            assert json.loads(await other.recv())["type"] == "fill"

    play(scene())
    assert "a bug" in caplog.text


def test_a_client_that_vanishes_in_the_handshake_leaves_nothing() -> None:
    async def scene() -> None:
        async with listening() as venue:
            for size in (10, len(upgrade(venue.headers())) // 2, None):
                _, writer = await asyncio.open_connection(ADDRESS, venue.listener.port)
                writer.write(upgrade(venue.headers())[:size])
                await writer.drain()
                writer.transport.abort()
            await until(lambda: not len(venue.sandbox.streams) and len(venue.sandbox.journal.find()) > 0)
            async with venue.client():
                assert len(venue.sandbox.streams) == 1

    play(scene())


def test_who_sends_the_head_too_slowly_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, "HEAD_S_MAX", 0.01)

    async def scene() -> None:
        async with listening() as venue:
            reader, writer = await asyncio.open_connection(ADDRESS, venue.listener.port)
            head = upgrade(venue.headers())
            writer.write(head[:100])
            assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
            [entry] = venue.sandbox.journal.expect(status=408)
            assert entry.body == head[:100]
            async with venue.client("fill") as client:
                later_s = asyncio.get_running_loop().time() + 0.02
                await until(lambda: asyncio.get_running_loop().time() > later_s)
                await venue.fill()
                assert json.loads(await client.recv())["type"] == "fill"
            writer.close()

    play(scene())


def test_bytes_right_behind_the_handshake_do_no_harm() -> None:
    """Nobody may send before the answer to the upgrade has come; who does is not understood."""

    async def scene() -> None:
        async with listening() as venue:
            reader, writer = await asyncio.open_connection(ADDRESS, venue.listener.port)
            writer.write(upgrade(venue.headers()) + frame(1, subscribe("fill").encode()))
            client = Bare(reader, writer)
            assert (await client.read_head()).startswith("HTTP/1.1 101 ")
            writer.close()
            async with venue.client("fill"):
                pass

    play(scene())
