"""What has to come before what, over transcripts that are written by hand."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from mockexchange.kit.streaming import rules
from mockexchange.kit.streaming.protocol import Kind, Told
from mockexchange.kit.streaming.recorded_stream import Line, Sent
from mockexchange.kit.streaming.rules import Broken
from tests.kit.streaming.scripted import ack, data, gone, line_of, ok, subscribe, unsubscribe

HONEST: list[Sent | Told] = [
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


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_an_honest_stream_keeps_it(rule: Callable[[Line], Iterable[Broken]]) -> None:
    assert list(rule(line_of(*HONEST))) == []


BROKEN: list[tuple[Callable[[Line], Iterable[Broken]], list[Any], Broken]] = [
    (
        rules.acks,
        [subscribe(1, "a", "b"), ack(1, "a", 1)],
        Broken(1, "acknowledged: a", "a, b"),
    ),
    (
        rules.acks,
        [subscribe(1, "a", "b"), ack(1, "b", 1), ack(1, "a", 2)],
        Broken(2, "acknowledged: b, a", "a, b"),
    ),
    (rules.acks, [subscribe(1, "a"), data(1)], Broken(1, "acknowledged: none", "a")),
    (rules.sids, [subscribe(1, "a"), ack(1, "a", 0)], Broken(1, "a is subscription 0", "subscription 1")),
    (
        rules.sids,
        [subscribe(1, "a"), ack(1, "a", 1), subscribe(2, "a"), ack(2, "a", 2)],
        Broken(2, "a is subscription 2", "subscription 1"),
    ),
    (
        rules.sids,
        [subscribe(1, "a"), ack(1, "a", 1), unsubscribe(2, 1), gone(2, 1), subscribe(3, "a"), ack(3, "a", 1)],
        Broken(3, "a is subscription 1", "subscription 2"),
    ),
    (
        rules.acks_first,
        [subscribe(1, "a"), data(1), ack(1, "a", 1)],
        Broken(1, "news of subscription 1", "its acknowledgement before it"),
    ),
    (
        rules.acks_first,
        [subscribe(1, "a", "b"), ack(1, "a", 1), data(1), ack(1, "b", 2)],
        Broken(2, "news before the acknowledgement of b", "every acknowledgement of a command before the first data"),
    ),
    (
        rules.silence,
        [subscribe(1, "a"), ack(1, "a", 1), unsubscribe(2, 1), gone(2, 1), data(1)],
        Broken(3, "news of subscription 1", "nothing after its end"),
    ),
    (
        rules.numbers,
        [data(1, number=1), data(1, number=3), data(1, number=4)],
        Broken(2, "news of subscription 1 is number 3", "number 2"),
    ),
    (rules.numbers, [data(1, number=0)], Broken(1, "news of subscription 1 is number 0", "number 1")),
    (rules.ids, [subscribe(1, "a"), ack(2, "a", 1)], Broken(1, "ack with the id 2", "the id of a command")),
    (
        rules.ids,
        [unsubscribe(1, 7), ok(2)],
        Broken(1, "ok with the id 2", "the id of a command"),
    ),
    (
        rules.once,
        [data(1, value="x"), data(2, value="x"), data(1, value="x")],
        Broken(3, "the same news again", "each frame once"),
    ),
]


@pytest.mark.parametrize(("rule", "crossed", "broken"), BROKEN)
def test_a_broken_stream_is_told_where(
    rule: Callable[[Line], Iterable[Broken]], crossed: list[Any], broken: Broken
) -> None:
    assert next(iter(rule(line_of(*crossed)))) == broken


def test_a_command_that_is_not_answered_is_told_by_name() -> None:
    [broken] = rules.ids(line_of(subscribe(1, "a")))
    assert broken == Broken(0, "no reply to subscribe with the id 1", "a reply with its id")


def test_the_end_of_a_subscription_answers_without_an_id() -> None:
    assert list(rules.ids(line_of(unsubscribe(1, 7), gone(None, 7)))) == []


def test_a_refused_command_needs_no_acknowledgement() -> None:
    error = ok(1)._replace(kind=Kind.ERROR)
    assert list(rules.acks(line_of(subscribe(1, "a"), error))) == []


def test_a_message_may_be_let_off() -> None:
    assert list(rules.once(line_of(data(1), data(1)), {"news"})) == []
