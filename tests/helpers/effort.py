"""How much a run of the tests does: `make test` and the gate a part of what repeats, `make test-all` the whole of it.

A tenth of random examples finds what is broken outright, and each run draws other ones; one date shows that a mechanism
works. Tables of recorded facts, planted faults and recorded bytes are tried whole in every run.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

One = TypeVar("One")

WHOLE = os.environ.get("TESTS_EFFORT") == "whole"
"""Whether everything is tried, as `tools/test.sh all` wants it."""
EXAMPLES_MIN = 3
"""Random examples that are tried in any case, where there are as many."""
EXAMPLES_DEFAULT = 100
"""Random examples of a property that does not say how many."""


def examples(whole: int, least: int = EXAMPLES_MIN) -> int:
    """Return the number of random examples of a property, `whole` of which are tried in `make test-all`."""
    return whole if WHOLE else min(whole, max(least, whole // 10))


def chosen(every: Sequence[One], *of_push: One) -> Sequence[One]:
    """Return the rows of a table to try: all in `make test-all`, otherwise those `of_push`, by default the last.

    API dates are listed from the oldest to "compat", which has every field of every date.
    """
    assert set(of_push) <= set(every), f"no rows of the table: {set(of_push) - set(every)}"
    return every if WHOLE else of_push or every[-1:]
