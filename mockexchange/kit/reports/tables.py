"""Defines the tables that a report has besides its verdicts."""

from collections.abc import Sequence
from typing import NamedTuple


class Table(NamedTuple):
    """A table of text cells; each row is as long as `header`."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
