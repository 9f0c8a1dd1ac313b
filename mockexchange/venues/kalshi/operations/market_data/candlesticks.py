"""Implements the operations that read candlesticks: of one market, several, an event, or a historical market."""

from collections.abc import Sequence
from typing import NamedTuple

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.markets import Market
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import Call, PublicOperation, encoder, write
from mockexchange.venues.kalshi.operations.market_data.candles import Candle, candles_of, projected
from mockexchange.venues.kalshi.operations.market_data.events import event_of_series
from mockexchange.venues.kalshi.operations.market_data.markets import historical_market_of, is_listed, market_of

MINUTE_US = 60 * MICROSECONDS_PER_SECOND
BATCH_MAX = 10_000
"""Largest number of candlesticks in one answer about several markets (documented)."""


class MarketCandles(NamedTuple):
    ticker: str
    candlesticks: Sequence[Candle]


class Batch(NamedTuple):
    markets: Sequence[MarketCandles]


class EventCandles(NamedTuple):
    """Candlesticks of each market of an event, as encoded JSON."""

    tickers: Sequence[str]
    candlesticks: str
    end_at: int


def get_market_candlesticks(call: Call) -> bytes:
    market = market_of(call)
    _require_series(call, market)
    return write(call, MarketCandles(market.ticker, _candles(call, market)))


def get_historical_candlesticks(call: Call) -> bytes:
    market = historical_market_of(call)
    return write(call, MarketCandles(market.ticker, _candles(call, market)))


def get_batch_candlesticks(call: Call) -> bytes:
    """Return the candlesticks of several markets; unknown markets are left out."""
    tickers = dict.fromkeys(call.params["market_tickers"])
    found = [call.state.markets[ticker] for ticker in tickers if ticker in call.state.markets]
    markets = [MarketCandles(one.ticker, _candles(call, one)) for one in found if is_listed(call, one)]
    if sum(len(one.candlesticks) for one in markets) > BATCH_MAX:
        raise Rejected(Situation.CLASHING, f"the answer has more than {BATCH_MAX:,} candlesticks: ask for less")
    return write(call, Batch(markets))


def get_event_candlesticks(call: Call) -> bytes:
    event = event_of_series(call)
    encode = encoder("MarketCandlestick", call.api_date)
    markets = [market for market in event.markets if is_listed(call, market)]
    rows = [b"[%s]" % b",".join(map(encode, _candles(call, market))) for market in markets]
    end_at = call.params["end_ts"] * MICROSECONDS_PER_SECOND
    return write(call, EventCandles([one.ticker for one in markets], f"[{b','.join(rows).decode()}]", end_at))


def _require_series(call: Call, market: Market) -> None:
    series = call.path_params["series_ticker"]
    if market.event.series.ticker != series:
        raise Rejected(
            Situation.NOT_FOUND, f"{market.ticker} is of the series {market.event.series.ticker}, not {series!r}"
        )


def _candles(call: Call, market: Market) -> Sequence[Candle]:
    params, period_us = call.params, call.params["period_interval"] * MINUTE_US
    earliest, latest = (params[name] * MICROSECONDS_PER_SECOND for name in ("start_ts", "end_ts"))
    candles = candles_of(call.state, market, period_us, earliest, min(latest, call.at + period_us))
    first = projected(call.state, market, period_us, earliest) if params.get("include_latest_before_start") else None
    if first is None or (candles and candles[0].end_at <= first.end_at):
        return candles
    return [first, *candles]


OPERATIONS = (
    PublicOperation(
        name="BatchGetMarketCandlesticks",
        path="/markets/candlesticks",
        answer=get_batch_candlesticks,
        answer_table="BatchGetMarketCandlesticksResponse",
    ),
    PublicOperation(
        name="GetMarketCandlesticks",
        path="/series/{series_ticker}/markets/{ticker}/candlesticks",
        answer=get_market_candlesticks,
        answer_table="GetMarketCandlesticksResponse",
    ),
    PublicOperation(
        name="GetMarketCandlesticksByEvent",
        path="/series/{series_ticker}/events/{ticker}/candlesticks",
        answer=get_event_candlesticks,
        answer_table="GetEventCandlesticksResponse",
    ),
    PublicOperation(
        name="GetMarketCandlesticksHistorical",
        path="/historical/markets/{ticker}/candlesticks",
        answer=get_historical_candlesticks,
        answer_table="GetMarketCandlesticksHistoricalResponse",
    ),
)
