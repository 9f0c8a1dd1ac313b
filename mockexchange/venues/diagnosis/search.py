"""The search for the mistakes behind a wrong signature, shared by all venues.

The text that is signed is made of independent fields, so mistakes in different fields combine. A venue gives its table
of mistakes; the search tries the texts that they lead to, likeliest first, until one fits. It is bounded and runs in
steps, so that other threads can run in between.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, TypeVar

from mockexchange.venues.request import Pause

VERIFIES = "verifies"
"""Text that a search returns for a signature that is right."""

Fields = dict[str, str]


class Edit(NamedTuple):
    """One mistake in a signed text: the fields that it changes, and the advice for the user.

    `combines` is true if a client is likely to make it together with another mistake.
    """

    changes: Fields
    advice: str
    combines: bool = True


class Attempt(NamedTuple):
    """A text that a client may have signed, with the mistakes that lead to it; the right text has none."""

    text: bytes
    fields: Fields
    edits: tuple[Edit, ...] = ()

    @property
    def advice(self) -> str:
        return ", and ".join(edit.advice for edit in self.edits)


F = TypeVar("F")
"""The type of what a search returns."""


def attempts(
    right: Fields, edits: Iterable[Edit], render: Callable[[Fields], bytes], rare: Iterable[Edit] = ()
) -> Iterator[Attempt]:
    """Yield the right text, then each mistake, then pairs of mistakes, then the rare mistakes.

    A mistake's text is made only when it is reached: most searches end before the last one.
    """
    yield Attempt(render(right), right)
    known = []
    for edit in edits:
        if edit.changes.items() - right.items():
            known.append(edit)
            yield _attempt(right, (edit,), render)
    combined = pairs([edit for edit in known if edit.combines])
    for chosen in chain(combined, ((edit,) for edit in rare)):
        yield _attempt(right, chosen, render)


def _attempt(right: Fields, edits: tuple[Edit, ...], render: Callable[[Fields], bytes]) -> Attempt:
    fields = right.copy()
    for edit in edits:
        fields.update(edit.changes)
    return Attempt(render(fields), fields, edits)


def pairs(edits: Sequence[Edit]) -> Iterator[tuple[Edit, Edit]]:
    """Yield the pairs of mistakes in different fields, likeliest first; `edits` are sorted by likelihood."""
    count = len(edits)
    for total in range(1, 2 * count - 2):
        for low in range(max(0, total - count + 1), (total + 1) // 2):
            first, second = edits[low], edits[total - low]
            if first.changes.keys().isdisjoint(second.changes):
                yield first, second


def first_found(tries: Iterable[tuple[F | None, int]], cost_per_step: int) -> Generator[None, None, F | None]:
    """Return the first result of `tries`, which are pairs (result or None for a failure, cost); None if all fail.

    The generator yields each time the tries since the last yield have cost `cost_per_step`.
    """
    spent = 0
    for found, cost in tries:
        if found is not None:
            return found
        spent += cost
        if spent >= cost_per_step:
            spent = 0
            yield
    return None


def no_pause() -> None:
    """Do nothing. A search that blocks no other thread calls this function between its steps."""


def finish(steps: Generator[None, None, str], pause: Pause = no_pause) -> str:
    """Run a search in steps to its end and return its result; calls `pause` between the steps."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            diagnosis: str = done.value
            return diagnosis
        pause()
