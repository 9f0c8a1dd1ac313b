"""The status of the whole exchange and its announcements."""

from msgspec import Struct

from mockexchange.core.vocabulary import Severity


class Service(Struct):
    """The status of the exchange: whether it is up and whether it trades. `resume_at` is None if no time is known."""

    is_active: bool = True
    is_trading: bool = True
    resume_at: int | None = None


class Announcement(Struct, frozen=True):
    """A message of the exchange to all its users."""

    message: str
    severity: Severity
    is_active: bool
    delivered_at: int
