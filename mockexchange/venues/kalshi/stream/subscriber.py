"""A subscriber: the subscriptions of one stream, and the answers to the commands that change them."""

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Literal
from zlib import crc32

from mockexchange.core.model.accounts import Key
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.dated_fields import ApiDate, DatedRow, pick
from mockexchange.venues.frame import Frame
from mockexchange.venues.kalshi.context import KalshiContext
from mockexchange.venues.kalshi.formatting import unix_milliseconds
from mockexchange.venues.kalshi.frames.rows import REVISED, SUBACCOUNTS_SHOWN
from mockexchange.venues.kalshi.named_days import AUTUMN_2026
from mockexchange.venues.kalshi.resources.row_owner import only_subaccount
from mockexchange.venues.kalshi.stream.channels import ChannelRow
from mockexchange.venues.kalshi.stream.errors import Refused, StreamErrorRow
from mockexchange.venues.kalshi.stream.feed import Message

# Subscriptions: their ids (sid), market filters and sequence counters


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
        "shard",
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
        self.shard: tuple[int, int] | None = None
        """The shard of markets whose messages it gets, and the number of shards; None for all markets."""
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


# Replies to commands, whose keys a table has for each API date
#
# Keys are in the recorded order (`subscribed`) or the documented one (the others); each frame ends in a newline.
# `compat` has the lists at both of their places, and a `seq` on `unsubscribed` alone: one published client takes the
# `seq` of an `ok` for a gap, another wants it counted, and a third conflicts with the `seq` of an error.


LISTS_MOVED = "2026-02-12"
SENDING_TIME = "frame.sending_ts_ms"
"""Key in answers and in data alike; documented as optional, and quoted from a live frame of 2026-10-05."""

REPLY_KEYS: tuple[DatedRow, ...] = (
    DatedRow(name="subscribed.id", source="wire-2026-06"),
    DatedRow(name="subscribed.msg", source="wire-2026-06"),
    DatedRow(name="unsubscribed.id", since=REVISED, source="changelog"),
    DatedRow(name="unsubscribed.sid", source="docs-2025-11"),
    DatedRow(name="unsubscribed.seq", since=REVISED, source="changelog"),
    DatedRow(name="ok.id", source="docs-2025-11"),
    DatedRow(name="ok.sid", source="docs-2025-11"),
    DatedRow(name="ok.seq", source="docs-2025-11"),
    DatedRow(name="ok.market_tickers", until=LISTS_MOVED, source="docs-2025-11"),
    DatedRow(name="ok.msg", since=LISTS_MOVED, source="changelog"),
    DatedRow(name="list.id", source="docs-2025-11"),
    DatedRow(name="list.subscriptions", until=LISTS_MOVED, source="docs-2025-11"),
    DatedRow(name="list.msg", since=LISTS_MOVED, source="changelog"),
    DatedRow(name="error.id", source="docs-2025-11"),
    DatedRow(name="error.sid", since=AUTUMN_2026, source="sdk-3.34"),
    DatedRow(name="error.seq", since=AUTUMN_2026, source="sdk-3.34"),
    DatedRow(name="error.msg", source="docs-2025-11"),
    DatedRow(name=SENDING_TIME, since=AUTUMN_2026, source="asyncapi-2026-10"),
)
"""Keys that answers have beside `type`, by date, as "answer.key".

`list` is the `ok` of list_subscriptions, `frame` any frame.
"""
CONTESTED_NUMBERS = {"ok.seq", "error.seq"}
Keys = frozenset[str]


@lru_cache(maxsize=64)
def keys_of(api_date: ApiDate, numbers: Literal["dated", "never"] = "dated") -> Keys:
    """Return the keys that answers have at an API date.

    CONTESTED_NUMBERS are left out in `compat`, and if `numbers` is "never".
    """
    is_unnumbered = api_date.is_compat or numbers == "never"
    return frozenset(pick(REPLY_KEYS, api_date)) - (CONTESTED_NUMBERS if is_unnumbered else set())


def subscribed_reply(subscription: Subscription, command_id: int) -> bytes:
    msg = {"channel": subscription.channel, "sid": subscription.sid}
    return _line({"type": "subscribed", **_id(command_id), "msg": msg})


def unsubscribed_reply(subscription: Subscription, command_id: int, keys: Keys) -> bytes:
    """Return the answer `unsubscribed`. If it has a `seq` at the API date, this is the subscription's next number."""
    known_id = _id(command_id) if "unsubscribed.id" in keys else {}
    seq = {"seq": subscription.next_seq()} if "unsubscribed.seq" in keys else {}
    return _line({**known_id, "sid": subscription.sid, **seq, "type": "unsubscribed"})


def updated_reply(subscription: Subscription, command_id: int, keys: Keys) -> bytes:
    """Return the answer `ok` to update_subscription, with all markets of the subscription.

    If it has a `seq` at the API date, this is the subscription's next number.
    """
    seq = {"seq": subscription.next_seq()} if "ok.seq" in keys else {}
    lists = _lists(subscription)
    msg = {"msg": lists} if "ok.msg" in keys else {}
    flat = lists if "ok.market_tickers" in keys else {}
    return _line({**_id(command_id), "sid": subscription.sid, **seq, "type": "ok", **msg, **flat})


def listed_reply(subscriptions: Iterable[Subscription], command_id: int, keys: Keys) -> bytes:
    """Return the answer `ok` to list_subscriptions; it belongs to no subscription, so it has no sid and no seq."""
    rows = [{"channel": each.channel, "sid": each.sid} for each in subscriptions]
    lists = {name: rows for name in ("msg", "subscriptions") if f"list.{name}" in keys}
    return _line({**_id(command_id), "type": "ok", **lists})


def error_reply(
    refused: Refused, row: StreamErrorRow, command_id: int, keys: Keys, subscription: Subscription | None = None
) -> bytes:
    """Return an error answer with the code and the text of `row`.

    If it has a `seq` at the API date, this is the subscription's next number.
    """
    about = {}
    if subscription is not None and "error.sid" in keys:
        about["sid"] = subscription.sid
        if subscription.is_sequenced and "error.seq" in keys:
            about["seq"] = subscription.next_seq()
    msg: dict[str, Any] = {"code": int(row.code), "msg": row.message, **refused.named}
    return _line({**_id(command_id), **about, "type": "error", "msg": msg})


def _id(command_id: int) -> dict[str, int]:
    """Return the key `id`; empty for 0, which is no id."""
    return {"id": command_id} if command_id else {}


def _lists(subscription: Subscription) -> dict[str, list[str]]:
    """Return the filter as market_tickers or market_ids; empty if the client skips it or there is no filter."""
    if subscription.markets is None or subscription.skips_lists:
        return {}
    if subscription.has_ids:
        return {"market_ids": list(subscription.markets.values())}
    return {"market_tickers": list(subscription.markets)}


def _line(frame: dict[str, Any]) -> bytes:
    """Encode a frame; half of a surrogate pair, which UTF-8 cannot hold, becomes a question mark."""
    return json.dumps(frame, separators=(",", ":"), ensure_ascii=False).encode(errors="replace") + b"\n"


# The subscriber: its key, API date and subscriptions decide which messages become frames


class Subscriber:
    """The receiver of a stream's messages; without a key it is anonymous and gets only public messages."""

    def __init__(self, context: KalshiContext, key: Key | None, api_date: ApiDate) -> None:
        self.context, self.key, self.api_date = context, key, api_date
        self.answer_keys = keys_of(api_date, context.settings.stream_answer_numbers)
        self.has_sending_time = SENDING_TIME in self.answer_keys and context.settings.stream_sending_time == "dated"
        self.registry = Subscriptions()
        self.channels = self.registry.by_channel
        self.subscriptions = self.registry.by_sid
        self._day = api_date.day or ""
        """The day as text; in compat empty, which sorts before every day: compat gets the messages of all days."""
        self._account = key.account if key else None
        self._subaccount = (
            only_subaccount(key, context.state.accounts[key.account], api_date, SUBACCOUNTS_SHOWN) if key else None
        )

    @property
    def wants_empty_sides(self) -> bool:
        """Whether a whole order book is sent with a side that has no bids; one published client needs both sides."""
        wanted = self.context.settings.stream_empty_side
        return wanted == "empty" or (wanted == "dated" and self.api_date.is_compat)

    def frame_of(self, message: Message) -> Frame | None:
        """Return a message as a frame; None if no subscription matches it, or the key may not see it.

        This method runs for every subscriber of every message: parts that subscribers share are made once and cached in
        the message.
        """
        subscription = self.channels.get(message.channel)
        if subscription is None or self._day >= message.until:
            return None
        markets = subscription.markets
        if markets is not None and (market := message.market) is not None and market.ticker not in markets:
            return None
        if subscription.shard is not None and (market := message.market) is not None:
            key, factor = subscription.shard
            if crc32(market.ticker.encode()) % factor != key:
                return None
        subaccount_ref = message.subaccount_ref
        if subaccount_ref is not None and not self._is_of_key(subaccount_ref):
            return None
        return self._shared_frame(message, subscription)

    def _shared_frame(self, message: Message, subscription: Subscription) -> Frame:
        """Return the message as the next frame of a subscription, made once for all readers that get the same one."""
        owner = message.owner
        is_own = owner is not None and self._is_of_key(owner)
        sequence = 0
        if subscription.is_sequenced:
            sequence = subscription.sequence = subscription.sequence + 1
        known = (self._day, subscription.sid, sequence, is_own, subscription.in_yes_price)
        frame: Frame | None = message.frames.get(known)
        if frame is None:
            body = message.body(self.api_date, is_own, subscription.in_yes_price)
            frame = _frame(message, subscription, b"", body)
            frame = message.frames[known] = self.stamped(frame, message.at)
        return frame

    def stamped(self, frame: Frame, at: int) -> Frame:
        """Return a frame with a last key that has `at`, the exchange time at which it was queued (recorded).

        The frame is unchanged if the API date has no such key.
        """
        if not self.has_sending_time:
            return frame
        raw = b'%b,"sending_ts_ms":%b}\n' % (frame[0][:-2], unix_milliseconds(at).encode())
        return Frame(raw, *frame[1:])  # a third of the time of _replace

    def answer_of(self, message: Message, subscription: Subscription, command_id: int = 0) -> Frame:
        """Return data that a command requested, as the next frame of its subscription, without a sending time.

        An order book that get_snapshot requested has the command's id.
        """
        if subscription.is_sequenced:
            subscription.next_seq()
        body = message.body(self.api_date, in_yes_price=subscription.in_yes_price)
        return _frame(message, subscription, b'"id":%d,' % command_id if command_id else b"", body)

    def _is_of_key(self, subaccount_ref: SubaccountRef) -> bool:
        """Return whether the key is shown a subaccount: a restricted key sees its own subaccount alone."""
        return subaccount_ref[0] == self._account and (
            self._subaccount is None or subaccount_ref[1] == self._subaccount
        )


def _frame(message: Message, subscription: Subscription, command_id: bytes, body: bytes) -> Frame:
    """Return a frame with the keys in recorded order: type, id or sid, seq, msg."""
    kind, sid = message.kind, subscription.sid
    seq = b'"seq":%d,' % subscription.sequence if subscription.is_sequenced else b""
    raw = b'{"type":"%b",%b"sid":%d,%b"msg":%b}\n' % (kind.encode(), command_id, sid, seq, body)
    return Frame(raw, kind, message.channel, sid)
