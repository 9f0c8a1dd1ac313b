"""Reads the settings of a scenario: of venues, below their names, and of order entry, below `orders`."""

from collections.abc import Iterator
from typing import Any

from mockexchange.core.model.order_rules import (
    SHARE_WHOLE,
    AmendRule,
    BalanceRule,
    FillRule,
    OrderRules,
    QueueRule,
    RowRule,
)
from mockexchange.scenario.steps.shared_fields import keywords
from mockexchange.scenario.types.composite_types import Field, Record, may
from mockexchange.scenario.types.value_types import BOOLEAN, COUNT_ABOVE_ZERO, DURATION, Kind, choice, integer, price
from mockexchange.scenario.venue_data import table_type
from mockexchange.venues.registry import DEFAULT, VENUES
from mockexchange.venues.switches import Choice, Count, Duration, Switch

# Settings of venues, which are keys below the venue's name
# Settings of the default venue are keys of the top level, for historical reasons; top-level settings that every venue
# has apply to all venues.


STREAM_SETTINGS = {
    "repeat": "stream_repeat",
    "anonymous": "stream_anonymous",
    "origin": "stream_origin",
    "connections": "stream_connections",
    "empty_side": "stream_empty_side",
    "answer_numbers": "stream_answer_numbers",
    "sending_time": "stream_sending_time",
    "position_fee_cost": "stream_position_fee_cost",
    "heartbeat": "stream_heartbeat_us",
    "pong": "stream_pong_us",
    "outbox": "stream_outbox_bytes",
}
"""The keys of a scenario below `stream`, and the venue setting that each changes."""
COMMON = ("auth_clock", "stream_heartbeat_us", "stream_pong_us", "stream_outbox_bytes")
"""The names of the settings that every venue has."""


def fields_of_venues() -> dict[str, Field]:
    """Return the top-level keys of a scenario that are named after a venue, with the types of their values."""
    return {name: may(record, {}) for name, record in _RECORDS.items()}


def settings_of(values: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of every venue, by the venue's name, from the values of a scenario."""
    given = {name: value for name, value in _of_top_level(values) if value is not None}
    common = {name: value for name, value in given.items() if name in COMMON}
    own = {name: _of_venue(name, values) for name in VENUES}
    return {
        name: venue.scenario.settings(**{**(given if venue is DEFAULT else common), **own[name]})
        for name, venue in VENUES.items()
    }


def _of_top_level(values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    auth = values["auth"]
    yield "auth_mode", auth.get("mode")
    yield "auth_clock", auth.get("clock")
    yield "auth_salt", auth.get("salt")
    yield "window_past_us", auth.get("past")
    yield "window_future_us", auth.get("future")
    yield "plain_member", values["fcm"].get("plain_member")
    yield "strict_cursors", values["strict_cursors"]
    yield "rate_limits", values["rate_limits"]
    yield "settlement_counts", values["settlements"].get("counts")
    for word, setting in STREAM_SETTINGS.items():
        yield setting, values["stream"].get(word)


def _of_venue(name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of one venue, from the values under its name; `data` has its tables that are not empty."""
    given = {word: value for word, value in values.get(name, {}).items() if value is not None}
    switches = VENUES[name].scenario.switches
    settings = {switches[word].setting: value for word, value in given.items() if word in switches}
    data = {word: rows for word, rows in given.items() if word not in switches and rows}
    return {**settings, **({"data": data} if data else {})}


def _kind(switch: Switch) -> Kind:
    match switch:
        case Choice():
            return keywords(*switch.values)
        case Duration():
            return DURATION
        case Count():
            return integer(switch.least, switch.most)


_RECORDS = {
    name: Record(
        {
            **{word: may(_kind(switch)) for word, switch in venue.scenario.switches.items()},
            **{word: may(table_type(table)) for word, table in venue.scenario.data.items()},
        }
    )
    for name, venue in VENUES.items()
    if venue.scenario.switches or venue.scenario.data
}


# Rules of order entry, which are keys below `orders`


ORDERS_MAX = 10**7
SHARE = price("a share such as 0.4, above 0 and below 1, of at most 4 decimals", SHARE_WHOLE, is_open=True)
RULES = {
    "fill": ("fill", choice({rule.value: rule for rule in FillRule})),
    "share": ("share_parts", SHARE),
    "queue": ("queue", choice({rule.value: rule for rule in QueueRule})),
    "balance": ("balance", choice({rule.value: rule for rule in BalanceRule})),
    "check_cash": ("check_cash", BOOLEAN),
    "post_only_row": ("post_only_row", choice({rule.value: rule for rule in RowRule})),
    "position_limit": ("position_limit_centis", COUNT_ABOVE_ZERO),
    "open_orders": ("orders_max", integer(1, ORDERS_MAX)),
    "count_step": ("count_step_centis", COUNT_ABOVE_ZERO),
    "group_window": ("group_window_us", DURATION),
    "amend_counts": ("amend_counts", choice({rule.value: rule for rule in AmendRule})),
    "replenish": ("replenish_us", DURATION),
}
"""The keys of `orders`, with the name of the rule that each sets and the type of its value."""
FRAMES = keywords("after", "before", "random")
ORDERS = Record({**{key: may(kind) for key, (_, kind) in RULES.items()}, "frames": may(FRAMES, "after")})


def rules_of(values: dict[str, Any]) -> OrderRules:
    """Return the rules of order entry that a scenario sets below `orders`; `values` are the values of its keys.

    A group window of 0 means that the window ends only at a reset.
    """
    given = {RULES[key][0]: value for key, value in values.items() if key in RULES and value is not None}
    if given.get("group_window_us") == 0:
        given["group_window_us"] = None
    return OrderRules(**given)
