"""The subscriptions of one session. Faults and the journal identify them by a number `sid`, which clients never see."""

from typing import NamedTuple

from mockexchange.core.vocabulary import SubaccountRef


class Subscription(NamedTuple):
    """One subscription: the full name of its channel, and the channel's family, by which scenarios name it (`channel`).

    `subaccount_ref` is the subaccount that may see its messages; None for a client that is not logged in.
    """

    sid: int
    name: str
    channel: str
    markets: tuple[str, ...] | None
    subaccount_ref: SubaccountRef | None


class Subscriptions:
    """The subscriptions of a session by sid and by name, at most one for each name. A sid is never used again."""

    __slots__ = ("_last_sid", "by_name", "by_sid")

    def __init__(self) -> None:
        self.by_sid: dict[int, Subscription] = {}
        self.by_name: dict[str, Subscription] = {}
        self._last_sid = 0

    def open(
        self, name: str, channel: str, subaccount_ref: SubaccountRef | None, markets: tuple[str, ...] | None = None
    ) -> None:
        """Add a subscription; a subscription of the same name is replaced and keeps its sid."""
        known = self.by_name.get(name)
        if known is None:
            self._last_sid += 1
        sid = known.sid if known else self._last_sid
        self.by_sid[sid] = self.by_name[name] = Subscription(sid, name, channel, markets, subaccount_ref)

    def close(self, sid: int) -> Subscription:
        """Remove and return a subscription. Raises KeyError if no subscription has that sid."""
        subscription = self.by_sid.pop(sid)
        del self.by_name[subscription.name]
        return subscription

    def clear(self) -> None:
        self.by_sid.clear()
        self.by_name.clear()
