"""What processes publish of their logs to each other."""

import asyncio

import pytest

from mockexchange.store.heads import SharedHeads


def test_what_is_published_is_read_and_marked() -> None:
    heads = SharedHeads(3)
    marks = [heads.mark]
    for id_, number in ((7, 1), (7, 2), (9, 5), (11, 1)):
        heads.publish(id_, number)
        marks.append(heads.mark)
    heads.withdraw(7)
    marks.append(heads.mark)
    assert len(set(marks)) == len(marks)
    assert asyncio.run(heads.read()) == {9: 5, 11: 1}


def test_another_publishing_process_goes_on_with_what_was_published() -> None:
    heads = SharedHeads(2)
    for id_ in (1, 2):
        heads.publish(id_, 10)
    heads._places.clear()  # as in a process that was forked later
    heads.publish(2, 11)
    heads.withdraw(1)
    heads.publish(3, 1)
    assert heads.table() == {2: 11, 3: 1}


def test_there_is_room_for_a_replacement_and_no_more() -> None:
    heads = SharedHeads(1)
    heads.publish(1, 1)
    heads.publish(2, 1)
    with pytest.raises(KeyError):
        heads.publish(3, 1)
    heads.withdraw(1)
    heads.publish(3, 1)
    assert heads.table() == {2: 1, 3: 1}
