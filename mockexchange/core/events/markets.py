"""Events: series, events, markets, their prices and books, and the exchange itself."""

from msgspec import Struct

from mockexchange.core.vocabulary import MarketStatus, Result, Severity, Side


class SeriesListed(Struct, frozen=True, kw_only=True):
    series: str


class EventDescribed(Struct, frozen=True, kw_only=True):
    event: str


class EventListed(Struct, frozen=True, kw_only=True):
    """An event came into being with its first market."""

    event: str


class MarketListed(Struct, frozen=True, kw_only=True):
    market: str
    event: str
    series: str


class MarketPriced(Struct, frozen=True, kw_only=True):
    market: str
    price_centicents: int


class MarketQuoted(Struct, frozen=True, kw_only=True):
    """Bids of strangers: (price, count) levels of each side, best first."""

    market: str
    yes_levels: tuple[tuple[int, int], ...]
    no_levels: tuple[tuple[int, int], ...]


class LevelChanged(Struct, frozen=True, kw_only=True):
    """Contracts came to one price of a book, or (negative) left it; `order_id` is whose, None for a stranger's."""

    market: str
    side: Side
    price_centicents: int
    """Of `side`."""
    change_centis: int
    order_id: str | None = None


class MarketMoved(Struct, frozen=True, kw_only=True):
    """The market entered `status`; `result` and `value_centicents` are set from its determination on."""

    market: str
    status: MarketStatus
    result: Result | None = None
    value_centicents: int | None = None


class ExchangeSwitched(Struct, frozen=True, kw_only=True):
    active: bool
    trading: bool
    resume_at: int | None


class Announced(Struct, frozen=True, kw_only=True):
    message: str
    severity: Severity
    active: bool
    delivered_at: int


class Noted(Struct, frozen=True, kw_only=True):
    subject: str
    text: str
