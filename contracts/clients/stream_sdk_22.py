"""The stream of kalshi-sdk 22.4.0: an iterator for each channel, and a callback for errors."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any

from contracts.clients.neutral import Driver, Shape
from contracts.clients.sdk import connect, offered, short
from contracts.clients.sdk_22 import METHODS
from contracts.clients.shapes import (
    BOOK_FRAME,
    FILL_FRAME,
    GROUP_FRAME,
    LIFECYCLE_FRAME,
    ORDER_FRAME,
    POSITION_FRAME,
    TICKER_FRAME,
    TRADE_FRAME,
)
from contracts.clients.streaming import ENDED, ERROR, RAISED, RESUMED, SUBSCRIBED, Inbox, Worker, serve_stream

# By name, because the environment in which types are checked does not have it.
kalshi: Any = import_module("kalshi")
streams: Any = import_module("kalshi.ws")
ws_channels: Any = import_module("kalshi.ws.channels")

RETRIES = {"retry_base_delay": 0.05, "retry_max_delay": 0.05}
"""Short pauses for tests; the client's own are up to half a second, longer each time."""

WITH_MARKETS = frozenset({"orderbook_delta", "ticker", "trade"})
"""The channels whose calls take markets; the others send messages of all markets."""
CALLS = {"order_group_updates": "subscribe_order_group", "market_lifecycle_v2": "subscribe_market_lifecycle"}
"""Names of the calls that differ from their channels."""


def inside(shape: Shape) -> Shape:
    return {name: f"msg.{where}" for name, where in short(shape).items()}


SHAPES: Mapping[str, Shape] = {
    "fill": inside(FILL_FRAME),
    "market_position": inside(POSITION_FRAME),
    "user_order": inside(ORDER_FRAME),
    "ticker": inside(TICKER_FRAME),
    "trade": inside(TRADE_FRAME),
    "market_lifecycle_v2": inside(LIFECYCLE_FRAME),
    "order_group_updates": inside(GROUP_FRAME),
    "orderbook_snapshot": inside(BOOK_FRAME),
    "orderbook_delta": inside(BOOK_FRAME),
}


WORKER = Worker()


class SdkStream:
    """`retries` are the settings of its pauses, empty for its defaults."""

    def __init__(self, retries: Mapping[str, float] = RETRIES) -> None:
        self.inbox = Inbox()
        self._retries = retries
        self._drains: set[asyncio.Task[None]] = set()
        self._client: Any = None
        self._session: Any = None

    def open(self, task: Mapping[str, Any]) -> None:
        """Connect. Options: ping_seconds, and ack_seconds, which the client does not offer to its user."""
        options = task["options"]
        config = kalshi.KalshiConfig(
            base_url=task["host"],
            ws_base_url=task["ws_url"],
            **self._retries,
            ws_ping_interval=options.get("ping_seconds", 20.0),
            ws_close_timeout=options.get("ping_seconds", 5.0),
        )
        ws_channels.SubscriptionManager._wait_for_response.__defaults__ = (options.get("ack_seconds", 5.0),)
        auth = kalshi.KalshiAuth.from_pem(task["key_id"], task["private_key_pem"])
        client = streams.KalshiWebSocket(
            auth, config, options.get("ping_seconds", 30.0), self._take_state, self._take_error
        )
        client._process_frame = self._noting(client._process_frame)
        session = client.connect()
        self._client = WORKER.run(session.__aenter__())
        self._session = session

    def subscribe(self, channel: str, tickers: list[str] | None) -> None:
        WORKER.run(self._subscribe(channel, tickers))

    def close(self) -> None:
        if self._session:
            WORKER.run(self._session.__aexit__(None, None, None))

    async def _subscribe(self, channel: str, tickers: list[str] | None) -> None:
        call = getattr(self._client, CALLS.get(channel, f"subscribe_{channel}"))
        messages = await (call(tickers=tickers) if channel in WITH_MARKETS else call())
        self.inbox.put(SUBSCRIBED, {"channel": channel})
        drain = asyncio.get_running_loop().create_task(self._drain(channel, messages))
        self._drains.add(drain)

    async def _drain(self, channel: str, messages: Any) -> None:
        try:
            async for message in messages:
                self.inbox.put_shaped(message.type, message, SHAPES[message.type])
        except Exception as error:  # noqa: BLE001 # whatever the client raises is what is looked for
            self.inbox.put(RAISED, {"channel": channel, "error": type(error).__name__})
        else:
            self.inbox.put(ENDED, {"channel": channel})

    def _noting(self, process: Callable[[str], Awaitable[None]]) -> Callable[[str], Awaitable[None]]:
        async def process_and_note(raw: str) -> None:
            try:
                await process(raw)
            finally:
                # The user's task is woken by now, and runs before this one does again.
                await asyncio.sleep(0)
                self.inbox.put_frame(json.loads(raw)["type"])

        return process_and_note

    async def _take_error(self, error: Any) -> None:
        self.inbox.put(ERROR, {"code": error.msg.code, "text": error.msg.msg})

    async def _take_state(self, before: Any, after: Any) -> None:
        # It calls itself connected, not streaming, until it has subscribed again.
        if after is streams.ConnectionState.STREAMING:
            self.inbox.put(RESUMED, {})


if __name__ == "__main__":
    serve_stream(SdkStream, Driver(connect, METHODS, offered), "kalshi")
