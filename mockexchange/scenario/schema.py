"""The schema of a scenario's top level, and the published JSON Schema of the whole scenario format."""

from typing import Any

from mockexchange.core.vocabulary import SUBACCOUNTS_MAX, AccountKind, FeeRounding
from mockexchange.scenario.faults.fault_rules import FAULTS, LAGS
from mockexchange.scenario.schema_definitions import with_shared_parts
from mockexchange.scenario.script.script_steps import SCRIPT, entry_schema
from mockexchange.scenario.steps import STEP, derivatives, markets
from mockexchange.scenario.steps.shared_fields import ACCOUNT_KIND, API_DATE, CURRENCY, SCOPES, TIER, VENUE, keywords
from mockexchange.scenario.stubs import STUBS
from mockexchange.scenario.switches import ORDERS, fields_of_venues
from mockexchange.scenario.types.composite_types import ListOf, MapOf, Record, may, must
from mockexchange.scenario.types.decimals import NUMBER, NUMBER_ABOVE_ZERO, CashType
from mockexchange.scenario.types.instants import INSTANT, START
from mockexchange.scenario.types.value_types import (
    AMOUNT,
    BOOLEAN,
    DURATION,
    NAME,
    PART,
    TEXT,
    choice,
    integer,
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
SERIES = Record({key: field for key, (_, field) in markets.SERIES.items()}, where=True)
EVENT = Record({key: field for key, (_, field) in markets.EVENT.items()}, where=True)
BOOK = Record({key: field for key, (_, field) in markets.BOOK.items()}, where=True)
MARKET = Record({**{key: field for key, (_, field) in markets.MARKET.items()}, "book": may(BOOK)}, where=True)
INSTRUMENT = Record({key: field for key, (_, field) in derivatives.DERIVATIVE.items()}, where=True)
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
