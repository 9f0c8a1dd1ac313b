"""Markets by id: one id for a ticker, found also after more markets are listed, without a scan of all."""

from itertools import islice
from typing import Any

import pytest

from mockexchange.venues.kalshi import market_ids
from mockexchange.venues.kalshi.market_ids import MarketIds, market_id
from tests.venues.kalshi.world import Venue


def test_a_market_is_found_by_its_id_as_soon_as_it_is_there() -> None:
    venue, ids = Venue(), MarketIds()
    state = venue.exchange.state
    assert ids.ticker(state, market_id("RAIN-1")) is None
    venue.list_markets("RAIN-1", "RAIN-2")
    assert ids.ticker(state, market_id("RAIN-2")) == "RAIN-2"
    venue.list_markets("HEAT-1")
    assert [ids.ticker(state, market_id(name)) for name in ("RAIN-1", "HEAT-1")] == ["RAIN-1", "HEAT-1"]


def test_a_command_full_of_unknown_ids_reads_the_markets_once(monkeypatch: pytest.MonkeyPatch) -> None:
    walks = []

    def counted(*given: Any) -> Any:
        walks.append(given)
        return islice(*given)

    monkeypatch.setattr(market_ids, "islice", counted)
    venue, ids = Venue(), MarketIds()
    venue.list_markets("RAIN-1", "RAIN-2")
    assert {ids.ticker(venue.exchange.state, f"nobody-{number}") for number in range(50)} == {None}
    assert len(walks) == 1
