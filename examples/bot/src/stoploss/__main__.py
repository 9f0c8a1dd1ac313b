"""`stoploss`: run the bot until it is stopped."""

import asyncio
import logging
import signal
from contextlib import suppress

from stoploss.bot import Bot
from stoploss.kalshi import Kalshi
from stoploss.settings import Settings


async def watch(settings: Settings) -> None:
    async with Kalshi(settings) as exchange:
        running = asyncio.ensure_future(Bot(exchange, settings.loss_max).run(asyncio.sleep))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
        with suppress(asyncio.CancelledError):
            await running


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with suppress(KeyboardInterrupt):
        asyncio.run(watch(Settings.from_environment()))


if __name__ == "__main__":
    main()
