"""Implements the methods that only streams have: subscriptions, heartbeats, cancel-on-disconnect and logout."""

from collections.abc import Callable, Container, Iterable
from typing import Any, NamedTuple

from mockexchange.core.commands import SetCancelOnDisconnect
from mockexchange.venues.deribit.errors import RAW_UNAUTHORIZED, Rejected, invalid
from mockexchange.venues.deribit.resources.call import Caller, Write
from mockexchange.venues.deribit.resources.refusals import submit
from mockexchange.venues.deribit.stream.channels import Channel, read_channel
from mockexchange.venues.deribit.stream.subscriber import INTERVAL_MIN_S, Subscriber
from mockexchange.venues.jsonrpc.envelope import spell

NOTES_MAX = 20
SHOWN_CHARS_MAX = 80
OK = '"ok"'
LOGOUT = "private/logout"
NORMAL_CLOSURE = 1000
CONNECTION = "connection"


class CommandResult(NamedTuple):
    """The result of a method that only streams have.

    It is the result's JSON, the channel families that the method subscribed to, and the channels themselves.
    """

    result: str
    acknowledged: tuple[str, ...] = ()
    opened: tuple[Channel, ...] = ()


Params = dict[str, Any]
Command = Callable[[Subscriber, Params, Caller | None, list[str]], CommandResult | Write]


def subscribe(session: Subscriber, params: Params, caller: Caller | None, findings: list[str]) -> CommandResult:
    """Subscribe to channels; the result lists the channels that could be subscribed to [doc]."""
    asked = [(name, read_channel(name)) for name in params["channels"]]
    if caller is None:
        _require_no_raw(channel for _, channel in asked if channel)
    taken = []
    for name, channel in asked:
        why = _reason_left_out(name, channel, caller, session.context.state.derivatives.listed)
        if channel is None or why:
            findings.append(why)
            continue
        if not channel.family.is_emulated:
            findings.append(f"{channel.family.name} is not emulated: it stays quiet")
        markets = (channel.instrument,) if channel.instrument else None
        session.registry.open(channel.name, channel.family.name, caller.subaccount_ref if caller else None, markets)
        taken.append(channel)
    del findings[NOTES_MAX:]
    families = dict.fromkeys(channel.family.name for channel in taken)
    return CommandResult(_names(channel.name for channel in taken), tuple(families), tuple(taken))


def _require_no_raw(channels: Iterable[Channel]) -> None:
    """Raise Rejected if a channel is raw: a client that is not logged in is then subscribed to nothing [wire]."""
    raw = next((channel for channel in channels if channel.is_raw), None)
    if raw is not None:
        message = f"{raw.name}: the interval raw needs a login: call public/auth first, or take 100ms"
        raise Rejected(RAW_UNAUTHORIZED, message)


def _reason_left_out(name: str, channel: Channel | None, caller: Caller | None, derivatives: Container[str]) -> str:
    """Return why a channel is left out; "" if it is not."""
    if channel is None:
        return f"there is no channel {name[:SHOWN_CHARS_MAX]!r}: left out"
    if channel.instrument is not None and channel.instrument not in derivatives:
        return f"{channel.name} is of an unknown instrument: left out"
    scope = channel.family.scope
    if scope and caller is None:
        return f"{channel.name} is private, and the client is not logged in: left out"
    if scope and caller and scope not in caller.scopes:
        return f"{channel.name} needs {scope}, and there is {' '.join(caller.scopes) or 'no scope'}: left out"
    return ""


def unsubscribe(session: Subscriber, params: Params, caller: Caller | None, findings: list[str]) -> CommandResult:
    """Unsubscribe from channels; the result lists the channels that had been subscribed to."""
    gone = []
    for name in params["channels"]:
        channel = read_channel(name)
        subscription = session.registry.by_name.get(channel.name if channel else name)
        if subscription is None:
            findings.append(f"{name[:SHOWN_CHARS_MAX]!r} was not subscribed to: left out")
        else:
            gone.append(session.registry.close(subscription.sid).name)
            session.market_data.forget(subscription.name)
    del findings[NOTES_MAX:]
    return CommandResult(_names(gone))


def unsubscribe_all(session: Subscriber, params: Params, caller: Caller | None, findings: list[str]) -> CommandResult:
    session.registry.clear()
    session.market_data.clear()
    return CommandResult(OK)


def set_heartbeat(session: Subscriber, params: Params, caller: Caller | None, findings: list[str]) -> CommandResult:
    seconds: int = params["interval"]
    if seconds < INTERVAL_MIN_S:
        message = f"interval: expected {INTERVAL_MIN_S} seconds or more, got {seconds}"
        raise invalid("interval", f"must be at least {INTERVAL_MIN_S}", message)
    session.liveness.set_interval(seconds)
    return CommandResult(OK)


def disable_heartbeat(session: Subscriber, params: Params, caller: Caller | None, findings: list[str]) -> CommandResult:
    session.liveness.set_interval(0)
    return CommandResult(OK)


def enable_cancel_on_disconnect(
    session: Subscriber, params: Params, caller: Caller | None, findings: list[str]
) -> CommandResult | Write:
    return _set_cancel_on_disconnect(session, params, caller, is_enabled=True)


def disable_cancel_on_disconnect(
    session: Subscriber, params: Params, caller: Caller | None, findings: list[str]
) -> CommandResult | Write:
    return _set_cancel_on_disconnect(session, params, caller, is_enabled=False)


def get_cancel_on_disconnect(
    session: Subscriber, params: Params, caller: Caller | None, findings: list[str]
) -> CommandResult:
    """Return the cancel-on-disconnect setting of this connection, or that of the caller's new connections."""
    assert caller is not None, "the method needs a scope"
    own, is_own = session.disconnecting, params["scope"] == CONNECTION
    is_enabled = own.is_enabled if is_own else own.is_enabled_for(caller.subaccount_ref)
    return CommandResult(f'{{"enabled":{"true" if is_enabled else "false"},"scope":{spell(params["scope"])}}}')


def _set_cancel_on_disconnect(
    session: Subscriber, params: Params, caller: Caller | None, *, is_enabled: bool
) -> CommandResult | Write:
    """Set it for this connection, or for new connections of the caller, which is a command of the exchange."""
    assert caller is not None, "the method needs a scope"
    if params["scope"] == CONNECTION:
        session.disconnecting.choose(is_enabled)
        return CommandResult(OK)
    return _set_for_account(SetCancelOnDisconnect(subaccount_ref=caller.subaccount_ref, enabled=is_enabled))


def _set_for_account(command: SetCancelOnDisconnect) -> Write:
    yield from submit(command)
    return OK


def log_out(session: Subscriber, params: Params, caller: Caller | None, findings: list[str]) -> CommandResult:
    """End the stream without an answer, and without canceling its orders [doc].

    Tokens stay valid; `invalidate_token` has no effect.
    """
    session.ending = NORMAL_CLOSURE, ""
    session.disconnecting.is_logged_out = True
    return CommandResult(OK)


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
"""The functions that carry out these methods, by method name."""
