"""Who sees what: filters, the account's own affairs, and keys that are restricted to one subaccount."""

from collections.abc import Iterable, Iterator
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import BOOKS, FindingWriter, channels, message_keys
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
"""Private channels, and what in their frames is one account's alone."""
SUBACCOUNTS = ("subaccount", "subaccount_number")


def judge_filter(target: StreamTarget, channel: str) -> Iterator[Finding]:
    """Who names a market is told of that one alone, and of all that happens in it; where there is no filter, of all."""
    recording, words = recording_of(target), FindingWriter("stream.filter", target)
    ticker = recording.tickers[0]
    is_filtered = channels(target)[channel].filter != "ignored"
    filtered, whole = recording.stream(ONE_MARKET).data(channel), recording.messages(channel)
    expected = [one.body for one in whole if not is_filtered or _market(one) in (ticker, None)]
    others = sorted({str(_market(one)) for one in filtered} - {ticker, "None"}) if is_filtered else []
    for other in others:
        yield words.finding(f"{channel} of {ticker}", f"a frame of {other}", f"frames of {ticker} alone")
    if others or not target.is_scripted:
        return
    if not expected:
        raise NotJudged(f"nothing came of {ticker}")
    bodies = [one.body for one in filtered]
    if bodies != expected:
        missing = sum(one not in bodies for one in expected)
        seen = f"{len(bodies)} frames, of which {missing} that came without a filter are missing"
        yield words.finding(f"{channel} of {ticker}", seen, f"the {len(expected)} frames that came without a filter")


def judge_own(target: StreamTarget, channel: str) -> Iterator[Finding]:
    """What is one account's alone is told to nobody else."""
    recording, words, key = recording_of(target), FindingWriter("stream.own", target), OWN[channel]
    mine = {one.body.get(key) for one in recording.messages(channel)}
    theirs = {one.body.get(key) for one in recording.messages(channel, OTHER_ACCOUNT)}
    for shared in sorted(map(str, mine & theirs)):
        yield words.finding(
            channel, f"two accounts are told of {key} {shared}", "its owner alone", channel_message(target, channel)
        )
    if key == "user_id" and len(mine) > 1:
        yield words.finding(channel, f"{len(mine)} users: {', '.join(sorted(map(str, mine)))}", "one account's frames")


def judge_bound(target: StreamTarget, channel: str) -> Iterator[Finding]:
    """A key that is restricted to a subaccount is told of that one, and of all that happens in it."""
    recording, words = recording_of(target), FindingWriter("stream.bound", target)
    number = _number(recording)
    restricted = recording.stream(RESTRICTED_KEY).data(channel)
    if channel == BOOKS:
        marks = {_subaccount(one) for one in restricted} - {None, number}
        yield from words.differing(f"own marks of subaccounts other than {number}", sorted(marks), [], channel)
        return
    others = {_subaccount(one) for one in restricted} - {number}
    yield from words.differing(f"{channel} of subaccounts other than {number}", sorted(map(str, others)), [])
    expected = [one.body for one in recording.messages(channel) if _subaccount(one) == number]
    if target.is_scripted:
        yield from words.differing(f"frames of subaccount {number} on {channel}", len(restricted), len(expected))
    elif not restricted:
        raise NotJudged(f"nothing came on {channel}")


def _number(recording: Recording) -> Any:
    """The subaccount that the restricted key is told of. Raises NotJudged where it is told of nothing."""
    for channel in recording.stream(RESTRICTED_KEY).channels.values():
        found = [_subaccount(one) for one in recording.stream(RESTRICTED_KEY).data(channel) if channel in OWN]
        if found and found[0] is not None:
            return found[0]
    raise NotJudged("the restricted key was told of nothing")


def _market(message: StreamMessage) -> Any:
    return message.body.get("market_ticker", message.body.get("ticker"))


def _subaccount(message: StreamMessage) -> Any:
    return next((message.body[name] for name in SUBACCOUNTS if name in message.body), None)


def channel_message(target: StreamTarget, channel: str) -> str:
    return channels(target)[channel].messages[0]


def _own(target: StreamTarget) -> Iterable[str]:
    return [name for name in OWN if name in channels(target)]


def _bound(target: StreamTarget) -> Iterable[str]:
    """Channels whose frames say which subaccount they are about."""
    return [name for name in (*OWN, BOOKS) if name in channels(target) and _tells_subaccounts(target, name)]


def _tells_subaccounts(target: StreamTarget, channel: str) -> bool:
    messages = channels(target)[channel].messages
    return any(name in message_keys(target, message) for message in messages for name in SUBACCOUNTS)


CHECKS: tuple[Check[StreamTarget], ...] = (
    Check("stream.filter", "Filters filter.", "asyncapi.yaml", channels, judge_filter),
    Check("stream.own", "Nobody is told of another account.", "asyncapi.yaml", _own, judge_own),
    Check("stream.bound", "A restricted key sees its subaccount.", "asyncapi.yaml", _bound, judge_bound),
)
