"""The methods of streams alone: subscriptions, heartbeats, cancelling on disconnect, logging out."""

from collections.abc import Callable, Container, Iterable
from typing import Any, NamedTuple

from mockexchange.venues.deribit.errors import RAW_UNAUTHORIZED, Rejected, invalid
from mockexchange.venues.deribit.operations.call import Caller
from mockexchange.venues.deribit.stream.channels import Channel, read_channel
from mockexchange.venues.deribit.stream.liveness import INTERVAL_MIN_S
from mockexchange.venues.deribit.stream.subscriber import Subscriber
from mockexchange.venues.jsonrpc.envelope import spell

NOTES_MAX = 20
SHOWN_CHARS_MAX = 80
OK = '"ok"'
LOGOUT = "private/logout"
NORMAL_CLOSURE = 1000


class Answered(NamedTuple):
    """The JSON of a result, and the channel families that it confirms subscriptions to."""

    result: str
    acknowledged: tuple[str, ...] = ()


Params = dict[str, Any]
Command = Callable[[Subscriber, Params, Caller | None, list[str]], Answered]


def subscribe(reader: Subscriber, params: Params, caller: Caller | None, findings: list[str]) -> Answered:
    """Subscribe to channels; the result lists those that could be subscribed to [doc]."""
    asked = [(name, read_channel(name)) for name in params["channels"]]
    if caller is None:
        _require_no_raw(channel for _, channel in asked if channel)
    taken = []
    for name, channel in asked:
        why = _why_not(name, channel, caller, reader.context.state.derivatives.contracts)
        if channel is None or why:
            findings.append(why)
            continue
        if not channel.family.is_emulated:
            findings.append(f"{channel.family.name} is not emulated: it stays quiet")
        markets = (channel.instrument,) if channel.instrument else None
        reader.registry.open(channel.name, channel.family.name, caller.subaccount_ref if caller else None, markets)
        taken.append(channel)
    del findings[NOTES_MAX:]
    families = dict.fromkeys(channel.family.name for channel in taken)
    return Answered(_names(channel.name for channel in taken), tuple(families))


def _require_no_raw(channels: Iterable[Channel]) -> None:
    """Raise Rejected for a raw channel of a client that is not logged in: it is subscribed to nothing [wire]."""
    raw = next((channel for channel in channels if channel.is_raw), None)
    if raw is not None:
        words = f"{raw.name}: the interval raw is for who has logged in; call public/auth first, or take 100ms"
        raise Rejected(RAW_UNAUTHORIZED, words)


def _why_not(name: str, channel: Channel | None, caller: Caller | None, contracts: Container[str]) -> str:
    """Return why a channel is left out; "" if it is not."""
    if channel is None:
        return f"there is no channel {name[:SHOWN_CHARS_MAX]!r}: left out"
    if channel.instrument is not None and channel.instrument not in contracts:
        return f"{channel.name} is of an instrument that there is not: left out"
    scope = channel.family.scope
    if scope and caller is None:
        return f"{channel.name} is private, and nobody has logged in: left out"
    if scope and caller and scope not in caller.scopes:
        return f"{channel.name} needs {scope}, and there is {' '.join(caller.scopes) or 'no scope'}: left out"
    return ""


def unsubscribe(reader: Subscriber, params: Params, caller: Caller | None, findings: list[str]) -> Answered:
    """Unsubscribe from channels; the result lists those that were subscribed to."""
    gone = []
    for name in params["channels"]:
        channel = read_channel(name)
        subscription = reader.registry.by_name.get(channel.name if channel else name)
        if subscription is None:
            findings.append(f"{name[:SHOWN_CHARS_MAX]!r} was not subscribed to: left out")
        else:
            gone.append(reader.registry.close(subscription.sid).name)
    del findings[NOTES_MAX:]
    return Answered(_names(gone))


def unsubscribe_all(reader: Subscriber, params: Params, caller: Caller | None, findings: list[str]) -> Answered:
    reader.registry.clear()
    return Answered(OK)


def set_heartbeat(reader: Subscriber, params: Params, caller: Caller | None, findings: list[str]) -> Answered:
    seconds: int = params["interval"]
    if seconds < INTERVAL_MIN_S:
        words = f"interval: expected {INTERVAL_MIN_S} seconds or more, got {seconds}"
        raise invalid("interval", f"must be at least {INTERVAL_MIN_S}", words)
    reader.liveness.set_interval(seconds)
    return Answered(OK)


def disable_heartbeat(reader: Subscriber, params: Params, caller: Caller | None, findings: list[str]) -> Answered:
    reader.liveness.set_interval(0)
    return Answered(OK)


def enable_cancel_on_disconnect(
    reader: Subscriber, params: Params, caller: Caller | None, findings: list[str]
) -> Answered:
    """Note the setting for this stream; there are no orders to cancel."""
    reader.cancelling.add(params["scope"])
    return Answered(OK)


def disable_cancel_on_disconnect(
    reader: Subscriber, params: Params, caller: Caller | None, findings: list[str]
) -> Answered:
    reader.cancelling.discard(params["scope"])
    return Answered(OK)


def get_cancel_on_disconnect(
    reader: Subscriber, params: Params, caller: Caller | None, findings: list[str]
) -> Answered:
    is_enabled = "true" if params["scope"] in reader.cancelling else "false"
    return Answered(f'{{"enabled":{is_enabled},"scope":{spell(params["scope"])}}}')


def log_out(reader: Subscriber, params: Params, caller: Caller | None, findings: list[str]) -> Answered:
    """End the stream without an answer [doc]. Tokens stay valid; `invalidate_token` has no effect."""
    reader.ending = NORMAL_CLOSURE, ""
    return Answered(OK)


def _names(names: Iterable[str]) -> str:
    return "[" + ",".join(spell(name) for name in dict.fromkeys(names)) + "]"


COMMANDS: dict[str, Command] = {
    "public/subscribe": subscribe,
    "private/subscribe": subscribe,
    "public/unsubscribe": unsubscribe,
    "private/unsubscribe": unsubscribe,
    "public/unsubscribe_all": unsubscribe_all,
    "private/unsubscribe_all": unsubscribe_all,
    "public/set_heartbeat": set_heartbeat,
    "public/disable_heartbeat": disable_heartbeat,
    "private/enable_cancel_on_disconnect": enable_cancel_on_disconnect,
    "private/disable_cancel_on_disconnect": disable_cancel_on_disconnect,
    "private/get_cancel_on_disconnect": get_cancel_on_disconnect,
    LOGOUT: log_out,
}
"""The commands by method."""
