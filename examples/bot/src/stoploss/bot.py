"""The loop: hear of every position and price, and close what has lost too much."""

import logging
from collections.abc import Awaitable, Callable
from decimal import Decimal

from websockets.exceptions import WebSocketException

from stoploss.kalshi import Kalshi, Message, holding_of
from stoploss.rule import Holding, stop

CHANNELS = ("market_positions", "ticker")
RECONNECT_SECONDS = 1.0

log = logging.getLogger(__name__)


class Bot:
    """Holds what is known of the account. A market is closed once; only another count makes it another matter."""

    def __init__(self, exchange: Kalshi, loss_max: Decimal) -> None:
        self.exchange, self.loss_max = exchange, loss_max
        self.holdings: dict[str, Holding] = {}
        self.prices: dict[str, Decimal] = {}
        self._closing: dict[str, Decimal] = {}

    async def run(self, pause: Callable[[float], Awaitable[None]]) -> None:
        """Watch until cancelled. Whatever a lost connection did not tell is asked for after the next one is made."""
        while True:
            try:
                await self.watch()
            except (OSError, WebSocketException) as error:
                log.warning("the stream is lost: %s", error)
            await pause(RECONNECT_SECONDS)

    async def watch(self) -> None:
        """Watch one connection to its end: first subscribed, then read, so that nothing is missed in between."""
        async with self.exchange.stream(*CHANNELS) as messages:
            await self.refresh()
            async for message in messages:
                await self.hear(message)

    async def refresh(self) -> None:
        """Read everything anew."""
        self.holdings = {each.ticker: each for each in await self.exchange.holdings()}
        if self.holdings:
            self.prices |= await self.exchange.prices(self.holdings)
        for ticker in self.holdings:
            await self.consider(ticker)

    async def hear(self, message: Message) -> None:
        told = message.get("msg", {})
        match message["type"]:
            case "market_position":
                ticker = told["market_ticker"]
                self.holdings[ticker] = holding_of(ticker, told["position_fp"], told["position_cost_dollars"])
            case "ticker":
                ticker = told["market_ticker"]
                self.prices[ticker] = Decimal(told["price_dollars"])
            case _:
                return
        await self.consider(ticker)

    async def consider(self, ticker: str) -> None:
        holding, price = self.holdings.get(ticker), self.prices.get(ticker)
        if holding is None or price is None or self._closing.get(ticker) == holding.count:
            return
        order = stop(holding, price, self.loss_max)
        if order is not None:
            self._closing[ticker] = holding.count
            log.info("closing %s of %s at %s", holding.count, ticker, price)
            await self.exchange.place(order)
