"""Checks the order of frames by rules that hold for every venue, on the record of one stream.

The schemas describe single frames; these rules describe their order.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from mockexchange.kit.streaming.protocol import MessageKind, StreamMessage
from mockexchange.kit.streaming.recorded_stream import REPLIES, SentCommand


class SentEntry(Protocol):
    """The interface of an entry in a stream's record. `sent` is the command if the entry is one, else None."""

    @property
    def sent(self) -> SentCommand | None: ...


class JudgedStream(Protocol):
    """The parts of a stream's record that the rules use."""

    @property
    def messages(self) -> Sequence[StreamMessage]: ...
    @property
    def entries(self) -> Sequence[SentEntry]: ...


class BrokenRule(NamedTuple):
    """A violation of a rule: the number of the frame on its stream (from 1), what was seen and what was expected."""

    number: int
    seen: str
    expected: str


def acks(stream: JudgedStream) -> Iterator[BrokenRule]:
    """Check that a subscribe command is acknowledged once for each channel, in order, with the command's id."""
    for sent in subscribing(stream):
        replies = [one for one in stream.messages if one.command_id == sent.command_id and one.kind in REPLIES]
        if any(one.kind is MessageKind.ERROR for one in replies):
            continue
        acknowledged = [one.channel for one in replies if one.kind is MessageKind.ACK]
        if acknowledged != list(sent.channels):
            yield BrokenRule(
                _number_of(stream, replies), f"acknowledged: {_listed(acknowledged)}", _listed(sent.channels)
            )


def sids(stream: JudgedStream) -> Iterator[BrokenRule]:
    """Check that subscription ids (sids) count from 1 in the order of acknowledgements and do not change."""
    known: dict[str, int] = {}
    last = 0
    for number, message in _numbered(stream):
        if message.kind is MessageKind.GONE:
            known = {channel: sid for channel, sid in known.items() if sid != message.sid}
        if message.kind is not MessageKind.ACK or message.sid is None:
            continue
        expected = known.get(message.channel, last + 1)
        if message.sid != expected:
            yield BrokenRule(number, f"{message.channel} is subscription {message.sid}", f"subscription {expected}")
        known[message.channel] = message.sid
        last = max(last, message.sid)


def acks_first(stream: JudgedStream) -> Iterator[BrokenRule]:
    """Check that data comes only after the acknowledgements of all subscriptions that the same command requested."""
    acknowledged: set[int] = set()
    waiting: dict[int, set[str]] = {
        one.command_id: set(one.channels) for one in subscribing(stream) if one.command_id is not None
    }
    began: dict[int, int] = {}
    for number, message in _numbered(stream):
        if message.kind is MessageKind.ACK and message.sid is not None and message.command_id is not None:
            acknowledged.add(message.sid)
            began.setdefault(message.sid, message.command_id)
            waiting.get(message.command_id, set()).discard(message.channel)
        if message.kind is not MessageKind.DATA or message.sid is None:
            continue
        if message.sid not in acknowledged:
            yield BrokenRule(number, f"{message.name} of subscription {message.sid}", "its acknowledgement before it")
        elif left := waiting.get(began.get(message.sid, 0)):
            seen = f"{message.name} before the acknowledgement of {_listed(sorted(left))}"
            yield BrokenRule(number, seen, "every acknowledgement of a command before the first data")


def silence(stream: JudgedStream) -> Iterator[BrokenRule]:
    """Check that no data frame of a subscription comes after the subscription has ended."""
    gone: set[int] = set()
    for number, message in _numbered(stream):
        if message.kind is MessageKind.GONE and message.sid is not None:
            gone.add(message.sid)
        elif message.kind is MessageKind.DATA and message.sid in gone:
            yield BrokenRule(number, f"{message.name} of subscription {message.sid}", "nothing after its end")


def numbers(stream: JudgedStream) -> Iterator[BrokenRule]:
    """Check that sequence numbers begin at 1 in each subscription and rise by one, in frames of every kind."""
    last: Counter[int] = Counter()
    for number, message in _numbered(stream):
        if message.sid is None or message.number is None:
            continue
        expected = last[message.sid] + 1
        if message.number != expected:
            seen = f"{message.name} of subscription {message.sid} is number {message.number}"
            yield BrokenRule(number, seen, f"number {expected}")
        last[message.sid] = message.number


def ids(stream: JudgedStream) -> Iterator[BrokenRule]:
    """Check that every command with an id is answered, and that every reply's id is the id of a command.

    The end of a subscription answers the command that requested it, with or without its id.
    """
    asked = {one.command_id: one for one in _commands(stream) if one.command_id is not None}
    answered = {one.command_id for one in stream.messages}
    gone = {one.sid for one in stream.messages if one.kind is MessageKind.GONE}
    for number, message in _numbered(stream):
        if message.command_id is not None and message.command_id not in asked:
            yield BrokenRule(number, f"{message.name} with the id {message.command_id}", "the id of a command")
    for command_id, sent in asked.items():
        if command_id not in answered and not (sent.sids and gone.issuperset(sent.sids)):
            yield BrokenRule(
                len(stream.messages), f"no reply to {sent.name} with the id {command_id}", "a reply with its id"
            )


def once(stream: JudgedStream, exempt: Container[str] = ()) -> Iterator[BrokenRule]:
    """Check that no data frame of a subscription repeats the frame before it. Messages in `exempt` may repeat."""
    last: dict[int, object] = {}
    for number, message in _numbered(stream):
        if message.kind is not MessageKind.DATA or message.sid is None:
            continue
        if last.get(message.sid) == message.frame and message.name not in exempt:
            yield BrokenRule(number, f"the same {message.name} again", "each frame once")
        last[message.sid] = message.frame


def subscribing(stream: JudgedStream) -> list[SentCommand]:
    """Return the commands that subscribe to channels."""
    return [sent for sent in _commands(stream) if sent.channels]


def _commands(stream: JudgedStream) -> list[SentCommand]:
    return [entry.sent for entry in stream.entries if entry.sent]


def _numbered(stream: JudgedStream) -> Iterator[tuple[int, StreamMessage]]:
    return enumerate(stream.messages, start=1)


def _number_of(stream: JudgedStream, replies: Sequence[StreamMessage]) -> int:
    return next(
        (number for number, message in _numbered(stream) if replies and message is replies[-1]), len(stream.messages)
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
