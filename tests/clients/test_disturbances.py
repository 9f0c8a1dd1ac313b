"""The reactions of clients to disturbed streams: each cell of the table on the page is tested."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pykalshi import AsyncKalshiClient

from tests.clients.disturbances import DISTURBANCES, MOVING, SCENARIO, once, try_out
from tests.clients.exchange import MAIN_KEY, OpenSandbox, Sandbox, Server
from tests.clients.listeners import STREAMERS, Peers, Streamer
from tests.clients.page import faults_of, read_page

pytestmark = pytest.mark.clients


@pytest.mark.parametrize("name", DISTURBANCES)
@pytest.mark.parametrize("streamer", STREAMERS, ids=lambda streamer: streamer.title)
def test_the_page_says_what_becomes_of_it(server: Server, peers: Peers, streamer: Streamer, name: str) -> None:
    found = try_out(server.control, streamer, peers(streamer), DISTURBANCES[name])
    assert found == faults_of(read_page())[streamer.title][name], "run `make clients`"


# --- a feed that no driver drives

READS_MAX = 1_000
FILL = {"fill": {"account": "alice", "market": MOVING, "side": "yes", "action": "buy", "count": "1", "price": "0.50"}}


class Spun(BaseException):
    """No Exception: the feed takes all of those for a lost connection."""


class Counting:
    """A connection that ends the loop which reads it again and again."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def __aiter__(self) -> Any:
        self._reads += 1
        if self._reads > READS_MAX:
            raise Spun
        return self._connection.__aiter__()


@pytest.mark.parametrize("code", [1000, 1001])
def test_the_async_feed_of_pykalshi_reads_a_closed_connection_for_ever(
    open_sandbox: OpenSandbox, tmp_path: Path, code: int
) -> None:
    sandbox = open_sandbox(SCENARIO, "latest", "paused")
    key_file = tmp_path / "key.pem"
    key_file.write_text(sandbox.keys["alice", MAIN_KEY].private_key_pem, encoding="ascii")
    asyncio.run(listen_until_it_spins(sandbox, key_file, code))
    assert [entry["operation"] for entry in sandbox.journal()] == ["OpenStream"]


async def listen_until_it_spins(sandbox: Sandbox, key_file: Path, code: int) -> None:
    key_id = sandbox.keys["alice", MAIN_KEY].key_id
    async with AsyncKalshiClient(key_id, str(key_file), sandbox.base_url) as client:
        feed = client.feed()
        feed._ws_url = sandbox.ws_url
        heard: list[Any] = []
        feed.on("fill", heard.append)
        feed.subscribe("fill")
        await feed.connect()
        feed._ws = Counting(feed._ws)
        sandbox.wait_for(subscribed={"account": "alice", "channel": "fill"})
        sandbox.install(once("fill", {"close": code}))
        sandbox.do(FILL)
        with pytest.raises(Spun):
            await read_all(feed)
        assert len(heard) == 1


async def read_all(feed: Any) -> None:
    async for _ in feed:
        pass
