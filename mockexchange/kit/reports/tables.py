"""Further tables of a report, beside its verdicts."""

from collections.abc import Sequence
from typing import NamedTuple


class Table(NamedTuple):
    """Rows of texts, each as long as `header`."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
