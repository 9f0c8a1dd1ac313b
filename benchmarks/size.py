"""How much a run does: a measurement, or a few seconds that prove that it works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """The sizes of `rows` (of positions, fills, settlements, orders) are compared with one another.

    Of streams: how many `readers`, how many `frames` to all of them together, `paced` ones, `idle` streams.
    Of fixtures: how many `tests`.
    """

    rows: tuple[int, ...]
    requests: int
    pages: int
    rounds: int
    starts: int
    memory_positions: int
    memory_history: int
    readers: tuple[int, ...]
    frames: int
    paced: int
    idle: int
    tests: int


FULL = Size((1_000, 100_000, 1_000_000), 20_000, 300, 5, 5, 1_000_000, 200_000, (1, 50, 500), 50_000, 2_000, 2_000, 300)
SMOKE = Size((1_000, 4_000), 200, 10, 1, 1, 4_000, 800, (1, 8), 800, 20, 20, 8)
