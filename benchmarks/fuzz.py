"""Random bytes against a server: requests and frames that are valid, mutated, cut off, split and reset anywhere.

    python -m benchmarks.fuzz [--smoke] [--count 1000000] [--seed N] [--connections 64]

Two servers run `serve --scenario demo`, one of them with TLS. Connections open, send a few messages in random pieces,
read what comes, and end anywhere: requests to the venues, requests to the control API with its token, handshakes, and
frames on streams that are open. A message is counted once when it is sent.

Ends with status 1, and says why, if an answer has a status of 500 or more, if a server's log has a traceback, if a
server has ended or does not answer signed pages and streams afterwards, or if its memory grew by more than GROWTH_MB
after the first half: journals are full by then.
"""

import argparse
import asyncio
import json
import os
import random
import re
import ssl
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from benchmarks.hostile_kinds import frame, head
from benchmarks.load import load_key
from benchmarks.world import loop_factory

COUNT, SMOKE_COUNT, CONNECTIONS = 1_000_000, 4_000, 64
GROWTH_MB = 64
ANSWER_S, SIGNED_S = 2.0, 5.0
FAILURE = re.compile(rb"HTTP/1\.1 (5\d\d) [^\r]*\r\n(?s:.){0,1500}")
TRACEBACK = re.compile(r"Traceback|Task exception|never retrieved|never awaited|Exception in|ERROR|CRITICAL")
TOKEN = "fuzz-fuzz-fuzz-fuzz"
OTHER = "/_mock/sandboxes/other"
"""A sandbox that control requests change: a fault that one installs may answer others with 500."""
KALSHI, DERIBIT, SIGNALPLUS = "/trade-api/v2", "/api/v2", "/signalplus/api"
STREAMS = ("/trade-api/ws/v2", "/ws/api/v2", "/signalplus/ws/api")
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
UPGRADE = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", KEY)
ODD = (b"\r\n", b"\n", b"\r", b"\0", b":", b" ", b"%00", b"%", b"\xff", b"\xed\xa0\x80", b"-1", b"9" * 30, b"1e999")
ODDER = (b"[" * 60, b"{", b'"', b"\\ud800", b"null", b"NaN", b"?", b"#", b"//", b"..", b"&", b"=", b"x" * 5_000, b";")
READS = (
    "/portfolio/positions", "/portfolio/orders", "/portfolio/fills", "/portfolio/settlements", "/portfolio/balance",
    "/markets", "/events", "/series", "/exchange/status", "/account/limits", "/portfolio/order_groups", "/nothing",
)  # fmt: skip
METHODS = (
    "public/get_instruments", "private/get_positions", "public/auth", "public/test", "private/buy", "public/ticker",
)  # fmt: skip
LOOKS = (
    "/_mock/info", "/_mock/live", "/_mock/ready", "/_mock/metrics", "/_mock/schema", "/_mock/docs/", "/_mock/console/",
    "/_mock/scenarios", "/_mock/scenarios/demo", "/_mock/sandboxes", "/_mock/reports", "/_mock/console/codes", "/",
    *(f"{OTHER}{path}" for path in ("", "/clock", "/accounts", "/accounts/alice/positions", "/accounts/alice/ledger",
      "/accounts/alice/equity", "/markets", "/instruments", "/firings", "/log", "/script", "/faults", "/stubs",
      "/journal?limit=5", "/journal/1", "/frames?limit=5", "/frames/1", "/streams", "/scenario", "/events")),
)  # fmt: skip
CHANGES: tuple[tuple[str, str, Any], ...] = (
    ("POST", f"{OTHER}/commands", [{"deposit": {"account": "alice", "amount": "1.00"}}]),
    ("POST", f"{OTHER}/commands", [{"quote": {"instrument": "BTC-PERPETUAL", "bids": [["1", "10"]], "asks": []}}]),
    ("POST", f"{OTHER}/clock", {"advance": "5s"}),
    ("POST", f"{OTHER}/faults", {"when": {"path": "/x"}, "status": 503}),
    ("DELETE", f"{OTHER}/faults", None),
    ("POST", f"{OTHER}/stubs", {"when": {"path": "/x"}, "body": {"a": 1}}),
    ("DELETE", f"{OTHER}/stubs", None),
    ("PUT", f"{OTHER}/script", [{"after": "1h", "deposit": {"account": "alice", "amount": "1"}}]),
    ("POST", f"{OTHER}/wait", {"for": "steps", "timeout": "0s"}),
    ("POST", f"{OTHER}/call", {"method": "GET", "path": f"{KALSHI}/exchange/status"}),
    ("POST", f"{OTHER}/streams", {"do": "drop"}),
    ("POST", f"{OTHER}/reset", {}),
    ("DELETE", f"{OTHER}/journal", None),
    ("POST", "/_mock/scenarios/check", {"scenario": "s", "accounts": {"a": {"cash": "5"}}}),
    ("PUT", f"{OTHER}/scenario", {"scenario": "s", "accounts": {"alice": {"cash": "5"}}}),
    ("PUT", "/_mock/reports/fuzz", {"a": 1}),
    ("POST", "/_mock/sandboxes", {"name": "other", "scenario": "demo"}),
)  # fmt: skip
COMMANDS = (
    {"id": 1, "cmd": "subscribe", "params": {"channels": ["fill", "market_positions", "orderbook_delta"]}},
    {"id": 2, "cmd": "unsubscribe", "params": {"sids": [1]}},
    {"id": 3, "cmd": "update_subscription", "params": {"sids": [1], "action": "add_markets"}},
    {"jsonrpc": "2.0", "id": 4, "method": "public/subscribe", "params": {"channels": ["ticker.BTC-PERPETUAL.100ms"]}},
    {"jsonrpc": "2.0", "id": 5, "method": "public/get_time", "params": {}},
    {"jsonrpc": "2.0", "id": 6, "method": "public/set_heartbeat", "params": {"interval": 10}},
)


class Attacked:
    """A server that is fuzzed, as a child process, with the account whose requests are signed."""

    def __init__(self, home: Path, *, has_tls: bool) -> None:
        home.mkdir()
        self.log, ready = home / "log.txt", home / "ready.json"
        options = ["--scenario", "demo", "--port", "0", "--ready-file", str(ready), "--token", TOKEN]
        command = [sys.executable, "-m", "mockexchange", "serve", *options, *(["--tls"] if has_tls else [])]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        while not ready.exists():
            if self.process.poll() is not None:
                raise RuntimeError(f"the server did not start: {self.log.read_text()}")
            time.sleep(0.05)
        said = json.loads(ready.read_text())
        account = said["accounts"][0]
        self.key_id, self._key = account["key_id"], load_key(Path(account["private_key_path"]).read_text())
        self.port = int(said["control_url"].rpartition(":")[2].partition("/")[0])
        self.tls = ssl.create_default_context(cafile=said["ca_cert"]) if has_tls else None
        self._signed: dict[str, tuple[float, tuple[str, ...]]] = {}

    def signed(self, method: str, path: str) -> tuple[str, ...]:
        """Return the headers that sign a request, which are made anew every few seconds."""
        made_s, headers = self._signed.get(method + path, (0.0, ()))
        if time.monotonic() - made_s > SIGNED_S:
            timestamp = str(time.time_ns() // 1_000_000)
            scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
            message = f"{timestamp}{method}{path}".encode()
            signature = b64encode(self._key.sign(message, scheme, hashes.SHA256())).decode()
            headers = (f"KALSHI-ACCESS-KEY: {self.key_id}", f"KALSHI-ACCESS-TIMESTAMP: {timestamp}")
            headers += (f"KALSHI-ACCESS-SIGNATURE: {signature}",)
            self._signed[method + path] = time.monotonic(), headers
        return headers

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, ssl=self.tls)

    def resident_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1_000

    async def problems(self) -> list[str]:
        """Return what is wrong with the server after an attack."""
        log = self.log.read_text(errors="replace")
        found, at = list[str](), TRACEBACK.search(log)
        if at:
            found.append(f"its log has:\n{log[max(0, at.start() - 500) : at.start() + 3_000]}")
        if self.process.poll() is not None:
            found.append(f"it ended with status {self.process.returncode}")
            return found
        path = f"{KALSHI}/portfolio/positions"
        page = await self._answer(head("GET", path, *self.signed("GET", path)))
        stream = await self._answer(head("GET", STREAMS[0], *UPGRADE, *self.signed("GET", STREAMS[0])))
        for answer, start in ((page, b"HTTP/1.1 200 "), (stream, b"HTTP/1.1 101 ")):
            if not answer.startswith(start):
                found.append(f"expected {start!r}, got {answer[:300]!r}")
        return found

    async def _answer(self, raw: bytes) -> bytes:
        reader, writer = await self.connect()
        writer.write(raw)
        answer = await asyncio.wait_for(reader.read(4_096), 30)
        writer.transport.abort()
        return answer


class Fuzzer:
    """Makes the messages, sends them, and counts what comes back."""

    def __init__(self, servers: list[Attacked], count: int, seed: int) -> None:
        self.servers, self.left, self.random = servers, count, random.Random(seed)
        self.sent, self.answers = Counter[str](), Counter[str]()
        self.failures: dict[bytes, str] = {}

    async def run(self) -> None:
        """Open one connection after the other until all messages are sent."""
        kinds = (self.venue_request, self.control_request, self.handshake, self.frames)
        while self.left > 0:
            server, kind = self.random.choice(self.servers), self.random.choice(kinds)
            opening, messages = kind(server)
            self.left -= len(messages)
            self.sent[f"{kind.__name__}{' by TLS' if server.tls else ''}"] += len(messages)
            with suppress(OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ssl.SSLError):
                await self._visit(server, opening, messages)

    async def _visit(self, server: Attacked, opening: bytes, messages: list[bytes]) -> None:
        reader, writer = await server.connect()
        try:
            if opening:
                writer.write(opening)
                await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), ANSWER_S)
            raw, received = b"".join(messages), bytearray()
            if self.random.random() < 0.3:
                raw = raw[: self.random.randrange(len(raw) + 1)]
            reading = asyncio.ensure_future(self._read(reader, received))
            pieces = sorted(self.random.randrange(len(raw) + 1) for _ in range(self.random.choice((0, 0, 1, 3, 20))))
            for start, end in pairwise((0, *pieces, len(raw))):
                if writer.is_closing():
                    break
                writer.write(raw[start:end])
                await asyncio.sleep(0)
            if self.random.random() < 0.6:
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(asyncio.shield(reading), self.random.choice((0.005, 0.1, 0.5)))
            reading.cancel()
            self._judge(bytes(received), raw)
        finally:
            if self.random.random() < 0.5:
                writer.transport.abort()
            else:
                writer.close()

    async def _read(self, reader: asyncio.StreamReader, received: bytearray) -> None:
        with suppress(OSError):
            while part := await reader.read(1_000_000):
                received += part

    def _judge(self, received: bytes, raw: bytes) -> None:
        for status in re.findall(rb"HTTP/1\.1 (\d\d\d) ", received[:2_000_000]):
            self.answers[status.decode()] += 1
        for failed in FAILURE.finditer(received):
            self.failures.setdefault(failed[0][:600], repr(raw[:3_000]))

    # What is sent

    def venue_request(self, server: Attacked) -> tuple[bytes, list[bytes]]:
        return b"", [self.mutated(self._venue_request(server)) for _ in range(self.random.randrange(1, 40))]

    def _venue_request(self, server: Attacked) -> bytes:
        chance, signs = self.random.random(), self.random.random() < 0.7
        if chance < 0.6:
            path = KALSHI + self.random.choice(READS)
            query = self.random.choice(
                ("", "", "?limit=5", "?limit=5&cursor=abc", "?ticker=A%20B&x", "?" + "a=b&" * 50)
            )
            return head("GET", path + query, *(server.signed("GET", path) if signs else ()))
        if chance < 0.8:
            path = f"{KALSHI}/portfolio/events/orders"
            order = {"ticker": "X", "side": "bid", "count": "1.00", "price": "0.0500", "client_order_id": "a"}
            order |= {"time_in_force": "good_till_canceled", "self_trade_prevention_type": "taker_at_cross"}
            return self._with_body("POST", path, order, *(server.signed("POST", path) if signs else ()))
        method = self.random.choice(METHODS)
        if chance < 0.9:
            return head("GET", f"{DERIBIT}/{method}?currency=BTC&kind=option")
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"currency": "BTC"}}
        return self._with_body("POST", self.random.choice((DERIBIT, SIGNALPLUS)), body)

    def control_request(self, server: Attacked) -> tuple[bytes, list[bytes]]:
        return b"", [self.mutated(self._control_request()) for _ in range(self.random.randrange(1, 12))]

    def _control_request(self) -> bytes:
        authorization = f"Authorization: Bearer {TOKEN}"
        if self.random.random() < 0.5:
            return head("GET", self.random.choice(LOOKS), authorization).replace(b"Host: x", b"Host: 127.0.0.1")
        method, path, body = self.random.choice(CHANGES)
        return self._with_body(method, path, body, authorization).replace(b"Host: x", b"Host: 127.0.0.1")

    def _with_body(self, method: str, target: str, body: Any, *headers: str) -> bytes:
        """Return a request with a body, of a mutated length or content, in chunks or not."""
        raw = b"" if body is None else json.dumps(body).encode()
        if self.random.random() < 0.5:
            raw = self.changed(raw)
        if self.random.random() < 0.2:
            chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (raw[:7], raw[7:]) if part) + b"0\r\n\r\n"
            return head(method, target, *headers, "Transfer-Encoding: chunked") + chunks
        expect = ("Expect: 100-continue",) if self.random.random() < 0.05 else ()
        described = ("Content-Type: application/json", f"Content-Length: {len(raw)}")
        return head(method, target, *headers, *expect, *described) + raw

    def handshake(self, server: Attacked) -> tuple[bytes, list[bytes]]:
        path = self.random.choice(STREAMS)
        signature = server.signed("GET", path) if self.random.random() < 0.7 else ()
        raw = self.mutated(head("GET", path, *UPGRADE, *signature))
        return b"", [raw, *(self._frame() for _ in range(self.random.choice((0, 0, 3))))]

    def frames(self, server: Attacked) -> tuple[bytes, list[bytes]]:
        path = self.random.choice(STREAMS)
        opening = head("GET", path, *UPGRADE, *server.signed("GET", path))
        return opening, [self._frame() for _ in range(self.random.choice((1, 5, 40, 150)))]

    def _frame(self) -> bytes:
        chance = self.random.random()
        if chance < 0.1:
            opcode = self.random.choice((0x89, 0x8A, 0x80, 0x00, 0x01, 0x02))
            return frame(opcode, self.random.randbytes(self.random.randrange(126)))
        if chance < 0.12:
            return self.changed(frame(self.random.randrange(256), self.random.randbytes(self.random.randrange(200))))
        command = json.dumps(self.random.choice(COMMANDS)).encode()
        if chance < 0.5:
            command = self.changed(command)
        return frame(0x81 if chance < 0.97 else 0x82, command)

    def mutated(self, raw: bytes) -> bytes:
        """Return a message that is valid in nine of ten cases, so that a connection gets beyond the first."""
        return raw if self.random.random() < 0.9 else self.changed(raw)

    def changed(self, raw: bytes) -> bytes:
        """Return bytes with a few random changes."""
        chance = self.random
        for _ in range(chance.choice((1, 1, 2, 5))):
            start = chance.randrange(len(raw) + 1)
            end = min(len(raw), start + chance.choice((0, 1, 1, 4, 30)))
            match chance.randrange(5):
                case 0:
                    raw = raw[:start] + raw[end:]
                case 1:
                    raw = raw[:start] + chance.randbytes(end - start) + raw[end:]
                case 2:
                    raw = raw[:start] + raw[start:end] * chance.choice((2, 2, 2, 300)) + raw[end:]
                case _:
                    raw = raw[:start] + chance.choice(ODD + ODDER) + raw[end:]
        return raw


async def fuzz(servers: list[Attacked], fuzzer: Fuzzer, connections: int) -> list[str]:
    """Send everything; return what is wrong."""
    half, all_left = asyncio.Event(), fuzzer.left

    async def report() -> None:
        began_s = time.monotonic()
        while True:
            await asyncio.sleep(10)
            if fuzzer.left <= all_left / 2:
                half.set()
            memory = " and ".join(f"{server.resident_mb():.0f}" for server in servers if server.process.poll() is None)
            print(f"{all_left - fuzzer.left:,} sent in {time.monotonic() - began_s:.0f} s, {memory} MB", flush=True)

    async def note_memory() -> list[float]:
        await half.wait()
        return [server.resident_mb() for server in servers]

    reporting, noted = asyncio.ensure_future(report()), asyncio.ensure_future(note_memory())
    await asyncio.gather(*(fuzzer.run() for _ in range(connections)))
    reporting.cancel()
    print(f"sent {dict(fuzzer.sent)}\nanswered {dict(sorted(fuzzer.answers.items()))}")
    found = [f"answered with a failure: {answer!r}\nto {raw}" for answer, raw in fuzzer.failures.items()]
    for server in servers:
        found += [f"the server {'with' if server.tls else 'without'} TLS: {one}" for one in await server.problems()]
    if noted.done():
        now_mb = [server.resident_mb() for server in servers if server.process.poll() is None]
        pairs = zip(noted.result(), now_mb, strict=False)
        found += [f"memory grew from {was:.0f} to {now:.0f} MB" for was, now in pairs if now - was > GROWTH_MB]
    noted.cancel()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a run of seconds that proves it works")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    os.nice(5)
    with tempfile.TemporaryDirectory() as home, asyncio.Runner(loop_factory=loop_factory()) as runner:
        servers = [Attacked(Path(home) / str(has_tls), has_tls=has_tls) for has_tls in (False, True)]
        try:
            count = SMOKE_COUNT if options.smoke else options.count
            found = runner.run(fuzz(servers, Fuzzer(servers, count, options.seed), options.connections))
        finally:
            for server in servers:
                server.process.kill()
                server.process.wait()
    for one in found[:20]:
        print(one)
    print(f"{len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
