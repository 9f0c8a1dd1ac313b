"""Lists of rows against a plain list: every filter, window, limit and cursor, and rows that move."""

from dataclasses import dataclass
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.core.model.paged_history import (
    ALWAYS,
    EVERYTHING,
    History,
    HistoryPage,
    Partition,
    Selector,
    Window,
    page_of,
)

pytestmark = pytest.mark.untraced

COLORS = ("red", "green", "blue")
STEPS_BETWEEN_ROWS = st.sampled_from([0, 0, 1, 3])


@dataclass(eq=False)
class Row:
    """A row with a letter, which stays, and a color, which can change."""

    serial: int
    created_at: int
    letter: str
    color: str

    @property
    def selectors(self) -> tuple[Selector, ...]:
        return EVERYTHING, ("letter", self.letter)

    @property
    def partition(self) -> Partition:
        return (self.color,)

    def paint(self, color: str) -> None:
        self.color = color


class Asked(NamedTuple):
    limit: int
    letters: tuple[str, ...]
    """None of them is all."""
    colors: tuple[str, ...]
    window: Window
    after: int | None


def histories() -> st.SearchStrategy[tuple[History[Row], list[Row]]]:
    """A history and the same rows as a list: some were painted over after they were filed."""
    row = st.tuples(STEPS_BETWEEN_ROWS, st.sampled_from("abc"), st.sampled_from(COLORS))
    paint = st.tuples(st.integers(0, 20), st.sampled_from(COLORS))
    return st.builds(filed, st.lists(row, max_size=20), st.lists(paint, max_size=10))


def filed(rows: list[tuple[int, str, str]], paints: list[tuple[int, str]]) -> tuple[History[Row], list[Row]]:
    history: History[Row] = History()
    plain: list[Row] = []
    at = 100
    for place, (step, letter, color) in enumerate(rows):
        at += step
        plain.append(Row(10 + 2 * place, at, letter, color))
        history.add(plain[-1], plain[-1].serial)
    for place, color in paints:
        if place < len(plain):
            repaint(history, plain[place], color)
    return history, plain


def repaint(history: History[Row], row: Row, color: str) -> None:
    before = row.partition
    row.paint(color)
    history.refile(row, history.revision + 1, before)


instants = st.none() | st.integers(98, 130)
questions = st.builds(
    Asked,
    limit=st.sampled_from([1, 2, 7, 100]),
    letters=st.lists(st.sampled_from("abcd"), max_size=4).map(tuple),
    colors=st.lists(st.sampled_from(COLORS), max_size=3).map(tuple),
    window=st.builds(Window, instants, instants),
    after=st.none() | st.integers(8, 55),
)


def find(history: History[Row], asked: Asked) -> HistoryPage[Row]:
    selectors: list[Selector] = [("letter", letter) for letter in asked.letters] or [EVERYTHING]
    colors = asked.colors or COLORS
    return history.find(asked.limit, selectors, lambda partition: partition[0] in colors, asked.window, asked.after)


def naive(rows: list[Row], asked: Asked) -> list[Row]:
    """Every row that passes, newest first."""
    earliest, latest = asked.window
    return [
        row
        for row in reversed(rows)
        if (not asked.letters or row.letter in asked.letters)
        and (not asked.colors or row.color in asked.colors)
        and (earliest is None or row.created_at >= earliest)
        and (latest is None or row.created_at <= latest)
        and (asked.after is None or row.serial < asked.after)
    ]


@given(histories(), questions)
def test_a_page_holds_the_newest_rows_that_pass(filed: tuple[History[Row], list[Row]], asked: Asked) -> None:
    history, rows = filed
    passing = naive(rows, asked)
    page = find(history, asked)
    assert page.rows == passing[: asked.limit]
    assert page.after == (page.rows[-1].serial if len(passing) > asked.limit else None)


@given(histories(), questions)
def test_a_walk_gives_every_row_exactly_once(filed: tuple[History[Row], list[Row]], asked: Asked) -> None:
    history, rows = filed
    walked: list[Row] = []
    page = find(history, asked)
    while True:
        walked += page.rows
        if page.after is None:
            break
        page = find(history, asked._replace(after=page.after))
    assert walked == naive(rows, asked)


@given(histories())
def test_rows_stay_in_the_order_in_which_they_came(filed: tuple[History[Row], list[Row]]) -> None:
    history, rows = filed
    assert list(history) == rows
    assert len(history) == len(rows)
    for (selector, partition), listed in history.index().items():
        assert listed == [row for row in rows if selector in row.selectors and row.partition == partition]
        assert history.filed(selector, partition) == listed


@given(histories(), questions, st.sampled_from(COLORS))
def test_a_walk_goes_on_after_rows_moved(filed: tuple[History[Row], list[Row]], asked: Asked, color: str) -> None:
    """What was filed elsewhere in between is judged by where it is now; what was read does not come again."""
    history, rows = filed
    first = find(history, asked)
    for row in rows[::2]:
        repaint(history, row, color)
    if first.after is not None:
        rest = asked._replace(after=first.after)
        assert find(history, rest).rows == naive(rows, rest)[: asked.limit]


@given(histories(), questions)
def test_a_look_at_every_row_filters_before_the_page_is_cut(
    filed: tuple[History[Row], list[Row]], asked: Asked
) -> None:
    history, rows = filed
    page = history.find(asked.limit, window=asked.window, after=asked.after, keeps=lambda row: row.created_at % 2 == 0)
    everything = asked._replace(letters=(), colors=())
    assert page.rows == [row for row in naive(rows, everything) if row.created_at % 2 == 0][: asked.limit]


def test_the_edges_of_a_window_are_in_it() -> None:
    history, _ = filed([(0, "a", "red"), (1, "a", "red"), (1, "a", "red")], [])
    for window, instants in [
        (ALWAYS, [102, 101, 100]),
        (Window(101, 101), [101]),
        (Window(101), [102, 101]),
        (Window(None, 101), [101, 100]),
        (Window(102, 101), []),
    ]:
        assert [row.created_at for row in history.find(10, window=window).rows] == instants


def test_a_page_of_nothing_is_the_last() -> None:
    history: History[Row] = History()
    assert history.find(1) == HistoryPage([], None)
    assert history.find(1, selectors=[]) == HistoryPage([], None)
    assert page_of([], 1) == HistoryPage([], None)
    assert len(history) == 0


def test_a_page_that_holds_exactly_the_rest_is_the_last() -> None:
    history, rows = filed([(1, "a", "red")] * 3, [])
    assert history.find(3).after is None
    assert history.find(2).after == rows[1].serial


def test_the_revision_is_that_of_the_last_change() -> None:
    history, (row,) = filed([(1, "a", "red")], [])
    assert history.revision == row.serial
    for color in ("blue", "blue"):
        before = row.partition
        row.paint(color)
        history.refile(row, history.revision + 7, before)
    assert history.revision == row.serial + 14


def test_a_list_that_names_a_selector_twice_shows_its_rows_once() -> None:
    history, rows = filed([(1, "a", "red")], [])
    assert history.find(10, [("letter", "a"), ("letter", "a")]).rows == rows
