"""Reads and frames while fills arrive by the control API.

    python -m benchmarks.live [--smoke]

Prints the processor time of a signed page of 100 rows while a fill comes every 10 ms, against a plain Starlette route
that nothing disturbs, and the time from a fill's request to its frame, against a plain application that sends a text.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from base64 import b64encode
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import uvicorn
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.first_use import Serving
from benchmarks.load import Measured, Server, load_key, repeat, run, signed_request
from benchmarks.world import file_of, loop_factory
from mockexchange.venues.kalshi.catalogue import STREAM_PATH

MARKETS, CONNECTIONS = 100, 16
FILL_EVERY_S, FRAME_EVERY_S = 0.01, 0.005
MARKET = {"event": "KXLIVE", "series": "KXLIVE", "price": "0.50"}
OPEN = {"account": "alice", "position": 10, "exposure": "5"}
NAMES = [f"KXLIVE-{number}" for number in range(MARKETS)]
SCENARIO = {
    "scenario": "live",
    "auth": {"past": "1h", "future": "1h"},
    "accounts": {"alice": {"cash": "1000000"}},
    "markets": dict.fromkeys(NAMES, MARKET),
    "history": [{"open": {**OPEN, "market": name}} for name in NAMES],
}
FILL = {"account": "alice", "market": NAMES[0], "side": "yes", "action": "buy", "count": 1, "price": "0.50"}
BODY = json.dumps([{"fill": FILL}]).encode()
SUBSCRIBE = json.dumps({"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"]}})
FRAME = json.dumps({"type": "fill", "sid": 1, "seq": 1, "msg": {"market_ticker": NAMES[0], "text": "x" * 400}})
COMMANDS = "/_mock/sandboxes/default/commands"


class Live(NamedTuple):
    """A running server: its port, its process, and what a client of it sends."""

    port: int
    pid: int
    fill: bytes
    stream_headers: dict[str, str]
    page: bytes = b""

    def cpu_s(self) -> float:
        """Return the processor time that the server has used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ours(ready: dict[str, Any]) -> Live:
    account, url = ready["accounts"][0], urlsplit(ready["control_url"])
    assert url.port is not None
    key = load_key(Path(account["private_key_path"]).read_text())
    page = signed_request(url.port, account["key_id"], key, "limit=100")
    fill = post(url.port, COMMANDS, BODY, f"Authorization: Bearer {ready['control_token']}\r\n")
    return Live(url.port, ready["pid"], fill, stream_headers(account["key_id"], key), page)


def plain(ready: dict[str, Any]) -> Live:
    return Live(ready["port"], ready["pid"], post(ready["port"], "/fill", BODY), {})


def post(port: int, path: str, body: bytes, more: str = "") -> bytes:
    described = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{described}".encode() + body


def stream_headers(key_id: str, key: RSAPrivateKey) -> dict[str, str]:
    timestamp = str(int(time.time() * 1000))
    scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    signature = key.sign(f"{timestamp}GET{STREAM_PATH}".encode(), scheme, hashes.SHA256())
    prefix = "KALSHI-ACCESS-"
    named = {"KEY": key_id, "TIMESTAMP": timestamp, "SIGNATURE": b64encode(signature).decode()}
    return {prefix + name: value for name, value in named.items()}


# Pages while fills arrive


def print_pages(live: Live, requests: int, rounds: int) -> None:
    """Print the processor time of pages beside fills against that of the plain route, in turns."""
    body = run(repeat(live.port, live.page, 1)).body
    with file_of(body) as name, Server("baseline", name) as baseline:
        turns = [
            (
                _turn_us(live, live.page, requests, live.fill),
                _turn_us(baseline, baseline.request("limit=100"), requests),
            )
            for _ in range(rounds)
        ]
    mine, base = (statistics.median(column) for column in zip(*turns, strict=True))
    ratios = sorted(theirs / our for our, theirs in turns)
    spread = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    print(f"A signed page of 100 rows while a fill comes every 10 ms, {CONNECTIONS} connections, {rounds} turns")
    print(f"  processor time a page, fills included: {mine:.0f} us against {base:.0f} us; ratio {spread}; goal 0.75")


def _turn_us(server: Live | Server, request: bytes, count: int, fill: bytes = b"") -> float:
    before_s = server.cpu_s()
    measured = run(_load(server.port, request, count, fill))
    return (server.cpu_s() - before_s) / len(measured.latencies_s) * 1e6


async def _load(port: int, request: bytes, count: int, fill: bytes) -> Measured:
    filling = asyncio.ensure_future(_fill_on(port, fill)) if fill else None
    measured = await repeat(port, request, count, CONNECTIONS)
    if filling:
        filling.cancel()
    return measured


async def _fill_on(port: int, fill: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while True:
        await _post_fill(reader, writer, fill)
        await asyncio.sleep(FILL_EVERY_S)


async def _post_fill(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fill: bytes) -> None:
    writer.write(fill)
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
    if not head.startswith(b"HTTP/1.1 200 ") or b"refusal" in body:
        raise RuntimeError(f"the fill was refused: {head!r} {body!r}")


# From a fill to its frame


def print_frames(servers: dict[str, Live], count: int, rounds: int) -> None:
    """Print the latencies of two servers in turns, and what the first takes beyond the second."""
    print("From the request of a fill to its frame at one reader, a fill every 5 ms; goal p50 0.5 ms, p99 1.0 ms")
    found: dict[str, list[float]] = {name: [] for name in servers}
    for _ in range(rounds):
        for name, live in servers.items():
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                found[name] += runner.run(_latencies_ms(live, count))
    (p50, p99), (plain_p50, plain_p99) = (_p50_p99(latencies) for latencies in found.values())
    for name, latencies in found.items():
        print("  {}: p50 {:.2f} ms, p99 {:.2f} ms".format(name, *_p50_p99(latencies)))
    beyond = f"p50 {p50 - plain_p50:.2f} ms, p99 {p99 - plain_p99:.2f} ms"
    print(
        f"  ours beyond the plain application: {beyond}; {p50 / plain_p50:.1f} and {p99 / plain_p99:.1f} times as long"
    )


def _p50_p99(latencies_ms: list[float]) -> tuple[float, float]:
    in_order = sorted(latencies_ms)
    return in_order[len(in_order) // 2], in_order[int(len(in_order) * 0.99)]


async def _latencies_ms(live: Live, count: int) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", live.port)
    url = f"ws://127.0.0.1:{live.port}{STREAM_PATH}"
    async with connect(url, additional_headers=live.stream_headers, compression=None) as stream:
        await stream.send(SUBSCRIBE)
        await stream.recv()
        found = [await _latency_ms(reader, writer, stream, live.fill) for _ in range(count)]
    writer.close()
    return found


async def _latency_ms(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stream: ClientConnection, fill: bytes
) -> float:
    began_s = time.perf_counter()
    posted = asyncio.ensure_future(_post_fill(reader, writer, fill))
    await stream.recv()
    took_s = time.perf_counter() - began_s
    await posted
    await asyncio.sleep(FRAME_EVERY_S)
    return took_s * 1e3


def serve_plain(ready_file: str) -> None:
    """Serve a stream, and a POST that sends a text to it, until the process is ended."""
    streams: list[WebSocket] = []

    async def stream(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        streams.append(socket)
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass
        streams.remove(socket)

    async def fill(request: Request) -> Response:
        await request.json()
        for socket in streams:
            await socket.send_text(FRAME)
        return Response(b"[]", media_type="application/json")

    class Ready(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            port = self.servers[0].sockets[0].getsockname()[1]
            _write_ready(Path(ready_file), port)

    app = Starlette(routes=[WebSocketRoute(STREAM_PATH, stream), Route("/fill", fill, methods=["POST"])])
    config = uvicorn.Config(app, port=0, log_level="critical", access_log=False, lifespan="off", ws="websockets-sansio")
    Ready(config).run()


def _write_ready(file: Path, port: int) -> None:
    new = file.with_suffix(".new")
    new.write_text(json.dumps({"port": port, "pid": os.getpid()}))
    new.rename(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a run of seconds that proves that it works")
    parser.add_argument("--plain", metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.plain:
        serve_plain(options.plain)
        return
    requests, frames, rounds = (800, 20, 1) if options.smoke else (20_000, 500, 5)
    simple = (sys.executable, "-m", "benchmarks.live", "--plain")
    with file_of(json.dumps(SCENARIO).encode()) as name:
        served = Serving("serve", "--port", "0", "--quiet", "--scenario", name, "--ready-file")
        with served as our_file, Serving(command=simple) as plain_file:
            live, bare = ours(json.loads(our_file.read_text())), plain(json.loads(plain_file.read_text()))
            print_pages(live, requests, rounds)
            print_frames({"ours": live, "plain application": bare}, frames, rounds)


if __name__ == "__main__":
    main()
