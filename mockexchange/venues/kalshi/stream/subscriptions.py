"""The subscriptions of one session, with their ids (sid), market filters and sequence counters."""

from collections.abc import Iterator

from mockexchange.venues.kalshi.stream.channels import ChannelRow

MARKETS_MAX = 500_000
"""Largest number of markets in one session, over all its subscriptions (documented since 2026-06-18)."""

Markets = dict[str, str]
"""Tickers in the order of the requests, each with the name that the client used: the ticker itself or the id."""


class Subscription:
    """One subscription to a channel. `markets` is the filter, None without one.

    One counter numbers both its data and its answers, from 1 on.
    """

    __slots__ = (
        "channel",
        "has_ids",
        "in_yes_price",
        "is_sequenced",
        "markets",
        "sequence",
        "sid",
        "skips_lists",
    )

    def __init__(self, sid: int, channel: ChannelRow) -> None:
        self.sid = sid
        self.channel = channel.name
        self.is_sequenced = channel.is_sequenced
        self.markets: Markets | None = {}
        self.has_ids = False
        self.skips_lists = False
        self.in_yes_price = False
        self.sequence = 0

    def next_seq(self) -> int:
        self.sequence += 1
        return self.sequence

    def join(self, markets: Markets | None) -> list[str]:
        """Add markets to the subscription's filter; return the tickers that are new in it.

        None removes the filter for good, so that all markets match.
        """
        if markets is None or self.markets is None:
            self.markets = None
            return []
        known = self.markets
        new = [ticker for ticker in markets if ticker not in known]
        known.update({ticker: markets[ticker] for ticker in new})
        return new

    def leave(self, markets: Markets) -> None:
        if self.markets is not None:
            for ticker in markets:
                self.markets.pop(ticker, None)


class Subscriptions:
    """The subscriptions of one session by sid and by channel, at most one for a channel. Sids are never used again."""

    __slots__ = ("_last_sid", "by_channel", "by_sid")

    def __init__(self) -> None:
        self.by_sid: dict[int, Subscription] = {}
        self.by_channel: dict[str, Subscription] = {}
        self._last_sid = 0

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self.by_sid.values())

    def open(self, channel: ChannelRow) -> Subscription:
        self._last_sid += 1
        subscription = Subscription(self._last_sid, channel)
        self.by_sid[subscription.sid] = self.by_channel[channel.name] = subscription
        return subscription

    def close(self, sid: int) -> Subscription:
        """Remove a subscription and return it. Raises KeyError if no subscription has that sid."""
        subscription = self.by_sid.pop(sid)
        del self.by_channel[subscription.channel]
        return subscription

    def markets_count(self) -> int:
        return sum(len(each.markets) for each in self if each.markets)
