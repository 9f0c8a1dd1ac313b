"""The two clocks of a sandbox: exchange time dates rows and settlements, host time is what real clients measure.

Exchange time is `real` (the wall clock), `paused`, or `Nx` (N times as fast). Real time can be advanced too: it then
runs that much ahead. Scaled time never goes back, also if the host's clock is set back. Host time is never changed, so
changing the exchange's time never makes a signature too old.
"""

import asyncio
import math
import re
import time
from collections.abc import Callable
from fractions import Fraction

from mockexchange.core.instants import format_instant, parse_instant

HostClock = Callable[[], int]
SCALE_MAX = 1_000_000
"""The highest speed of a clock: at this speed a year passes in half a minute."""
LAST = parse_instant("9999-12-31T23:59:59.999999Z")
"""The last instant, the end of the year 9999, at which every clock stops."""
SLICE_S = 0.005
"""The seconds for which a history is executed before other tasks get a turn, such as clients of other sandboxes."""
_SCALED = re.compile(r"([0-9]+(?:\.[0-9]+)?)x")


def host_now_us() -> int:
    """Return the time of the wall clock in microseconds since 1970."""
    return time.time_ns() // 1_000


def parse_mode(text: str) -> Fraction | None:
    """Return the speed of a clock mode: 0 for "paused", None for "real", 10 for "10x".

    Raises ValueError on other text.
    """
    if text == "real":
        return None
    if text == "paused":
        return Fraction(0)
    match = _SCALED.fullmatch(text)
    if match is None or not 0 < Fraction(match[1]) <= SCALE_MAX:
        raise ValueError(
            f"expected a clock real, paused or a scale such as 10x (at most {SCALE_MAX}x), got {text[:40]!r}"
        )
    return Fraction(match[1])


class Turns:
    """Pauses a long task whenever SLICE_S of host time has passed, so that other tasks of the event loop can run."""

    def __init__(self) -> None:
        self._until = time.perf_counter() + SLICE_S

    async def pause(self) -> None:
        if time.perf_counter() >= self._until:
            await asyncio.sleep(0)
            self._until = time.perf_counter() + SLICE_S


class ExchangeClock:
    """Computes exchange time from host time."""

    def __init__(self, mode: str = "real", start: int = 0, host: HostClock = host_now_us) -> None:
        self._host = host
        self._origin, self._host_origin = start, host()
        self._host_latest = self._host_origin
        self._ahead_us = 0
        self._use(mode)

    def _use(self, mode: str) -> None:
        """Take a mode. Raises ValueError on an unknown one."""
        self._scale = parse_mode(mode)
        self._ratio = (1, 1) if self._scale is None else self._scale.as_integer_ratio()
        """The scale in whole numbers: with fractions, time was a quarter of a script's steps."""
        self._is_paused = self._scale == 0
        self.mode = mode

    def now(self) -> int:
        """Return exchange time, in microseconds since 1970."""
        if self._scale is None:
            return min(self._host() + self._ahead_us, LAST)
        return self._origin if self._is_paused else self._scaled(self._host())

    def moment(self) -> tuple[int, int]:
        """Return exchange time and host time, both of the same instant."""
        host = self._host()
        if self._scale is None:
            return min(host + self._ahead_us, LAST), host
        return self._origin if self._is_paused else self._scaled(host), host

    def _scaled(self, host: int) -> int:
        """Return the exchange time of an instant of host time, on a clock with a scale."""
        numerator, denominator = self._ratio
        return min(self._origin + self._elapsed_us(host) * numerator // denominator, LAST)

    def _elapsed_us(self, host: int) -> int:
        """Return the host time since the origin. If the host's clock was set back, time goes on from where it was."""
        if host < self._host_latest:
            self._host_origin -= self._host_latest - host
        self._host_latest = host
        return host - self._host_origin

    def advance(self, duration_us: int) -> None:
        """Move exchange time forward.

        Raises ValueError on a negative duration, or one that ends after the year 9999.
        """
        self.after(duration_us)
        self._move(duration_us)

    def _move(self, duration_us: int) -> None:
        self._ahead_us += duration_us
        self._origin += duration_us

    def after(self, duration_us: int) -> int:
        """Return the instant that is `duration_us` later than now. Raises ValueError as `advance` does."""
        instant = self.now() + duration_us
        if duration_us < 0:
            raise ValueError("expected a duration of 0 or more: exchange time never goes back")
        if instant > LAST:
            raise ValueError(f"expected a duration that ends by {format_instant(LAST)}, the last day there is")
        return instant

    def reach(self, instant: int) -> None:
        """Move exchange time forward to an instant; does nothing if the instant has passed."""
        ahead_us = min(instant, LAST) - self.now()
        if ahead_us > 0:
            self._move(ahead_us)

    def host_delay_us(self, instant: int) -> int | None:
        """Return after how much host time, in microseconds, exchange time reaches an instant; None if it is paused."""
        if self._scale == 0:
            return None
        if self._scale is None:
            return max(0, instant - self._ahead_us - self._host())
        return max(0, math.ceil((instant - self._origin) / self._scale) - self._elapsed_us(self._host()))

    def set(self, mode: str, exchange_at: int, host_at: int) -> None:
        """Set the mode of the clock, and the exchange time `exchange_at` that it had at the host time `host_at`."""
        self._use(mode)
        self._origin, self._ahead_us = exchange_at, exchange_at - host_at
        self._host_origin = self._host_latest = host_at

    def run(self, mode: str) -> None:
        """Change the mode. Exchange time continues from now, except in `real` mode, which returns to the wall clock."""
        now = self.now()
        self._use(mode)
        self._host_origin = self._host_latest = self._host()
        self._origin, self._ahead_us = now, 0
