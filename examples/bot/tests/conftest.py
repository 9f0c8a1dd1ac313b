"""The bot as an account of the test's exchange."""

from collections.abc import AsyncIterator

import pytest_asyncio
from stoploss.bot import Bot
from stoploss.kalshi import Kalshi
from stoploss.settings import Settings

from mockexchange import AsyncExchange


async def soon(_: float) -> None:
    """A pause that takes no time."""


@pytest_asyncio.fixture
async def kalshi(async_exchange_sandbox: AsyncExchange) -> AsyncIterator[Kalshi]:
    """The client, told by the environment where the exchange is and whose key it has."""
    with async_exchange_sandbox.env(account="alice"):
        settings = Settings.from_environment()
    async with Kalshi(settings, pause=soon) as client:
        yield client


@pytest_asyncio.fixture
async def bot(kalshi: Kalshi) -> Bot:
    return Bot(kalshi, kalshi.settings.loss_max)
