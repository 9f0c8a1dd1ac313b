"""Translates refusals of the exchange into errors of the venue, and refuses requests that are sent to another shard."""

import re
from collections.abc import Generator, Mapping
from typing import Any, NamedTuple

from mockexchange.core.commands import Command
from mockexchange.core.events import Event, OrderRejected
from mockexchange.core.exchange import Outcome
from mockexchange.core.refusals import Refusal, RefusalCode
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.resources.bodies import EXCHANGE_INDEX_IN_BODIES
from mockexchange.venues.kalshi.resources.call import AccountCall, Call

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
ID_CHARS_SHOWN_MAX = 80


class VenueError(NamedTuple):
    """An error of the venue: a situation of the error table, and the details in the body if they vary."""

    situation: Situation
    details: str = ""


POST_ONLY = VenueError(Situation.INVALID_ORDER, "post only cross")
REFUSALS: dict[RefusalCode, VenueError] = {
    RefusalCode.POST_ONLY_WOULD_CROSS: POST_ONLY,
    RefusalCode.FILL_OR_KILL_UNFILLED: VenueError(Situation.UNFILLED),
    RefusalCode.DUPLICATE_CLIENT_ORDER_ID: VenueError(Situation.DUPLICATE_ORDER),
    RefusalCode.PRICE_OFF_GRID: VenueError(Situation.INVALID_PRICE),
    RefusalCode.COUNT_OFF_GRID: VenueError(Situation.INVALID_SIZE),
    RefusalCode.TRADING_PAUSED: VenueError(Situation.TRADING_PAUSED),
    RefusalCode.EXCHANGE_PAUSED: VenueError(Situation.EXCHANGE_PAUSED),
    RefusalCode.EXPIRY_IN_PAST: VenueError(Situation.INVALID_ORDER, "Expiration timestamp must be in the future"),
    RefusalCode.REDUCE_ONLY_NEEDS_IOC: VenueError(
        Situation.INVALID_ORDER, "reduce_only can only be used with IoC orders"
    ),
    RefusalCode.SUBTRADER_BLOCKED: VenueError(Situation.FORBIDDEN),
    RefusalCode.SUBTRADER_CAPPED: VenueError(Situation.RISK_LIMIT),
    RefusalCode.POSITION_LIMIT: VenueError(Situation.RISK_LIMIT),
    RefusalCode.AMEND_COUNT_TOO_SMALL: VenueError(Situation.INVALID_SIZE),
    RefusalCode.TOO_MANY_ORDERS: VenueError(Situation.TOO_MANY_ORDERS),
    RefusalCode.GROUP_MISMATCH: VenueError(Situation.GROUP_NOT_FOUND),
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
    RefusalCode.UNKNOWN_RFQ: VenueError(Situation.NOT_FOUND_IN_WRITE),
    RefusalCode.UNKNOWN_QUOTE: VenueError(Situation.NOT_FOUND_IN_WRITE),
    RefusalCode.UNKNOWN_PROPOSAL: VenueError(Situation.NOT_FOUND_IN_WRITE),
    RefusalCode.RFQ_CLOSED: VenueError(Situation.RFQ_CLOSED),
    RefusalCode.QUOTE_NOT_OPEN: VenueError(Situation.NOT_FOUND_IN_WRITE),
}
"""Errors for refusals that callers of this venue can cause; other refusals become an invalid order with their text."""

Submission = Generator[Command, Outcome, tuple[Event, ...]]


def submit(command: Command) -> Submission:
    """Yield a command for the sandbox to execute, and return its events. Raises Rejected if the exchange refuses it."""
    return accepted((yield command))


def accepted(outcome: Outcome) -> tuple[Event, ...]:
    """Return the events of a command. Raises Rejected if the exchange refused it."""
    if isinstance(outcome, Refusal):
        raise rejected(outcome)
    if outcome and isinstance(outcome[0], OrderRejected):
        raise rejected(Refusal(RefusalCode(outcome[0].code), outcome[0].message))
    return outcome


def rejected(refusal: Refusal) -> Rejected:
    """Return the venue's error for a command that the exchange refused; the diagnosis is the refusal's message."""
    found = REFUSALS.get(refusal.code, VenueError(Situation.INVALID_ORDER, refusal.code.replace("_", " ")))
    values = {"details": found.details} if found.details else {}
    return Rejected(found.situation, refusal.message, **values)


def is_exchange_down(call: Call, rejected: Rejected) -> bool:
    """Return whether an error of one item of a batch means a 503 for the whole request.

    It does if the exchange is paused and a setting makes a paused exchange count as down.
    """
    return rejected.situation is Situation.EXCHANGE_PAUSED and call.settings.paused_exchange == "unavailable"


def require_uuid(name: str, text: str, situation: Situation = Situation.BAD_ID) -> None:
    """Raise Rejected, with the error of `situation`, if a text is not a UUID."""
    if not UUID.fullmatch(text):
        raise Rejected(situation, not_uuid(name, text))


def not_uuid(name: str, text: str) -> str:
    """Return the diagnosis of a text that is not a UUID."""
    return f"{name}={text[:ID_CHARS_SHOWN_MAX]!r}: expected a UUID"


def invalid(go_name: str, diagnosis: str) -> Rejected:
    """Return the rejection of a value that breaks the rules of its field."""
    return Rejected(Situation.INVALID_FIELD, diagnosis, field=go_name)


# --- shards: a request sent to another shard does not find its market

ROUTED_BY_DEFAULT = "2026-08-27"
"""Day from which a write that names its market but no exchange index is sent to the market's shard [changelog]."""
BY_TICKER = -1


def require_shard(
    call: AccountCall,
    fields: Mapping[str, Any],
    shard: int,
    what: str,
    situation: Situation = Situation.NOT_FOUND_IN_WRITE,
) -> None:
    """Raise Rejected if a request is sent to another shard; `what` begins the diagnosis, such as "order 5 is".

    In a request, an exchange index from 0 on is the shard, and -1 is the shard of the named market. Without an index
    the shard is also that of the market if there is one, else 0 (page on sharding, 2026-08-21). Before there was an
    index, every request found its market.
    """
    asked = fields.get("exchange_index")
    if asked == BY_TICKER or (asked or 0) == shard or not call.api_date.holds(EXCHANGE_INDEX_IN_BODIES):
        return
    is_named = bool(fields.get("ticker") or fields.get("market_ticker"))
    if asked is None and (call.api_date.is_compat or (is_named and call.api_date.holds(ROUTED_BY_DEFAULT))):
        return
    where = "goes to 0, as one without exchange_index does" if asked is None else f"names {asked}"
    raise Rejected(situation, f"{what} on exchange index {shard}, the request {where}")
