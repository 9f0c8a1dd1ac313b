"""A table of the stream's error codes by API date, and the codes used instead on days without a code.

The texts are the venue's. A code is not sent on days on which the venue's documents did not list it.
"""

from enum import IntEnum
from functools import lru_cache

from mockexchange.venues.dated_fields import ALWAYS, FOREVER, ApiDate, DatedRow, pick
from mockexchange.venues.kalshi.frames.rows import REVISED
from mockexchange.venues.kalshi.named_days import AUTUMN_2026

OVERFLOW_SINCE = "2026-05-12"
IDS_SINCE = "2026-06-07"
LIMITS_SINCE = "2026-06-13"
UNSUBSCRIBED_TICKERS_UNTIL = "2026-06-18"
TERMINAL_SINCE = "2026-06-19"
PYTH_SINCE = "2026-07-14"


class Code(IntEnum):
    UNREADABLE = 1
    NO_PARAMS = 2
    NO_CHANNELS = 3
    NO_SIDS = 4
    UNKNOWN_COMMAND = 5
    ALREADY_SUBSCRIBED = 6
    UNKNOWN_SID = 7
    UNKNOWN_CHANNEL = 8
    NO_KEY = 9
    CHANNEL_BROKE = 10
    INVALID = 11
    ONE_SID = 12
    UNSUPPORTED_ACTION = 13
    NO_TICKER = 14
    NO_ACTION = 15
    UNKNOWN_MARKET = 16
    INTERNAL = 17
    TIMEOUT = 18
    SHARD_FACTOR_LOW = 19
    SHARD_FACTOR_MISSING = 20
    SHARD_KEY_RANGE = 21
    SHARD_FACTOR_HIGH = 22
    NO_MATCH_IDS = 23
    NO_INDEX_IDS = 24
    OVERFLOW = 25
    TOO_MANY_MARKETS = 26
    TOO_MANY_COMMANDS = 27
    NO_UNDERLYINGS = 28


class StreamErrorRow(DatedRow, frozen=True, kw_only=True, eq=True):
    """An error code of the stream; a terminal one ends the subscription but not the connection."""

    code: Code
    message: str
    is_terminal: bool = False


def _row(
    code: Code,
    message: str,
    since: str = ALWAYS,
    until: str = FOREVER,
    source: str = "docs-2025-11",
    is_terminal: bool = False,
) -> StreamErrorRow:
    name = str(int(code))
    return StreamErrorRow(
        name=name, code=code, message=message, since=since, until=until, source=source, is_terminal=is_terminal
    )


STREAM_ERRORS: tuple[StreamErrorRow, ...] = (
    _row(Code.UNREADABLE, "Unable to process message"),
    _row(Code.NO_PARAMS, "Params required"),
    _row(Code.NO_CHANNELS, "Channels required"),
    _row(Code.NO_SIDS, "Subscription IDs required"),
    _row(Code.UNKNOWN_COMMAND, "Unknown command"),
    # Documented as an example until August 2026; according to the documents of October it is not sent any more.
    _row(Code.ALREADY_SUBSCRIBED, "Already subscribed", until=AUTUMN_2026),
    _row(Code.UNKNOWN_SID, "Unknown subscription ID"),
    _row(Code.UNKNOWN_CHANNEL, "Unknown channel name"),
    _row(Code.NO_KEY, "Authentication required"),
    _row(Code.CHANNEL_BROKE, "Channel error", is_terminal=True),
    _row(Code.INVALID, "Invalid parameter"),
    _row(Code.ONE_SID, "Exactly one subscription ID required", until=REVISED),
    _row(Code.ONE_SID, "Exactly one subscription ID is required", REVISED, source="changelog"),
    _row(Code.UNSUPPORTED_ACTION, "Unsupported action"),
    _row(Code.NO_TICKER, "Market ticker required", until=REVISED),
    _row(Code.NO_TICKER, "Market Ticker required", REVISED, source="changelog"),
    _row(Code.NO_ACTION, "Action required"),
    _row(Code.UNKNOWN_MARKET, "Market not found", until=AUTUMN_2026),
    _row(Code.INTERNAL, "Internal error", until=TERMINAL_SINCE),
    _row(Code.INTERNAL, "Internal error", TERMINAL_SINCE, AUTUMN_2026, "changelog", is_terminal=True),
    _row(Code.TIMEOUT, "Command timeout", REVISED, source="changelog"),
    _row(Code.SHARD_FACTOR_LOW, "shard_factor must be > 0", REVISED, source="changelog"),
    _row(Code.SHARD_FACTOR_MISSING, "shard_factor is required when shard_key is set", REVISED, source="changelog"),
    _row(Code.SHARD_KEY_RANGE, "shard_key must be >= 0 and < shard_factor", REVISED, source="changelog"),
    _row(Code.SHARD_FACTOR_HIGH, "shard_factor must be <= 100", REVISED, source="changelog"),
    _row(Code.NO_MATCH_IDS, "Match IDs required", IDS_SINCE, source="changelog"),
    _row(Code.NO_INDEX_IDS, "Index IDs required", IDS_SINCE, source="changelog"),
    _row(Code.OVERFLOW, "Subscription buffer overflow", OVERFLOW_SINCE, source="changelog", is_terminal=True),
    _row(Code.TOO_MANY_MARKETS, "Subscription market limit exceeded", LIMITS_SINCE, source="changelog"),
    _row(Code.TOO_MANY_COMMANDS, "Too many requests", LIMITS_SINCE, source="changelog"),
    # For five days the number had another meaning; an unknown ticker was 16 before and after.
    _row(Code.NO_UNDERLYINGS, "Markets not found", LIMITS_SINCE, UNSUBSCRIBED_TICKERS_UNTIL, "changelog"),
    _row(Code.NO_UNDERLYINGS, "Underlying tickers required", PYTH_SINCE, source="changelog"),
)

INSTEAD: dict[Code, Code] = {
    Code.OVERFLOW: Code.CHANNEL_BROKE,
    Code.INTERNAL: Code.CHANNEL_BROKE,
    Code.TOO_MANY_MARKETS: Code.INVALID,
    Code.SHARD_FACTOR_LOW: Code.INVALID,
    Code.SHARD_FACTOR_MISSING: Code.INVALID,
    Code.SHARD_KEY_RANGE: Code.INVALID,
    Code.SHARD_FACTOR_HIGH: Code.INVALID,
    Code.NO_INDEX_IDS: Code.INVALID,
    Code.NO_UNDERLYINGS: Code.INVALID,
}
"""Codes that are sent on days without the right code (a choice). A code that is not listed has no such substitute."""


class Refused(Exception):
    """An exception for a command that is answered with an error. `note` is the reason, for the journal.

    `sid` is the number of the subscription, 0 for none; `named` has further keys of the error's `msg`.
    """

    def __init__(self, code: Code, note: str, sid: int = 0, **named: str) -> None:
        super().__init__(code, note)
        self.code, self.note, self.sid, self.named = code, note, sid, named


def exists(code: Code, api_date: ApiDate) -> bool:
    """Return whether the venue had an error code at an API date; `compat` has every code that ever existed."""
    return str(int(code)) in _rows(api_date)


def error_row(code: Code, api_date: ApiDate) -> StreamErrorRow:
    """Return the table row of an error code at an API date, or the row of the code used instead."""
    rows = _rows(api_date)
    row = rows.get(str(int(code)))
    return row or rows[str(int(INSTEAD[code]))]


@lru_cache(maxsize=64)
def _rows(api_date: ApiDate) -> dict[str, StreamErrorRow]:
    return pick(STREAM_ERRORS, api_date)
