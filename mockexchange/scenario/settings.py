"""Reads the settings of a scenario: of venues, with the data that they answer from, and of order entry."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from mockexchange.core.model.order_rules import (
    SHARE_WHOLE,
    AmendRule,
    BalanceRule,
    FillRule,
    OrderRules,
    QueueRule,
    RowRule,
)
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.instants import INSTANT
from mockexchange.scenario.literal_json import EXACT_JSON
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.value_types import (
    AMOUNT,
    BOOLEAN,
    COUNT,
    COUNT_ABOVE_ZERO,
    DURATION,
    PAYOUT,
    STRIKE,
    TEXT,
    Field,
    Kind,
    ListOf,
    Record,
    choice,
    integer,
    keywords,
    may,
    price,
    wrong,
)
from mockexchange.venues.data_tables import DataColumn, DataTable
from mockexchange.venues.registry import DEFAULT, VENUES
from mockexchange.venues.switches import Choice, Count, Duration, Switch

# Data that a scenario gives a venue for its answers, read by the venue's data tables


WHOLE_MAX = 2**53 - 1
"""The largest whole number in such data: the largest that every JSON reader keeps exact."""


class JsonObject:
    """The type of a mapping with any JSON in it, which the venue returns unchanged."""

    def read(self, node: Located, path: str) -> str:
        if not isinstance(node.value, dict):
            raise wrong(node, path, "a mapping")
        return EXACT_JSON.read(node, path)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "object", "description": "any JSON object, which goes out as it is"}


KINDS: dict[str, Kind] = {
    "text": TEXT,
    "texts": ListOf(TEXT),
    "integer": integer(-WHOLE_MAX, WHOLE_MAX),
    "boolean": BOOLEAN,
    "instant": INSTANT,
    "count": COUNT,
    "price": PAYOUT,
    "dollars": AMOUNT,
    "number": STRIKE,
    "object": JsonObject(),
    "objects": ListOf(JsonObject()),
}
"""The type of a value in a scenario, by the kind of the table's column."""


class Row(Struct, frozen=True):
    """The type of one object of a data table; keys that are not given are left out."""

    record: Record

    def read(self, node: Located, path: str) -> dict[str, Any]:
        return {name: value for name, value in self.record.read(node, path).items() if value is not None}

    def json_schema(self) -> dict[str, Any]:
        return self.record.json_schema()


class Table(Struct, frozen=True):
    """The type of a data table: a list of objects, of which no two have the same key."""

    rows: ListOf
    key: tuple[str, ...]

    def read(self, node: Located, path: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.rows.read(node, path)
        seen: set[tuple[Any, ...]] = set()
        for place, row in enumerate(rows):
            key = tuple(row.get(name) for name in self.key)
            if key in seen:
                message = f"{' '.join(map(str, key))!r} is there twice"
                raise ScenarioError(message, node.file, node.line, f"{path}[{place}]")
            seen |= {key} if self.key else set()
        return rows

    def json_schema(self) -> dict[str, Any]:
        return self.rows.json_schema()


def table_type(table: DataTable) -> Kind:
    """Return the type of values for one of a venue's data tables."""
    return Table(ListOf(_row(table.columns), "a list of objects"), table.key)


def _row(columns: Sequence[DataColumn]) -> Row:
    return Row(Record({column.name: Field(_kind_of_column(column), column.is_required) for column in columns}))


def _kind_of_column(column: DataColumn) -> Kind:
    if column.columns:
        return ListOf(_row(column.columns), "a list of objects")
    return keywords(*column.choices) if column.choices else KINDS[column.kind]


# Settings of venues, which are keys below the venue's name
#
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
    auth = values["auth"]
    of_top_level = {
        "auth_mode": auth.get("mode"),
        "auth_clock": auth.get("clock"),
        "auth_salt": auth.get("salt"),
        "window_past_us": auth.get("past"),
        "window_future_us": auth.get("future"),
        "plain_member": values["fcm"].get("plain_member"),
        "strict_cursors": values["strict_cursors"],
        "rate_limits": values["rate_limits"],
        "settlement_counts": values["settlements"].get("counts"),
        **{setting: values["stream"].get(word) for word, setting in STREAM_SETTINGS.items()},
    }
    given = {name: value for name, value in of_top_level.items() if value is not None}
    common = {name: value for name, value in given.items() if name in COMMON}
    settings = {}
    for name, venue in VENUES.items():
        own = {word: value for word, value in values.get(name, {}).items() if value is not None}
        switches = venue.scenario.switches
        switched = {switches[word].setting: value for word, value in own.items() if word in switches}
        data = {word: rows for word, rows in own.items() if word not in switches and rows}
        of_all = given if venue is DEFAULT else common
        settings[name] = venue.scenario.settings(**{**of_all, **switched, **({"data": data} if data else {})})
    return settings


def _kind_of_switch(switch: Switch) -> Kind:
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
            **{word: may(_kind_of_switch(switch)) for word, switch in venue.scenario.switches.items()},
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
    "confirmation": ("confirmation_us", DURATION),
    "execution": ("execution_us", DURATION),
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
