"""A ranking against a plain sorted list: as one run, as runs of one item, and as several of a few."""

from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.core.model.ranking import SORTED_RUNS_MAX, Rank, Ranking, merge_after

pytestmark = pytest.mark.untraced


class Item(NamedTuple):
    rank: Rank


class Single(Ranking[Item]):
    run_items_max = 1


class Several(Ranking[Item]):
    run_items_max = 3


Make = Callable[[], Ranking[Item]]

ITEMS = st.builds(Item, st.tuples(st.integers(-3, 3), st.sampled_from("abcde")))
UNIQUE = st.lists(ITEMS, unique=True)
STARTS = st.none() | st.tuples(st.integers(-4, 4), st.sampled_from("abcde"))
LIMITS = st.integers(1, 10)
RANKINGS = pytest.mark.parametrize("make", [Ranking, Single, Several])


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


def test_a_long_one_has_several_runs() -> None:
    few = [Item((number, "")) for number in range(Several.run_items_max)]
    assert filled(Several(), few)._others is None
    assert filled(Several(), [*few, Item((99, ""))])._others == [[Item((2, "")), Item((99, ""))]]


@given(items=UNIQUE, data=st.data())
def test_no_run_is_long_and_none_but_the_first_is_empty(items: list[Item], data: st.DataObject) -> None:
    ranking = filled(Several(), items)
    for gone in data.draw(st.lists(st.sampled_from(items), unique=True)) if items else []:
        ranking.remove(gone)
    others = ranking._others or []
    assert all(0 < len(run) <= Several.run_items_max for run in others)
    assert len(ranking._first) <= Several.run_items_max
    assert ranking._first or not others


@given(items=UNIQUE, parts=st.integers(1, 2 * SORTED_RUNS_MAX), rank=STARTS, limit=LIMITS)
def test_several_answer_as_one(items: list[Item], parts: int, rank: Rank | None, limit: int) -> None:
    rankings = [filled(Several(), items[part::parts]) for part in range(parts)]
    assert merge_after(rankings, rank, limit) == after(items, rank, limit)


def test_none_at_all_answer_with_nothing() -> None:
    nothing: list[Ranking[Item]] = []
    assert merge_after(nothing, None, 10) == []
