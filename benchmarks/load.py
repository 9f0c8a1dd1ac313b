"""A bounded load: one prepared request, repeated over a few keep-alive connections, timed one by one."""

import asyncio
import json
import os
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Coroutine, Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from benchmarks.world import DATES, PATH, loop_factory
from mockexchange.venues.caches import PAGES_MAX


class Server:
    """One of `benchmarks.serving`'s servers as a child process; ends with the context."""

    def __init__(self, kind: str, argument: int | str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.serving", kind, str(argument)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server {kind} {argument} did not start: see above")
        said = json.loads(line)
        self.port: int = said["port"]
        pem: str | None = said["private_pem"]
        self._key = load_key(pem) if pem else None

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *exc_info: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        assert self._process.stdout is not None
        self._process.stdout.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def cpu_s(self) -> float:
        """Processor time the server has used so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def request(
        self, query: str = "", path: str = PATH, date: str = DATES[0], signed_path: str = "", body: bytes = b""
    ) -> bytes:
        """A signed GET of an API date, or a POST of a body, as bytes. Signing another path makes it a refused one."""
        assert self._key, "expected a server whose clients sign with a key"
        return signed_request(self.port, date, self._key, query, path, signed_path, body)

    def ask(self, query: str, path: str = PATH, date: str = DATES[0]) -> Any:
        """The JSON body of a GET."""
        return json.loads(run(repeat(self.port, self.request(query, path, date), 1)).body)


def signed_request(  # what a request has
    port: int,
    key_id: str,
    key: RSAPrivateKey,
    query: str = "",
    path: str = PATH,
    signed_path: str = "",
    body: bytes = b"",
) -> bytes:
    method = "POST" if body else "GET"
    timestamp = str(int(time.time() * 1000))
    scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    message = f"{timestamp}{method}{signed_path or path}".encode()
    signature = b64encode(key.sign(message, scheme, hashes.SHA256())).decode()
    target = f"{path}?{query}" if query else path
    described = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    head = (
        f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nKALSHI-ACCESS-KEY: {key_id}\r\n"
        f"KALSHI-ACCESS-SIGNATURE: {signature}\r\nKALSHI-ACCESS-TIMESTAMP: {timestamp}\r\n{described}\r\n"
    )
    return head.encode() + body


def made_anew(requests: list[bytes]) -> Iterator[bytes]:
    """Yield the requests in turn without end, so that no answer comes from a page that is kept.

    The query of each round ends in another number of empty parameters, and there are more of them than pages are kept.
    """
    rounds = PAGES_MAX // len(requests) + 2
    targets = [request.partition(b" HTTP/1.1") for request in requests]
    return cycle([b"".join((head, b"&" * number, *rest)) for number in range(1, rounds) for head, *rest in targets])


def load_key(pem: str) -> RSAPrivateKey:
    """Read a key without checking its primes, which takes a client 25 ms."""
    key = serialization.load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, RSAPrivateKey)
    return key


@dataclass(frozen=True, slots=True)
class Measured:
    """`latencies_s` are sorted."""

    seconds: float
    latencies_s: list[float]
    body: bytes

    @property
    def per_second(self) -> float:
        return len(self.latencies_s) / self.seconds

    def quantile_us(self, share: float) -> float:
        return self.latencies_s[min(int(len(self.latencies_s) * share), len(self.latencies_s) - 1)] * 1e6


async def repeat(
    port: int, request: bytes | Iterable[bytes], count: int, connections: int = 1, status: int = 200
) -> Measured:
    """Send the request, or several in turn on all connections together, `count` times in all.

    Raises RuntimeError on another status.
    """
    requests = cycle([request]) if isinstance(request, bytes) else iter(request)
    loop = asyncio.get_running_loop()
    share = count // connections
    started = time.perf_counter()
    clients = [
        (await loop.create_connection(lambda: _Client(requests, share, status), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(client.done for client in clients))
    seconds = time.perf_counter() - started
    return Measured(seconds, sorted(latency for client in clients for latency in client.latencies_s), clients[0].body)


class _Client(asyncio.Protocol):
    """One connection, one request at a time. It costs far less than the server, so the server is what is measured."""

    def __init__(self, requests: Iterator[bytes], count: int, status: int) -> None:
        self.requests, self.left = requests, count
        self.first_line = b"HTTP/1.1 %d " % status
        self.latencies_s: list[float] = []
        self.body = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._received: list[bytes] = []
        self._missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        if not self._received:
            try:
                self._missing = self._length_of(data)
            except RuntimeError as error:
                self.done.set_exception(error)
                self.transport.close()
                return
        self._received.append(data)
        self._missing -= len(data)
        if self._missing == 0:
            self._finish()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(f"the server closed the connection: {exc}"))

    def _send(self) -> None:
        self._received.clear()
        self._started = time.perf_counter()
        self.transport.write(next(self.requests))

    def _length_of(self, data: bytes) -> int:
        """The length of the whole answer whose first piece, head included, is `data`."""
        head, separator, _ = data.partition(b"\r\n\r\n")
        if not head.startswith(self.first_line) or not separator:
            raise RuntimeError(f"expected {self.first_line!r}, got {data[:300]!r}")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        return len(head) + len(separator) + int(length)

    def _finish(self) -> None:
        self.latencies_s.append(time.perf_counter() - self._started)
        self.left -= 1
        if self.left:
            self._send()
            return
        self.body = b"".join(self._received).partition(b"\r\n\r\n")[2]
        self.done.set_result(None)
        self.transport.close()


def run(job: Coroutine[Any, Any, Measured]) -> Measured:
    """Run a load on the fastest loop there is."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(job)
