"""Keeps the stream of an account open while the account's lists are read.

So changes during the reading are recorded too.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mockexchange.kit.streaming.connections import (
    Connect,
    FrameType,
    HandshakeRefused,
    StreamConnection,
    connect_socket,
)
from mockexchange.kit.target import Unreachable
from mockexchange.kit.venue import Signer, VenueKit
from mockexchange.recording.recording_file import Exchanged
from mockexchange.runtime import api_documents

TIMEOUT_S = 10.0
CONNECTION = 1
"""The number of the stream's connection in the recording; requests have none."""
SWITCHED = 101
IN, OUT = "in", "out"
KINDS = {FrameType.PING: "ping", FrameType.PONG: "pong", FrameType.CLOSE: "close"}
Document = Mapping[str, Any]


class SentFrame(NamedTuple):
    """A message of the stream, or its opening or end (`kind`). `at` is in microseconds."""

    at: int
    direction: str
    raw: bytes
    kind: str = ""


@dataclass(slots=True)
class AccountStream:
    """An open stream that is subscribed to all channels of an account. Pings are answered while the stream is read."""

    connection: StreamConnection
    opened: Exchanged
    frames: list[SentFrame] = field(default_factory=list)
    _is_closed: bool = False

    def read(self, timeout_s: float = 0.0) -> int:
        """Add the frames that have arrived to `frames`, and return their size in bytes.

        Waits up to `timeout_s` seconds for the first one.
        """
        size = 0
        while not self._is_closed and (arrival := self.connection.receive(timeout_s)) is not None:
            self._is_closed = arrival.type is FrameType.CLOSE
            self.frames.append(SentFrame(_now(), OUT, arrival.raw, KINDS.get(arrival.type, "")))
            size, timeout_s = size + len(arrival.raw), 0.0
        return size

    def subscribe(self, command: bytes) -> None:
        """Send the command that subscribes, and wait for the answer. Raises Unreachable."""
        self.frames.append(SentFrame(_now(), OUT, b"", "open"))
        self.frames.append(SentFrame(_now(), IN, command))
        self.connection.send(command)
        self.read(TIMEOUT_S)

    def close(self) -> None:
        """Read the frames that have arrived, and close the connection."""
        self.read()
        self.connection.close()
        self.read(TIMEOUT_S)
        self.connection.drop()


def open_stream(
    kit: VenueKit, alias: str, url: str, signer: Signer, note: Callable[[str], None], connect: Connect = connect_socket
) -> AccountStream | None:
    """Open the stream of an account and subscribe to its channels.

    Returns None if the venue has no stream or refuses it; the reason is passed to `note`.
    """
    if kit.stream_protocol is None:
        return None
    # The channels of an account that need no market, in the order of the API document.
    document: Document = api_documents.parse(api_documents.path_of(f"{kit.name}/{alias}", api_documents.ASYNCAPI))
    rows: Mapping[str, Any] = document["channels"].get("stream", {}).get("x-channels", {})
    is_own = {
        name: row.get("private") and row["messages"] and row["filter"] != "required" for name, row in rows.items()
    }
    channels = [name for name, is_listed in is_own.items() if is_listed]
    at, began = _now(), time.perf_counter_ns()
    headers = signer.headers("GET", url)
    try:
        connection = connect(url, headers, TIMEOUT_S)
        origin, _, _ = url.partition(kit.stream_path)
        stream = AccountStream(
            connection,
            Exchanged(
                method="GET",
                target=kit.stream_path,
                headers=[(name.lower().encode(), value.encode()) for name, value in headers.items()],
                body=b"",
                status=SWITCHED,
                answer_headers=[],
                answer=b"",
                at=at,
                latency_us=(time.perf_counter_ns() - began) // 1000,
                source=origin,
                connection=CONNECTION,
            ),
        )
        stream.subscribe(kit.stream_protocol.command(1, *kit.stream_protocol.subscription(channels, {})))
    except (HandshakeRefused, Unreachable) as error:
        note(f"without the stream: {error}")
        return None
    return stream


def _now() -> int:
    return time.time_ns() // 1000
