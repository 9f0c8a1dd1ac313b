"""Kalshi as the house knows it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mockexchange.core.model.accounts import Key
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.kalshi import rest, retired_fields, signing
from mockexchange.venues.kalshi.catalogue import PREFIX
from mockexchange.venues.kalshi.context import KalshiContext, date_of
from mockexchange.venues.kalshi.dates import ALIASES, FIRST_DAY, SOURCES, api_date
from mockexchange.venues.kalshi.diagnosis import explain_offline
from mockexchange.venues.kalshi.enumerations import SCOPES, STRIKE_TYPES, TIERS
from mockexchange.venues.kalshi.errors import Rejected, Situation, error_body
from mockexchange.venues.kalshi.legacy_fields import change_legacy
from mockexchange.venues.kalshi.objects import count_removed_fields
from mockexchange.venues.kalshi.operations import OPERATIONS
from mockexchange.venues.kalshi.operations.row_owner import subtrader_ids
from mockexchange.venues.kalshi.outages import outage_body
from mockexchange.venues.kalshi.parameters import PARAMETERS
from mockexchange.venues.kalshi.parameters.decoding import with_limit
from mockexchange.venues.kalshi.routes import match
from mockexchange.venues.kalshi.settings import KalshiSettings
from mockexchange.venues.kalshi.stream import handshake
from mockexchange.venues.kalshi.stream.channels import CHANNELS
from mockexchange.venues.kalshi.stream.feed import messages_of
from mockexchange.venues.kalshi.wire_sections import sections
from mockexchange.venues.request import Request
from mockexchange.venues.venue import Venue, Wire

TABLES = {operation.name: operation.answer_table for operation in OPERATIONS}
CHANNEL_NAMES = tuple(dict.fromkeys(row.name for row in CHANNELS))
EMULATED_CHANNELS = {row.name for row in CHANNELS if row.is_emulated}


def _key_of(context: KalshiContext, request: Request) -> Key | None:
    return context.state.keys.get(signing.claimed_key(request) or "")


def _operation_of(context: KalshiContext, request: Request) -> str | None:
    found = match(request.method, request.path, date_of(context, _key_of(context, request)))
    return found.operation.name if found else None


def _garbage_answer(diagnosis: str, date: ApiDate) -> bytes:
    return error_body(Rejected(Situation.NOT_HTTP, diagnosis), date)[1]


def _with_rows_max(request: Request, rows: int) -> Request:
    return replace(request, query=with_limit(request.query, rows))


def _edit_legacy(body: Any, operation: str | None, change: Callable[[Any], Any] | None) -> bool:
    table = TABLES.get(operation or "")
    return bool(table and change_legacy(body, table, change))


KALSHI = Venue(
    name="kalshi",
    title="Kalshi",
    prefix=PREFIX,
    stream_paths=(handshake.STREAM_PATH,),
    headers=(
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-security-policy", b"default-src 'none';"),
        (b"x-content-type-options", b"nosniff"),
    ),
    open_context=KalshiContext,
    settings=KalshiSettings,
    api_date=api_date,
    date_of=date_of,
    claimed_key=signing.claimed_key,
    operation_of=_operation_of,
    answer=rest.answer,
    authenticate_only=rest.authenticate_only,
    shake_hands=handshake.shake_hands,
    messages_of=messages_of,
    garbage_answer=_garbage_answer,
    outage_body=outage_body,
    with_rows_max=_with_rows_max,
    edit_legacy=_edit_legacy,
    operations=(*(operation.name for operation in OPERATIONS), handshake.OPERATION),
    paged_operations=tuple(name for name, rows in PARAMETERS.items() if any(row.name == "cursor" for row in rows)),
    private={"portfolio": f"path: {PREFIX}/portfolio/*", "fcm": f"path: {PREFIX}/fcm/*"},
    channels=CHANNEL_NAMES,
    quiet_channels=tuple(name for name in CHANNEL_NAMES if name not in EMULATED_CHANNELS),
    open_stream=handshake.OPERATION,
    scopes=SCOPES,
    scopes_default=("read", "write"),
    subtrader_ids=subtrader_ids,
    wire=Wire(
        aliases=ALIASES,
        first_day=FIRST_DAY,
        sources=SOURCES,
        sections=sections,
        count_removed_fields=count_removed_fields,
        retired_by_request=retired_fields.of_request,
        retired_by_frame=retired_fields.of_frame,
    ),
    explain_offline=explain_offline,
    words={"tier": TIERS, "strike_type": STRIKE_TYPES},
)
