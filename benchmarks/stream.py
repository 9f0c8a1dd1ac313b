"""Frames a second, from fill to frame, and memory of idle streams: ours against a plain ASGI WebSocket application.

Both run in processes of their own, and so do the readers; the two servers send the same bytes and take turns.
"""

import json
import statistics
import subprocess
import sys
import time
from base64 import b64encode
from typing import Any, NamedTuple, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from benchmarks.load import load_key
from benchmarks.size import Size
from mockexchange.venues.kalshi.catalogue import STREAM_PATH

SUBSCRIBE = json.dumps({"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"]}}) + " " * 126
OURS = {
    "send": "the same frame again and again, as the plain application sends it (goal 0.7)",
    "encode": "each made anew",
    "fill": "each a fill that the exchange carries out",
}


class Child:
    """A process that answers lines with lines."""

    def __init__(self, module: str, *arguments: str) -> None:
        self.name = module
        command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def hear(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended: see above")
        return line

    def ask(self, **order: Any) -> Any:
        self.tell(json.dumps(order))
        return json.loads(self.hear())


class Streaming(Child):
    """A server of `benchmarks.stream_serving`; sends `text`, or is ours without one."""

    def __init__(self, text: str = "") -> None:
        super().__init__("stream_serving", *([text] if text else []))
        said = json.loads(self.hear())
        self.port: int = said["port"]
        self._key_id, self._pem = said["key_id"], said["private_pem"]

    def readers(self, count: int) -> "Readers":
        return Readers(self, count)

    def head(self) -> str:
        """An upgrade, signed where somebody looks."""
        lines = [f"GET {STREAM_PATH} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Connection: Upgrade"]
        lines += ["Upgrade: websocket", "Sec-WebSocket-Version: 13"]
        lines += [f"Sec-WebSocket-Key: {b64encode(bytes(16)).decode()}"]
        if self._pem:
            timestamp = str(int(time.time() * 1000))
            scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
            signed = load_key(self._pem).sign(f"{timestamp}GET{STREAM_PATH}".encode(), scheme, hashes.SHA256())
            lines += [f"KALSHI-ACCESS-KEY: {self._key_id}", f"KALSHI-ACCESS-TIMESTAMP: {timestamp}"]
            lines += [f"KALSHI-ACCESS-SIGNATURE: {b64encode(signed).decode()}"]
        return "\r\n".join(lines) + "\r\n\r\n"


class Readers(Child):
    """Readers of a server, subscribed."""

    def __init__(self, server: Streaming, count: int) -> None:
        super().__init__("stream_reading", str(server.port), str(count), server.head(), SUBSCRIBE)
        self.count, self._server = count, server
        self.hear()

    def run(self, order: str, frames: int) -> "Run":
        """Have the server send so many frames to every reader."""
        self.tell(str(frames))
        self.hear()
        began = self._server.ask(do=order, count=frames)["began_s"]
        return Run(began, json.loads(self.hear()), frames * self.count)


class Run(NamedTuple):
    began_s: Any
    """When it began, or when each frame did."""
    heard: Any
    frames: int

    @property
    def per_second(self) -> float:
        seconds: float = self.heard["ended_s"] - self.began_s
        return self.frames / seconds

    @property
    def latencies_us(self) -> list[float]:
        pairs = zip(self.began_s, self.heard["at_s"], strict=True)
        return sorted((at_s - began_s) * 1e6 for began_s, at_s in pairs)


def streams(size: Size) -> None:
    """All figures of streams."""
    text = _frame_of_ours()
    with Streaming() as ours, Streaming(text) as plain:
        for count in size.readers:
            _print_throughput(count, ours, plain, size)
        _print_latency(ours, plain, size)
    _print_memory(text, size)


def _frame_of_ours() -> str:
    """What the plain application is to send."""
    with Streaming() as ours, ours.readers(1) as reader:
        reader.run("send", 1)
        text: str = ours.ask(do="show")["text"]
        return text


def _print_throughput(count: int, ours: Streaming, plain: Streaming, size: Size) -> None:
    frames = max(size.frames // count, 64)
    with ours.readers(count) as our_readers, plain.readers(count) as plain_readers:
        rounds = [
            (*(our_readers.run(order, frames) for order in OURS), plain_readers.run("send", frames))
            for _ in range(size.rounds)
        ]
    *columns, sent = ([run.per_second for run in column] for column in zip(*rounds, strict=True))
    print(f"\nFrames to {count} readers, {frames:,} to each, {size.rounds} turns")
    print(f"  plain application {sent[-1]:,.0f}/s in the last turn")
    for words, column in zip(OURS.values(), columns, strict=True):
        print(f"  ours, {words}: {column[-1]:,.0f}/s, ratio {_spread(column, sent)}")


def _spread(mine: list[float], base: list[float]) -> str:
    ratios = [one / other for one, other in zip(mine, base, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _print_latency(ours: Streaming, plain: Streaming, size: Size) -> None:
    print(f"\nFrom a fill to its frame at a client, {size.paced:,} of them a millisecond apart (microseconds)")
    for name, server in (("ours", ours), ("plain application, from sending", plain)):
        with server.readers(1) as reader:
            latencies = reader.run("pace", size.paced).latencies_us
        print(f"  {name}: p50 {_quantile(latencies, 0.5):,.0f}, p99 {_quantile(latencies, 0.99):,.0f}")


def _quantile(sorted_values: list[float], share: float) -> float:
    return sorted_values[min(int(len(sorted_values) * share), len(sorted_values) - 1)]


def _print_memory(text: str, size: Size) -> None:
    print(f"\nMemory of {size.idle:,} idle streams, subscribed (resident, bytes a stream)")
    for name, sent in (("ours", ""), ("plain application", text)):
        with Streaming(sent) as server:
            before = server.ask(do="weigh")["resident_bytes"]
            with server.readers(size.idle):
                grown = server.ask(do="weigh")["resident_bytes"] - before
        print(f"  {name}: {grown / size.idle:,.0f} B")
