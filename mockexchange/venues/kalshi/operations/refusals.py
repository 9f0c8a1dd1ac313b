"""Refusals of the core as errors of the venue: which situation a refused command of a write is."""

import re
from collections.abc import Generator
from typing import NamedTuple

from mockexchange.core.commands import Command
from mockexchange.core.events import Event
from mockexchange.core.exchange import Outcome
from mockexchange.core.refusals import Refusal, RefusalCode
from mockexchange.venues.kalshi.errors import Rejected, Situation

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
ID_CHARS_SHOWN_MAX = 80


class VenueError(NamedTuple):
    """A situation, and the details of its body if they are not always the same."""

    situation: Situation
    details: str = ""


REFUSALS: dict[RefusalCode, VenueError] = {
    RefusalCode.UNKNOWN_SUBACCOUNT: VenueError(Situation.NOT_FOUND_IN_WRITE),
    RefusalCode.UNKNOWN_MARKET: VenueError(Situation.MARKET_NOT_FOUND),
    RefusalCode.UNKNOWN_ORDER: VenueError(Situation.NOT_FOUND_IN_WRITE),
    RefusalCode.UNKNOWN_GROUP: VenueError(Situation.NOT_FOUND_IN_WRITE),
    RefusalCode.MARKET_NOT_OPEN: VenueError(Situation.MARKET_INACTIVE),
    RefusalCode.ORDER_NOT_RESTING: VenueError(Situation.NOT_FOUND_IN_WRITE),
    RefusalCode.GROUP_TRIGGERED: VenueError(Situation.GROUP_TRIGGERED),
    RefusalCode.INSUFFICIENT_CASH: VenueError(Situation.INSUFFICIENT_BALANCE),
    RefusalCode.PRICE_OUT_OF_RANGE: VenueError(Situation.INVALID_PRICE),
    RefusalCode.WRONG_KIND: VenueError(Situation.FORBIDDEN),
    RefusalCode.UNKNOWN_KEY: VenueError(Situation.NOT_FOUND_IN_WRITE),
    RefusalCode.KEY_IN_USE: VenueError(Situation.ALREADY_EXISTS),
    RefusalCode.ALREADY_EXISTS: VenueError(Situation.ALREADY_EXISTS),
}
"""Refusals that callers of this venue can cause; any other is an invalid order with the core's own words."""

Submission = Generator[Command, Outcome, tuple[Event, ...]]


def submit(command: Command) -> Submission:
    """Yield a command of a write and return its events. Raises Rejected if it is refused."""
    outcome = yield command
    if isinstance(outcome, Refusal):
        raise rejected(outcome)
    return outcome


def rejected(refusal: Refusal) -> Rejected:
    """Return the venue's error for a refused command; its diagnosis is the core's message."""
    found = REFUSALS.get(refusal.code, VenueError(Situation.INVALID_ORDER, refusal.code.replace("_", " ")))
    values = {"details": found.details} if found.details else {}
    return Rejected(found.situation, refusal.message, **values)


def require_uuid(name: str, text: str) -> None:
    """Raise Rejected unless a text is a UUID."""
    if not UUID.fullmatch(text):
        raise Rejected(Situation.BAD_ID, f"{name}={text[:ID_CHARS_SHOWN_MAX]!r}: expected a UUID")
