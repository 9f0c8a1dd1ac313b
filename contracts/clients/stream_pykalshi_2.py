"""The stream of pykalshi 2.0.0: a feed in a thread, with a handler for each channel."""

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from threading import Thread
from typing import Any

from contracts.clients.neutral import Driver, Shape
from contracts.clients.pykalshi_2 import METHODS, connect, offered
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
from contracts.clients.streaming import ERROR, RESUMED, SUBSCRIBED, Inbox, serve_stream, set_pings

feeds: Any = import_module("pykalshi.feed")

MESSAGES: Mapping[str, tuple[str, Shape]] = {
    "FillMessage": ("fill", FILL_FRAME),
    "PositionMessage": ("market_position", POSITION_FRAME),
    "UserOrderMessage": ("user_order", ORDER_FRAME),
    "TickerMessage": ("ticker", TICKER_FRAME),
    "TradeMessage": ("trade", TRADE_FRAME),
    "MarketLifecycleMessage": ("market_lifecycle_v2", LIFECYCLE_FRAME),
    "OrderGroupUpdateMessage": ("order_group_updates", GROUP_FRAME),
    "OrderbookSnapshotMessage": ("orderbook_snapshot", BOOK_FRAME),
    "OrderbookDeltaMessage": ("orderbook_delta", BOOK_FRAME),
    "ErrorMessage": (ERROR, {"code": "code", "text": "msg"}),
}
"""Message type and shape of each class of the client; a message that it cannot parse is a dictionary."""


class PykalshiStream:
    def __init__(self) -> None:
        self.inbox = Inbox()
        self._feed: Any = None

    def open(self, task: Mapping[str, Any]) -> None:
        """Connect and start. Option: ping_seconds, which the client does not offer to its user."""
        client = connect(task["host"], task["key_id"], task["private_key_pem"])
        set_pings(task["options"])
        self._feed = client.feed()
        self._feed._ws_url = task["ws_url"]
        # The client does not report acknowledgements, which tests wait for.
        self._feed._dispatch = self._noting(self._feed._dispatch)
        self._feed.on(ERROR, self._take)
        self._feed.start()
        if not self._feed.is_connected:
            raise ConnectionError("not connected; it retries without reporting an error")

    def subscribe(self, channel: str, tickers: list[str] | None) -> None:
        acknowledged = len(self.inbox.wait(SUBSCRIBED, 0))
        self._feed.on(channel, self._take)
        self._feed.subscribe(channel, market_tickers=tickers)
        self.inbox.wait_subscribed(acknowledged + 1)

    def close(self) -> None:
        # It ends at once, but waits two seconds for what its own thread forgets when it ends.
        if self._feed:
            Thread(target=self._feed.stop, daemon=True).start()

    def _take(self, message: Any) -> None:
        kind, shape = MESSAGES.get(type(message).__name__, ("raw", {"raw": ""}))
        self.inbox.put_shaped(kind, message, shape)

    def _noting(self, dispatch: Callable[[Any], None]) -> Callable[[Any], None]:
        def dispatch_and_note(raw: Any) -> None:
            dispatch(raw)
            frame = json.loads(raw)
            self.inbox.put_frame(frame["type"])
            if frame["type"] == SUBSCRIBED:
                self.inbox.put(SUBSCRIBED, {"channel": frame["msg"]["channel"]})
                if self._feed.reconnect_count and len(self._feed._sids) == len(self._feed._active_subs):
                    self.inbox.put(RESUMED, {})

        return dispatch_and_note


if __name__ == "__main__":
    serve_stream(PykalshiStream, Driver(connect, METHODS, offered), "pykalshi")
