"""Rows that streaming clients report during moves of an exchange agree with the truth and with REST."""

import pytest

from tests.clients.exchange import OpenSandbox
from tests.clients.hearing import KINDS, hear
from tests.clients.listeners import STREAMERS, Listener, Peers, Row, Streamer, amounts, last_positions
from tests.clients.moves import BEFORE, FILLS, MARKETS, SCRIPT_LENGTH, SCRIPTED, SETTLED
from tests.clients.page import heard_of, read_page
from tests.clients.published import COMPAT
from tests.clients.truths import differences

pytestmark = pytest.mark.clients

RUNS = [(streamer, api_date) for streamer in STREAMERS for api_date in (COMPAT, streamer.api_date)]
LIVELY_MARKETS = ("KXRAINNYC-25NOV05-T1", "KXFEDDECISION-25DEC-H0")


def named(value: object) -> str:
    return value.title if isinstance(value, Streamer) else str(value)


@pytest.mark.parametrize(("streamer", "api_date"), RUNS, ids=named)
def test_a_listener_hears_the_truth_of_every_channel(
    open_sandbox: OpenSandbox, peers: Peers, streamer: Streamer, api_date: str
) -> None:
    heard, mistakes = hear(peers(streamer), open_sandbox(BEFORE, api_date, "paused"))
    assert mistakes == []
    assert heard == heard_of(read_page())[streamer.title][api_date], "run `make clients`"


@pytest.mark.parametrize(("streamer", "api_date"), RUNS, ids=named)
def test_a_listener_to_a_script_ends_with_what_rest_tells(
    open_sandbox: OpenSandbox, peers: Peers, streamer: Streamer, api_date: str
) -> None:
    sandbox = open_sandbox(SCRIPTED, api_date, "paused")
    listener = Listener(peers(streamer), sandbox, "alice")
    assert listener.open() == {}
    listener.subscribe("fill", "market_positions", tickers=MARKETS)
    sandbox.advance(SCRIPT_LENGTH)
    assert_fills_are_rows(listener)
    assert_positions_are_rows(listener)
    assert listener.received("log") == []
    listener.close()


def assert_fills_are_rows(listener: Listener) -> None:
    """Each fill is reported once and equals its REST row; REST has earlier fills too."""
    reported = listener.received("fill", len(FILLS))
    assert [row["ticker"] for row in reported] == [fill["market"] for fill in FILLS]
    rest = {row["trade"]: row for row in listener.read("fills")}
    for row in reported:
        row_of_rest = rest.pop(row["trade"])
        shared = {name: value for name, value in row.items() if name in row_of_rest}
        assert len(shared) > 5
        assert list(differences(shared, row_of_rest, may_omit=False)) == []


def assert_positions_are_rows(listener: Listener) -> None:
    """The last message of a market is its REST row; a settled one has left the list."""
    reported = last_positions(listener.received("market_position", len(FILLS) + len(SETTLED)))
    rest: dict[str, Row] = {row["ticker"]: amounts(row) for row in listener.read("positions")}
    assert {ticker: row for ticker, row in reported.items() if ticker not in SETTLED} == rest != {}


@pytest.mark.parametrize(("streamer", "api_date"), RUNS, ids=named)
def test_a_listener_to_lively_hears_of_every_channel_within_a_second(
    open_sandbox: OpenSandbox, peers: Peers, streamer: Streamer, api_date: str
) -> None:
    sandbox = open_sandbox("lively", api_date, "paused")
    listener = Listener(peers(streamer), sandbox, "alice")
    assert listener.open() == {}
    listener.subscribe(*KINDS, tickers=LIVELY_MARKETS)
    sandbox.advance("1s")
    for kind in (kind for kinds in KINDS.values() for kind in kinds):
        assert listener.received(kind, 1)
    assert listener.received("log") == []
    listener.close()


@pytest.mark.parametrize(("empty_side", "snapshots"), [("omit", 0), ("empty", 1)])
def test_kalshi_sdk_reads_a_book_without_bids_where_the_scenario_sends_empty_sides(
    open_sandbox: OpenSandbox, peers: Peers, empty_side: str, snapshots: int
) -> None:
    (streamer,) = (one for one in STREAMERS if one.name == "kalshi-sdk")
    sandbox = open_sandbox(f"{BEFORE}stream: {{empty_side: {empty_side}}}\n", streamer.api_date, "paused")
    listener = Listener(peers(streamer), sandbox, "alice")
    assert listener.open() == {}
    listener.subscribe("orderbook_delta", tickers=["KXMOVE-A"])
    listener.received("frame:orderbook_snapshot", 1)
    assert len(listener.received("orderbook_snapshot")) == snapshots
    listener.close()
