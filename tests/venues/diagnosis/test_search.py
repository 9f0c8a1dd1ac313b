"""The search for mistakes: the order of its texts, pairs of mistakes, steps, and its end."""

from collections.abc import Generator

from mockexchange.venues.diagnosis.search import Attempt, Edit, Fields, attempts, finish, first_found, pairs

RIGHT = {"time": "1", "path": "/a", "end": ""}
SECONDS = Edit({"time": "0"}, "sign milliseconds")
PREFIX = Edit({"path": "/v/a"}, "leave out the prefix")
NEWLINE = Edit({"end": "\n"}, "leave out the newline", combines=False)
SCANNED = Edit({"time": "2"}, "read the clock once")


def render(fields: Fields) -> bytes:
    return "".join(fields.values()).encode()


def test_texts_come_as_the_right_one_then_single_mistakes_then_pairs_then_rare_ones() -> None:
    found = list(attempts(RIGHT, [SECONDS, PREFIX, NEWLINE], render, [SCANNED]))
    assert [attempt.text for attempt in found] == [b"1/a", b"0/a", b"1/v/a", b"1/a\n", b"0/v/a", b"2/a"]
    assert [attempt.advice for attempt in found[3:5]] == [
        "leave out the newline",
        "sign milliseconds, and leave out the prefix",
    ]
    assert found[0] == Attempt(b"1/a", RIGHT)


def test_a_mistake_that_changes_nothing_is_no_text() -> None:
    assert [attempt.edits for attempt in attempts(RIGHT, [Edit({"path": "/a"}, "")], render)] == [()]


def test_pairs_change_different_fields_likely_ones_first() -> None:
    edits = [Edit({field: ""}, "") for field in ("a", "b", "a", "c")]
    assert list(pairs(edits)) == [
        (edits[first], edits[second]) for first, second in [(0, 1), (0, 3), (1, 2), (1, 3), (2, 3)]
    ]


def run(search: Generator[None, None, str | None]) -> tuple[str | None, int]:
    """Return the result of a search and its steps."""
    steps = 0
    while True:
        try:
            next(search)
        except StopIteration as done:
            result: str | None = done.value
            return result, steps
        steps += 1


def test_a_search_ends_with_the_first_result_and_steps_by_cost() -> None:
    failures = [(None, 1)] * 5
    assert run(first_found([*failures, ("found", 1), ("later", 1)], 2)) == ("found", 2)
    assert run(first_found([(None, 4), (None, 1)], 2)) == (None, 1)
    assert run(first_found([], 2)) == (None, 0)


def test_a_search_is_finished_with_a_pause_between_its_steps() -> None:
    paused = []

    def steps() -> Generator[None, None, str]:
        yield
        yield
        return "done"

    assert finish(steps(), lambda: paused.append(1)) == "done"
    assert len(paused) == 2
