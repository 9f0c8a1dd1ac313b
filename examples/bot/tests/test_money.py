"""No test of ours is one line of configuration away from real money."""

import pytest
from stoploss.kalshi import Kalshi
from stoploss.settings import BASE_URL, WS_URL, Settings

from mockexchange import AsyncExchange
from mockexchange.guard import Dial, RealVenueReached


@pytest.fixture
def real(async_exchange_sandbox: AsyncExchange, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What the bot takes when nobody tells it where the exchange is: the real one."""
    with async_exchange_sandbox.env(account="alice"):
        monkeypatch.delenv("KALSHI_API_BASE_URL")
        monkeypatch.delenv("KALSHI_WS_URL")
        return Settings.from_environment()


async def test_a_bot_that_was_told_nothing_does_not_reach_the_real_exchange(
    real: Settings, venue_dials: list[Dial]
) -> None:
    assert (real.base_url, real.ws_url) == (BASE_URL, WS_URL)
    async with Kalshi(real) as client:
        with pytest.raises(RealVenueReached, match=r"api\.elections\.kalshi\.com"):
            await client.holdings()
        with pytest.raises(RealVenueReached):
            async with client.stream("ticker"):
                pass
    assert {dial.host for dial in venue_dials} == {"api.elections.kalshi.com"}
    venue_dials.clear()
