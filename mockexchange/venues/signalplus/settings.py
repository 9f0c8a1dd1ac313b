"""The settings of SignalPlus that a scenario can change; the defaults are facts or documented choices."""

from typing import Literal

from msgspec import Struct

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.venues.switches import Choice, Duration, Switch


class SignalPlusSettings(Struct, frozen=True, kw_only=True):
    """Settings of SignalPlus.

    The time window of signatures, 15 s to either side, is from another section of its API with the same headers.
    """

    auth_mode: Literal["on", "off"] = "on"
    auth_clock: Literal["host", "exchange"] = "host"
    """Clock that timestamps are compared with: host time by default, as real clients sign with it."""
    window_us: int = 15 * MICROSECONDS_PER_SECOND
    flat_rows: Literal["show", "omit"] = "show"
    """Whether closed positions are listed, with side zero: the venue's page has that side, so they must exist."""
    stream_paths: Literal["alike", "apart"] = "alike"
    """Whether both stream paths accept subscriptions, or only /ws/private, where the venue's page has them."""
    stream_heartbeat_us: int = 0
    """Silence, in host time, after which the server sends a Ping; 0 for never. The venue's own is unknown."""
    stream_pong_us: int = 0
    """Host time in which a client has to answer a Ping; 0 for no limit."""
    stream_outbox_bytes: int = 4 * 1024 * 1024


SWITCHES: dict[str, Switch] = {
    "auth": Choice("auth_mode", ("on", "off")),
    "auth_clock": Choice("auth_clock", ("host", "exchange")),
    "window": Duration("window_us"),
    "flat_rows": Choice("flat_rows", ("show", "omit")),
    "streams": Choice("stream_paths", ("alike", "apart")),
    "heartbeat": Duration("stream_heartbeat_us"),
    "pong": Duration("stream_pong_us"),
}
