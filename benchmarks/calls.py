"""Functions called per request, which do not depend on the machine's load: `python -m benchmarks.calls [case ...]`.

One connection's protocol, in this process, is fed the bytes of a request over a transport that keeps what is written,
so the server's whole path from bytes to bytes is counted, and no system call. Beside the counts are microseconds of
processor time, the least of some rounds. With `--profile CASE` cProfile's table follows.
"""

import argparse
import asyncio
import cProfile
import pstats
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import cycle, islice
from types import FrameType
from typing import Any, NamedTuple

from starlette.responses import Response

from benchmarks import order_entry
from benchmarks.derivatives import CASES
from benchmarks.load import load_key, made_anew, signed_request
from benchmarks.serving import derivatives_sandbox, sandbox_of
from benchmarks.world import DATES, loop_factory
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.sandboxes import Slot
from mockexchange.server.server_state import ServerState
from mockexchange.venues.keys.development_keys import development_keys

POSITIONS = 5_000
DERIVATIVE_POSITIONS = 100
WARM, COUNTED, TIMED, ROUNDS = 10_200, 200, 600, 9
"""The journal is full after the first requests, as it is in a server that runs for long."""


class Transport(asyncio.Transport):
    """A connection that keeps the last answer."""

    written = b""
    protocol: Any

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written = bytes(data)

    def is_closing(self) -> bool:
        return False

    def get_protocol(self) -> Any:
        return self.protocol

    def close(self) -> None:
        pass


class Connection:
    """One connection to a sandbox's port, without a socket."""

    def __init__(self, server_state: ServerState) -> None:
        assert server_state.main is not None
        self._transport = Transport()
        self._protocol: Any = server_state.main.new_protocol()
        self._transport.protocol = self._protocol
        self._protocol.connection_made(self._transport)

    async def ask(self, requests: Iterable[bytes]) -> bytes:
        """Send one request after the other; return the last answer."""
        transport, receive = self._transport, self._protocol.data_received
        for request in requests:
            transport.written = b""
            receive(request)
            while not transport.written:  # noqa: ASYNC110  # an event would be counted too
                await asyncio.sleep(0)
        return transport.written

    def close(self) -> None:
        self._protocol.connection_lost(None)


class Cost(NamedTuple):
    """The least time and the functions called of one request, the latter in Python and in C."""

    us: float
    python: float
    c: float


async def cost_of(connection: Connection, requests: Iterator[bytes]) -> Cost:
    await connection.ask(islice(requests, WARM))
    calls = {"call": 0, "c_call": 0}

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        if event in calls:
            calls[event] += 1

    sys.setprofile(count)
    await connection.ask(islice(requests, COUNTED))
    sys.setprofile(None)
    return Cost(await least_us(connection, requests), calls["call"] / COUNTED, calls["c_call"] / COUNTED)


async def least_us(connection: Connection, requests: Iterator[bytes]) -> float:
    times_s = []
    for _ in range(ROUNDS):
        taken = list(islice(requests, TIMED))
        began_s = time.process_time()
        await connection.ask(taken)
        times_s.append(time.process_time() - began_s)
    return min(times_s) / TIMED * 1e6


async def profile(connection: Connection, requests: Iterator[bytes]) -> None:
    profiler = cProfile.Profile()
    profiler.enable()
    await connection.ask(islice(requests, TIMED * ROUNDS))
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(45)


async def with_connection(sandbox: Sandbox, measure: Callable[[Connection, int], Awaitable[None]]) -> None:
    server_state = ServerState("127.0.0.1")
    server_state.bind(0)
    server_state.sandboxes.add(Slot(sandbox))
    await server_state.listen(Response(status_code=404))
    assert server_state.main is not None
    connection = Connection(server_state)
    await measure(connection, server_state.main.port)
    connection.close()
    await server_state.stop()


def _signed(port: int, query: str = "", **more: Any) -> bytes:
    pem = development_keys()[0].private_pem
    assert pem, "development keys have both halves"
    return signed_request(port, DATES[0], load_key(pem), query, **more)


async def polled(_connection: Connection, port: int) -> Iterator[bytes]:
    return cycle([_signed(port, "limit=100")])


async def _walk(connection: Connection, port: int) -> list[bytes]:
    """Return a signed request for every page of the account."""
    requests, cursor = [_signed(port, "limit=100")], ""
    while True:
        page = await connection.ask([requests[-1]])
        cursor = page.partition(b'"cursor":"')[2].partition(b'"')[0].decode()
        if not cursor:
            return requests
        requests.append(_signed(port, f"limit=100&cursor={cursor}"))


async def walked(connection: Connection, port: int) -> Iterator[bytes]:
    return cycle(await _walk(connection, port))


async def anew(connection: Connection, port: int) -> Iterator[bytes]:
    return made_anew(await _walk(connection, port))


async def created(_connection: Connection, port: int) -> Iterator[bytes]:
    return cycle([_signed(port, path=order_entry.PATH, body=order_entry.BODY)])


async def deribit(_connection: Connection, port: int) -> Iterator[bytes]:
    return cycle([CASES["deribit"].request(port)])


async def signalplus(_connection: Connection, port: int) -> Iterator[bytes]:
    return cycle([CASES["signalplus"].request(port)])


Requests = Callable[[Connection, int], Awaitable[Iterator[bytes]]]
MEASURED: dict[str, tuple[Requests, Callable[[], Awaitable[Sandbox]]]] = {
    "polled": (polled, lambda: sandbox_of("positions", POSITIONS)),
    "walked": (walked, lambda: sandbox_of("positions", POSITIONS)),
    "anew": (anew, lambda: sandbox_of("positions", POSITIONS)),
    "created": (created, lambda: sandbox_of("orders", 1)),
    "deribit": (deribit, lambda: derivatives_sandbox("deribit", DERIVATIVE_POSITIONS)),
    "signalplus": (signalplus, lambda: derivatives_sandbox("signalplus", DERIVATIVE_POSITIONS)),
}


async def run(case: str, has_profile: bool) -> None:
    requests_of, opened = MEASURED[case]

    async def measure(connection: Connection, port: int) -> None:
        requests = await requests_of(connection, port)
        cost = await cost_of(connection, requests)
        total = cost.python + cost.c
        print(f"{case:>12}{cost.us:>10.1f} us{cost.python:>9.1f} Python + {cost.c:.1f} C = {total:.1f} functions")
        if has_profile:
            await profile(connection, requests)

    await with_connection(await opened(), measure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", choices=[*MEASURED, []], help="which requests; all if none is named")
    parser.add_argument("--profile", action="store_true", help="print where cProfile finds the time")
    arguments = parser.parse_args()
    for case in arguments.cases or MEASURED:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(run(case, arguments.profile))


if __name__ == "__main__":
    main()
