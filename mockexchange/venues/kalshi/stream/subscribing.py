"""Implements the stream's commands: subscribe, update_subscription, unsubscribe and list_subscriptions.

A refused command changes nothing.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.frame import Frame
from mockexchange.venues.kalshi.context import KalshiContext
from mockexchange.venues.kalshi.stream.channels import COMMUNICATIONS, ORDERBOOK, TICKER, ChannelRow, channels_of
from mockexchange.venues.kalshi.stream.commands import ADD, DELETE, SNAPSHOT, ActionRow, Params, actions_of
from mockexchange.venues.kalshi.stream.errors import Code, Refused, exists
from mockexchange.venues.kalshi.stream.feed import Message, snapshot_of, ticker_of
from mockexchange.venues.kalshi.stream.subscriber import (
    MARKETS_MAX,
    Markets,
    Subscriber,
    Subscription,
    listed_reply,
    subscribed_reply,
    unsubscribed_reply,
    updated_reply,
)

# --- the markets that a command names, by ticker or by id, as one name or as a list


TICKERS = ("market_ticker", "market_tickers")
IDS = ("market_id", "market_ids")
SHOWN_CHARS_MAX = 60


class NamedMarkets(NamedTuple):
    """The markets that a command names: tickers of known markets, and unknown names."""

    markets: Markets
    unknown: list[str]
    by_ids: bool


def named_markets(context: KalshiContext, params: Params) -> NamedMarkets | None:
    """Return the markets that a command's parameters name; None if they name none. Raises Refused."""
    given = [name for name in (*TICKERS, *IDS) if name in params]
    if not given:
        return None
    if len(given) > 1:
        raise Refused(Code.INVALID, f"expected one of {', '.join(given)}")
    value = params[given[0]]
    names = [value] if isinstance(value, str) else value
    return _by_ids(context, names) if given[0] in IDS else _by_tickers(context, names)


def require_known(named: NamedMarkets, api_date: ApiDate, sid: int = 0) -> None:
    """Raise Refused for unknown markets, at API dates that have error code 16 for them.

    The newest day and `compat` ignore unknown markets.
    """
    if named.unknown and not api_date.is_compat and exists(Code.UNKNOWN_MARKET, api_date):
        first = named.unknown[0]
        key = "market_id" if named.by_ids else "market_ticker"
        raise Refused(Code.UNKNOWN_MARKET, f"no market {first[:SHOWN_CHARS_MAX]!r}", sid, **{key: first})


def note_of(named: NamedMarkets) -> str:
    """Return a note for the journal about names of unknown markets that were ignored."""
    if not named.unknown:
        return ""
    more = len(named.unknown) - 1
    return f"no market {named.unknown[0][:SHOWN_CHARS_MAX]!r}{f' and {more} more' if more else ''}: left out"


def _by_tickers(context: KalshiContext, names: list[str]) -> NamedMarkets:
    known = context.state.markets
    tickers = [known[name].ticker for name in names if name in known]
    return NamedMarkets(
        dict(zip(tickers, tickers, strict=True)), [name for name in names if name not in known], by_ids=False
    )


def _by_ids(context: KalshiContext, names: list[str]) -> NamedMarkets:
    found = {name: context.market_ids.ticker(context.state, name) for name in names}
    markets = {ticker: name for name, ticker in found.items() if ticker is not None}
    return NamedMarkets(markets, [name for name, ticker in found.items() if ticker is None], by_ids=True)


# --- adding markets to a subscription


def add_markets(subscription: Subscription, named: NamedMarkets | None) -> list[str]:
    """Add markets to a subscription's filter, and return the tickers that are new in it; None removes the filter."""
    if named is None:
        return subscription.join(None)
    if not subscription.markets:
        subscription.has_ids = named.by_ids
    return subscription.join(named.markets)


def first_data(
    reader: Subscriber, subscription: Subscription, tickers: list[str], wants_ticker: bool, at: int
) -> Iterator[Frame]:
    """Yield the first data for markets that a subscription added.

    They are order books on the channel of order books, and on that of tickers the tickers if requested.
    """
    if subscription.channel == ORDERBOOK:
        messages = order_book_messages(reader, tickers)
    elif subscription.channel == TICKER and wants_ticker:
        state = reader.context.state
        messages = (ticker_of(state, state.markets[ticker], at) for ticker in tickers)
    else:
        return
    for message in messages:
        yield reader.answer_of(message, subscription)


def order_book_messages(reader: Subscriber, tickers: Iterable[str]) -> Iterator[Message]:
    state, has_empty_sides = reader.context.state, reader.wants_empty_sides
    for ticker in tickers:
        yield snapshot_of(state, state.markets[ticker], has_empty_sides=has_empty_sides)


def require_ids_allowed(channel: ChannelRow, named: NamedMarkets, sid: int = 0) -> None:
    if named.by_ids and not channel.has_ids:
        raise Refused(Code.INVALID, f"{channel.name} has no market_id or market_ids", sid)


def require_same_naming(subscription: Subscription, named: NamedMarkets) -> None:
    """Raise Refused if a subscription would name some markets by ticker and others by id (documented)."""
    if subscription.markets and subscription.has_ids != named.by_ids:
        way = "id" if subscription.has_ids else "ticker"
        raise Refused(Code.INVALID, f"this subscription names its markets by {way}", subscription.sid)


def require_room(reader: Subscriber, count: int, sid: int = 0) -> None:
    if reader.registry.markets_count() + count > MARKETS_MAX:
        raise Refused(Code.TOO_MANY_MARKETS, f"more than {MARKETS_MAX:,} markets are named in this session", sid)


def new_count(subscription: Subscription | None, named: NamedMarkets) -> int:
    if subscription is None:
        return len(named.markets)
    return 0 if subscription.markets is None else len(named.markets.keys() - subscription.markets.keys())


# --- subscribe, unsubscribe and list_subscriptions


SHARD_FACTOR_MAX = 100


def subscribe(reader: Subscriber, params: Params | None, command_id: int, at: int) -> list[Frame]:
    """Return one answer `subscribed` for each channel, then the first data of the markets. Raises Refused."""
    if params is None:
        raise Refused(Code.NO_PARAMS, "expected params")
    channels, named = _checked(reader, params)
    acks, data = [], []
    for channel in channels:
        subscription, new = _join(reader, channel, params, named)
        acks.append(_subscribed(subscription, command_id, _note(channel, named)))
        data.append((subscription, new))
    wants_ticker = params.get("send_initial_snapshot", False)
    return acks + [frame for one in data for frame in first_data(reader, *one, wants_ticker, at)]


def _checked(reader: Subscriber, params: Params) -> tuple[list[ChannelRow], NamedMarkets | None]:
    """Return the channels and markets of a valid command. Raises Refused."""
    if "channels" not in params:
        raise Refused(Code.NO_CHANNELS, "expected params.channels")
    channels = [_channel(reader, name) for name in dict.fromkeys(params["channels"])]
    named = named_markets(reader.context, params)
    _require_sharding(channels, params)
    for channel in channels:
        _require_joinable(reader, channel, named)
    if named is not None and any(channel.filter != "ignored" for channel in channels):
        require_known(named, reader.api_date)
    _require_room(reader, channels, named)
    return channels, named


def unsubscribe(reader: Subscriber, params: Params | None, command_id: int) -> list[Frame]:
    """Return one answer `unsubscribed` for each sid. Raises Refused."""
    if params is None:
        raise Refused(Code.NO_PARAMS, "expected params")
    if "sids" not in params:
        raise Refused(Code.NO_SIDS, "expected params.sids")
    sids = list(dict.fromkeys(params["sids"]))
    for sid in sids:
        find(reader, sid)
    gone = [reader.registry.close(sid) for sid in sids]
    return [_unsubscribed(reader, subscription, command_id) for subscription in gone]


def _subscribed(subscription: Subscription, command_id: int, note: str) -> Frame:
    raw, channel = subscribed_reply(subscription, command_id), subscription.channel
    return Frame(raw, "subscribed", channel, subscription.sid, note, acknowledged=(channel,))


def _unsubscribed(reader: Subscriber, subscription: Subscription, command_id: int) -> Frame:
    raw = unsubscribed_reply(subscription, command_id, reader.answer_keys)
    return Frame(raw, "unsubscribed", subscription.channel, subscription.sid)


def list_subscriptions(reader: Subscriber, command_id: int) -> list[Frame]:
    return [Frame(listed_reply(reader.registry, command_id, reader.answer_keys), "ok")]


def find(reader: Subscriber, sid: int) -> Subscription:
    """Return the subscription with a sid. Raises Refused if there is none."""
    subscription = reader.subscriptions.get(sid)
    if subscription is None:
        held = ", ".join(str(each.sid) for each in reader.registry) or "none"
        raise Refused(Code.UNKNOWN_SID, f"no subscription {sid}: this connection has {held}")
    return subscription


def _channel(reader: Subscriber, name: str) -> ChannelRow:
    channels = channels_of(reader.api_date)
    channel = channels.get(name)
    if channel is None:
        expected = ", ".join(channels)
        raise Refused(Code.UNKNOWN_CHANNEL, f"no channel {name[:SHOWN_CHARS_MAX]!r} on this day: it has {expected}")
    if channel.is_private and reader.key is None:
        raise Refused(Code.NO_KEY, f"{name} needs a key, this connection was opened without one")
    return channel


def _require_joinable(reader: Subscriber, channel: ChannelRow, named: NamedMarkets | None) -> None:
    subscription = reader.channels.get(channel.name)
    if subscription is not None and _may_not_repeat(reader):
        raise Refused(Code.ALREADY_SUBSCRIBED, f"{channel.name} is subscription {subscription.sid} already")
    if named is None and channel.filter == "required":
        raise Refused(Code.NO_PARAMS, f"{channel.name} needs market_ticker or market_tickers")
    if named is None or channel.filter == "ignored":
        return
    require_ids_allowed(channel, named)
    if subscription is not None:
        require_same_naming(subscription, named)


def _may_not_repeat(reader: Subscriber) -> bool:
    return reader.context.settings.stream_repeat == "error_6" and exists(Code.ALREADY_SUBSCRIBED, reader.api_date)


def _require_sharding(channels: list[ChannelRow], params: Params) -> None:
    """Check the rules of the codes 19 to 22, for the only channel that can be sharded."""
    if all(channel.name != COMMUNICATIONS for channel in channels):
        return
    factor, key = params.get("shard_factor"), params.get("shard_key")
    if factor is not None and factor <= 0:
        raise Refused(Code.SHARD_FACTOR_LOW, f"shard_factor is {factor}")
    if factor is not None and factor > SHARD_FACTOR_MAX:
        raise Refused(Code.SHARD_FACTOR_HIGH, f"shard_factor is {factor}")
    if key is not None and factor is None:
        raise Refused(Code.SHARD_FACTOR_MISSING, "expected shard_factor beside shard_key")
    if key is not None and not 0 <= key < factor:
        raise Refused(Code.SHARD_KEY_RANGE, f"shard_key is {key}, shard_factor {factor}")


def _require_room(reader: Subscriber, channels: list[ChannelRow], named: NamedMarkets | None) -> None:
    filtered = {channel.name for channel in channels if channel.filter != "ignored"}
    if named is not None:
        open_ones = [reader.channels.get(name) for name in filtered]
        require_room(reader, sum(new_count(subscription, named) for subscription in open_ones))


def _join(
    reader: Subscriber, channel: ChannelRow, params: Params, named: NamedMarkets | None
) -> tuple[Subscription, list[str]]:
    """Return the channel's subscription, opened if necessary, and the tickers that are new in it."""
    subscription = reader.channels.get(channel.name)
    if subscription is None:
        subscription = reader.registry.open(channel)
        subscription.skips_lists = params.get("skip_ticker_ack", False)
        if channel.name == COMMUNICATIONS and (factor := params.get("shard_factor")) is not None:
            subscription.shard = params.get("shard_key", 0), factor
        subscription.in_yes_price = channel.name == ORDERBOOK and params.get("use_yes_price", False)
    return subscription, add_markets(subscription, None if channel.filter == "ignored" else named)


def _note(channel: ChannelRow, named: NamedMarkets | None) -> str:
    if not channel.is_emulated:
        return f"{channel.name} is not emulated: it stays quiet"
    if named is not None and channel.filter == "ignored":
        return f"{channel.name} has no filter on this day: the markets are ignored"
    return note_of(named) if named is not None else ""


# --- update_subscription: adds markets, removes them, or sends their order books again


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
    raw = updated_reply(subscription, command_id, reader.answer_keys)
    return Frame(raw, "ok", subscription.channel, subscription.sid, note)
