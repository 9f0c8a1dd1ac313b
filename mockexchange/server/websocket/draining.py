"""Waits until the clients of streams have received enough of their waiting frames."""

import asyncio

from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.streams.connection import Connection
from mockexchange.server.websocket.stream_transport import StreamTransport

DRAIN_POLL_S = 0.002
DRAIN_POLLS_MAX = 1_000
DRAIN_POLLS_IN_VAIN_MAX = 125
"""The most polls in a row during which a client takes nothing. They are counted, not timed: a machine that holds the
server up for a second holds its clients up too, and one that reads must not lose frames by that."""


async def streams_drained(sandbox: Sandbox) -> None:
    """Write all waiting frames, then wait for each client that reads until at most half of its outbox is full.

    Code that makes many frames at once calls this from time to time, so that no client that reads loses frames.
    """
    sandbox.streams.flush()
    await asyncio.sleep(0)
    for _ in range(DRAIN_POLLS_MAX):
        behind = [wire for connection in sandbox.streams if (wire := _wire_behind(connection))]
        if not behind:
            break
        for wire in behind:
            wire.polls_in_vain += 1
        await asyncio.sleep(DRAIN_POLL_S)


def _wire_behind(connection: Connection) -> StreamTransport | None:
    wire = connection.wire
    if connection.outbox.has_room or not isinstance(wire, StreamTransport) or not wire.is_taking:
        return None
    return wire if wire.polls_in_vain < DRAIN_POLLS_IN_VAIN_MAX else None
