"""The types of switches that a scenario may set below a venue's name; the schema of scenarios is made from them."""

from typing import NamedTuple


class Choice(NamedTuple):
    """A switch whose value is one of several words."""

    setting: str
    values: tuple[str, ...]


class Duration(NamedTuple):
    """A switch whose value is a duration such as 15s, stored in microseconds."""

    setting: str


class Count(NamedTuple):
    """A switch whose value is a whole number from `least` to `most`, both included."""

    setting: str
    least: int
    most: int


Switch = Choice | Duration | Count
"""Any switch; its `setting` is the name of the field in the venue's settings."""
