"""The exchange as a whole: whether it runs, and what it has to say."""

from msgspec import Struct

from mockexchange.core.vocabulary import Severity


class Service(Struct):
    is_active: bool = True
    is_trading: bool = True
    resume_at: int | None = None


class Announcement(Struct, frozen=True):
    message: str
    severity: Severity
    is_active: bool
    delivered_at: int
