"""Unmodified programs of published clients, written for a venue's demo: they run here, REST and stream."""

import asyncio
import os
import textwrap
from pathlib import Path

import pytest

from mockexchange.emulation.run import DEMO, LOCAL, RunResult, RunSettings, run
from mockexchange.venues.registry import DEFAULT
from tests.clients.processes import find_python
from tests.helpers.rows import each_row

pytestmark = [pytest.mark.clients, pytest.mark.untraced]

KALSHI_SDK = """
    import asyncio
    from kalshi import AsyncKalshiClient, KalshiClient
    print(KalshiClient.from_env().portfolio.balance().balance)
    async def main():
        async with AsyncKalshiClient.from_env() as client:
            assert (await client.portfolio.positions()).market_positions
            async with client.ws.connect() as session:
                fills = await session.subscribe_fill()
                print(await asyncio.wait_for(anext(aiter(fills)), 120))
    asyncio.run(main())
"""
KALSHI_SDK_CONFIGURED = """
    from kalshi import KalshiClient, KalshiConfig
    print(KalshiClient.from_env(config=KalshiConfig.demo()).portfolio.balance().balance)
"""
OFFICIAL = """
    import os
    from kalshi_python_sync import Configuration, KalshiClient
    configuration = Configuration(host="https://demo-api.kalshi.co/trade-api/v2")
    configuration.api_key_id = os.environ["KALSHI_API_KEY_ID"]
    configuration.private_key_pem = open(os.environ["KALSHI_PRIVATE_KEY_PATH"]).read()
    print(KalshiClient(configuration).get_balance().balance)
"""
PYKALSHI = """
    import threading
    from pykalshi import KalshiClient
    client = KalshiClient.from_env(demo=True)
    print(client.portfolio.get_balance())
    feed, arrived = client.feed(), threading.Event()
    feed.on("fill", lambda message: arrived.set())
    feed.subscribe("fill")
    feed.start()
    assert arrived.wait(120)
    feed.stop()
"""
CCXT = """
    import asyncio, os, ccxt, ccxt.async_support
    keys = {"apiKey": os.environ["DERIBIT_CLIENT_ID"], "secret": os.environ["DERIBIT_CLIENT_SECRET"]}
    exchange = ccxt.deribit(keys)
    exchange.set_sandbox_mode(True)
    assert exchange.private_get_get_positions({"currency": "BTC"})
    async def main():
        exchange = ccxt.async_support.deribit(keys)
        exchange.set_sandbox_mode(True)
        try:
            assert await exchange.private_get_get_positions({"currency": "BTC"})
        finally:
            await exchange.close()
    asyncio.run(main())
"""
TYPED_DERIBIT = """
    import asyncio
    from typed_deribit import Deribit
    async def main():
        async with Deribit.new(testnet=True) as client:
            print(await client.account.get_positions(currency="BTC"))
    asyncio.run(main())
"""
KYRO = """
    import asyncio
    from kyro import RestClient, config_from_env
    from kyro.rest.api.portfolio import get_balance
    async def main():
        async with RestClient(config_from_env()) as client:
            print(await get_balance(client))
    asyncio.run(main())
"""


def ran(client: str, version: str, source: str, folder: Path, **words: str) -> RunResult:
    program = folder / "bot.py"
    program.write_text(textwrap.dedent(source))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    settings = RunSettings(
        command=[str(find_python(client, version)), str(program)],
        environment=environment,
        api_date=DEFAULT.api_date("latest"),
        mode=words.get("mode", DEMO),
        scenario=words.get("scenario", "lively"),
    )
    return asyncio.run(run(settings))


PROGRAMS = [
    ("kalshi-sdk", "22.4.0", KALSHI_SDK, "lively", {"GetBalance", "GetPositions", "OpenStream"}),
    ("kalshi-sdk", "22.4.0", KALSHI_SDK_CONFIGURED, "demo", {"GetBalance"}),
    ("kalshi-python-sync", "3.34.0", OFFICIAL, "demo", {"GetBalance"}),
    ("pykalshi", "2.0.0", PYKALSHI, "lively", {"GetBalance", "OpenStream"}),
    ("kyro", "0.1.2", KYRO, "demo", {"GetBalance"}),
    ("typed-deribit", "0.4.1", TYPED_DERIBIT, "deribit", {"public/auth", "private/get_positions"}),
    ("ccxt", "4.5.90", CCXT, "deribit", {"private/get_positions"}),
]


@each_row(("client", "version", "source", "scenario", "operations"), PROGRAMS)
def test_a_program_for_the_demo_runs_here(
    client: str, version: str, source: str, scenario: str, operations: set[str], tmp_path: Path
) -> None:
    found = ran(client, version, source, tmp_path, scenario=scenario)
    assert (found.exit_code, found.dials) == (0, [])
    assert {entry.operation for entry in found.requests} == operations
    assert [entry.diagnosis for entry in found.requests if entry.status >= 400] == []


POINTED_BY_HALF = """
    import asyncio, os
    from kalshi import AsyncKalshiClient, KalshiConfig
    async def main():
        config = KalshiConfig(base_url=os.environ["KALSHI_API_BASE_URL"])
        async with AsyncKalshiClient.from_env(config=config) as client:
            await client.portfolio.positions()
            async with client.ws.connect():
                pass
    asyncio.run(main())
"""
SWALLOWING = """
    import threading
    from pykalshi import KalshiClient
    feed = KalshiClient.from_env(api_base="http://127.0.0.1:9").feed()
    feed.start()
    threading.Event().wait(60)
"""
KYRO_UNPOINTED = 'import os\nos.environ.pop("KALSHI_BASE_URL")\n' + textwrap.dedent(KYRO)
KALSHI = "api.elections.kalshi.com:443; "
REAL = [
    (
        "kalshi-sdk",
        "22.4.0",
        POINTED_BY_HALF,
        f"{KALSHI}kalshi-sdk keeps its stream on production when only base_url is set: pass ws_base_url",
    ),
    ("pykalshi", "2.0.0", SWALLOWING, "external-api-ws.kalshi.com:443; pykalshi takes no URL for its feed, which is"),
    (
        "kalshi-python-sync",
        "3.34.0",
        OFFICIAL.replace("demo-api.kalshi.co", "api.elections.kalshi.com"),
        f"{KALSHI}kalshi-python-sync reads no variables and calls the real exchange unless Configuration(host=...)",
    ),
    ("kyro", "0.1.2", KYRO_UNPOINTED, f"{KALSHI}kyro calls the real exchange unless base_url is passed"),
]


@each_row(("client", "version", "source", "said"), REAL)
def test_the_one_that_dials_a_real_venue_is_named(
    client: str, version: str, source: str, said: str, tmp_path: Path
) -> None:
    found = ran(client, version, source, tmp_path, mode=LOCAL, scenario="demo")
    assert found.exit_code == 3
    assert str(found.dials[0]).startswith(said)
    assert found.dials[0].place.endswith("bot.py:8") == (client == "kalshi-sdk")
