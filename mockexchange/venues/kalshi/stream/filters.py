"""Finds the markets that a command of a client names, by ticker or by id, as one name or as a list."""

from typing import NamedTuple

from mockexchange.venues.dated import ApiDate
from mockexchange.venues.kalshi.context import KalshiContext
from mockexchange.venues.kalshi.stream.commands import Params
from mockexchange.venues.kalshi.stream.errors import Code, Refused, exists
from mockexchange.venues.kalshi.stream.subscriptions import Markets

TICKERS = ("market_ticker", "market_tickers")
IDS = ("market_id", "market_ids")
SHOWN_CHARS_MAX = 60


class NamedMarkets(NamedTuple):
    """The markets that a command names: tickers of known markets, and unknown names."""

    markets: Markets
    unknown: list[str]
    by_ids: bool


def named_markets(context: KalshiContext, params: Params) -> NamedMarkets | None:
    """Return the markets that a command's parameters name; None if they name none. Raises Refused."""
    given = [name for name in (*TICKERS, *IDS) if name in params]
    if not given:
        return None
    if len(given) > 1:
        raise Refused(Code.INVALID, f"expected one of {', '.join(given)}")
    value = params[given[0]]
    names = [value] if isinstance(value, str) else value
    return _by_ids(context, names) if given[0] in IDS else _by_tickers(context, names)


def require_known(named: NamedMarkets, api_date: ApiDate, sid: int = 0) -> None:
    """Raise Refused for unknown markets, at API dates that have error code 16 for them.

    The newest day and `compat` ignore unknown markets.
    """
    if named.unknown and not api_date.is_compat and exists(Code.UNKNOWN_MARKET, api_date):
        first = named.unknown[0]
        key = "market_id" if named.by_ids else "market_ticker"
        raise Refused(Code.UNKNOWN_MARKET, f"no market {first[:SHOWN_CHARS_MAX]!r}", sid, **{key: first})


def note_of(named: NamedMarkets) -> str:
    """Return a note for the journal about names of unknown markets that were ignored."""
    if not named.unknown:
        return ""
    more = len(named.unknown) - 1
    return f"no market {named.unknown[0][:SHOWN_CHARS_MAX]!r}{f' and {more} more' if more else ''}: left out"


def _by_tickers(context: KalshiContext, names: list[str]) -> NamedMarkets:
    known = context.state.markets
    tickers = [known[name].ticker for name in names if name in known]
    return NamedMarkets(
        dict(zip(tickers, tickers, strict=True)), [name for name in names if name not in known], by_ids=False
    )


def _by_ids(context: KalshiContext, names: list[str]) -> NamedMarkets:
    found = {name: context.market_ids.ticker(context.state, name) for name in names}
    markets = {ticker: name for name, ticker in found.items() if ticker is not None}
    return NamedMarkets(markets, [name for name, ticker in found.items() if ticker is None], by_ids=True)
