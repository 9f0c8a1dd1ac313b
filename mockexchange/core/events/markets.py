"""Events of series, events, markets, their prices and order books, and of the exchange itself."""

from msgspec import Struct

from mockexchange.core.vocabulary import MarketStatus, Result, Severity, Side


class SeriesListed(Struct, frozen=True, kw_only=True):
    """A series was listed."""

    series: str


class EventDescribed(Struct, frozen=True, kw_only=True):
    """The details of an event were set."""

    event: str


class EventListed(Struct, frozen=True, kw_only=True):
    """An event was listed together with its first market."""

    event: str


class MarketListed(Struct, frozen=True, kw_only=True):
    """A market was listed."""

    market: str
    event: str
    series: str


class MarketPriced(Struct, frozen=True, kw_only=True):
    """The last price of YES changed."""

    market: str
    price_centicents: int


class MarketQuoted(Struct, frozen=True, kw_only=True):
    """The bids of outside traders in a market were set: (price, count) levels of each side, the best first."""

    market: str
    yes_levels: tuple[tuple[int, int], ...]
    no_levels: tuple[tuple[int, int], ...]


class LevelChanged(Struct, frozen=True, kw_only=True):
    """The count at one price of an order book changed by `change_centis`, negative if it fell.

    `order_id` is None for outside bids.
    """

    market: str
    side: Side
    price_centicents: int
    """Price of the contract of `side`."""
    change_centis: int
    order_id: str | None = None


class MarketMoved(Struct, frozen=True, kw_only=True):
    """A market changed its status. `result` and `value_centicents` are None before the market is determined."""

    market: str
    status: MarketStatus
    result: Result | None = None
    value_centicents: int | None = None


class MarketSwitched(Struct, frozen=True, kw_only=True):
    """Trading in a market was paused or resumed."""

    market: str
    trading: bool


class ExchangeSwitched(Struct, frozen=True, kw_only=True):
    """The exchange was opened or halted."""

    active: bool
    trading: bool
    resume_at: int | None


class Announced(Struct, frozen=True, kw_only=True):
    """An announcement was published."""

    message: str
    severity: Severity
    active: bool
    delivered_at: int


class Noted(Struct, frozen=True, kw_only=True):
    """An action that does not change the exchange, such as the installation of a fault, was recorded in the log."""

    subject: str
    text: str
