"""The bot at an exchange that moves: what it does, and what it does not do twice."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import pytest_asyncio
from stoploss.bot import CHANNELS, Bot

from mockexchange import AsyncExchange
from tests.conftest import soon

RAIN, SNOW = "RAIN-26NOV03", "SNOW-26NOV03"
BAD_EVENING = f"""
scenario: bad-evening
accounts: {{alice: {{cash: 100}}}}
markets: {{{RAIN}: {{event: RAIN, series: RAIN, price: 0.60}}}}
history:
  - fill: {{account: alice, market: {RAIN}, side: yes, action: buy, count: 10, price: 0.60}}
script:
  - {{after: 1h, price: {{market: {RAIN}, price: 0.50}}}}
  - {{after: 2h, price: {{market: {RAIN}, price: 0.40}}}}
"""


@pytest_asyncio.fixture
async def exchange(async_exchange_sandbox: AsyncExchange, bot: Bot) -> AsyncIterator[AsyncExchange]:
    """The test's exchange, with the bot listening; it must not have sent anything that the exchange found odd."""
    running = asyncio.create_task(bot.run(soon))
    await listening(async_exchange_sandbox)
    yield async_exchange_sandbox
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def listening(exchange: AsyncExchange, times: int = 1) -> None:
    """Wait until the bot has subscribed and then read everything, so many times in all."""
    for channel in CHANNELS:
        await exchange.stream.wait_subscribed("alice", channel)
    await exchange.journal.expect("GetMarkets", times=times, within="5s")


async def orders(exchange: AsyncExchange, times: int) -> list[tuple[str, str]]:
    """The orders that were sent, once there are so many: (ticker, side)."""
    said = await exchange.journal.expect(method="POST", times=times, within="5s")
    return [(each.json["ticker"], each.json["side"]) for each in said]


async def test_a_price_that_falls_too_far_closes_the_position(exchange: AsyncExchange) -> None:
    await exchange.price(RAIN, "0.41")
    assert await orders(exchange, 1) == [(RAIN, "ask")]
    await exchange.journal.assert_clean()


async def test_the_order_is_matched_and_the_position_is_gone(exchange: AsyncExchange) -> None:
    await exchange.do(f"orderbook: {{market: {RAIN}, yes: [[0.40, 100]]}}")
    await exchange.price(RAIN, "0.41")
    await orders(exchange, 1)
    rows = {row.instrument: row.quantity for row in await exchange.positions("alice/0")}
    assert rows.get(RAIN, 0) == 0


async def test_for_no_it_is_the_price_that_rises(exchange: AsyncExchange) -> None:
    await exchange.price(SNOW, "0.45")
    assert await orders(exchange, 1) == [(SNOW, "bid")]


async def test_a_position_is_closed_once_until_it_is_another(exchange: AsyncExchange, bot: Bot) -> None:
    await exchange.price(RAIN, "0.41")
    await exchange.price(RAIN, "0.40")
    await exchange.price(SNOW, "0.45")  # which the bot hears last
    assert await orders(exchange, 2) == [(RAIN, "ask"), (SNOW, "bid")]
    await exchange.fill("alice", RAIN, "yes", "sell", 4, "0.40")  # the order was filled in part
    assert (await orders(exchange, 3))[-1] == (RAIN, "ask")
    assert bot.holdings[RAIN].count == Decimal(6)


async def test_what_happened_while_the_stream_was_lost_is_not_missed(exchange: AsyncExchange, bot: Bot) -> None:
    await exchange.stream.reject(502, times=2)
    await exchange.stream.close(1006)
    await exchange.fill("alice", RAIN, "yes", "buy", 10, "0.30")
    await listening(exchange, times=2)
    assert bot.holdings[RAIN].count == Decimal(20)
    await exchange.price(RAIN, "0.20")
    assert await orders(exchange, 1) == [(RAIN, "ask")]


async def test_words_that_it_does_not_know_do_not_stop_it(exchange: AsyncExchange) -> None:
    await exchange.stream.send({"type": "announcement", "sid": 99, "msg": {}})
    await exchange.price(RAIN, "0.10")
    assert await orders(exchange, 1) == [(RAIN, "ask")]


@pytest.mark.mockexchange(scenario=BAD_EVENING, clock="paused")
async def test_hours_pass_in_no_time(exchange: AsyncExchange) -> None:
    await exchange.advance("90m")
    await exchange.journal.expect(method="POST", times=0)
    await exchange.advance("30m")
    assert await orders(exchange, 1) == [(RAIN, "ask")]
