"""The market maker as alice, and bob, who trades against it, on the test's exchange."""

from collections.abc import Iterator

import pytest
from marketmaker.kalshi import Kalshi
from marketmaker.maker import MarketMaker
from marketmaker.settings import Settings

from mockexchange import Exchange

RAIN = "RAIN-26NOV03"


def client_of(exchange: Exchange, account: str) -> Kalshi:
    """Return a client of an account that waits for nothing and needs no socket."""
    with exchange.env(account=account):
        settings = Settings.from_environment()
    return Kalshi(settings, transport=exchange.httpx_transport(), pause=lambda seconds: None)


@pytest.fixture
def alice(exchange_sandbox: Exchange) -> Iterator[Kalshi]:
    client = client_of(exchange_sandbox, "alice")
    yield client
    client.close()


@pytest.fixture
def bob(exchange_sandbox: Exchange) -> Iterator[Kalshi]:
    client = client_of(exchange_sandbox, "bob")
    yield client
    client.close()


@pytest.fixture
def maker(alice: Kalshi) -> MarketMaker:
    return MarketMaker(alice, RAIN)
