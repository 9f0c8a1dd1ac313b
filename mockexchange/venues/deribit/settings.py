"""The settings of this venue in a scenario; the defaults are facts or documented choices."""

from dataclasses import dataclass
from typing import Literal

from mockexchange.core.instants import MICROSECONDS_PER_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class DeribitSettings:
    """Settings of Deribit. `auth_clock` is the clock of windows, tokens and `usIn`; clients sign with host time."""

    auth_clock: Literal["host", "exchange"] = "host"
    window_us: int = 60 * MICROSECONDS_PER_SECOND
    """Tolerance of timestamps to either side (documented: 60 s)."""
    token_lifetime_us: int = 31_536_000 * MICROSECONDS_PER_SECOND
    """A year, as `expires_in` of the documents' example."""
    testnet: Literal["yes", "no"] = "yes"
    """The key `testnet` of every answer."""
    processing_us: int = 100
    """Time from `usIn` to `usOut`; fixed, so that an answer is a function of the request and the time."""
    flat_rows: Literal["show", "omit"] = "show"
    """Whether a closed position stays as a `zero` row of `private/get_positions` until the next settlement."""
    fees: Literal["show", "omit"] = "show"
    """Whether an extended summary has `fees`; the documents promise it to accounts with discounts."""
    liquidation_ratio: Literal["zero", "omit"] = "zero"
    """Whether summaries have `estimated_liquidation_ratio`, 0, as nothing is liquidated, and its empty map."""
    disconnect_orders: Literal["connection", "enabled"] = "connection"
    """Which orders a disconnect cancels: all that the connection placed, or those placed while it was enabled."""
    disconnect_scope: Literal["new", "all"] = "new"
    """Which connections follow the setting of their account: those that log in later, or open ones too."""
    stream_heartbeat_us: int = 0
    """Silence before a Ping of the protocol; 0 for none. The venue's own heartbeat is a method, off by default."""
    stream_pong_us: int = 0
    """Host time to answer a Ping; 0 for no limit."""
    stream_idle_us: int = 600 * MICROSECONDS_PER_SECOND
    """Time without a request that closes a stream without heartbeat (documented: 10 minutes)."""
    stream_outbox_bytes: int = 4 * 1024 * 1024
    """Bytes that may wait for one client; more end its stream."""
