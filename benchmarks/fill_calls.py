"""From the bytes of a fill by the control API to its frame, in this process: `python -m benchmarks.fill_calls`.

The protocols of a connection to the control API and of a stream are fed over transports that keep what is written.
Prints the functions called until the frame and until the answer, which do not depend on the load, and microseconds.
With `--pause 0.005` there are five milliseconds between fills, after which caches are cold, as in a server that waits.
"""

import argparse
import asyncio
import gc
import json
import os
import sys
from base64 import b64encode
from collections import defaultdict
from time import perf_counter
from types import FrameType
from typing import Any

from benchmarks import live
from benchmarks.calls import Transport
from benchmarks.load import load_key
from benchmarks.world import loop_factory
from mockexchange.sandbox.options import DEFAULT, SandboxOptions
from mockexchange.scenario.loader import load_text
from mockexchange.server.control import answers
from mockexchange.server.control.access import Tokens
from mockexchange.server.control.app import control_app
from mockexchange.server.server_state import ServerState
from mockexchange.venues.kalshi.catalogue import STREAM_PATH

TOKEN = "a-token-of-the-benchmark"
WARM, COUNTED, TIMED = 300, 50, 3_000
UNMASKED = bytes(4)
"""The mask of a client's frame that leaves its bytes as they are."""


class Connection(Transport):
    """A connection without a socket; `marks` gets what `now` returns at each write, by the connection's name."""

    def __init__(self, server_state: ServerState, name: str) -> None:
        super().__init__()
        assert server_state.main is not None
        self.name, self.now, self.marks = name, perf_counter, dict[str, float]()
        self.protocol: Any = server_state.main.new_protocol()
        self.protocol.connection_made(self)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        super().write(data)
        self.marks.setdefault(self.name, self.now())

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    async def ask(self, data: bytes) -> bytes:
        self.written = b""
        self.protocol.data_received(data)
        while not self.written:  # noqa: ASYNC110  # an event would be counted too
            await asyncio.sleep(0)
        return self.written


class Fills:
    """A server with a stream that follows fills, and a connection that posts them."""

    def __init__(self, server_state: ServerState, stream: Connection) -> None:
        assert server_state.main is not None
        self._server_state, self.stream, self.control = server_state, stream, Connection(server_state, "answer")
        self.control.marks = stream.marks
        token = f"Authorization: Bearer {TOKEN}\r\n"
        self._request = live.post(server_state.main.port, live.COMMANDS, live.BODY, token)

    async def fill(self) -> dict[str, float]:
        """Post a fill; return the marks of its frame and its answer."""
        self.stream.marks.clear()
        self.stream.written = b""
        answer = await self.control.ask(self._request)
        assert answer.startswith(b"HTTP/1.1 200 "), answer
        assert self.stream.written, "the frame comes before the answer"
        return self.stream.marks

    async def close(self) -> None:
        for connection in (self.stream, self.control):
            connection.protocol.connection_lost(None)
        await self._server_state.stop()


async def opened() -> Fills:
    sandbox_options = SandboxOptions(name=DEFAULT)
    server_state = ServerState("127.0.0.1")
    server_state.bind(0)
    sandbox = await server_state.open(load_text(json.dumps(live.SCENARIO)), sandbox_options)
    await server_state.listen(control_app(server_state, Tokens(TOKEN), [], dict))
    stream, credential = Connection(server_state, "frame"), sandbox.credentials()[0]
    assert credential.private_pem, "a key of Kalshi has two halves"
    headers = {
        "Host": "127.0.0.1",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": b64encode(os.urandom(16)).decode(),
        **live.stream_headers(credential.key_id, load_key(credential.private_pem)),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    await stream.ask(f"GET {STREAM_PATH} HTTP/1.1\r\n{lines}\r\n".encode())
    command = live.SUBSCRIBE.encode()
    await stream.ask(bytes((0x81, 0x80 | len(command))) + UNMASKED + command)
    return Fills(server_state, stream)


async def count_calls(fills: Fills) -> None:
    """Print the functions that are called until the frame and until the answer."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    fills.stream.now = fills.control.now = lambda: calls
    totals: defaultdict[str, float] = defaultdict(float)
    for _ in range(COUNTED):
        calls = 0
        sys.setprofile(count)
        marks = await fills.fill()
        sys.setprofile(None)
        for name, number in marks.items():
            totals[name] += number / COUNTED
    print("  ".join(f"{name}: {number:.0f} functions" for name, number in totals.items()))


async def time_fills(fills: Fills, pause_s: float) -> None:
    """Print the times until the frame and until the answer."""
    fills.stream.now = fills.control.now = perf_counter
    times: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(TIMED):
        await asyncio.sleep(pause_s)
        began_s = perf_counter()
        for name, at_s in (await fills.fill()).items():
            times[name].append((at_s - began_s) * 1e6)
    for name, found in times.items():
        found.sort()
        shown = "  ".join(f"p{share:.0%} {found[int(len(found) * share)]:.0f} us" for share in (0.01, 0.5, 0.99))
        print(f"{name}: {shown.replace('%', '')}")


async def run(pause_s: float) -> None:
    answers.SLICE_S = 1.0  # else an answer that is interrupted for 5 ms is sent in pieces
    fills = await opened()
    for _ in range(WARM):
        await fills.fill()
    gc.freeze()  # as `serve` does
    await count_calls(fills)
    await time_fills(fills, pause_s)
    await fills.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pause", type=float, default=0.0, metavar="SECONDS", help="the time between two fills")
    pause_s = parser.parse_args().pause
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(run(pause_s))


if __name__ == "__main__":
    main()
