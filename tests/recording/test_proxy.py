"""The proxy: what the server and the client get, and what is written down."""

import asyncio
import gzip
import json
import tracemalloc
from typing import Any

import pytest

from mockexchange.emulation.tcp_listener import StreamPair
from mockexchange.recording.stream_relay import FrameReader, text_frame
from tests.recording.test_stream_relay import MASK, frame

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Odd:  a  \r\nContent-Length: 2\r\n\r\n{}"


class Server:
    """A server that answers every request with the same bytes, and keeps the heads that it gets."""

    def __init__(self, answer: bytes = OK, *, requests_max: int = 100, closes: bool = False) -> None:
        self.answer, self.closes, self.requests_max = answer, closes, requests_max
        self.heads: list[bytes] = []
        self.connections = 0

    async def __call__(self, pair: StreamPair) -> None:
        self.connections += 1
        for _ in range(self.requests_max):
            try:
                head = await pair.reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                break
            self.heads.append(head)
            pair.writer.write(self.answer)
            if self.closes:
                break
        await pair.close()


def get(target: str, *headers: str, method: str = "GET", closes: bool = True) -> bytes:
    ending = ["Connection: close"] if closes else []
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: mine", *headers, *ending, "", ""]).encode("latin-1")


TARGETS = ["/a%2Fb//c/./d/../e?x=%20+&&y=%zz", "/", "*", "/" + "x" * 65_000]


def test_targets_arrive_byte_for_byte(recorded: Any) -> None:
    async def run() -> None:
        server = Server()
        async with recorded(server) as proxy:
            for target in TARGETS[:3]:
                assert (await proxy.ask(get(target, "X-Mine:  kept  "))).endswith(b"\r\n\r\n{}")
        lines = [head.split(b"\r\n") for head in server.heads]
        assert [line[0] for line in lines] == [f"GET {target} HTTP/1.1".encode() for target in TARGETS[:3]]
        assert all(b"X-Mine: kept" in line and b"Accept-Encoding: identity" in line for line in lines)
        assert not any(b"Host: mine" in line for line in lines)

    asyncio.run(run())


def test_a_target_of_64_kilobytes_passes(recorded: Any) -> None:
    async def run() -> None:
        async def serve(pair: StreamPair) -> None:
            await pair.reader.readuntil(b"\r\n")
            pair.writer.write(OK)
            await pair.close()

        async with recorded(serve) as proxy:
            assert (await proxy.ask(get(TARGETS[3][:60_000]))).startswith(b"HTTP/1.1 200")
            assert (await proxy.ask(get("/" + "x" * 600_000))).startswith(b"HTTP/1.1 431")

    asyncio.run(run())


def test_answers_come_back_as_they_were_and_connections_are_kept(recorded: Any) -> None:
    async def run() -> None:
        server = Server()
        async with recorded(server) as proxy:
            raw = await proxy.ask(get("/1", closes=False) + get("/2"))
            assert raw.count(b"X-Odd: a\r\n") == 2
            assert server.connections == 1
        entries = proxy.lines()
        assert [(one["target"], one["status"], one["answer"]) for one in entries[:-1]] == [
            ("/1", 200, "{}"),
            ("/2", 200, "{}"),
        ]
        assert ["X-Odd", ""] in entries[0]["answer_headers"]

    asyncio.run(run())


def test_a_kept_connection_that_has_ended_is_made_again(recorded: Any) -> None:
    async def run() -> None:
        server = Server(requests_max=1)
        async with recorded(server) as proxy:
            assert (await proxy.ask(get("/1", closes=False) + get("/2"))).count(b"200 OK") == 2
            assert server.connections == 2

    asyncio.run(run())


REFUSED = [
    (get("/orders", "Content-Length: 2", method="POST") + b"{}", 403, "POST is not sent"),
    (b"nonsense\r\n\r\n", 400, None),
    (get("/x", "Content-Length: 99999999") + b"x" * 17_000_000, 413, None),
]


@pytest.mark.parametrize(("raw", "status", "note"), REFUSED, ids=[str(status) for _, status, _ in REFUSED])
def test_what_is_not_sent_is_answered_here(recorded: Any, raw: bytes, status: int, note: str | None) -> None:
    async def run() -> None:
        server = Server()
        async with recorded(server) as proxy:
            assert f"HTTP/1.1 {status}".encode() in await proxy.ask(raw)
        assert server.heads == []
        notes = [(one["source"], one["status"], one["note"][: len(note)]) for one in proxy.lines()[:-1] if note]
        assert notes == ([("proxy", status, note)] if note else [])

    asyncio.run(run())


def test_writes_pass_when_they_are_allowed(recorded: Any) -> None:
    async def run() -> None:
        server = Server(closes=True)
        async with recorded(server, allows_writes=True) as proxy:
            assert b"200 OK" in await proxy.ask(get("/orders", "Content-Length: 2", method="POST") + b"{}")
        assert b"Content-Length: 2" in server.heads[0]
        assert proxy.lines()[0]["body"] == "{}"

    asyncio.run(run())


TORN = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "the answer ended after 2 bytes"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "the answer ended after 0 bytes"),
]


@pytest.mark.parametrize(("answer", "note"), TORN, ids=["short", "chunk"])
def test_a_server_that_dies_in_a_body_is_no_whole_answer(recorded: Any, answer: bytes, note: str) -> None:
    async def run() -> None:
        async with recorded(Server(answer, closes=True)) as proxy:
            assert (await proxy.ask(get("/x"))).endswith(b"(reset)")
        assert proxy.lines()[0]["note"].startswith(note)

    asyncio.run(run())


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-nothing\r\n\r\n"], ids=["nothing", "foreign"])
def test_a_server_without_an_answer_is_a_502(recorded: Any, answer: bytes) -> None:
    async def run() -> None:
        async with recorded(Server(answer, closes=True)) as proxy:
            assert b"HTTP/1.1 502" in await proxy.ask(get("/x"))
        assert "cannot be reached" in proxy.lines()[0]["note"]

    asyncio.run(run())


def test_a_compressed_answer_is_passed_on_and_never_unpacked(recorded: Any) -> None:
    """What cannot be redacted is not written down; unpacking 64 MB of nothing would take their memory."""
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()

    async def run() -> None:
        tracemalloc.start()
        async with recorded(Server(head + bomb)) as proxy:
            answer = await proxy.ask(get("/x"))
        _, most_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert answer.endswith(bomb)
        assert most_bytes < 16 * 1024 * 1024
        line, _ = proxy.lines()
        assert (line["status"], line["answer"], line["answer_size"]) == (200, None, len(bomb))

    asyncio.run(run())


SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
UPGRADE = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x", "Sec-WebSocket-Extensions: y")


def test_frames_pass_one_for_one_with_pings_and_the_close(recorded: Any) -> None:
    sent = [
        frame(1, b'{"seq":1}\n'),
        frame(9, b"heartbeat"),
        frame(1, b"ab", is_final=False),
        frame(0, b"c"),
        frame(8, b"\x03\xe8bye"),
    ]
    subscribe = frame(1, b'{"cmd":"subscribe"}', mask=MASK)
    got: list[bytes] = []

    async def serve(pair: StreamPair) -> None:
        got.append(await pair.reader.readuntil(b"\r\n\r\n"))
        pair.writer.write(SWITCH + sent[0])
        got.append(await pair.reader.readexactly(len(subscribe)))
        pair.writer.write(b"".join(sent[1:]))
        await pair.close()

    async def run() -> None:
        async with recorded(serve) as proxy:
            raw = await proxy.ask(get("/trade-api/ws/v2", *UPGRADE, closes=False) + subscribe)
            assert raw.partition(b"\r\n\r\n")[2] == b"".join(sent)
            assert b"Extensions" not in got[0]
            assert got[1] == subscribe
        handshake, *frames, _ = proxy.lines()
        assert (handshake["status"], handshake["connection"]) == (101, 1)
        shown = [(one["direction"], one["kind"], one["frame"]) for one in frames]
        assert [one for one in shown if one[0] == "in"] == [("in", "", '{"cmd":"subscribe"}')]
        assert [one[1:] for one in shown if one[0] == "out"] == [
            ("open", ""),
            ("", '{"seq":1}\n'),
            ("ping", "heartbeat"),
            ("", "abc"),
            ("close", "1000 bye"),
        ]

    asyncio.run(run())


def test_a_command_that_writes_is_answered_here(recorded: Any) -> None:
    write = json.dumps({"jsonrpc": "2.0", "id": 7, "method": "private/buy"}).encode()
    read = frame(1, b'{"method":"public/test"}', mask=MASK)

    async def serve(pair: StreamPair) -> None:
        await pair.reader.readuntil(b"\r\n\r\n")
        pair.writer.write(SWITCH)
        pair.writer.write(text_frame(await pair.reader.readexactly(len(read))))
        await pair.close()

    async def run() -> None:
        async with recorded(serve) as proxy:
            raw = await proxy.ask(get("/ws/api/v2", *UPGRADE, closes=False) + frame(1, write, mask=MASK) + read)
            refusal, echo = FrameReader().feed(raw.partition(b"\r\n\r\n")[2])
            assert json.loads(refusal.payload)["error"]["message"].startswith("private/buy is not sent")
            assert json.loads(refusal.payload)["id"] == 7
            assert echo.payload == read
        assert proxy.lines()[-2]["note"] == "the connection ended without a close frame"

    asyncio.run(run())


def test_a_command_that_writes_in_pieces_ends_the_stream(recorded: Any) -> None:
    pieces = frame(1, b'{"method":"priv', is_final=False, mask=MASK) + frame(0, b'ate/buy"}', mask=MASK)

    async def serve(pair: StreamPair) -> None:
        await pair.reader.readuntil(b"\r\n\r\n")
        pair.writer.write(SWITCH)
        assert b"ate/buy" not in await pair.reader.read()
        await pair.close()

    async def run() -> None:
        async with recorded(serve) as proxy:
            await proxy.ask(get("/ws/api/v2", *UPGRADE, closes=False) + pieces)
        assert "in pieces" in proxy.lines()[-2]["note"]

    asyncio.run(run())


def test_a_refused_handshake_is_an_answer(recorded: Any) -> None:
    async def run() -> None:
        denied = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}"
        async with recorded(Server(denied)) as proxy:
            assert b"401 Unauthorized" in await proxy.ask(get("/trade-api/ws/v2", *UPGRADE, "Connection: close"))
        assert proxy.lines()[0]["status"] == 401

    asyncio.run(run())
