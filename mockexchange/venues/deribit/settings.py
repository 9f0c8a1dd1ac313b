"""The settings of Deribit that a scenario can change; the defaults are facts or documented choices."""

from typing import Literal

from msgspec import Struct

from mockexchange.core.instants import MICROSECONDS_PER_SECOND


class DeribitSettings(Struct, frozen=True, kw_only=True):
    """Settings of Deribit.

    `auth_clock` selects the clock (host or exchange) of signature windows, tokens and `usIn`. The default is host time,
    with which real clients sign.
    """

    auth_clock: Literal["host", "exchange"] = "host"
    window_us: int = 60 * MICROSECONDS_PER_SECOND
    """Largest accepted difference between a timestamp and the server's clock, to either side (documented: 60 s)."""
    token_lifetime_us: int = 31_536_000 * MICROSECONDS_PER_SECOND
    """Lifetime of an access token: a year, as `expires_in` in the documents' example."""
    testnet: Literal["yes", "no"] = "yes"
    """Value of the key `testnet` in every answer."""
    processing_us: int = 100
    """Time from `usIn` to `usOut`. It is fixed, so that an answer depends only on the request and the time."""
    flat_rows: Literal["show", "omit"] = "show"
    """Whether a closed position stays as a `zero` row of `private/get_positions` until the next settlement."""
    fees: Literal["show", "omit"] = "show"
    """Whether an extended summary has `fees`; the documents promise it to accounts with discounts."""
    liquidation_ratio: Literal["zero", "omit"] = "zero"
    """Whether summaries have `estimated_liquidation_ratio` (always 0: nothing is liquidated) and its empty map."""
    disconnect_orders: Literal["connection", "enabled"] = "connection"
    """Which orders cancel-on-disconnect cancels: all of the connection, or those placed while it was enabled."""
    disconnect_scope: Literal["new", "all"] = "new"
    """Which connections follow the cancel-on-disconnect setting of their account: later logins, or open ones too."""
    stream_heartbeat_us: int = 0
    """Silence after which the server sends a WebSocket Ping; 0 for never.

    The venue's own heartbeat is a method, off by default.
    """
    stream_pong_us: int = 0
    """Host time in which a client has to answer a Ping; 0 for no limit."""
    stream_idle_us: int = 600 * MICROSECONDS_PER_SECOND
    """Time without a request after which a stream without heartbeat is closed (documented: 10 minutes)."""
    stream_outbox_bytes: int = 4 * 1024 * 1024
    """Bytes that may wait to be sent to one client; a stream with more is closed."""
