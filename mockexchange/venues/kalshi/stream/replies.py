"""Encodes the answers to commands; a table has their keys for each API date.

Keys are in the recorded order (`subscribed`) or the documented one (the others); each frame ends in a newline. `compat`
has the lists at both of their places, and a `seq` on `unsubscribed` alone: one published client takes the `seq` of an
`ok` for a gap, another wants it counted, and a third conflicts with the `seq` of an error.
"""

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal

from mockexchange.venues.dated import ApiDate, DatedRow, pick
from mockexchange.venues.frame import Frame
from mockexchange.venues.kalshi.dates import AUTUMN_2026
from mockexchange.venues.kalshi.frames.rows import REVISED, unix_milliseconds
from mockexchange.venues.kalshi.stream.errors import Refused, StreamErrorRow
from mockexchange.venues.kalshi.stream.subscriptions import Subscription

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


def with_sending_time(frame: Frame, at: int) -> Frame:
    """Return a frame with a last key that has the exchange time at which the frame was queued (recorded)."""
    raw = b'%b,"sending_ts_ms":%b}\n' % (frame[0][:-2], unix_milliseconds(at).encode())
    return Frame(raw, *frame[1:])  # a third of the time of _replace


def subscribed(subscription: Subscription, command_id: int) -> bytes:
    msg = {"channel": subscription.channel, "sid": subscription.sid}
    return _line({"type": "subscribed", **_id(command_id), "msg": msg})


def unsubscribed(subscription: Subscription, command_id: int, keys: Keys) -> bytes:
    """Return the answer `unsubscribed`. If it has a `seq` at the API date, this is the subscription's next number."""
    known_id = _id(command_id) if "unsubscribed.id" in keys else {}
    seq = {"seq": subscription.next_seq()} if "unsubscribed.seq" in keys else {}
    return _line({**known_id, "sid": subscription.sid, **seq, "type": "unsubscribed"})


def updated(subscription: Subscription, command_id: int, keys: Keys) -> bytes:
    """Return the answer `ok` to update_subscription, with all markets of the subscription.

    If it has a `seq` at the API date, this is the subscription's next number.
    """
    seq = {"seq": subscription.next_seq()} if "ok.seq" in keys else {}
    lists = _lists(subscription)
    msg = {"msg": lists} if "ok.msg" in keys else {}
    flat = lists if "ok.market_tickers" in keys else {}
    return _line({**_id(command_id), "sid": subscription.sid, **seq, "type": "ok", **msg, **flat})


def listed(subscriptions: Iterable[Subscription], command_id: int, keys: Keys) -> bytes:
    """Return the answer `ok` to list_subscriptions; it belongs to no subscription, so it has no sid and no seq."""
    rows = [{"channel": each.channel, "sid": each.sid} for each in subscriptions]
    lists = {name: rows for name in ("msg", "subscriptions") if f"list.{name}" in keys}
    return _line({**_id(command_id), "type": "ok", **lists})


def error(
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
