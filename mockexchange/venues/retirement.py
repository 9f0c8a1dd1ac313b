"""The type of a retired part of a venue's API, such as a field, whose end may be past or announced."""

from typing import Literal, NamedTuple

Kind = Literal["operation", "parameter", "value", "field", "channel"]


class Retirement(NamedTuple):
    """One retired part of the venue's API. Days are ISO text."""

    kind: Kind
    name: str
    since: str
    """First day of the part; empty if it always existed."""
    until: str
    """First day on which the part no longer exists."""
    advice: str
    """Advice for the user: what to use instead of the retired part."""
    source: str
    """Label of the source of these days, one of the venue's."""
