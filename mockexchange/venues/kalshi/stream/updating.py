"""Implements the command update_subscription, which adds markets, removes them, or sends their order books again."""

from mockexchange.venues.frame import Frame
from mockexchange.venues.kalshi.stream import replies
from mockexchange.venues.kalshi.stream.channels import channels_of
from mockexchange.venues.kalshi.stream.commands import ADD, DELETE, SNAPSHOT, ActionRow, Params, actions_of
from mockexchange.venues.kalshi.stream.errors import Code, Refused
from mockexchange.venues.kalshi.stream.filters import (
    SHOWN_CHARS_MAX,
    NamedMarkets,
    named_markets,
    note_of,
    require_known,
)
from mockexchange.venues.kalshi.stream.joining import (
    add_markets,
    first_data,
    new_count,
    order_book_messages,
    require_ids_allowed,
    require_room,
    require_same_naming,
)
from mockexchange.venues.kalshi.stream.subscriber import Subscriber
from mockexchange.venues.kalshi.stream.subscribing import find
from mockexchange.venues.kalshi.stream.subscriptions import Subscription

MISSING = {"index_ids": Code.NO_INDEX_IDS, "underlying_tickers": Code.NO_UNDERLYINGS}


def update(reader: Subscriber, params: Params | None, command_id: int, at: int) -> list[Frame]:
    """Change the markets of a subscription, or send its order books again; return the frames of the answer.

    The frames are an `ok` with all markets of the subscription, then the first data of new markets. Raises Refused.
    """
    if params is None:
        raise Refused(Code.NO_PARAMS, "expected params")
    subscription = find(reader, _sid(params))
    action = _action(reader, subscription, params)
    if action.name not in (ADD, DELETE, SNAPSHOT):
        return [_ok(reader, subscription, command_id, f"{subscription.channel} is not emulated: nothing is done")]
    named = _named(reader, subscription, params)
    if action.name == SNAPSHOT:
        return _snapshots(reader, subscription, named, command_id)
    if action.name == DELETE:
        subscription.leave(named.markets)
        return [_ok(reader, subscription, command_id, note_of(named))]
    require_room(reader, new_count(subscription, named), subscription.sid)
    new = add_markets(subscription, named)
    wants_ticker = params.get("send_initial_snapshot", False)
    ok = _ok(reader, subscription, command_id, note_of(named))
    return [ok, *first_data(reader, subscription, new, wants_ticker, at)]


def _sid(params: Params) -> int:
    given = [params["sid"]] if "sid" in params else []
    given += params.get("sids", [])
    if len(given) != 1:
        raise Refused(Code.ONE_SID, f"expected sid, or sids with one: got {len(given)}")
    sid: int = given[0]
    return sid


def _action(reader: Subscriber, subscription: Subscription, params: Params) -> ActionRow:
    """Return the action. Raises Refused if the channel does not have it on that day, or a parameter is missing."""
    name, sid = params.get("action"), subscription.sid
    if name is None:
        raise Refused(Code.NO_ACTION, "expected params.action", sid)
    action = actions_of(reader.api_date).get(name)
    if action is None:
        raise Refused(Code.UNSUPPORTED_ACTION, _no_action(reader, name), sid)
    channel = channels_of(reader.api_date)[subscription.channel]
    is_for_channel = subscription.channel in action.channels if action.channels else channel.filter != "ignored"
    if not is_for_channel:
        raise Refused(Code.UNSUPPORTED_ACTION, f"{subscription.channel} has no {name} on this day", sid)
    if action.needs in MISSING and action.needs not in params:
        raise Refused(MISSING[action.needs], f"{name} needs {action.needs}", sid)
    return action


def _no_action(reader: Subscriber, name: str) -> str:
    return f"no action {name[:SHOWN_CHARS_MAX]!r} on this day: it has {', '.join(actions_of(reader.api_date))}"


def _named(reader: Subscriber, subscription: Subscription, params: Params) -> NamedMarkets:
    try:
        named = named_markets(reader.context, params)
    except Refused as refused:
        refused.sid = subscription.sid
        raise
    if named is None:
        raise Refused(Code.NO_TICKER, "expected market_ticker or market_tickers", subscription.sid)
    require_ids_allowed(channels_of(reader.api_date)[subscription.channel], named, subscription.sid)
    require_same_naming(subscription, named)
    require_known(named, reader.api_date, subscription.sid)
    return named


def _snapshots(reader: Subscriber, subscription: Subscription, named: NamedMarkets, command_id: int) -> list[Frame]:
    """Return order books with the command's id, or a plain `ok` if no market is known: a client waits for an answer.

    The subscription's filter does not change, and need not have the markets.
    """
    if not named.markets:
        return [_ok(reader, subscription, command_id, note_of(named))]
    return [
        reader.answer_of(message, subscription, command_id) for message in order_book_messages(reader, named.markets)
    ]


def _ok(reader: Subscriber, subscription: Subscription, command_id: int, note: str = "") -> Frame:
    raw = replies.updated(subscription, command_id, reader.answer_keys)
    return Frame(raw, "ok", subscription.channel, subscription.sid, note)
