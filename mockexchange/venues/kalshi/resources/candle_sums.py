"""Computes the candlesticks of a market from its trades.

There is no record of quotes. A trade shows the offer that it met: the ask if the taker gained YES, the bid if the taker
gained NO. Between trades the last ask and the last bid stay. Periods end at multiples of their length since 1970, end
included, and a period without a trade has no candlestick.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from mockexchange.core.model.markets import Market
from mockexchange.core.model.orders import Trade
from mockexchange.core.model.paged_history import Window
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, Side


class Distribution(Struct):
    """The first, highest, lowest and last of the prices in a period, in hundredths of a cent."""

    first: int
    high: int
    low: int
    close: int

    def add(self, price: int) -> None:
        self.high, self.low, self.close = max(self.high, price), min(self.low, price), price


class PriceDistribution(Struct):
    """Prices of the trades in a period, None if it has no trades. `previous` is the last price before the period."""

    first: int | None = None
    high: int | None = None
    low: int | None = None
    close: int | None = None
    mean: int | None = None
    previous: int | None = None
    nothing: None = None


class Candle(Struct):
    """A candlestick; `end_at` is the last instant of its period."""

    end_at: int
    price: PriceDistribution
    yes_bid: Distribution
    yes_ask: Distribution
    volume_centis: int
    open_interest_centis: int


class _Offers(Struct):
    """The last bid and ask that trades have shown; nothing is known before the first."""

    bid: int = 0
    ask: int = CENTICENTS_PER_DOLLAR

    def add(self, trade: Trade) -> None:
        if trade.taker_side is Side.YES:
            self.ask = trade.yes_centicents
        else:
            self.bid = trade.yes_centicents


def candles_of(state: State, market: Market, period_us: int, earliest: int, latest: int) -> list[Candle]:
    """Return the candlesticks whose periods end from `earliest` to `latest`, oldest first.

    Cost: O(trades of the market in that time), and two trades before it.
    """
    first_us = -(-earliest // period_us) * period_us - period_us
    last_us = latest // period_us * period_us
    trades = _trades(state, market, Window(first_us + 1, last_us))
    before = last_before(state, market, first_us + 1)
    offers, previous = _offers_before(state, market, first_us), None if before is None else before.yes_centicents
    candles = []
    for end_at, group in _by_period(trades, period_us):
        candles.append(_candle(market, end_at, group, offers, previous))
        previous = group[-1].yes_centicents
    return candles


def last_before(state: State, market: Market, at: int) -> Trade | None:
    """Return the last trade of a market before an instant; None if there is none."""
    found = state.tape.find(1, (market.ticker,), window=Window(latest=at - 1)).rows
    return found[0] if found else None


def projected(state: State, market: Market, period_us: int, earliest: int) -> Candle | None:
    """Return a candlestick without trades that continues the last trade before `earliest`; None if there was no trade.

    Its period is the first that ends after `earliest` (documented).
    """
    before = last_before(state, market, earliest)
    if before is None:
        return None
    end_at = (earliest // period_us + 1) * period_us
    offers = _offers_before(state, market, earliest - 1)
    price = PriceDistribution(previous=before.yes_centicents)
    bid, ask = (Distribution(each, each, each, each) for each in (offers.bid, offers.ask))
    return Candle(end_at, price, bid, ask, 0, _open_interest(market))


def _trades(state: State, market: Market, window: Window) -> Sequence[Trade]:
    """Return the trades of a market in a window, oldest first."""
    most = max(1, sum(len(state.tape.filed(market.ticker, (is_block,))) for is_block in (False, True)))
    return state.tape.find(most, (market.ticker,), window=window).rows[::-1]


def _offers_before(state: State, market: Market, at: int) -> _Offers:
    """Return the offers that the last trades of either side up to an instant have shown."""
    offers = _Offers()
    for side in Side:
        found = state.tape.find(
            1,
            (market.ticker,),
            window=Window(latest=at),
            keeps=lambda trade, side=side: trade.taker_side is side,  # type: ignore[misc]  # a default binds the side
        )
        for trade in found.rows:
            offers.add(trade)
    return offers


def _by_period(trades: Iterable[Trade], period_us: int) -> list[tuple[int, list[Trade]]]:
    """Return the trades by the end of their period."""
    groups: dict[int, list[Trade]] = {}
    for trade in trades:
        groups.setdefault(-(-trade.created_at // period_us) * period_us, []).append(trade)
    return list(groups.items())


def _candle(market: Market, end_at: int, trades: list[Trade], offers: _Offers, previous: int | None) -> Candle:
    bid, ask = (Distribution(each, each, each, each) for each in (offers.bid, offers.ask))
    for trade in trades:
        offers.add(trade)
        bid.add(offers.bid)
        ask.add(offers.ask)
    prices = [trade.yes_centicents for trade in trades]
    volume = sum(trade.count_centis for trade in trades)
    mean = sum(trade.yes_centicents * trade.count_centis for trade in trades) // volume
    price = PriceDistribution(prices[0], max(prices), min(prices), prices[-1], mean, previous)
    return Candle(end_at, price, bid, ask, volume, _open_interest(market))


def _open_interest(market: Market) -> int:
    """Return the open interest of now: the tape does not keep that of the past."""
    return max(market.yes_held_centis, market.no_held_centis)
