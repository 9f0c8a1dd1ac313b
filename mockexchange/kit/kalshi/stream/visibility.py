"""Checks which stream gets which frames: filters, private channels, and keys restricted to one subaccount."""

from collections.abc import Iterable, Iterator
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import ORDER_BOOKS, FindingWriter, channels, message_keys
from mockexchange.kit.kalshi.stream.recording import ONE_MARKET, OTHER_ACCOUNT, RESTRICTED_KEY, Recording, recording_of
from mockexchange.kit.streaming.protocol import StreamMessage
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import NotJudged

OWN = {
    "fill": "order_id",
    "market_positions": "user_id",
    "user_orders": "order_id",
    "order_group_updates": "order_group_id",
}
"""Private channels, and the field of their frames whose values belong to one account."""
SUBACCOUNTS = ("subaccount", "subaccount_number")


def judge_filter(target: StreamTarget, channel: str) -> Iterator[Finding]:
    """Check that a subscription with a filter gets exactly the frames of its market.

    A channel that ignores filters has to send all frames.
    """
    recording, writer = recording_of(target), FindingWriter("stream.filter", target)
    ticker = recording.tickers[0]
    is_filtered = channels(target)[channel].filter != "ignored"
    filtered, whole = recording.stream(ONE_MARKET).data(channel), recording.messages(channel)
    expected = [one.body for one in whole if not is_filtered or _market(one) in (ticker, None)]
    others = sorted({str(_market(one)) for one in filtered} - {ticker, "None"}) if is_filtered else []
    for other in others:
        yield writer.finding(f"{channel} of {ticker}", f"a frame of {other}", f"frames of {ticker} alone")
    if others or not target.is_scripted:
        return
    if not expected:
        raise NotJudged(f"no frame of {ticker} came")
    bodies = [one.body for one in filtered]
    if bodies != expected:
        missing = sum(one not in bodies for one in expected)
        seen = f"{len(bodies)} frames; {missing} of those without a filter are missing"
        yield writer.finding(
            f"{channel} of {ticker}", seen, f"the {len(expected)} frames of the stream without a filter"
        )


def judge_own(target: StreamTarget, channel: str) -> Iterator[Finding]:
    """Check that no other account receives frames of the member's account."""
    recording, writer, key = recording_of(target), FindingWriter("stream.own", target), OWN[channel]
    mine = {one.body.get(key) for one in recording.messages(channel)}
    theirs = {one.body.get(key) for one in recording.messages(channel, OTHER_ACCOUNT)}
    for shared in sorted(map(str, mine & theirs)):
        yield writer.finding(
            channel,
            f"two accounts receive {key} {shared}",
            "only its owner receives it",
            channel_message(target, channel),
        )
    if key == "user_id" and len(mine) > 1:
        yield writer.finding(channel, f"{len(mine)} users: {', '.join(sorted(map(str, mine)))}", "one account's frames")


def judge_bound(target: StreamTarget, channel: str) -> Iterator[Finding]:
    """Check that a key restricted to a subaccount receives exactly the frames of that subaccount."""
    recording, writer = recording_of(target), FindingWriter("stream.bound", target)
    number = _number(recording)
    restricted = recording.stream(RESTRICTED_KEY).data(channel)
    if channel == ORDER_BOOKS:
        marks = {_subaccount(one) for one in restricted} - {None, number}
        yield from writer.difference(f"own marks of subaccounts other than {number}", sorted(marks), [], channel)
        return
    others = {_subaccount(one) for one in restricted} - {number}
    yield from writer.difference(f"{channel} of subaccounts other than {number}", sorted(map(str, others)), [])
    expected = [one.body for one in recording.messages(channel) if _subaccount(one) == number]
    if target.is_scripted:
        yield from writer.difference(f"frames of subaccount {number} on {channel}", len(restricted), len(expected))
    elif not restricted:
        raise NotJudged(f"nothing came on {channel}")


def _number(recording: Recording) -> Any:
    """Return the subaccount in the frames of the restricted key. Raises NotJudged if it received none."""
    for channel in recording.stream(RESTRICTED_KEY).channels.values():
        found = [_subaccount(one) for one in recording.stream(RESTRICTED_KEY).data(channel) if channel in OWN]
        if found and found[0] is not None:
            return found[0]
    raise NotJudged("the restricted key received no frames")


def _market(message: StreamMessage) -> Any:
    return message.body.get("market_ticker", message.body.get("ticker"))


def _subaccount(message: StreamMessage) -> Any:
    return next((message.body[name] for name in SUBACCOUNTS if name in message.body), None)


def channel_message(target: StreamTarget, channel: str) -> str:
    return channels(target)[channel].messages[0]


def _own(target: StreamTarget) -> Iterable[str]:
    return [name for name in OWN if name in channels(target)]


def _bound(target: StreamTarget) -> Iterable[str]:
    """Return the channels whose frames name a subaccount."""
    return [name for name in (*OWN, ORDER_BOOKS) if name in channels(target) and _shows_subaccounts(target, name)]


def _shows_subaccounts(target: StreamTarget, channel: str) -> bool:
    messages = channels(target)[channel].messages
    return any(name in message_keys(target, message) for message in messages for name in SUBACCOUNTS)


CHECKS: tuple[Check[StreamTarget], ...] = (
    Check("stream.filter", "A filter keeps the frames of its market.", "asyncapi.yaml", channels, judge_filter),
    Check("stream.own", "No account receives another's frames.", "asyncapi.yaml", _own, judge_own),
    Check("stream.bound", "A restricted key sees its subaccount.", "asyncapi.yaml", _bound, judge_bound),
)
