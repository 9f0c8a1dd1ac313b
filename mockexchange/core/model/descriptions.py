"""Descriptive fields of series, events and markets: texts, times and strikes."""

from msgspec import Struct

from mockexchange.core.instants import MICROSECONDS_PER_DAY

TRADING_US = 365 * MICROSECONDS_PER_DAY
"""How long a market without a close time is open; the venue sets one for every market, this length is a choice."""


class SeriesDetails(Struct, frozen=True, kw_only=True):
    """Descriptive fields of a series, such as its title and category."""

    title: str = ""
    category: str = ""
    frequency: str = "custom"
    tags: tuple[str, ...] = ()


class EventDetails(Struct, frozen=True, kw_only=True):
    """Descriptive fields of an event, such as its title and strike."""

    title: str = ""
    sub_title: str = ""
    category: str = ""
    mutually_exclusive: bool = False
    strike_at: int | None = None
    strike_period: str = ""


class MarketDetails(Struct, frozen=True, kw_only=True):
    """Descriptive fields of a market: texts, times and strikes.

    Times are in microseconds; a time that is None is derived from the time of listing.
    """

    subtitle: str = ""
    yes_title: str = ""
    no_title: str = ""
    open_at: int | None = None
    close_at: int | None = None
    expected_expiration_at: int | None = None
    expiration_at: int | None = None
    settlement_timer_s: int = 3_600
    can_close_early: bool = True
    rules_primary: str = ""
    rules_secondary: str = ""
    strike_type: str | None = None
    floor_strike: str | None = None
    cap_strike: str | None = None
    """Strikes are decimal text, in the unit of what the market is about, such as dollars or degrees."""
