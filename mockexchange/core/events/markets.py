"""Events: series, events, markets, their prices and books, and the exchange itself."""

from dataclasses import dataclass

from mockexchange.core.vocabulary import MarketStatus, Result, Severity, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesListed:
    series: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDescribed:
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventListed:
    """An event came into being with its first market."""

    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketListed:
    market: str
    event: str
    series: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketPriced:
    market: str
    price_centicents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketQuoted:
    """Bids of strangers: (price, count) levels of each side, best first."""

    market: str
    yes_levels: tuple[tuple[int, int], ...]
    no_levels: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChanged:
    """Contracts came to one price of a book, or (negative) left it; `order_id` is whose, None for a stranger's."""

    market: str
    side: Side
    price_centicents: int
    """Of `side`."""
    change_centis: int
    order_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketMoved:
    """The market entered `status`; `result` and `value_centicents` are set from its determination on."""

    market: str
    status: MarketStatus
    result: Result | None = None
    value_centicents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeSwitched:
    active: bool
    trading: bool
    resume_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    message: str
    severity: Severity
    active: bool
    delivered_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    subject: str
    text: str
