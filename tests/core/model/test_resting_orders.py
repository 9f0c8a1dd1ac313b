"""Queues at one price, against a plain list of those who wait."""

from hypothesis import given
from hypothesis import strategies as st

from mockexchange.core.model.order_book import SHED_MIN, Queue

Step = tuple[int, int, bool]
steps = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 500), st.booleans()), max_size=150)


def leave(queue: Queue, waiting: dict[str, int], name: str) -> None:
    queue.change(name, -waiting.pop(name))
    queue.leave(name)


@given(steps)
def test_what_is_ahead_is_the_sum_of_those_who_came_earlier(steps: list[Step]) -> None:
    queue, waiting = Queue(), dict[str, int]()
    for number, (place, count_centis, joins) in enumerate(steps):
        names = list(waiting)
        if joins or not names:
            waiting[f"order {number}"] = count_centis
            queue.join(f"order {number}", count_centis)
        elif count_centis < waiting[names[place % len(names)]]:
            waiting[names[place % len(names)]] -= count_centis
            queue.change(names[place % len(names)], -count_centis)
        else:
            leave(queue, waiting, names[place % len(names)])
        check(queue, waiting)


def test_those_who_left_are_forgotten() -> None:
    """However many come and go, a queue is as long as those who wait, give or take a few."""
    queue, waiting = Queue(), {"patient": 100}
    queue.join("patient", 100)
    for number in range(10 * SHED_MIN):
        waiting[f"order {number}"] = 7
        queue.join(f"order {number}", 7)
        leave(queue, waiting, f"order {number}")
        check(queue, waiting)
    assert len(queue._sums) <= SHED_MIN + 2 + 2 * len(waiting)


def check(queue: Queue, waiting: dict[str, int]) -> None:
    ahead_centis = 0
    for name, count_centis in waiting.items():
        assert queue.ahead_centis(name) == ahead_centis
        ahead_centis += count_centis
    assert queue.count_centis == ahead_centis
