"""The exchange as a whole: whether it runs, and what it has to say."""

from dataclasses import dataclass

from mockexchange.core.vocabulary import Severity


@dataclass(slots=True)
class Service:
    is_active: bool = True
    is_trading: bool = True
    resume_at: int | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    message: str
    severity: Severity
    is_active: bool
    delivered_at: int
