"""The stream of pykalshi-client 1.3.0: every message as text to one callback; markets have to be named."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from contracts.clients.neutral import Driver, Method, Shape
from contracts.clients.shapes import (
    BOOK_FRAME,
    FILL,
    FILL_FRAME,
    GROUP_FRAME,
    LIFECYCLE_FRAME,
    ORDER_FRAME,
    POSITION,
    POSITION_FRAME,
    TICKER_FRAME,
    TRADE_FRAME,
    without,
)
from contracts.clients.streaming import (
    ERROR,
    RAISED,
    RESUMED,
    SUBSCRIBED,
    Inbox,
    Worker,
    serve_stream,
    set_pings,
)

# By name, because it is called like another client that the environment in which types are checked does have.
pykalshi: Any = import_module("pykalshi")
models: Any = import_module("pykalshi.models.ws")

VENUE_PREFIX = "/trade-api/"
DEPRECATED = ("side", "action")
"""Attributes whose reading makes the client's models warn."""

WORKER = Worker()
MESSAGES: Mapping[str, tuple[str, Shape]] = {
    "fill": ("FillMsg", without(FILL_FRAME, *DEPRECATED)),
    "market_position": ("MarketPositionMsg", POSITION_FRAME),
    "user_order": ("UserOrderMsg", ORDER_FRAME),
    "ticker": ("TickerMsg", TICKER_FRAME),
    "trade": ("TradeMsg", TRADE_FRAME),
    "market_lifecycle_v2": ("MarketLifecycleV2Msg", LIFECYCLE_FRAME),
    "order_group_updates": ("OrderGroupUpdatesMsg", GROUP_FRAME),
    "orderbook_snapshot": ("OrderbookSnapshotMsg", BOOK_FRAME),
    "orderbook_delta": ("OrderbookDeltaMsg", BOOK_FRAME),
    ERROR: ("ErrorResponseMsg", {"code": "code", "text": "msg"}),
}
"""The client's model of each message type, which its user has to apply."""


def config_of(base_url: str) -> Any:
    """Connect with hosts, to which the client adds the venue's paths."""
    origin = base_url.partition(VENUE_PREFIX)[0]
    return pykalshi.ClientConfig(http_base_url=origin, ws_base_url=origin.replace("http", "ws", 1))


def connect(host: str, key_id: str, private_key_pem: str) -> Any:
    credentials = pykalshi.KalshiCredentials.from_pem_string(key_id, private_key_pem)
    return pykalshi.KalshiHttpClient(credentials, config_of(host))


def page(call: str, part: str, shape: Shape) -> Method:
    def read(client: Any, **arguments: Any) -> Iterable[Any]:
        rows: Iterable[Any] = getattr(WORKER.run(getattr(client, call)(**arguments)), part)
        return rows

    return Method(read, shape)


class PykalshiClientStream:
    def __init__(self) -> None:
        self.inbox = Inbox()
        self._client: Any = None
        self._listener: asyncio.Task[None] | None = None
        self._first: Any = None

    def open(self, task: Mapping[str, Any]) -> None:
        """Connect. Option: ping_seconds, which the client does not offer to its user."""
        set_pings(task["options"])
        credentials = pykalshi.KalshiCredentials.from_pem_string(task["key_id"], task["private_key_pem"])
        config = config_of(task["host"])
        self._client = pykalshi.KalshiWebSocketClient(credentials, config, on_message_callback=self._take)
        WORKER.run(self._client.connect())
        self._first = self._client.ws
        WORKER.run(self._start())

    def subscribe(self, channel: str, tickers: list[str] | None) -> None:
        acknowledged = len(self.inbox.wait(SUBSCRIBED, 0))
        WORKER.run(self._client.add_markets(tickers, [channel]))
        self.inbox.wait_subscribed(acknowledged + 1)

    def close(self) -> None:
        if self._client:
            WORKER.run(self._stop())

    async def _stop(self) -> None:
        await self._client.close()
        if self._listener:
            self._listener.cancel()

    async def _start(self) -> None:
        self._listener = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        try:
            await self._client.listener_loop()
        except Exception as error:  # noqa: BLE001 # whatever the client raises is what is looked for
            self.inbox.put(RAISED, {"channel": None, "error": type(error).__name__})

    async def _take(self, text: str) -> None:
        frame = json.loads(text)
        kind = frame["type"]
        if kind == SUBSCRIBED:
            self.inbox.put(SUBSCRIBED, {"channel": frame["msg"]["channel"]})
            self._note_resumption()
        try:
            if kind in MESSAGES:
                name, shape = MESSAGES[kind]
                self.inbox.put_shaped(kind, getattr(models, name).model_validate(frame["msg"]), shape)
        finally:
            self.inbox.put_frame(kind)

    def _note_resumption(self) -> None:
        if self._client.ws is not self._first and all(channel.sid for channel in self._client.channels.values()):
            self.inbox.put(RESUMED, {})


METHODS = {
    "positions": page("get_positions", "market_positions", without(POSITION, "shard")),
    "orders": page("get_orders", "orders", ORDER_FRAME),
    "fills": page("get_fills", "fills", without(FILL, "shard", *DEPRECATED)),
}

if __name__ == "__main__":
    serve_stream(PykalshiClientStream, Driver(connect, METHODS, lambda client: METHODS), "pykalshi")
