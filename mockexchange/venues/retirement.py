"""What a venue has retired, or has said that it will, as seen from somebody who uses it."""

from typing import Literal, NamedTuple

Kind = Literal["operation", "parameter", "value", "field", "channel"]


class Retirement(NamedTuple):
    """Something that was used and has, or will have, an end. Days are ISO text."""

    kind: Kind
    name: str
    since: str
    """Empty for what has always been."""
    until: str
    """The first day on which it is not there any more."""
    advice: str
    """What to do instead, in words."""
    source: str
    """One of the venue's sources."""
