"""Switches of a venue that a scenario may set below the venue's name; the scenario's schema is built from them."""

from typing import NamedTuple


class Choice(NamedTuple):
    """A switch with one of several values."""

    setting: str
    values: tuple[str, ...]


class Duration(NamedTuple):
    """A duration such as 15s, stored in microseconds."""

    setting: str


class Count(NamedTuple):
    """A whole number from `least` to `most`."""

    setting: str
    least: int
    most: int


Switch = Choice | Duration | Count
"""`setting` is the field in the venue's settings."""
