"""Instants (microseconds since 1970-01-01 UTC) and durations (microseconds) as integers, and their text forms.

Time is always an argument in the core; nothing here reads a clock.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

MICROSECONDS_PER_SECOND = 1_000_000
MICROSECONDS_PER_DAY = 86_400 * MICROSECONDS_PER_SECOND
SECONDS_KEPT_MAX = 1_024
"""Size of the cache of formatted seconds: many rows and events have the same second."""
SECONDS_CHARS = len("2025-11-04T23:00:00")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DURATION = re.compile(r"(\d+)(us|ms|s|m|h|d)")
_FRACTION = re.compile(r"([0-9]{0,9})\.([0-9]{1,9})(us|ms|s|m|h|d)")
_UNIT_US = {
    "us": 1,
    "ms": 1_000,
    "s": MICROSECONDS_PER_SECOND,
    "m": 60 * MICROSECONDS_PER_SECOND,
    "h": 3_600 * MICROSECONDS_PER_SECOND,
    "d": MICROSECONDS_PER_DAY,
}


def parse_instant(text: str) -> int:
    """Read an RFC 3339 instant ("2025-11-04T23:00:00Z", or a date alone: midnight UTC) as microseconds.

    Raises ValueError if the text is not an instant, or has a time without an offset.
    """
    moment = datetime.fromisoformat(text)
    if len(text) == len("2025-11-04"):
        moment = moment.replace(tzinfo=UTC)
    if moment.tzinfo is None:
        raise ValueError(f"expected an offset or Z at the end of {text!r}")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def format_instant(at: int) -> str:
    """Write an instant as RFC 3339 UTC with at most six fractional digits, trailing zeros trimmed.

    The venue trims them: "2026-06-11T06:29:30.165032Z" but "...30.1Z" (recorded bodies of 2025 and 2026).
    """
    seconds, fraction = divmod(at, MICROSECONDS_PER_SECOND)
    digits = f".{fraction:06d}".rstrip("0") if fraction else ""
    return f"{_format_seconds(seconds)}{digits}Z"


@lru_cache(maxsize=SECONDS_KEPT_MAX)
def _format_seconds(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:SECONDS_CHARS]


def parse_duration(text: str) -> int:
    """Read "250ms", "5s", "1h30m" or "90d" as microseconds. Raises ValueError on anything else."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"expected a duration such as 250ms, 5s, 1h30m or 90d, got {text!r}{duration_advice(text)}")
    return sum(int(number) * _UNIT_US[unit] for number, unit in parts)


def duration_advice(text: str) -> str:
    """Return how to write a duration that has no unit, or a fraction, for an error; empty for any other text."""
    if text.isascii() and text.isdigit():
        return f": did you mean {text}s?"
    found = _FRACTION.fullmatch(text)
    if not found:
        return ""
    whole, decimals, unit = found.groups()
    duration_us, rest = divmod(int(whole + decimals) * _UNIT_US[unit], 10 ** len(decimals))
    return "" if rest or not duration_us else f": write {format_duration(duration_us)}"


def format_duration(duration_us: int) -> str:
    """Write a duration in the largest unit that divides it without remainder, such as "90s"."""
    unit = next(unit for unit in reversed(_UNIT_US) if duration_us % _UNIT_US[unit] == 0)
    return f"{duration_us // _UNIT_US[unit]}{unit}"
