"""The search for what is wrong with a signature: which mistakes are tried together, and how others run in between."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from mockexchange.venues.request import Pause


class Mistake(Protocol):
    @property
    def changes(self) -> Mapping[str, str]:
        """The parts of the signed text that it changes."""
        ...


M = TypeVar("M", bound=Mistake)


def pairs(mistakes: Sequence[M]) -> Iterator[tuple[M, M]]:
    """Give the pairs of mistakes that change different parts, those of two likely ones, which stand first, first."""
    count = len(mistakes)
    for total in range(1, 2 * count - 2):
        for low in range(max(0, total - count + 1), (total + 1) // 2):
            first, second = mistakes[low], mistakes[total - low]
            if first.changes.keys().isdisjoint(second.changes):
                yield first, second


def no_pause() -> None:
    """Let nobody run: for a search that nobody waits beside."""


def finish(steps: Generator[None, None, str], pause: Pause = no_pause) -> str:
    """Return what a search in steps finds; calls `pause` between them."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            words: str = done.value
            return words
        pause()
