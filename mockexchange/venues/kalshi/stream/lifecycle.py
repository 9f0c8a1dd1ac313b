"""Makes the messages of the channel market_lifecycle_v2: new events, and changes of markets' states.

A market trades from the moment it is listed, so the event type is `created` and no `activated` follows. A market that
is paused or closed is `deactivated`: trading has stopped, and its closing time stays what it was; one that resumes is
`activated`. A dispute has no event type.
"""

from mockexchange.core.events import EventListed, MarketListed, MarketMoved, MarketSwitched
from mockexchange.core.model.markets import Market
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import MarketStatus
from mockexchange.venues.dated import FOREVER
from mockexchange.venues.kalshi.frame_dates import COMBINATIONS_LEFT
from mockexchange.venues.kalshi.resources.market_views import VALUES_CENTICENTS, EventView, MarketView
from mockexchange.venues.kalshi.stream.messages import Message
from mockexchange.venues.kalshi.stream.views import EventLifecycleView, LifecycleView, MetadataView

CHANNEL = "market_lifecycle_v2"
COMBINATION_PREFIX = "KXMVE"
"""Ticker prefix of markets that combine others.

They left this channel before they got their own on 2026-03-19.
"""


def created_message(state: State, event: MarketListed, at: int) -> Message:
    market = state.markets[event.market]
    row = MarketView(state, market, at, 0)
    view = LifecycleView("created", market)
    view.exchange_index = market.event.exchange_index
    view.open_at, view.close_at = row.open_at, row.close_at
    view.is_fractional = row.is_fractional
    view.price_level_structure, view.price_ranges = row.price_level_structure, row.price_ranges
    name = market.event.details.title or market.event.ticker
    view.metadata = MetadataView(market, name, row.title, row.expected_expiration_at)
    return _message(market, view)


def moved_message(state: State, event: MarketMoved, at: int) -> Message | None:
    """Return the message about a market whose status became `event.status`.

    None for a status without a message, such as disputed.
    """
    market = state.markets[event.market]
    if event.status is MarketStatus.CLOSED:
        view = LifecycleView("deactivated", market)
        view.is_deactivated = True
    elif event.status is MarketStatus.DETERMINED:
        view = LifecycleView("determined", market)
        view.result, view.determined_at = event.result, at
        assert event.result is not None, "a determined market has a result"
        view.value_centicents = VALUES_CENTICENTS.get(event.result, event.value_centicents)
    elif event.status is MarketStatus.FINALIZED:
        view = LifecycleView("settled", market)
        view.settled_at = at
    else:
        return None
    return _message(market, view)


def switched_message(state: State, event: MarketSwitched, at: int) -> Message:
    """Return the message of a market in which trading was paused or resumed."""
    market = state.markets[event.market]
    view = LifecycleView("activated" if event.trading else "deactivated", market)
    view.is_deactivated = not event.trading
    return _message(market, view)


def event_message(state: State, event: EventListed, at: int) -> Message:
    listing = state.events[event.event]
    row = EventView(state, listing, at, 0, is_nested=False)
    view = EventLifecycleView(listing, row.title, row.strike_period, row.collateral_return_type)
    return Message(CHANNEL, "event_lifecycle", view, until=_told_until(listing.ticker))


def _message(market: Market, view: LifecycleView) -> Message:
    return Message(CHANNEL, CHANNEL, view, market=market, until=_told_until(market.ticker))


def _told_until(ticker: str) -> str:
    return COMBINATIONS_LEFT if ticker.startswith(COMBINATION_PREFIX) else FOREVER
