"""The order of due runs after any runs were added and dropped."""

from hypothesis import given
from hypothesis import strategies as st

from mockexchange.sandbox.script.schedule import Schedule

runs = st.lists(
    st.tuples(st.integers(0, 5), st.lists(st.integers(0, 20), min_size=1, max_size=4).map(sorted)), max_size=12
)


def take_all(schedule: Schedule) -> list[tuple[int, int, int, bool]]:
    taken = []
    while schedule.next_at is not None:
        assert schedule.next_at == min(run.at for run in schedule)
        run, is_last = schedule.pop_next()
        taken.append((run.at, run.place, run.action, is_last))
    return taken


@given(runs, st.sets(st.integers(0, 5)))
def test_runs_are_taken_in_order_and_dropped_ones_never(begun: list[tuple[int, list[int]]], dropped: set[int]) -> None:
    schedule = Schedule()
    for number, (place, instants) in enumerate(begun):
        schedule.begin(place, iter([(at, number) for at in instants]))
    schedule.drop(lambda run: run.place in dropped)
    kept = [(number, place, instants) for number, (place, instants) in enumerate(begun) if place not in dropped]
    assert len(list(schedule)) == len(kept)
    assert take_all(schedule) == sorted(
        (
            (at, place, number, turn == len(instants))
            for number, place, instants in kept
            for turn, at in enumerate(instants, start=1)
        ),
        key=lambda one: one[:3],
    )
