"""Retired parts of a venue's wire that a program uses; their end may be past or still to come."""

from typing import Literal, NamedTuple

Kind = Literal["operation", "parameter", "value", "field", "channel"]


class Retirement(NamedTuple):
    """One retired part of the wire. Days are ISO text."""

    kind: Kind
    name: str
    since: str
    """First day; empty if it was there from the beginning."""
    until: str
    """First day without it."""
    advice: str
    """What to use instead, for the user."""
    source: str
    """Label of one of the venue's sources."""
