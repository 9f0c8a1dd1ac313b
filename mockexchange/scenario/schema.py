"""The schema of a scenario's top level, and the published JSON Schema of the whole scenario format."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from mockexchange.core.vocabulary import SUBACCOUNTS_MAX, AccountKind, FeeRounding
from mockexchange.scenario.fault_rules import FAULTS, LAGS
from mockexchange.scenario.instants import INSTANT, START
from mockexchange.scenario.script_entries import SCRIPT, entry_schema
from mockexchange.scenario.settings import ORDERS, fields_of_venues
from mockexchange.scenario.steps import (
    ACCOUNT_KIND,
    API_DATE,
    BOOK_FIELDS,
    CURRENCY,
    DERIVATIVE_FIELDS,
    EVENT_FIELDS,
    MARKET_FIELDS,
    SCOPES,
    SERIES_FIELDS,
    STEP,
    TIER,
    VENUE,
)
from mockexchange.scenario.stubs import STUBS
from mockexchange.scenario.value_types import (
    AMOUNT,
    BOOLEAN,
    DURATION,
    NAME,
    NUMBER,
    NUMBER_ABOVE_ZERO,
    PART,
    TEXT,
    CashType,
    ListOf,
    MapOf,
    Record,
    choice,
    integer,
    keywords,
    may,
    must,
)

SEED_MAX = 2**53
"""The largest seed: the largest whole number that every JSON reader keeps exact."""
STREAM_CONNECTIONS_MAX = 100_000
OUTBOX_BYTES_MIN, OUTBOX_BYTES_MAX = 1024, 64 * 1024 * 1024
"""The limits of the setting for the size of a stream's queue of frames; the least has room for a frame or two."""


KEY = Record(
    {
        "key_id": may(NAME),
        "scopes": may(SCOPES),
        "subaccount": may(integer(0, SUBACCOUNTS_MAX)),
        "subtrader": may(NAME),
        "api_date": may(API_DATE),
        "algorithm": may(keywords("rsa", "ed25519")),
        "public_key": may(TEXT),
        "private_key": may(TEXT),
        "secret": may(TEXT),
    },
    where=True,
)
CASH = CashType(AMOUNT, MapOf(NUMBER, CURRENCY, "a mapping of currencies such as {BTC: 1.5}"))
SUBACCOUNT = Record({"cash": may(CASH, 0)}, where=True)
SUBTRADER = Record({"cash": may(CASH, 0), "subtrader_id": may(NAME)}, where=True)
ACCOUNT = Record(
    {
        "venue": may(VENUE, ""),
        "kind": may(ACCOUNT_KIND, AccountKind.MEMBER),
        "account_id": may(NAME, ""),
        "user_id": may(NAME, ""),
        "tier": may(TIER, "basic"),
        "cash": may(CASH, 0),
        "keys": may(MapOf(KEY)),
        "subaccounts": may(MapOf(SUBACCOUNT, key=integer(1, SUBACCOUNTS_MAX)), {}),
        "subtraders": may(MapOf(SUBTRADER, key=PART), {}),
    },
    where=True,
)
SERIES = Record({key: field for key, (_, field) in SERIES_FIELDS.items()}, where=True)
EVENT = Record({key: field for key, (_, field) in EVENT_FIELDS.items()}, where=True)
BOOK = Record({key: field for key, (_, field) in BOOK_FIELDS.items()}, where=True)
MARKET = Record({**{key: field for key, (_, field) in MARKET_FIELDS.items()}, "book": may(BOOK)}, where=True)
INSTRUMENT = Record({key: field for key, (_, field) in DERIVATIVE_FIELDS.items()}, where=True)
AUTH = Record(
    {
        "mode": may(keywords("on", "off")),
        "clock": may(keywords("host", "exchange")),
        "salt": may(keywords("any", "32")),
        "past": may(DURATION),
        "future": may(DURATION),
    }
)
STREAM = Record(
    {
        "repeat": may(keywords("same_sid", "error_6")),
        "anonymous": may(keywords("refuse", "accept")),
        "origin": may(keywords("accept", "refuse")),
        "connections": may(integer(1, STREAM_CONNECTIONS_MAX)),
        "empty_side": may(keywords("dated", "omit", "empty")),
        "answer_numbers": may(keywords("dated", "never")),
        "sending_time": may(keywords("dated", "never")),
        "position_fee_cost": may(keywords("held", "paid")),
        "heartbeat": may(DURATION),
        "pong": may(DURATION),
        "outbox": may(integer(OUTBOX_BYTES_MIN, OUTBOX_BYTES_MAX)),
    }
)
HEADER_FIELDS = {
    "scenario": must(NAME),
    "title": may(TEXT, ""),
    "seed": may(integer(0, SEED_MAX), 0),
    "start": may(START),
    "fees": may(Record({"rounding": may(choice({rounding.value: rounding for rounding in FeeRounding}))}), {}),
    "auth": may(AUTH, {}),
    "fcm": may(Record({"plain_member": may(keywords("403", "404", "empty"))}), {}),
    "strict_cursors": may(BOOLEAN, False),
    "rate_limits": may(keywords("off", "report", "enforce"), "report"),
    "settlements": may(Record({"counts": may(keywords("gross", "net"))}), {}),
    "orders": may(ORDERS, {}),
    "historical": may(Record({"cutoff": may(INSTANT)}), {}),
    "stream": may(STREAM, {}),
    **fields_of_venues(),
    "accounts": may(MapOf(ACCOUNT, key=PART), {}),
    "series": may(MapOf(SERIES), {}),
    "events": may(MapOf(EVENT), {}),
    "markets": may(MapOf(MARKET), {}),
    "indexes": may(MapOf(NUMBER_ABOVE_ZERO), {}),
    "instruments": may(MapOf(INSTRUMENT), {}),
    "script": may(SCRIPT, []),
    "lag": may(LAGS, {}),
    "faults": may(FAULTS, []),
    "stubs": may(STUBS, []),
}
HEADER = Record(HEADER_FIELDS)
"""The schema of line 1 of a JSON lines scenario; its other lines are steps."""
SCENARIO = Record({**HEADER_FIELDS, "history": may(ListOf(STEP), [])})


def json_schema() -> dict[str, Any]:
    """Return the scenario format as JSON Schema 2020-12, for editors and other tools.

    Amounts may be numbers in it, because editors read them as numbers; the loader reads their text.
    """
    return with_shared_parts(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "mockexchange scenario",
            **SCENARIO.json_schema(),
            "$defs": {"script_entry": entry_schema()},
        }
    )


# Shared parts
#
# Parts that occur several times are moved to "$defs"; a part's name there is the key at which it was found.


Schema = dict[str, Any]
SHARED_CHARS_MIN = 100
"""The length, as JSON, from which equal parts are moved; shorter parts are easier to read in their place."""
DEFINITIONS = "$defs"


def with_shared_parts(schema: Schema) -> Schema:
    """Return an equivalent schema in which each repeated part above a certain size occurs only once."""
    counts: Counter[str] = Counter()
    count_parts(schema, counts)
    definitions: dict[str, Schema] = {}
    names: dict[str, str] = {}

    def referred(part: Schema, key: str) -> Schema:
        text = json.dumps(part)
        if counts[text] < 2 or len(text) < SHARED_CHARS_MIN:
            return _with_parts(part, key, referred)
        if text not in names:
            number = 1
            while (name := key if number == 1 else f"{key}_{number}") in definitions:
                number += 1
            names[text] = name
            definitions[name] = {}  # its own parts get other names
            definitions[name] = _with_parts(part, key, referred)
        return {"$ref": f"#/{DEFINITIONS}/{names[text]}"}

    whole = _with_parts(schema, "", referred)
    return {**whole, DEFINITIONS: dict(sorted({**whole.get(DEFINITIONS, {}), **definitions}.items()))}


def count_parts(schema: Schema, counts: Counter[str]) -> None:
    """Count how often each part of a schema occurs.

    The parts inside a part that was counted already are not counted again.
    """

    def count(part: Schema, key: str) -> Schema:
        text = json.dumps(part)
        counts[text] += 1
        if counts[text] == 1:
            count_parts(part, counts)
        return part

    _with_parts(schema, "", count)


def _with_parts(schema: Schema, key: str, change: Callable[[Schema, str], Schema]) -> Schema:
    """Return the schema with `change` applied to each part that is a schema, together with its key."""
    changed = dict(schema)
    for word, value in schema.items():
        if word in ("properties", DEFINITIONS):
            changed[word] = {name: change(part, name) for name, part in value.items()}
        elif word in ("items", "additionalProperties") and isinstance(value, dict):
            changed[word] = change(value, key)
        elif word in ("oneOf", "anyOf", "prefixItems"):
            changed[word] = [change(part, key) for part in value]
    return changed
