"""What a scenario may switch of a venue, under the venue's name: rows that the scenario's schema is made of."""

from typing import NamedTuple


class Choice(NamedTuple):
    """One of several words."""

    setting: str
    words: tuple[str, ...]


class Duration(NamedTuple):
    """A duration such as 15s, kept in microseconds."""

    setting: str


class Count(NamedTuple):
    """A whole number from `least` to `most`."""

    setting: str
    least: int
    most: int


Switch = Choice | Duration | Count
"""`setting` is the field of the venue's settings."""
