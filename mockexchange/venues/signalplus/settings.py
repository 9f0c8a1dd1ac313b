"""What a scenario may switch about this venue; the defaults are what the facts say, or the documented choice."""

from dataclasses import dataclass
from typing import Literal

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.venues.switches import Duration, Switch, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalPlusSettings:
    """The window is documented for a sister section with the same headers: 15 s to either side."""

    auth_mode: Literal["on", "off"] = "on"
    auth_clock: Literal["host", "exchange"] = "host"
    """What timestamps are held against: real clients sign with their own clock, so host time."""
    window_us: int = 15 * MICROSECONDS_PER_SECOND
    flat_rows: Literal["show", "omit"] = "show"
    """Whether what is flat again is listed, with side zero: the page has that word, so there are such rows."""
    stream_paths: Literal["alike", "apart"] = "alike"
    """Whether both paths answer everything, or /ws/private alone subscriptions, which is where the page has them."""
    stream_heartbeat_us: int = 0
    """Of quiet before a Ping, in host time; 0 for none: nothing is known of the venue's."""
    stream_pong_us: int = 0
    """For the answer to a Ping, in host time; 0 for ever."""
    stream_outbox_bytes: int = 4 * 1024 * 1024


SWITCHES: dict[str, Switch] = {
    "auth": Words("auth_mode", ("on", "off")),
    "auth_clock": Words("auth_clock", ("host", "exchange")),
    "window": Duration("window_us"),
    "flat_rows": Words("flat_rows", ("show", "omit")),
    "streams": Words("stream_paths", ("alike", "apart")),
    "heartbeat": Duration("stream_heartbeat_us"),
    "pong": Duration("stream_pong_us"),
}
