"""The few calls that the bot makes: signed REST that tries again, and the stream."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.hashes import SHA256
from websockets.asyncio.client import connect

from stoploss.rule import Holding, Order
from stoploss.settings import Settings

ATTEMPTS_MAX = 4
WORTH_ANOTHER_TRY = frozenset({429, 502, 503, 504})
PAGE_ROWS = 100
SECONDS_MAX = 10.0

Message = dict[str, Any]
Pause = Callable[[float], Awaitable[None]]


class Kalshi:
    """An account. Use it as an asynchronous context manager; `pause` is how it waits between two tries."""

    def __init__(
        self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None, pause: Pause = asyncio.sleep
    ) -> None:
        self.settings, self._pause = settings, pause
        self._http = httpx.AsyncClient(timeout=SECONDS_MAX, transport=transport)

    async def __aenter__(self) -> "Kalshi":
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._http.aclose()

    def _signed(self, method: str, url: str) -> dict[str, str]:
        """Sign milliseconds, method and path; the query is not signed."""
        timestamp = str(time.time_ns() // 1_000_000)
        text = f"{timestamp}{method}{urlsplit(url).path}".encode()
        signature = self.settings.key.sign(text, PSS(MGF1(SHA256()), PSS.DIGEST_LENGTH), SHA256())
        return {
            "KALSHI-ACCESS-KEY": self.settings.key_id,
            "KALSHI-ACCESS-TIMESTAMP": timestamp,
            "KALSHI-ACCESS-SIGNATURE": base64.b64encode(signature).decode(),
        }

    async def _get(self, path: str, query: dict[str, str | int]) -> Message:
        """A read is tried again, each time with a signature of its own. Raises httpx.HTTPStatusError."""
        url = self.settings.base_url + path
        for attempt in range(1, ATTEMPTS_MAX + 1):
            answer = await self._http.get(url, params=query, headers=self._signed("GET", url))
            if answer.status_code not in WORTH_ANOTHER_TRY or attempt == ATTEMPTS_MAX:
                break
            await self._pause(float(answer.headers.get("Retry-After", attempt)))
        answer.raise_for_status()
        body: Message = answer.json()
        return body

    async def holdings(self) -> list[Holding]:
        rows: list[Message] = []
        cursor = ""
        while True:
            page = await self._get("/portfolio/positions", {"limit": PAGE_ROWS, "cursor": cursor})
            rows += page["market_positions"]
            cursor = page.get("cursor") or ""
            if not cursor:
                return [holding_of(row["ticker"], row["position_fp"], row["market_exposure_dollars"]) for row in rows]

    async def prices(self, tickers: Iterable[str]) -> dict[str, Decimal]:
        """Return the last price of YES in dollars, by market."""
        page = await self._get("/markets", {"tickers": ",".join(tickers), "limit": PAGE_ROWS})
        return {row["ticker"]: Decimal(row["last_price_dollars"]) for row in page["markets"]}

    async def place(self, order: Order) -> str:
        """Send an order once: whether one that got no answer was taken, nobody knows. Returns its id."""
        url = self.settings.base_url + "/portfolio/events/orders"
        body = {
            "ticker": order.ticker,
            "side": order.side,
            "count": f"{order.count:.2f}",
            "price": f"{order.price:.4f}",
            "time_in_force": "immediate_or_cancel",
            "reduce_only": True,
            "self_trade_prevention_type": "taker_at_cross",
        }
        answer = await self._http.post(url, json=body, headers=self._signed("POST", url))
        answer.raise_for_status()
        order_id: str = answer.json()["order_id"]
        return order_id

    @asynccontextmanager
    async def stream(self, *channels: str) -> AsyncIterator[AsyncIterator[Message]]:
        """Open a stream and subscribe; what is yielded ends when the connection does."""
        headers = self._signed("GET", self.settings.ws_url)
        async with connect(self.settings.ws_url, additional_headers=headers, open_timeout=SECONDS_MAX) as socket:
            await socket.send(json.dumps({"id": 1, "cmd": "subscribe", "params": {"channels": channels}}))
            yield (json.loads(text) async for text in socket)


def holding_of(ticker: str, count: str, paid: str) -> Holding:
    return Holding(ticker=ticker, count=Decimal(count), paid=Decimal(paid))
