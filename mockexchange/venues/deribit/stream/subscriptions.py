"""What one session is subscribed to. Clients see no number of theirs; faults and the journal tell them apart by it."""

from typing import NamedTuple

from mockexchange.core.vocabulary import BookRef
from mockexchange.venues.deribit.stream.channels import Channel


class Subscription(NamedTuple):
    """`purse` is whose changes it tells: of who asked, None where nobody had logged in."""

    sid: int
    name: str
    channel: str
    markets: tuple[str, ...] | None
    purse: BookRef | None


class Subscriptions:
    """Those of one session by sid and by name, at most one a name. Sids are never used again."""

    __slots__ = ("_last_sid", "by_name", "by_sid")

    def __init__(self) -> None:
        self.by_sid: dict[int, Subscription] = {}
        self.by_name: dict[str, Subscription] = {}
        self._last_sid = 0

    def open(self, channel: Channel, purse: BookRef | None) -> None:
        """Begin to tell a channel; one that is told already goes on, for whoever asked last."""
        known = self.by_name.get(channel.name)
        if known is None:
            self._last_sid += 1
        sid = known.sid if known else self._last_sid
        markets = (channel.instrument,) if channel.instrument else None
        subscription = Subscription(sid, channel.name, channel.family.name, markets, purse)
        self.by_sid[sid] = self.by_name[channel.name] = subscription

    def close(self, sid: int) -> Subscription:
        """Raises KeyError where there is none."""
        subscription = self.by_sid.pop(sid)
        del self.by_name[subscription.name]
        return subscription

    def clear(self) -> None:
        self.by_sid.clear()
        self.by_name.clear()
