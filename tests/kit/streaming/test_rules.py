"""The rules for the order of frames, on transcripts written by hand."""

from collections.abc import Callable, Iterable
from typing import Any

from mockexchange.kit.streaming import rules
from mockexchange.kit.streaming.protocol import MessageKind, StreamMessage
from mockexchange.kit.streaming.recorded_stream import RecordedStream, SentCommand
from mockexchange.kit.streaming.rules import BrokenRule
from tests.helpers.rows import each_row
from tests.kit.streaming.scripted import ack, data, gone, ok, stream_of, subscribe, unsubscribe

HONEST: list[SentCommand | StreamMessage] = [
    subscribe(1, "a", "b"),
    ack(1, "a", 1),
    ack(1, "b", 2),
    data(1, number=1, value="first"),
    data(2, value="x"),
    data(1, number=2, value="second"),
    subscribe(2, "a", "c"),
    ack(2, "a", 1),
    ack(2, "c", 3),
    data(3, number=1, value="first"),
    unsubscribe(3, 1),
    gone(3, 1, number=3),
    data(2, value="y"),
    subscribe(4, "a"),
    ack(4, "a", 4),
]
RULES = [rules.acks, rules.sids, rules.acks_first, rules.silence, rules.numbers, rules.ids, rules.once]


@each_row("rule", RULES, ids=lambda rule: rule.__name__)
def test_an_honest_stream_keeps_it(rule: Callable[[RecordedStream], Iterable[BrokenRule]]) -> None:
    assert list(rule(stream_of(*HONEST))) == []


BROKEN: list[tuple[Callable[[RecordedStream], Iterable[BrokenRule]], list[Any], BrokenRule]] = [
    (
        rules.acks,
        [subscribe(1, "a", "b"), ack(1, "a", 1)],
        BrokenRule(1, "acknowledged: a", "a, b"),
    ),
    (
        rules.acks,
        [subscribe(1, "a", "b"), ack(1, "b", 1), ack(1, "a", 2)],
        BrokenRule(2, "acknowledged: b, a", "a, b"),
    ),
    (rules.acks, [subscribe(1, "a"), data(1)], BrokenRule(1, "acknowledged: none", "a")),
    (rules.sids, [subscribe(1, "a"), ack(1, "a", 0)], BrokenRule(1, "a is subscription 0", "subscription 1")),
    (
        rules.sids,
        [subscribe(1, "a"), ack(1, "a", 1), subscribe(2, "a"), ack(2, "a", 2)],
        BrokenRule(2, "a is subscription 2", "subscription 1"),
    ),
    (
        rules.sids,
        [subscribe(1, "a"), ack(1, "a", 1), unsubscribe(2, 1), gone(2, 1), subscribe(3, "a"), ack(3, "a", 1)],
        BrokenRule(3, "a is subscription 1", "subscription 2"),
    ),
    (
        rules.acks_first,
        [subscribe(1, "a"), data(1), ack(1, "a", 1)],
        BrokenRule(1, "news of subscription 1", "its acknowledgement before it"),
    ),
    (
        rules.acks_first,
        [subscribe(1, "a", "b"), ack(1, "a", 1), data(1), ack(1, "b", 2)],
        BrokenRule(
            2, "news before the acknowledgement of b", "every acknowledgement of a command before the first data"
        ),
    ),
    (
        rules.silence,
        [subscribe(1, "a"), ack(1, "a", 1), unsubscribe(2, 1), gone(2, 1), data(1)],
        BrokenRule(3, "news of subscription 1", "nothing after its end"),
    ),
    (
        rules.numbers,
        [data(1, number=1), data(1, number=3), data(1, number=4)],
        BrokenRule(2, "news of subscription 1 is number 3", "number 2"),
    ),
    (rules.numbers, [data(1, number=0)], BrokenRule(1, "news of subscription 1 is number 0", "number 1")),
    (rules.ids, [subscribe(1, "a"), ack(2, "a", 1)], BrokenRule(1, "ack with the id 2", "the id of a command")),
    (
        rules.ids,
        [unsubscribe(1, 7), ok(2)],
        BrokenRule(1, "ok with the id 2", "the id of a command"),
    ),
    (
        rules.once,
        [data(1, value="x"), data(2, value="x"), data(1, value="x")],
        BrokenRule(3, "the same news again", "each frame once"),
    ),
]


@each_row(("rule", "crossed", "broken"), BROKEN)
def test_a_violation_has_its_frame_number(
    rule: Callable[[RecordedStream], Iterable[BrokenRule]], crossed: list[Any], broken: BrokenRule
) -> None:
    assert next(iter(rule(stream_of(*crossed)))) == broken


def test_an_unanswered_command_is_named() -> None:
    [broken] = rules.ids(stream_of(subscribe(1, "a")))
    assert broken == BrokenRule(0, "no reply to subscribe with the id 1", "a reply with its id")


def test_the_end_of_a_subscription_answers_without_an_id() -> None:
    assert list(rules.ids(stream_of(unsubscribe(1, 7), gone(None, 7)))) == []


def test_a_refused_command_needs_no_acknowledgement() -> None:
    error = ok(1)._replace(kind=MessageKind.ERROR)
    assert list(rules.acks(stream_of(subscribe(1, "a"), error))) == []


def test_a_message_may_be_let_off() -> None:
    assert list(rules.once(stream_of(data(1), data(1)), {"news"})) == []
