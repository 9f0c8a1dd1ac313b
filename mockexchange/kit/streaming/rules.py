"""Rules of a subscription that are the same for every venue, judged on all that crossed one stream.

A schema tells what one frame has to look like; these tell what has to come before what.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

from mockexchange.kit.streaming.protocol import Kind, Told
from mockexchange.kit.streaming.recorded_stream import REPLIES, Line, Sent


class Broken(NamedTuple):
    """What is wrong with a frame: its number on the line (from 1), what was seen, what was expected."""

    number: int
    seen: str
    expected: str


def acks(line: Line) -> Iterator[Broken]:
    """A command that subscribes is answered by one acknowledgement for each channel, in their order, with its id."""
    for sent in subscribing(line):
        replies = [one for one in line.frames if one.command_id == sent.command_id and one.kind in REPLIES]
        if any(one.kind is Kind.ERROR for one in replies):
            continue
        told = [one.channel for one in replies if one.kind is Kind.ACK]
        if told != list(sent.channels):
            yield Broken(_number_of(line, replies), f"acknowledged: {_listed(told)}", _listed(sent.channels))


def sids(line: Line) -> Iterator[Broken]:
    """Subscriptions are named from 1 upward as they are acknowledged, and keep their names."""
    known: dict[str, int] = {}
    last = 0
    for number, told in _numbered(line):
        if told.kind is Kind.GONE:
            known = {channel: sid for channel, sid in known.items() if sid != told.sid}
        if told.kind is not Kind.ACK or told.sid is None:
            continue
        expected = known.get(told.channel, last + 1)
        if told.sid != expected:
            yield Broken(number, f"{told.channel} is subscription {told.sid}", f"subscription {expected}")
        known[told.channel] = told.sid
        last = max(last, told.sid)


def acks_first(line: Line) -> Iterator[Broken]:
    """No data before the acknowledgement of its subscription, nor before the others of the same command."""
    acknowledged: set[int] = set()
    waiting: dict[int, set[str]] = {
        one.command_id: set(one.channels) for one in subscribing(line) if one.command_id is not None
    }
    began: dict[int, int] = {}
    for number, told in _numbered(line):
        if told.kind is Kind.ACK and told.sid is not None and told.command_id is not None:
            acknowledged.add(told.sid)
            began.setdefault(told.sid, told.command_id)
            waiting.get(told.command_id, set()).discard(told.channel)
        if told.kind is not Kind.DATA or told.sid is None:
            continue
        if told.sid not in acknowledged:
            yield Broken(number, f"{told.message} of subscription {told.sid}", "its acknowledgement before it")
        elif left := waiting.get(began.get(told.sid, 0)):
            seen = f"{told.message} before the acknowledgement of {_listed(sorted(left))}"
            yield Broken(number, seen, "every acknowledgement of a command before the first data")


def silence(line: Line) -> Iterator[Broken]:
    """Nothing of a subscription comes after it has ended."""
    gone: set[int] = set()
    for number, told in _numbered(line):
        if told.kind is Kind.GONE and told.sid is not None:
            gone.add(told.sid)
        elif told.kind is Kind.DATA and told.sid in gone:
            yield Broken(number, f"{told.message} of subscription {told.sid}", "nothing after its end")


def numbers(line: Line) -> Iterator[Broken]:
    """Numbers begin at 1 for each subscription and rise by one, whatever the frame is that has one."""
    last: Counter[int] = Counter()
    for number, told in _numbered(line):
        if told.sid is None or told.number is None:
            continue
        expected = last[told.sid] + 1
        if told.number != expected:
            seen = f"{told.message} of subscription {told.sid} is number {told.number}"
            yield Broken(number, seen, f"number {expected}")
        last[told.sid] = told.number


def ids(line: Line) -> Iterator[Broken]:
    """Every command with an id is answered, and no reply has the id of no command.

    The end of a subscription answers the command that asked for it, whether it has its id or not.
    """
    asked = {one.command_id: one for one in _commands(line) if one.command_id is not None}
    answered = {one.command_id for one in line.frames}
    gone = {one.sid for one in line.frames if one.kind is Kind.GONE}
    for number, told in _numbered(line):
        if told.command_id is not None and told.command_id not in asked:
            yield Broken(number, f"{told.message} with the id {told.command_id}", "the id of a command")
    for command_id, sent in asked.items():
        if command_id not in answered and not (sent.sids and gone.issuperset(sent.sids)):
            yield Broken(len(line.frames), f"no reply to {sent.name} with the id {command_id}", "a reply with its id")


def once(line: Line, exempt: Container[str] = ()) -> Iterator[Broken]:
    """No frame with data comes twice in a row in one subscription, but for messages that may say the same again."""
    last: dict[int, object] = {}
    for number, told in _numbered(line):
        if told.kind is not Kind.DATA or told.sid is None:
            continue
        if last.get(told.sid) == told.frame and told.message not in exempt:
            yield Broken(number, f"the same {told.message} again", "each frame once")
        last[told.sid] = told.frame


def subscribing(line: Line) -> list[Sent]:
    """The commands that subscribe to channels."""
    return [sent for sent in _commands(line) if sent.channels]


def _commands(line: Line) -> list[Sent]:
    return [entry.sent for entry in line.entries if entry.sent]


def _numbered(line: Line) -> Iterator[tuple[int, Told]]:
    return enumerate(line.frames, start=1)


def _number_of(line: Line, replies: list[Told]) -> int:
    return next((number for number, told in _numbered(line) if replies and told is replies[-1]), len(line.frames))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
