"""The settings of Kalshi that a scenario can change; the defaults follow the facts, or the documented choice."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct, field

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.venues.switches import Choice, Switch


class KalshiSettings(Struct, frozen=True, kw_only=True):
    """Settings of Kalshi.

    `auth_clock` selects the clock with which timestamps are compared: host time by default, with which real clients
    sign. The window is undocumented: the venue accepted timestamps that were 10 s old or 30 s ahead, and refused those
    that were 30 s old or 60 s ahead.
    """

    auth_mode: Literal["on", "off"] = "on"
    auth_clock: Literal["host", "exchange"] = "host"
    auth_salt: Literal["any", "32"] = "any"
    window_past_us: int = 15 * MICROSECONDS_PER_SECOND
    window_future_us: int = 45 * MICROSECONDS_PER_SECOND
    plain_member: Literal["403", "404", "empty"] = "403"
    strict_cursors: bool = False
    public_keys: Literal["dated", "verify", "ignore"] = "dated"
    """Which public reads verify a key that they do not need: `/markets` before May 17, 2026, all of them, or none."""
    unknown_status: Literal["dated", "validation"] = "dated"
    """Answer to an unknown `status` of `/markets`: from October 2026 on its own error, or that of any parameter."""
    paused_exchange: Literal["paused", "unavailable"] = "paused"
    """Error of order writes while the exchange is paused: a 409 that names the pause, or a 503 as if it were down."""
    undocumented_bodies: Literal["object", "none"] = "object"
    """Body of answers to writes, other than 204, whose documents describe none: `{}`, or no body at all."""
    rate_limits: Literal["off", "report", "enforce"] = "report"
    """What happens to requests beyond the rate limits of their account: nothing, a finding, or a 429."""
    cancel_filled: Literal["refuse", "zero"] = "refuse"
    """Answer to a cancel of an order that is filled: 404 as for one that is canceled, or 200 and `reduced_by` 0."""
    delta_ts: Literal["text", "milliseconds"] = "text"
    """Form of `ts` in a change of an order book: RFC 3339, or whole milliseconds."""
    sale_cost: Literal["gained", "sold"] = "gained"
    """Price by which the cost of an order's fills counts a sale: that of the side gained, or that of the side sold."""
    settlement_counts: Literal["gross", "net"] = "gross"
    """Counts that a settlement shows for each side: everything bought, or only the position that was paid."""
    stream_repeat: Literal["same_sid", "error_6"] = "same_sid"
    """Answer to a second subscription to a channel: the same sid, or error 6 on days that had it."""
    stream_anonymous: Literal["refuse", "accept"] = "refuse"
    """Answer to handshakes without a key on those days whose documents do not allow them."""
    stream_origin: Literal["accept", "refuse"] = "accept"
    """Answer to handshakes whose `Origin` names another host; the venue was once seen to refuse them."""
    stream_connections: int = 200
    """Largest number of open streams of one account (documented: 200, and more by tier)."""
    stream_empty_side: Literal["dated", "omit", "empty"] = "dated"
    """Side of an order book without bids: its key is left out (recorded, at every day), or an empty list (`compat`)."""
    stream_answer_numbers: Literal["dated", "never"] = "dated"
    """Whether `ok` and errors carry and use up a `seq`: as at the API date, or never, as in `compat`."""
    stream_sending_time: Literal["dated", "never"] = "dated"
    """Whether frames have the key `sending_ts_ms`: as at the API date, or never."""
    stream_position_fee_cost: Literal["held", "paid"] = "held"
    """Fee cost that a position shows on the stream: fees of the contracts held, or all fees paid."""
    stream_heartbeat_us: int = 10 * MICROSECONDS_PER_SECOND
    """Silence, in host time, after which the server sends a Ping; 0 for no Pings."""
    stream_pong_us: int = 30 * MICROSECONDS_PER_SECOND
    """Host time in which a client has to answer a Ping; 0 for no limit."""
    stream_outbox_bytes: int = 4 * 1024 * 1024
    """Bytes that may wait for one client, some 15,000 frames. A frame that does not fit ends its subscription."""
    data: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """Objects, by table, that the scenario provides for answers: nothing in the exchange makes them."""


SWITCHES: dict[str, Switch] = {
    "public_keys": Choice("public_keys", ("dated", "verify", "ignore")),
    "unknown_status": Choice("unknown_status", ("dated", "validation")),
    "paused_exchange": Choice("paused_exchange", ("paused", "unavailable")),
    "undocumented_bodies": Choice("undocumented_bodies", ("object", "none")),
    "cancel_filled": Choice("cancel_filled", ("refuse", "zero")),
    "delta_ts": Choice("delta_ts", ("text", "milliseconds")),
    "sale_cost": Choice("sale_cost", ("gained", "sold")),
}
