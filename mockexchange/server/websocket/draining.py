"""Waits until the clients of streams have received enough of their waiting frames."""

import asyncio

from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.streams.connection import Connection
from mockexchange.server.websocket.stream_transport import StreamTransport

DRAIN_POLL_S = 0.002
DRAIN_POLLS_MAX = 1_000
DRAIN_PATIENCE_S = 0.25


async def streams_drained(sandbox: Sandbox) -> None:
    """Write all waiting frames, then wait for each client that reads until at most half of its outbox is full.

    Code that makes many frames at once calls this from time to time, so that no client that reads loses frames.
    """
    sandbox.streams.flush()
    await asyncio.sleep(0)
    for _ in range(DRAIN_POLLS_MAX):
        if not any(_is_behind(connection) for connection in sandbox.streams):
            break
        await asyncio.sleep(DRAIN_POLL_S)


def _is_behind(connection: Connection) -> bool:
    wire = connection.wire
    if connection.outbox.has_room or not isinstance(wire, StreamTransport) or not wire.is_taking:
        return False
    return asyncio.get_running_loop().time() - wire.sent_at_s < DRAIN_PATIENCE_S
