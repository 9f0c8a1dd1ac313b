"""What has to come before what: the rules of every venue, and Kalshi's, on all that each stream was told."""

from collections.abc import Callable, Iterable, Iterator

from mockexchange.kit.checks import Check, NotJudged
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import channels, told_keys
from mockexchange.kit.kalshi.stream.recording import ENDED, NAMES, listening
from mockexchange.kit.streaming import rules
from mockexchange.kit.streaming.connection import Sort
from mockexchange.kit.streaming.protocol import Kind
from mockexchange.kit.streaming.recorded_stream import STAYS_OPEN, Line
from mockexchange.kit.streaming.rules import Broken
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.validation.frames import DOCUMENTED

ALWAYS = ""
TOLD_APART = {"trade": "trade_id", "market_position": "position_fp", "ticker": ALWAYS}
"""Messages that may say the same twice on days without a key: two equal trades of one second, an amount cut to whole
cents. A ticker may at all times: it tells that something changed, which need not be one of its keys."""


def _names(target: StreamTarget) -> Iterable[str]:
    return NAMES


def right_channel(target: StreamTarget, line: Line) -> Iterator[Broken]:
    """Data of a subscription is a message of its channel."""
    known = channels(target)
    for number, told in enumerate(line.frames, start=1):
        channel = line.channels.get(told.sid or 0)
        if told.kind is Kind.DATA and channel in known and told.message not in known[channel].messages:
            seen = f"{told.message} in subscription {told.sid}, which is {channel}"
            yield Broken(number, seen, " or ".join(known[channel].messages))


def text(target: StreamTarget, line: Line) -> Iterator[Broken]:
    """Frames are text, whatever the commands were."""
    for number, entry in enumerate(line.arrivals, start=1):
        if entry.arrival and entry.arrival.sort is not Sort.TEXT:
            yield Broken(number, f"a {entry.arrival.sort} message", "a text message")


def accepted(target: StreamTarget, line: Line) -> Iterator[Broken]:
    """Commands with which nothing is wrong are carried out."""
    for number, told in enumerate(line.frames, start=1):
        if told.kind is Kind.ERROR:
            seen = f"error {told.body.get('code')}: {told.body.get('msg')}"
            yield Broken(number, seen, "the command carried out: it is as documented")


def _numbers(target: StreamTarget, line: Line) -> Iterator[Broken]:
    if all(told.number is None for told in line.frames):
        raise NotJudged("no frame has a number")
    yield from rules.numbers(line)


def _silence(target: StreamTarget, line: Line) -> Iterator[Broken]:
    if all(told.kind is not Kind.GONE for told in line.frames):
        raise NotJudged("nothing was unsubscribed from")
    yield from rules.silence(line)


def _once(target: StreamTarget, line: Line) -> Iterator[Broken]:
    yield from rules.once(line, {name for name, key in TOLD_APART.items() if key not in told_keys(target, name)})


def _of_any_venue(rule: Callable[[Line], Iterable[Broken]]) -> Callable[[StreamTarget, Line], Iterable[Broken]]:
    return lambda target, line: rule(line)


def line_check(
    rule: str,
    says: str,
    judge: Callable[[StreamTarget, Line], Iterable[Broken]],
    subjects: Callable[[StreamTarget], Iterable[str]] = _names,
) -> Check[StreamTarget]:
    """A check of everything that crossed each stream of the listening."""

    def look(target: StreamTarget, subject: str) -> Iterator[Finding]:
        line = listening(target).line(subject)
        for broken in judge(target, line):
            where = f"{line.where(broken.number)}"
            yield Finding(rule, where, broken.seen, broken.expected, target.place())

    return Check(rule, says, "asyncapi.yaml", subjects, look)


def judge_stays(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """A stream that is read, and that nobody closes, stays open."""
    line = listening(target).line(subject)
    for entry in line.entries:
        if entry.arrival and entry.arrival.sort is Sort.CLOSE:
            yield from entry.objections
    if line.is_closed and not line.entries[-1].objections:
        raise NotJudged("the connection was lost")


def judge_told(target: StreamTarget, channel: str) -> Iterator[Finding]:
    """Where something is made to happen on every channel, every channel tells of it."""
    if not target.is_scripted:
        listening(target).told(channel)
    elif not listening(target).whole.data(channel):
        expected = "what happened on it: the run saw to it that something did"
        yield Finding(
            "stream.told", channel, "nothing was told", expected, target.place(channels(target)[channel].messages[0])
        )


def documented(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """What the document has against the frames of a channel, or against what belongs to none: the replies."""
    heard = listening(target)
    if subject != REPLIES:
        heard.told(subject)
    for line in heard.lines.values():
        for entry in line.arrivals:
            channel = line.channels.get(entry.told.sid or 0, "") if entry.told.kind is Kind.DATA else ""
            if channel == subject or (subject == REPLIES and channel not in channels(target)):
                yield from entry.objections


REPLIES = "replies"


def _documented_names(target: StreamTarget) -> Iterable[str]:
    return [*channels(target), REPLIES]


CHECKS: tuple[Check[StreamTarget], ...] = (
    line_check("stream.accepted", "Commands as documented are carried out.", accepted),
    line_check("stream.acks", "Each channel is acknowledged once, in order, with the id.", _of_any_venue(rules.acks)),
    line_check("stream.sids", "Subscriptions are named from 1 upward.", _of_any_venue(rules.sids)),
    line_check("stream.acks-first", "Nothing comes before its acknowledgement.", _of_any_venue(rules.acks_first)),
    line_check("stream.silence", "Nothing comes after unsubscribed.", _silence, lambda target: (ENDED,)),
    line_check("stream.numbers", "Numbers rise by one from 1.", _numbers),
    line_check("stream.ids", "Replies carry the ids of commands, and each is answered.", _of_any_venue(rules.ids)),
    line_check("stream.right-channel", "Data is of its subscription's channel.", right_channel),
    line_check("stream.once", "No frame comes twice.", _once),
    Check(STAYS_OPEN, "A stream that nobody closes stays open.", "asyncapi.yaml", _names, judge_stays),
    line_check("stream.text", "Frames are text.", text),
    Check("stream.told", "Every channel tells what happens.", "asyncapi.yaml", channels, judge_told),
    Check(DOCUMENTED, "Each frame is one that the document has.", "asyncapi.yaml", _documented_names, documented),
)
