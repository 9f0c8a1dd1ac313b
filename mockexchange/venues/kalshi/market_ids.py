"""Computes the ids of markets, which only the stream shows, from their tickers."""

from functools import lru_cache
from itertools import islice

from mockexchange.core.ids import derived_id
from mockexchange.core.model.state import State

IDS_KEPT_MAX = 16_384


@lru_cache(maxsize=IDS_KEPT_MAX)
def market_id(ticker: str) -> str:
    """Return the UUID of a market, the same in every sandbox and run."""
    return derived_id("market", ticker)


class MarketIds:
    """Finds the markets of one exchange by id; no id is computed before the first lookup."""

    __slots__ = ("_tickers",)

    def __init__(self) -> None:
        self._tickers: dict[str, str] = {}

    def ticker(self, state: State, wanted: str) -> str | None:
        """Return the ticker of the market with an id, None if there is no such market. Markets are never delisted."""
        if len(self._tickers) < len(state.markets):
            new = islice(state.markets, len(self._tickers), None)
            self._tickers |= {derived_id("market", ticker): ticker for ticker in new}
        return self._tickers.get(wanted)
