"""What one session is subscribed to: sids, filters and counters."""

from collections.abc import Iterator

from mockexchange.venues.kalshi.stream.channels import ChannelRow

MARKETS_MAX = 500_000
"""Markets asked for by name in one session, over all its subscriptions (documented since 2026-06-18)."""

Markets = dict[str, str]
"""Tickers in the order in which they were asked for, each with what it was asked for by: itself, or its id."""


class Subscription:
    """`markets` is None where nothing is filtered out. One counter numbers data and answers alike, from 1."""

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
        """Ask for more; return the tickers that are new. None, once asked for, stays: every market there is."""
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
    """Those of one session by sid and by channel, at most one a channel. Sids are never used again."""

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
        """Raises KeyError where there is none."""
        subscription = self.by_sid.pop(sid)
        del self.by_channel[subscription.channel]
        return subscription

    def markets_count(self) -> int:
        return sum(len(each.markets) for each in self if each.markets)
