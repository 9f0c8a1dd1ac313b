"""Candlesticks: prices of trades and offers in a period, of one market, several, an event, or a historical market."""

from collections.abc import Sequence
from typing import NamedTuple

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.markets import Market
from mockexchange.venues.dated_fields import Field, Nested, Spelling
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.formatting import CONTRACTS, COUNT_2, PRICE_4, PRICE_CENTS, TEXT, TEXTS, UNIX_SECONDS
from mockexchange.venues.kalshi.named_days import FIXED_POINT_ADDED, INTEGERS_REMOVED
from mockexchange.venues.kalshi.resources.call import Call, PublicOperation, encoder, write
from mockexchange.venues.kalshi.resources.candle_sums import Candle, candles_of, projected
from mockexchange.venues.kalshi.resources.events import event_of_series
from mockexchange.venues.kalshi.resources.fields import list_of, maybe, optional, table, text
from mockexchange.venues.kalshi.resources.markets import historical_market_of, is_listed, market_of
from mockexchange.venues.kalshi.resources.parameters import Parameter

# --- fields of answers

SOURCE, DAILY = "docs-2025-11", "docs-daily"
OFFERS = ("close", "high", "low", "open")
PRICES = ("close", "high", "low", "mean", "open", "previous")
EXTREMES = ("max", "min")
READS = {"open": "first"}


def _offer(name: str) -> tuple[Field, ...]:
    return (
        Field(name=name, spelling=PRICE_CENTS, read=READS.get(name, name), until=INTEGERS_REMOVED, source=SOURCE),
        Field(name=f"{name}_dollars", spelling=PRICE_4, read=READS.get(name, name), source=SOURCE),
    )


def _price(name: str, read: str) -> tuple[Field, ...]:
    """Return the rows of a price that a period without trades does not have: cents are null, dollars are left out."""
    return (
        *optional(name, PRICE_CENTS, read, until=INTEGERS_REMOVED, source="wire-2026-01"),
        maybe(f"{name}_dollars", PRICE_4, read, source="wire-2026-01"),
    )


def _count(name: str) -> tuple[Field, ...]:
    return (
        Field(name=name, spelling=CONTRACTS, read=f"{name}_centis", until=INTEGERS_REMOVED, source=SOURCE),
        Field(name=f"{name}_fp", spelling=COUNT_2, read=f"{name}_centis", since=FIXED_POINT_ADDED, source=DAILY),
    )


def _part(name: str, table: str, fields: tuple[Field, ...], source: str = SOURCE) -> Field:
    return Field(name=name, spelling=Nested(table, fields), read=name, source=source)


def _end(source: str = SOURCE) -> Field:
    return Field(name="end_period_ts", spelling=UNIX_SECONDS, read="end_at", source=source)


BID_ASK_DISTRIBUTION = table("BidAskDistribution", *(tuple(field for name in OFFERS for field in _offer(name))))
PRICE_DISTRIBUTION = table(
    "PriceDistribution",
    *(field for name in PRICES for field in _price(name, READS.get(name, name))),
    # The extremes of several markets, which no answer here combines.
    *(field for name in EXTREMES for field in _price(name, "nothing")),
)
MARKET_CANDLESTICK = table(
    "MarketCandlestick",
    _end(),
    *_count("open_interest"),
    _part("price", "PriceDistribution", PRICE_DISTRIBUTION),
    *_count("volume"),
    _part("yes_ask", "BidAskDistribution", BID_ASK_DISTRIBUTION),
    _part("yes_bid", "BidAskDistribution", BID_ASK_DISTRIBUTION),
)
GET_MARKET_CANDLESTICKS_RESPONSE = table(
    "GetMarketCandlesticksResponse",
    list_of("candlesticks", "MarketCandlestick", MARKET_CANDLESTICK),
    text("ticker", "ticker"),
)
MARKET_CANDLESTICKS_RESPONSE = table(
    "MarketCandlesticksResponse",
    list_of("candlesticks", "MarketCandlestick", MARKET_CANDLESTICK, source=DAILY),
    Field(name="market_ticker", spelling=TEXT, read="ticker", source=DAILY),
)
BATCH_GET_MARKET_CANDLESTICKS_RESPONSE = table(
    "BatchGetMarketCandlesticksResponse",
    list_of("markets", "MarketCandlesticksResponse", MARKET_CANDLESTICKS_RESPONSE, source=DAILY),
)
GET_EVENT_CANDLESTICKS_RESPONSE = table(
    "GetEventCandlesticksResponse",
    Field(name="adjusted_end_ts", spelling=UNIX_SECONDS, read="end_at", source=SOURCE),
    Field(
        name="market_candlesticks",
        spelling=Spelling("list of lists of MarketCandlestick", str),
        read="candlesticks",
        source=SOURCE,
    ),
    Field(name="market_tickers", spelling=TEXTS, read="tickers", source=SOURCE),
)

BID_ASK_DISTRIBUTION_HISTORICAL = table(
    "BidAskDistributionHistorical",
    *(tuple(Field(name=name, spelling=PRICE_4, read=READS.get(name, name), source=DAILY) for name in OFFERS)),
)
PRICE_DISTRIBUTION_HISTORICAL = table(
    "PriceDistributionHistorical",
    *(
        tuple(
            Field(name=name, spelling=PRICE_4, read=READS.get(name, name), empty="null", source=DAILY)
            for name in PRICES
        )
    ),
)
MARKET_CANDLESTICK_HISTORICAL = table(
    "MarketCandlestickHistorical",
    _end(DAILY),
    Field(name="open_interest", spelling=COUNT_2, read="open_interest_centis", source=DAILY),
    _part("price", "PriceDistributionHistorical", PRICE_DISTRIBUTION_HISTORICAL, DAILY),
    Field(name="volume", spelling=COUNT_2, read="volume_centis", source=DAILY),
    _part("yes_ask", "BidAskDistributionHistorical", BID_ASK_DISTRIBUTION_HISTORICAL, DAILY),
    _part("yes_bid", "BidAskDistributionHistorical", BID_ASK_DISTRIBUTION_HISTORICAL, DAILY),
)
GET_MARKET_CANDLESTICKS_HISTORICAL_RESPONSE = table(
    "GetMarketCandlesticksHistoricalResponse",
    list_of("candlesticks", "MarketCandlestickHistorical", MARKET_CANDLESTICK_HISTORICAL, source=DAILY),
    Field(name="ticker", spelling=TEXT, read="ticker", source=DAILY),
)

# --- parameters of queries

TIME_RANGE = (
    Parameter(name="start_ts", kind="integer", required=True, source="docs-2025-11"),
    Parameter(name="end_ts", kind="integer", required=True, source="docs-2025-11"),
)
GET_CANDLESTICKS: tuple[Parameter, ...] = (
    *TIME_RANGE,
    Parameter(name="period_interval", kind="integer", numbers=(1, 60, 1440), required=True, source="docs-2025-11"),
)
GET_MARKET_CANDLESTICKS: tuple[Parameter, ...] = (
    *GET_CANDLESTICKS,
    Parameter(
        name="include_latest_before_start", kind="boolean", default=False, since="2026-01-18", source="docs-daily"
    ),
)
BATCH_GET_CANDLESTICKS: tuple[Parameter, ...] = (
    Parameter(name="market_tickers", kind="texts", items_max=100, required=True, source="docs-daily"),
    *TIME_RANGE,
    Parameter(name="period_interval", kind="integer", minimum=1, maximum=2**31 - 1, required=True, source="docs-daily"),
    Parameter(name="include_latest_before_start", kind="boolean", default=False, source="docs-daily"),
)

# --- operations

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
    series = market.event.series.ticker
    if series != call.path_params["series_ticker"]:
        message = f"{market.ticker} is of the series {series}, not {call.path_params['series_ticker']!r}"
        raise Rejected(Situation.NOT_FOUND, message)
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
        parameters=BATCH_GET_CANDLESTICKS,
    ),
    PublicOperation(
        name="GetMarketCandlesticks",
        path="/series/{series_ticker}/markets/{ticker}/candlesticks",
        answer=get_market_candlesticks,
        answer_table="GetMarketCandlesticksResponse",
        parameters=GET_MARKET_CANDLESTICKS,
    ),
    PublicOperation(
        name="GetMarketCandlesticksByEvent",
        path="/series/{series_ticker}/events/{ticker}/candlesticks",
        answer=get_event_candlesticks,
        answer_table="GetEventCandlesticksResponse",
        parameters=GET_CANDLESTICKS,
    ),
    PublicOperation(
        name="GetMarketCandlesticksHistorical",
        path="/historical/markets/{ticker}/candlesticks",
        answer=get_historical_candlesticks,
        answer_table="GetMarketCandlesticksHistoricalResponse",
        parameters=GET_CANDLESTICKS,
    ),
)
