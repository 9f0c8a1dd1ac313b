"""The type of a part of a venue's API, such as a field, that was removed or whose removal is announced."""

from typing import Literal, NamedTuple

Kind = Literal["operation", "parameter", "value", "field", "channel"]


class Retirement(NamedTuple):
    """A part of the venue's API that was removed or whose removal is announced. Days are ISO text."""

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
