"""Implements the stream's commands subscribe, unsubscribe and list_subscriptions. A refused command changes nothing."""

from mockexchange.venues.frame import Frame
from mockexchange.venues.kalshi.stream import replies
from mockexchange.venues.kalshi.stream.channels import COMMUNICATIONS, ORDERBOOK, ChannelRow, channels_of
from mockexchange.venues.kalshi.stream.commands import Params
from mockexchange.venues.kalshi.stream.errors import Code, Refused, exists
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
    require_ids_allowed,
    require_room,
    require_same_naming,
)
from mockexchange.venues.kalshi.stream.subscriber import Subscriber
from mockexchange.venues.kalshi.stream.subscriptions import Subscription

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
    raw, channel = replies.subscribed(subscription, command_id), subscription.channel
    return Frame(raw, "subscribed", channel, subscription.sid, note, acknowledged=(channel,))


def _unsubscribed(reader: Subscriber, subscription: Subscription, command_id: int) -> Frame:
    raw = replies.unsubscribed(subscription, command_id, reader.answer_keys)
    return Frame(raw, "unsubscribed", subscription.channel, subscription.sid)


def list_subscriptions(reader: Subscriber, command_id: int) -> list[Frame]:
    return [Frame(replies.listed(reader.registry, command_id, reader.answer_keys), "ok")]


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
        subscription.in_yes_price = channel.name == ORDERBOOK and params.get("use_yes_price", False)
    return subscription, add_markets(subscription, None if channel.filter == "ignored" else named)


def _note(channel: ChannelRow, named: NamedMarkets | None) -> str:
    if not channel.is_emulated:
        return f"{channel.name} is not emulated: it stays quiet"
    if named is not None and channel.filter == "ignored":
        return f"{channel.name} has no filter on this day: the markets are ignored"
    return note_of(named) if named is not None else ""
