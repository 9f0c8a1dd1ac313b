"""Streams without a socket, their frames, and a wire that records its calls."""

import json
from collections.abc import Callable
from typing import Any

from mockexchange.core.commands import Fill
from mockexchange.core.vocabulary import Action, Side, SubaccountRef
from mockexchange.sandbox.journal import Journal
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.streams import Connection
from mockexchange.scenario.fault_rules import FAULT
from mockexchange.scenario.located_text import read_yaml
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from tests.helpers.sandboxes import SMALL, do, make, run, signed


class Later:
    """A scheduled call."""

    def __init__(self, delay_us: int, send: Callable[[], object]) -> None:
        self.delay_us, self.send = delay_us, send
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class FakeWire:
    """A wire that records its calls and takes frames only on request."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.later: list[Later] = []

    def flush(self) -> None:
        self.told.append("flush")

    def close(self, code: int, reason: str = "") -> None:
        self.told.append(code)

    def abort(self) -> None:
        self.told.append("abort")

    def drop(self) -> None:
        self.told.append("drop")

    def stall(self) -> None:
        self.told.append("stall")

    def call_later(self, delay_us: int, callback: Callable[[], object]) -> "Later":
        self.later.append(Later(delay_us, callback))
        return self.later[-1]


def open_stream(sandbox: Sandbox, *channels: str, who: str = "alice/main") -> Connection:
    handshake, _ = sandbox.shake_hands(signed(sandbox, STREAM_PATH, who))
    assert handshake.session
    connection = sandbox.streams.open(handshake.session, FakeWire())
    if channels:
        say(connection, {"id": 1, "cmd": "subscribe", "params": {"channels": list(channels)}})
    return connection


def wire_of(connection: Connection) -> FakeWire:
    assert isinstance(connection.wire, FakeWire)
    return connection.wire


def say(connection: Connection, command: dict[str, Any]) -> None:
    connection.receive(json.dumps(command).encode())


def taken(connection: Connection) -> list[dict[str, Any]]:
    return [json.loads(raw) for raw in connection.outbox.pop_frames(10**9)]


def buy(sandbox: Sandbox, account: str = "alice", count: int = 1) -> None:
    for _ in range(count):
        do(
            sandbox,
            Fill(
                subaccount_ref=SubaccountRef(account),
                market="RAIN-1",
                side=Side.YES,
                action=Action.BUY,
                count_centis=100,
                price_centicents=5_000,
            ),
        )


def install(sandbox: Sandbox, text: str) -> None:
    run(sandbox.faults.install(FAULT.read(read_yaml(text, "f.yaml"), "")))


def noted(journal: Journal, direction: str) -> list[tuple[str, str | None]]:
    return [(frame.kind, frame.fault) for frame in journal.frames if frame.direction == direction]


def narrow() -> Sandbox:
    """Return a sandbox with outboxes for a little more than two fills."""
    return make(SMALL + "stream: {outbox: 1024}\n")
