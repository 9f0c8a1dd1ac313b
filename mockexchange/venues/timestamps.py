"""The window of timestamps that clients send, and the diagnosis of a refused one.

Such a timestamp has a wrong format or unit, or the client's clock is wrong.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from mockexchange.venues.quoting import quote

MILLISECOND_DIGITS = 13
MICROSECONDS_PER_MILLISECOND = 1_000
WINDOW_DIGITS_MAX = 18
"""Largest number of digits that are compared with the clock; longer numbers are no time in any unit."""
EXPECTED = "send Unix milliseconds in digits"
NEAR_MS = 86_400_000
"""Largest difference that is explained by a wrong clock, a day; a wrong unit is off by decades."""
HOUR_MS = 3_600_000
QUARTER_MS = HOUR_MS // 4
ZONE_SLACK_MS = 60_000
ZONE_HOURS_MAX = 14
TEXT_CHARS_MAX = 100
DIGITS_MAX = 19
"""Largest number of digits of a time, in nanoseconds; a longer number is no time in any unit."""

UNITS = {"seconds": Decimal(1_000), "microseconds": Decimal("0.001"), "nanoseconds": Decimal("0.000001")}
_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?([eE]\+?\d{1,2})?", re.ASCII)
_WHOLE = re.compile(r"0|[1-9]\d*", re.ASCII)
"""A whole number without leading zeros, as the venues' own clients write it."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def check_window(timestamp: str, at: int, past_us: int, future_us: int) -> str:
    """Return why a timestamp (milliseconds) is outside the window around `at` (microseconds); "" if it is inside."""
    if _WHOLE.fullmatch(timestamp) and len(timestamp) <= WINDOW_DIGITS_MAX:
        ahead_us = int(timestamp) * MICROSECONDS_PER_MILLISECOND - at
        if -past_us <= ahead_us <= future_us:
            return ""
    now_ms, past_ms, future_ms = (time // MICROSECONDS_PER_MILLISECOND for time in (at, past_us, future_us))
    return explain_timestamp(timestamp, now_ms, past_ms, future_ms)


def explain_timestamp(timestamp: str, now_ms: int, window_past_ms: int, window_future_ms: int) -> str:
    """Return why a timestamp was refused at `now_ms` (Unix milliseconds). Never raises."""
    if not timestamp:
        return f"the timestamp is empty: {EXPECTED}, now {now_ms}"
    if re.fullmatch(rf"\d{{1,{DIGITS_MAX}}}", timestamp, re.ASCII):
        if not _WHOLE.fullmatch(timestamp):
            return f"the timestamp {timestamp} has leading zeros: {EXPECTED}, now {now_ms}"
        return _explain_number(int(timestamp), now_ms, (window_past_ms, window_future_ms))
    return _explain_spelling(timestamp, now_ms)


def explain_digits(timestamp: str) -> str:
    """Return what is wrong with a timestamp's digits alone, without a clock; "" if they are right."""
    if timestamp.isascii() and timestamp.isdigit() and len(timestamp) == MILLISECOND_DIGITS:
        return ""
    return f"the timestamp {quote(timestamp, TEXT_CHARS_MAX)} is not Unix milliseconds in {MILLISECOND_DIGITS} digits"


def _explain_number(sent_ms: int, now_ms: int, window_ms: tuple[int, int]) -> str:
    unit = _other_unit(Decimal(sent_ms), now_ms)
    if unit:
        return f"the timestamp {sent_ms} is in {unit}: {EXPECTED}, now {now_ms}"
    offset_ms = sent_ms - now_ms
    side = "ahead of" if offset_ms > 0 else "behind"
    past, future = (f"{bound / 1_000:g} s" for bound in window_ms)
    window = f"the window is {past} back, {future} ahead"
    return f"your clock is {format_duration(abs(offset_ms))} {side} the server's; {window}{_hint(offset_ms)}"


def _other_unit(number: Decimal, now_ms: int) -> str | None:
    if abs(number - now_ms) <= NEAR_MS:
        return None
    return next((unit for unit, scale in UNITS.items() if abs(number * scale - now_ms) <= NEAR_MS), None)


def format_duration(duration_ms: int) -> str:
    """Return a duration as text: "62.0 s", "5 min 3 s", "2 h 3 min", "12 days"."""
    seconds = duration_ms // 1_000
    if seconds < 120:
        return f"{duration_ms / 1_000:.1f} s"
    if seconds < 7_200:
        return f"{seconds // 60} min {seconds % 60} s"
    if seconds < 172_800:
        return f"{seconds // 3_600} h {seconds // 60 % 60} min"
    return f"{seconds // 86_400:,} days"


def _hint(offset_ms: int) -> str:
    distance_ms = abs(offset_ms)
    off_ms = distance_ms % QUARTER_MS
    is_round = min(off_ms, QUARTER_MS - off_ms) <= ZONE_SLACK_MS
    if is_round and HOUR_MS - ZONE_SLACK_MS <= distance_ms <= ZONE_HOURS_MAX * HOUR_MS + ZONE_SLACK_MS:
        return " (is local time taken for UTC?)"
    return ""


def _explain_spelling(timestamp: str, now_ms: int) -> str:
    shown = quote(timestamp, TEXT_CHARS_MAX)
    bare = timestamp.strip(" \t\r\n\"'")
    if re.fullmatch(rf"\d{{1,{DIGITS_MAX}}}", bare, re.ASCII):
        return f"the timestamp {shown} is not digits alone: send {bare}"
    if bare.startswith("-"):
        return f"the timestamp {shown} is negative: {EXPECTED}, now {now_ms}"
    if _NUMBER.fullmatch(bare):
        return _explain_fraction(Decimal(bare), shown, now_ms)
    moment_ms = _iso_ms(bare)
    if moment_ms is not None:
        return f"the timestamp {shown} is ISO 8601 text: {EXPECTED}, {moment_ms}"
    return f"the timestamp {shown} is no number: {EXPECTED}, now {now_ms}"


def _explain_fraction(number: Decimal, shown: str, now_ms: int) -> str:
    unit = _other_unit(number, now_ms)
    scale = UNITS[unit] if unit else Decimal(1)
    meant = str(int(number * scale))
    named = f" in {unit}" if unit else ""
    if len(meant) > DIGITS_MAX:
        return f"the timestamp {shown} is no time: {EXPECTED}, now {now_ms}"
    return f"the timestamp {shown} is not a whole number{named}: {EXPECTED}, {meant}"


def _iso_ms(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text[:TEXT_CHARS_MAX])
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        return None
