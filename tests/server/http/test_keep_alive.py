"""A connection is closed when no request came on it for KEEP_ALIVE_S; one timer serves all of its requests."""

import asyncio
from collections.abc import Callable
from typing import Any

from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.loader import load_text
from mockexchange.server.app import ListenerApp
from mockexchange.server.http.connection import KEEP_ALIVE_S
from mockexchange.server.http.listener import Listener, bind
from mockexchange.server.http.rest_endpoint import DiagnosisWorker
from tests.helpers.rows import each_row

REQUEST = b"GET /trade-api/v2/exchange/status HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Clock:
    """The part of an event loop that timers use, with a time that the test sets."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.now_s = 0.0
        self.timers: list[Timer] = []
        self.create_task = loop.create_task

    def time(self) -> float:
        return self.now_s

    def call_later(self, delay_s: float, call: Callable[[], object]) -> "Timer":
        self.timers.append(Timer(self.now_s + delay_s, call))
        return self.timers[-1]

    def advance(self, now_s: float) -> None:
        self.now_s = now_s
        due, self.timers = self.timers, []
        for timer in due:
            if timer.at_s > now_s:
                self.timers.append(timer)
            elif not timer.is_canceled:
                timer.call()

    @property
    def waiting(self) -> list[float]:
        return [timer.at_s for timer in self.timers if not timer.is_canceled]


class Timer:
    def __init__(self, at_s: float, call: Callable[[], object]) -> None:
        self.at_s, self.call, self.is_canceled = at_s, call, False

    def cancel(self) -> None:
        self.is_canceled = True


class Transport(asyncio.Transport):
    protocol: Any

    def __init__(self) -> None:
        super().__init__()
        self.answers = 0
        self.is_closed = False

    def write(self, data: Any) -> None:
        self.answers += bytes(data).count(b"HTTP/1.1 200")

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def get_protocol(self) -> Any:
        return self.protocol


async def connection() -> tuple[Any, Transport, Clock, Listener]:
    sandbox = await open_sandbox(load_text("scenario: idle"), SandboxOptions())
    listener = Listener(ListenerApp(lambda key_id: sandbox, DiagnosisWorker(), None), bind("127.0.0.1", 0))
    await listener.start()
    protocol: Any = listener.new_protocol()
    transport, clock = Transport(), Clock(asyncio.get_running_loop())
    transport.protocol, protocol.loop = protocol, clock
    protocol.connection_made(transport)
    clock.timers.clear()  # that of a connection without any request
    return protocol, transport, clock, listener


@each_row(
    ("moments", "answers", "is_closed"),
    [
        ([(0, REQUEST), (KEEP_ALIVE_S - 1, b"")], 1, False),
        ([(0, REQUEST), (KEEP_ALIVE_S, b"")], 1, True),
        ([(0, REQUEST), (50, REQUEST), (KEEP_ALIVE_S, b""), (50 + KEEP_ALIVE_S - 1, b"")], 2, False),
        ([(0, REQUEST), (50, REQUEST), (KEEP_ALIVE_S, b""), (50 + KEEP_ALIVE_S, b"")], 2, True),
        ([(0, REQUEST), (50, REQUEST[:20]), (KEEP_ALIVE_S, b""), (50 + KEEP_ALIVE_S - 20, REQUEST[20:])], 2, False),
    ],
    ids=["not yet", "idle", "used again", "idle later", "half a request"],
)
def test_an_idle_connection_is_closed(moments: list[tuple[float, bytes]], answers: int, is_closed: bool) -> None:
    async def scenario() -> tuple[int, bool]:
        protocol, transport, clock, listener = await connection()
        for now_s, received in moments:
            clock.advance(now_s)
            if received:
                protocol.data_received(received)
        found = transport.answers, transport.is_closed
        protocol.connection_lost(None)
        await listener.stop()
        assert clock.waiting == [], "a timer would keep the connection in memory"
        return found

    assert asyncio.run(scenario()) == (answers, is_closed)


def test_requests_share_one_timer() -> None:
    async def scenario() -> list[float]:
        protocol, _, clock, listener = await connection()
        for now_s in range(5):
            clock.advance(float(now_s))
            protocol.data_received(REQUEST)
        waiting = clock.waiting
        protocol.connection_lost(None)
        await listener.stop()
        return waiting

    assert asyncio.run(scenario()) == [KEEP_ALIVE_S]
