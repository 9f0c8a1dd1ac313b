"""The client against an exchange that checks what it signs."""

from decimal import Decimal

import httpx
import pytest
from stoploss.kalshi import ATTEMPTS_MAX, PAGE_ROWS, Kalshi
from stoploss.rule import Holding, Order

from mockexchange import AsyncExchange

ORDER = Order(ticker="RAIN-26NOV03", side="ask", count=Decimal("2.5"), price=Decimal("0.01"))
BUSY = {"match": {"operation": "GetPositions"}, "then": {"status": 503}}
BUSY_ONCE = {**BUSY, "times": 1}


async def test_no_is_a_negative_count_and_amounts_are_exact(kalshi: Kalshi) -> None:
    rain, snow = sorted(await kalshi.holdings(), key=lambda each: each.ticker)
    assert rain == Holding(ticker="RAIN-26NOV03", count=Decimal(10), paid=Decimal(6))
    assert snow == Holding(ticker="SNOW-26NOV03", count=Decimal(-25), paid=Decimal(20))


async def test_every_page_is_read(kalshi: Kalshi, async_exchange_sandbox: AsyncExchange) -> None:
    markets = [f"M-{number}" for number in range(PAGE_ROWS)]
    await async_exchange_sandbox.do(
        *({"market": {"market": each, "event": "E", "series": "S", "price": "0.50"}} for each in markets),
        *({"open": {"account": "alice", "market": each, "position": 1, "exposure": "0.50"}} for each in markets),
    )
    assert len(await kalshi.holdings()) == PAGE_ROWS + 2
    await async_exchange_sandbox.journal.expect("GetPositions", times=2, query={"limit": str(PAGE_ROWS)})


@pytest.mark.mockexchange(faults=[BUSY_ONCE])
async def test_a_read_is_tried_again_with_a_signature_of_its_own(
    kalshi: Kalshi, async_exchange_sandbox: AsyncExchange
) -> None:
    assert await kalshi.holdings()
    first, second = await async_exchange_sandbox.journal.expect("GetPositions", times=2)
    assert first.headers["kalshi-access-signature"] != second.headers["kalshi-access-signature"]


@pytest.mark.mockexchange(faults=[BUSY])
async def test_a_read_is_not_tried_for_ever(kalshi: Kalshi, async_exchange_sandbox: AsyncExchange) -> None:
    with pytest.raises(httpx.HTTPStatusError, match="503"):
        await kalshi.holdings()
    await async_exchange_sandbox.journal.expect("GetPositions", times=ATTEMPTS_MAX)


async def test_an_order_says_what_it_should(kalshi: Kalshi, async_exchange_sandbox: AsyncExchange) -> None:
    assert await kalshi.place(ORDER)
    said = {"ticker": "RAIN-26NOV03", "side": "ask", "count": "2.50", "price": "0.0100", "reduce_only": True}
    await async_exchange_sandbox.journal.expect(method="POST", account="alice", json=said, times=1)


async def test_an_order_is_sent_once_whatever_becomes_of_it(
    kalshi: Kalshi, async_exchange_sandbox: AsyncExchange
) -> None:
    await async_exchange_sandbox.respond("POST /trade-api/v2/portfolio/events/orders", status=503)
    with pytest.raises(httpx.HTTPStatusError, match="503"):
        await kalshi.place(ORDER)
    await async_exchange_sandbox.journal.expect(method="POST", times=1)


async def test_without_a_socket_it_is_the_same(kalshi: Kalshi, async_exchange_sandbox: AsyncExchange) -> None:
    """For suites that forbid sockets, or whose client takes nothing but a transport."""
    async with Kalshi(kalshi.settings, transport=async_exchange_sandbox.httpx_transport()) as client:
        assert len(await client.holdings()) == 2
