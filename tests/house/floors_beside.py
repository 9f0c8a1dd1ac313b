"""A published client beside the lowest versions that we promise to work with, through what its users use of ours.

`make floors-beside` makes an environment for each client and names this file; no other run collects it.
"""

import os
from importlib.util import find_spec
from typing import Any

import pytest

import mockexchange

pytestmark = pytest.mark.floors
TICKER = "KXRAINNYC-25NOV05-T1"


def positions_by_kalshi_sdk() -> dict[str, str]:
    from kalshi import KalshiClient  # type: ignore[import-not-found]  # only where it is tried

    with KalshiClient.from_env() as client:
        return {row.ticker: str(row.position) for row in client.portfolio.positions_all()}


def positions_by_pykalshi() -> dict[str, str]:
    from pykalshi import KalshiClient

    made: Any = KalshiClient.from_env(api_base=os.environ["KALSHI_API_BASE_URL"])  # typed as what lacks all that it has
    with made as client:
        return {row.ticker: row.position_fp for row in client.portfolio.get_positions(fetch_all=True)}


CLIENTS = {"kalshi-sdk": ("kalshi", positions_by_kalshi_sdk), "pykalshi": ("pykalshi", positions_by_pykalshi)}
NAME, ASK = next((name, ask) for name, (module, ask) in CLIENTS.items() if find_spec(module))


def test_it_reads_positions_of_a_served_exchange() -> None:
    with mockexchange.serve("demo") as exchange, exchange.env(NAME):
        assert ASK()[TICKER] == "10.00"


def test_it_reads_positions_of_the_fixture(exchange_sandbox: mockexchange.Exchange) -> None:
    exchange_sandbox.env(NAME, account="alice")
    exchange_sandbox.fill("alice", TICKER, "yes", "buy", 5, "0.50")
    assert ASK()[TICKER] == "15.00"
    exchange_sandbox.journal.expect("GetPositions", account="alice")


@pytest.mark.skipif(NAME != "kalshi-sdk", reason="pykalshi does not use httpx")
@pytest.mark.parametrize(("is_demo", "host"), [(False, "api.elections.kalshi.com"), (True, "demo-api.kalshi.co")])
def test_it_keeps_the_venues_host_over_a_transport(
    exchange_sandbox: mockexchange.Exchange, is_demo: bool, host: str
) -> None:
    """It refuses hosts that it does not know, and is given none."""
    from kalshi import KalshiClient

    alice = exchange_sandbox.accounts["alice"]
    transport = exchange_sandbox.httpx_transport()
    exchange_sandbox.fault(then={"drop": True}, times=1)
    with KalshiClient(
        key_id=alice.key_id, private_key_path=alice.private_key_path, demo=is_demo, transport=transport
    ) as client:
        assert str({row.ticker: row.position for row in client.portfolio.positions_all()}[TICKER]) == "10.00"
    dropped, answered = exchange_sandbox.journal.expect("GetPositions", times=2)
    assert (dropped.status, answered.status, answered.headers["host"]) == (0, 200, host)
    exchange_sandbox.journal.assert_clean()
