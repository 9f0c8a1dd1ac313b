"""A ranking against a plain sorted list: as a list, as a tree, and on the way from one to the other."""

from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sortedcontainers import SortedKeyList

from mockexchange.core.model.ranking import SORTED_RUNS_MAX, Rank, Ranking, merge_after

pytestmark = pytest.mark.untraced


class Item(NamedTuple):
    rank: Rank


class Tree(Ranking[Item]):
    listed_items_max = 0


class Grown(Ranking[Item]):
    listed_items_max = 3


Make = Callable[[], Ranking[Item]]

ITEMS = st.builds(Item, st.tuples(st.integers(-3, 3), st.sampled_from("abcde")))
UNIQUE = st.lists(ITEMS, unique=True)
STARTS = st.none() | st.tuples(st.integers(-4, 4), st.sampled_from("abcde"))
LIMITS = st.integers(1, 10)
RANKINGS = pytest.mark.parametrize("make", [Ranking, Tree, Grown])


def after(items: list[Item], rank: Rank | None, limit: int) -> list[Item]:
    """What any of them must answer, the slow way."""
    return [item for item in sorted(items) if rank is None or item.rank > rank][:limit]


def filled(ranking: Ranking[Item], items: list[Item]) -> Ranking[Item]:
    for item in items:
        ranking.add(item)
    return ranking


@RANKINGS
@given(items=UNIQUE, rank=STARTS, limit=LIMITS)
def test_the_next_few(make: Make, items: list[Item], rank: Rank | None, limit: int) -> None:
    ranking = filled(make(), items)
    assert list(islice(ranking.after(rank), limit)) == after(items, rank, limit)
    assert len(ranking) == len(items)


@RANKINGS
@given(items=UNIQUE.filter(bool), data=st.data())
def test_what_is_removed_is_gone_and_the_rest_stays(make: Make, items: list[Item], data: st.DataObject) -> None:
    ranking = filled(make(), items)
    gone = data.draw(st.sampled_from(items))
    ranking.remove(gone)
    assert list(ranking.after(None)) == sorted(set(items) - {gone})


@RANKINGS
@given(items=UNIQUE.filter(bool))
def test_the_newest(make: Make, items: list[Item]) -> None:
    assert filled(make(), items).newest() == min(items)


@RANKINGS
def test_an_empty_one(make: Make) -> None:
    ranking = make()
    assert (len(ranking), list(ranking.after(None)), list(ranking.after((0, "")))) == (0, [], [])


def test_a_long_one_is_a_tree() -> None:
    few = [Item((number, "")) for number in range(Grown.listed_items_max)]
    assert isinstance(filled(Grown(), few)._items, list)
    assert isinstance(filled(Grown(), [*few, Item((99, ""))])._items, SortedKeyList)


@given(items=UNIQUE, parts=st.integers(1, 2 * SORTED_RUNS_MAX), rank=STARTS, limit=LIMITS)
def test_several_answer_as_one(items: list[Item], parts: int, rank: Rank | None, limit: int) -> None:
    rankings = [filled(Grown(), items[part::parts]) for part in range(parts)]
    assert merge_after(rankings, rank, limit) == after(items, rank, limit)


def test_none_at_all_answer_with_nothing() -> None:
    nothing: list[Ranking[Item]] = []
    assert merge_after(nothing, None, 10) == []
