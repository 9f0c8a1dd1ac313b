"""Defines the JSON fields of candlesticks for each API date: prices of trades and offers in a period.

There are tables for live and for historical markets.
"""

from mockexchange.venues.dated import Field, Nested, Spelling
from mockexchange.venues.kalshi.dates import FIXED_POINT_ADDED, INTEGERS_REMOVED
from mockexchange.venues.kalshi.formatting import (
    CONTRACTS,
    COUNT_2,
    PRICE_4,
    PRICE_CENTS,
    TEXT,
    TEXTS,
    UNIX_SECONDS,
)
from mockexchange.venues.kalshi.objects.rows import list_of, maybe, optional, text

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


BID_ASK_DISTRIBUTION: tuple[Field, ...] = tuple(field for name in OFFERS for field in _offer(name))
PRICE_DISTRIBUTION: tuple[Field, ...] = (
    *(field for name in PRICES for field in _price(name, READS.get(name, name))),
    # The extremes of several markets, which no answer here combines.
    *(field for name in EXTREMES for field in _price(name, "nothing")),
)
MARKET_CANDLESTICK: tuple[Field, ...] = (
    _end(),
    *_count("open_interest"),
    _part("price", "PriceDistribution", PRICE_DISTRIBUTION),
    *_count("volume"),
    _part("yes_ask", "BidAskDistribution", BID_ASK_DISTRIBUTION),
    _part("yes_bid", "BidAskDistribution", BID_ASK_DISTRIBUTION),
)
GET_MARKET_CANDLESTICKS_RESPONSE: tuple[Field, ...] = (
    list_of("candlesticks", "MarketCandlestick", MARKET_CANDLESTICK),
    text("ticker", "ticker"),
)
MARKET_CANDLESTICKS_RESPONSE: tuple[Field, ...] = (
    list_of("candlesticks", "MarketCandlestick", MARKET_CANDLESTICK, source=DAILY),
    Field(name="market_ticker", spelling=TEXT, read="ticker", source=DAILY),
)
BATCH_GET_MARKET_CANDLESTICKS_RESPONSE: tuple[Field, ...] = (
    list_of("markets", "MarketCandlesticksResponse", MARKET_CANDLESTICKS_RESPONSE, source=DAILY),
)
GET_EVENT_CANDLESTICKS_RESPONSE: tuple[Field, ...] = (
    Field(name="adjusted_end_ts", spelling=UNIX_SECONDS, read="end_at", source=SOURCE),
    Field(
        name="market_candlesticks",
        spelling=Spelling("list of lists of MarketCandlestick", str),
        read="candlesticks",
        source=SOURCE,
    ),
    Field(name="market_tickers", spelling=TEXTS, read="tickers", source=SOURCE),
)

BID_ASK_DISTRIBUTION_HISTORICAL: tuple[Field, ...] = tuple(
    Field(name=name, spelling=PRICE_4, read=READS.get(name, name), source=DAILY) for name in OFFERS
)
PRICE_DISTRIBUTION_HISTORICAL: tuple[Field, ...] = tuple(
    Field(name=name, spelling=PRICE_4, read=READS.get(name, name), empty="null", source=DAILY) for name in PRICES
)
MARKET_CANDLESTICK_HISTORICAL: tuple[Field, ...] = (
    _end(DAILY),
    Field(name="open_interest", spelling=COUNT_2, read="open_interest_centis", source=DAILY),
    _part("price", "PriceDistributionHistorical", PRICE_DISTRIBUTION_HISTORICAL, DAILY),
    Field(name="volume", spelling=COUNT_2, read="volume_centis", source=DAILY),
    _part("yes_ask", "BidAskDistributionHistorical", BID_ASK_DISTRIBUTION_HISTORICAL, DAILY),
    _part("yes_bid", "BidAskDistributionHistorical", BID_ASK_DISTRIBUTION_HISTORICAL, DAILY),
)
GET_MARKET_CANDLESTICKS_HISTORICAL_RESPONSE: tuple[Field, ...] = (
    list_of("candlesticks", "MarketCandlestickHistorical", MARKET_CANDLESTICK_HISTORICAL, source=DAILY),
    Field(name="ticker", spelling=TEXT, read="ticker", source=DAILY),
)
OBJECTS: dict[str, tuple[Field, ...]] = {
    "GetMarketCandlesticksResponse": GET_MARKET_CANDLESTICKS_RESPONSE,
    "BatchGetMarketCandlesticksResponse": BATCH_GET_MARKET_CANDLESTICKS_RESPONSE,
    "MarketCandlesticksResponse": MARKET_CANDLESTICKS_RESPONSE,
    "GetEventCandlesticksResponse": GET_EVENT_CANDLESTICKS_RESPONSE,
    "MarketCandlestick": MARKET_CANDLESTICK,
    "PriceDistribution": PRICE_DISTRIBUTION,
    "BidAskDistribution": BID_ASK_DISTRIBUTION,
    "GetMarketCandlesticksHistoricalResponse": GET_MARKET_CANDLESTICKS_HISTORICAL_RESPONSE,
    "MarketCandlestickHistorical": MARKET_CANDLESTICK_HISTORICAL,
    "PriceDistributionHistorical": PRICE_DISTRIBUTION_HISTORICAL,
    "BidAskDistributionHistorical": BID_ASK_DISTRIBUTION_HISTORICAL,
}
