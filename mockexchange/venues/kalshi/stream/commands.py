"""Parses the commands that clients send on a stream.

A value of a wrong JSON type gets error code 1, and unknown keys are ignored. JSON null counts as absent, and so do an
empty text and an empty list.
"""

import json
from functools import lru_cache
from typing import Any, Literal, NamedTuple, NoReturn

from mockexchange.venues.dated_fields import ALWAYS, ApiDate, DatedRow, pick
from mockexchange.venues.kalshi.frames.rows import REVISED
from mockexchange.venues.kalshi.named_days import AUTUMN_2026
from mockexchange.venues.kalshi.stream.channels import INDICES, ORDERBOOK, PYTH
from mockexchange.venues.kalshi.stream.errors import IDS_SINCE, PYTH_SINCE, Code, Refused

COMMAND_BYTES_MAX = 64 * 1024
"""Largest command that is accepted, in bytes: 2,000 tickers fit. The venue's limit is unknown."""
ID_MAX = 2**63 - 1
SKIP_ACK_SINCE = "2026-02-11"
SNAPSHOT_SINCE = "2026-04-20"
YES_PRICE_SINCE = "2026-05-08"
SHARDING_SINCE = "2026-01-12"

SUBSCRIBE, UNSUBSCRIBE = "subscribe", "unsubscribe"
UPDATE, LIST = "update_subscription", "list_subscriptions"
COMMANDS = (SUBSCRIBE, UNSUBSCRIBE, UPDATE, LIST)
"""Names of the commands, all of which exist on every known day."""

Kind = Literal["text", "texts", "integer", "integers", "boolean"]


class StreamParameter(DatedRow, frozen=True, kw_only=True, eq=True):
    kind: Kind


def _rows(source: str, since: str = ALWAYS, **kinds: Kind) -> tuple[StreamParameter, ...]:
    return tuple(StreamParameter(name=name, kind=kind, source=source, since=since) for name, kind in kinds.items())


_MARKETS = (
    *_rows("docs-2025-11", market_ticker="text", market_tickers="texts", send_initial_snapshot="boolean"),
    *_rows("changelog", REVISED, market_id="text", market_ids="texts"),
)
PARAMETERS: dict[str, tuple[StreamParameter, ...]] = {
    SUBSCRIBE: (
        *_rows("docs-2025-11", channels="texts"),
        *_MARKETS,
        *_rows("changelog", SKIP_ACK_SINCE, skip_ticker_ack="boolean"),
        *_rows("changelog", YES_PRICE_SINCE, use_yes_price="boolean"),
        *_rows("changelog", SHARDING_SINCE, shard_factor="integer", shard_key="integer"),
        *_rows("changelog", IDS_SINCE, index_ids="texts"),
        *_rows("changelog", PYTH_SINCE, underlying_tickers="texts"),
        *_rows("sdk-3.34", AUTUMN_2026, user_filter="text"),
    ),
    UNSUBSCRIBE: _rows("docs-2025-11", sids="integers"),
    UPDATE: (
        *_rows("docs-2025-11", action="text", sid="integer", sids="integers"),
        *_MARKETS,
        *_rows("changelog", IDS_SINCE, index_ids="texts"),
        *_rows("changelog", PYTH_SINCE, underlying_tickers="texts"),
    ),
    LIST: (),
}
"""The parameters of each command, by date."""


class ActionRow(DatedRow, frozen=True, kw_only=True, eq=True):
    """An action of update_subscription between two days.

    `channels` are the channels that have it; if empty, all channels with a filter have it.
    """

    channels: tuple[str, ...] = ()
    needs: Literal["", "markets", "index_ids", "underlying_tickers"] = ""


ADD, DELETE, SNAPSHOT = "add_markets", "delete_markets", "get_snapshot"
ACTIONS: tuple[ActionRow, ...] = (
    ActionRow(name=ADD, needs="markets", source="docs-2025-11"),
    ActionRow(name=DELETE, needs="markets", source="docs-2025-11"),
    ActionRow(name=SNAPSHOT, needs="markets", channels=(ORDERBOOK,), since=SNAPSHOT_SINCE, source="changelog"),
    ActionRow(name="subscribe_indices", needs="index_ids", channels=INDICES, since=IDS_SINCE, source="changelog"),
    ActionRow(name="unsubscribe_indices", needs="index_ids", channels=INDICES, since=IDS_SINCE, source="changelog"),
    ActionRow(name="indexlist", channels=INDICES, since=IDS_SINCE, source="changelog"),
    ActionRow(
        name="subscribe_underlyings",
        needs="underlying_tickers",
        channels=(PYTH,),
        since=PYTH_SINCE,
        source="changelog",
    ),
    ActionRow(
        name="unsubscribe_underlyings",
        needs="underlying_tickers",
        channels=(PYTH,),
        since=PYTH_SINCE,
        source="changelog",
    ),
    ActionRow(name="underlying_list", channels=(PYTH,), since=PYTH_SINCE, source="changelog"),
)

Params = dict[str, Any]
"""Parameters of a command by name, without absent and empty ones."""


class Command(NamedTuple):
    name: str
    params: Params | None
    note: str = ""
    """Note for the journal about ignored parameters, which do not exist at the API date."""


def read_document(raw: bytes) -> dict[str, Any]:
    """Parse a frame as a JSON object. Raises Refused."""
    if len(raw) > COMMAND_BYTES_MAX:
        raise Refused(Code.UNREADABLE, f"the command has {len(raw):,} bytes: at most {COMMAND_BYTES_MAX:,} are read")
    try:
        document = json.loads(raw.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(Code.UNREADABLE, f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise _wrong("the frame", "an object", document)
    return document


def read_id(document: dict[str, Any]) -> int:
    """Return the id of a command, 0 if it has none. Raises Refused if the id is not valid."""
    given = document.get("id")
    if given is None:
        return 0
    if type(given) is not int or not 0 <= given <= ID_MAX:
        raise _wrong("id", f"a whole number from 0 to {ID_MAX}", given)
    return given


def read_command(document: dict[str, Any], api_date: ApiDate) -> Command:
    """Parse a command; parameters that do not exist at the API date are dropped. Raises Refused."""
    name, params = document.get("cmd"), document.get("params")
    if name is not None and not isinstance(name, str):
        raise _wrong("cmd", "a text", name)
    if params is not None and not isinstance(params, dict):
        raise _wrong("params", "an object", params)
    if name not in COMMANDS:
        raise Refused(Code.UNKNOWN_COMMAND, f"unknown cmd {_shown(name)}: expected {', '.join(COMMANDS)}")
    if params is None:
        return Command(name, None)
    rows = _parameters(name, api_date)
    return Command(name, _read_params(params, rows), _note(params, rows))


@lru_cache(maxsize=64)
def actions_of(api_date: ApiDate) -> dict[str, ActionRow]:
    """Return the actions of update_subscription that exist at an API date, by name."""
    return pick(ACTIONS, api_date)


def _read_params(given: dict[str, Any], rows: dict[str, StreamParameter]) -> Params:
    params = {}
    for name, row in rows.items():
        value = given.get(name)
        if value is None:
            continue
        if not _is_of_kind(value, row.kind):
            raise _wrong(name, KINDS[row.kind], value)
        if value not in ("", []):
            params[name] = value
    return params


def _note(given: dict[str, Any], rows: dict[str, StreamParameter]) -> str:
    unknown = [] if given.keys() <= rows.keys() else [name for name in given if name not in rows]
    names = ", ".join(repr(name[:SHOWN_CHARS_MAX]) for name in unknown[:UNKNOWN_SHOWN_MAX])
    more = len(unknown) - UNKNOWN_SHOWN_MAX
    return f"unknown on this day: {names}{f' and {more} more' if more > 0 else ''}: ignored" if unknown else ""


KINDS: dict[Kind, str] = {
    "text": "a text",
    "texts": "a list of texts",
    "integer": "a whole number",
    "integers": "a list of whole numbers",
    "boolean": "true or false",
}
_TYPES: dict[Kind, type] = {"text": str, "texts": str, "integer": int, "integers": int, "boolean": bool}


def _is_of_kind(value: Any, kind: Kind) -> bool:
    wanted = _TYPES[kind]
    if kind in ("texts", "integers"):
        return type(value) is list and all(type(one) is wanted for one in value)
    return type(value) is wanted


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _wrong(what: str, expected: str, given: Any) -> Refused:
    return Refused(Code.UNREADABLE, f"{what}: expected {expected}, got {_shown(given)}")


SHOWN_CHARS_MAX = 60
UNKNOWN_SHOWN_MAX = 3


def _shown(value: Any) -> str:
    """Return the JSON of a scalar, cut to a length; only the kind of an object or a list."""
    if isinstance(value, list | dict):
        return "an object" if isinstance(value, dict) else "a list"
    return json.dumps(value[:SHOWN_CHARS_MAX] if isinstance(value, str) else value)[: SHOWN_CHARS_MAX + 2]


@lru_cache(maxsize=256)
def _parameters(command: str, api_date: ApiDate) -> dict[str, StreamParameter]:
    return pick(PARAMETERS[command], api_date)
