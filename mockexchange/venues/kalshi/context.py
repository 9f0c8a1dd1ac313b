"""The context in which requests to Kalshi are answered: the state, API date, settings and caches of one sandbox."""

from dataclasses import dataclass, field

from mockexchange.core.model.accounts import Key
from mockexchange.core.model.state import State
from mockexchange.venues.caches import Caches
from mockexchange.venues.data_tables import NO_DATA, Data
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.kalshi.market_ids import MarketIds
from mockexchange.venues.kalshi.named_days import api_date as parse_date
from mockexchange.venues.kalshi.rate_limits import RateLimits
from mockexchange.venues.kalshi.resources import DATA
from mockexchange.venues.kalshi.settings import KalshiSettings


@dataclass(slots=True)
class KalshiContext:
    state: State
    api_date: ApiDate
    settings: KalshiSettings = field(default_factory=KalshiSettings)
    caches: Caches = field(default_factory=Caches)
    market_ids: MarketIds = field(default_factory=MarketIds)
    rate_limits: RateLimits = field(default_factory=RateLimits)
    is_lagging: bool = False
    """Whether the state is an older one that a fault serves to reads.

    A write is then answered again with the current state.
    """
    data: Data = field(init=False)

    def __post_init__(self) -> None:
        self.data = Data(DATA, self.settings.data) if self.settings.data else NO_DATA


def counts_requests(context: KalshiContext) -> bool:
    """Return whether an answer depends on the number of earlier requests: so it is if rate limits are enforced."""
    return context.settings.rate_limits == "enforce"


def share_limits(context: KalshiContext, other: KalshiContext) -> None:
    """Let requests in the context `other`, such as that of a lagging exchange, use up the rate limits of `context`."""
    other.rate_limits, other.is_lagging = context.rate_limits, True


def date_of(context: KalshiContext, key: Key | None) -> ApiDate:
    """Return the API date that applies to a key: the date set for the key, or else that of the sandbox."""
    return parse_date(key.api_date) if key and key.api_date else context.api_date
