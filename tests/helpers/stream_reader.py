"""A client of a stream without a socket, which reads every frame at once."""

import json
from typing import Any

from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from tests.helpers.sandboxes import run, signed

READ_ALL = 1 << 40


class Reader:
    """A connection and its wire. `frames` are the raw frames read so far."""

    def __init__(self, sandbox: Sandbox, who: str = "alice/main") -> None:
        handshake, _ = sandbox.shake_hands(signed(sandbox, STREAM_PATH, who))
        assert handshake.session, handshake.answer
        self.sandbox = sandbox
        self.frames: list[bytes] = []
        self.closed: int | None = None
        self.connection = sandbox.streams.open(handshake.session, self)
        self._last_id = 0

    def subscribe(self, *channels: str, **params: Any) -> list[dict[str, Any]]:
        """Subscribe, run the steps that this triggers, and return the new frames."""
        already = len(self.frames)
        self._last_id += 1
        params = {"channels": list(channels), **params}
        self.connection.receive(json.dumps({"id": self._last_id, "cmd": "subscribe", "params": params}).encode())
        run(self.sandbox.run_due())
        self.sandbox.streams.flush()
        return self.told[already:]

    @property
    def told(self) -> list[dict[str, Any]]:
        self.flush()
        return [json.loads(raw) for raw in self.frames]

    def flush(self) -> None:
        self.frames += self.connection.outbox.pop_frames(READ_ALL)

    def close(self, code: int, reason: str = "") -> None:
        self.closed = code

    def abort(self) -> None:
        self.closed = 0

    def drop(self) -> None:
        self.closed = 0

    def stall(self) -> None:
        """Read every frame."""

    def call_later(self, delay_us: int, callback: Any) -> Any:
        raise AssertionError("nothing here is delayed")
