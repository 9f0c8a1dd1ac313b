"""Checks the order of frames on each recorded stream, by general rules and Kalshi's own."""

from collections.abc import Callable, Iterable, Iterator

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import channels, message_keys
from mockexchange.kit.kalshi.stream.recording import NAMES, UNSUBSCRIBED, recording_of
from mockexchange.kit.streaming import rules
from mockexchange.kit.streaming.connections import FrameType
from mockexchange.kit.streaming.protocol import MessageKind
from mockexchange.kit.streaming.recorded_stream import STAYS_OPEN, RecordedStream
from mockexchange.kit.streaming.rules import BrokenRule
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import NotJudged
from mockexchange.kit.validation.frames import DOCUMENTED

ALWAYS = ""
REPEATABLE = {"trade": "trade_id", "market_position": "position_fp", "ticker": ALWAYS}
"""Messages that may repeat at API dates where they lack this key.

Two trades of one second may be equal, and an amount may be truncated to whole cents. A ticker may repeat at any API
date: it is sent on any change, which need not be in its fields.
"""


def _names(target: StreamTarget) -> Iterable[str]:
    return NAMES


def right_channel(target: StreamTarget, stream: RecordedStream) -> Iterator[BrokenRule]:
    """Check that each data message belongs to the channel of the subscription that it names."""
    known = channels(target)
    for number, message in enumerate(stream.messages, start=1):
        channel = stream.channels.get(message.sid or 0)
        if message.kind is MessageKind.DATA and channel in known and message.name not in known[channel].messages:
            seen = f"{message.name} in subscription {message.sid}, which is {channel}"
            yield BrokenRule(number, seen, " or ".join(known[channel].messages))


def text(target: StreamTarget, stream: RecordedStream) -> Iterator[BrokenRule]:
    """Check that the server sends text frames only, also in answer to binary commands."""
    for number, entry in enumerate(stream.arrivals, start=1):
        if entry.arrival and entry.arrival.type is not FrameType.TEXT:
            yield BrokenRule(number, f"a {entry.arrival.type} message", "a text message")


def accepted(target: StreamTarget, stream: RecordedStream) -> Iterator[BrokenRule]:
    """Check that no valid command is answered with an error."""
    for number, message in enumerate(stream.messages, start=1):
        if message.kind is MessageKind.ERROR:
            seen = f"error {message.body.get('code')}: {message.body.get('msg')}"
            yield BrokenRule(number, seen, "the command carried out: it is as documented")


def _numbers(target: StreamTarget, stream: RecordedStream) -> Iterator[BrokenRule]:
    if all(message.number is None for message in stream.messages):
        raise NotJudged("no frame has a number")
    yield from rules.numbers(stream)


def _silence(target: StreamTarget, stream: RecordedStream) -> Iterator[BrokenRule]:
    if all(message.kind is not MessageKind.GONE for message in stream.messages):
        raise NotJudged("no subscription was ended")
    yield from rules.silence(stream)


def _once(target: StreamTarget, stream: RecordedStream) -> Iterator[BrokenRule]:
    yield from rules.once(stream, {name for name, key in REPEATABLE.items() if key not in message_keys(target, name)})


def _of_any_venue(
    rule: Callable[[RecordedStream], Iterable[BrokenRule]],
) -> Callable[[StreamTarget, RecordedStream], Iterable[BrokenRule]]:
    return lambda target, stream: rule(stream)


def recorded_check(
    rule: str,
    description: str,
    judge: Callable[[StreamTarget, RecordedStream], Iterable[BrokenRule]],
    subjects: Callable[[StreamTarget], Iterable[str]] = _names,
) -> Check[StreamTarget]:
    """Return a check that applies a rule to each recorded stream."""

    def judge_subject(target: StreamTarget, subject: str) -> Iterator[Finding]:
        stream = recording_of(target).stream(subject)
        for broken in judge(target, stream):
            where = f"{stream.where(broken.number)}"
            yield Finding(rule, where, broken.seen, broken.expected, target.location())

    return Check(rule, description, "asyncapi.yaml", subjects, judge_subject)


def judge_stays(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that the server does not close a stream that the client keeps reading."""
    stream = recording_of(target).stream(subject)
    for entry in stream.entries:
        if entry.arrival and entry.arrival.type is FrameType.CLOSE:
            yield from entry.objections
    if stream.is_closed and not stream.entries[-1].objections:
        raise NotJudged("the connection was lost")


def judge_reported(target: StreamTarget, channel: str) -> Iterator[Finding]:
    """Check that a channel sent frames about the events that this run caused."""
    if not target.is_scripted:
        recording_of(target).messages(channel)
    elif not recording_of(target).unfiltered.data(channel):
        expected = "frames of the events that this run caused on the channel"
        yield Finding(
            "stream.told", channel, "no frame", expected, target.location(channels(target)[channel].messages[0])
        )


def documented(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Yield the differences between the API document and the frames of a channel, or the replies to commands."""
    recording = recording_of(target)
    if subject != REPLIES:
        recording.messages(subject)
    for stream in recording.streams.values():
        for entry in stream.arrivals:
            channel = stream.channels.get(entry.message.sid or 0, "") if entry.message.kind is MessageKind.DATA else ""
            if channel == subject or (subject == REPLIES and channel not in channels(target)):
                yield from entry.objections


REPLIES = "replies"


def _documented_names(target: StreamTarget) -> Iterable[str]:
    return [*channels(target), REPLIES]


CHECKS: tuple[Check[StreamTarget], ...] = (
    recorded_check("stream.accepted", "Valid commands are carried out.", accepted),
    recorded_check(
        "stream.acks", "Each channel is acknowledged once, in order, with the id.", _of_any_venue(rules.acks)
    ),
    recorded_check("stream.sids", "Subscriptions are numbered from 1.", _of_any_venue(rules.sids)),
    recorded_check("stream.acks-first", "No data precedes its acknowledgement.", _of_any_venue(rules.acks_first)),
    recorded_check("stream.silence", "No data follows unsubscribed.", _silence, lambda target: (UNSUBSCRIBED,)),
    recorded_check("stream.numbers", "Sequence numbers rise by one from 1.", _numbers),
    recorded_check("stream.ids", "Replies carry the ids of commands, and each is answered.", _of_any_venue(rules.ids)),
    recorded_check("stream.right-channel", "Data belongs to the channel of its subscription.", right_channel),
    recorded_check("stream.once", "No frame is repeated.", _once),
    Check(STAYS_OPEN, "A stream stays open until it is closed.", "asyncapi.yaml", _names, judge_stays),
    recorded_check("stream.text", "Frames are text.", text),
    Check("stream.told", "Every channel reports its events.", "asyncapi.yaml", channels, judge_reported),
    Check(DOCUMENTED, "Every frame is documented.", "asyncapi.yaml", _documented_names, documented),
)
