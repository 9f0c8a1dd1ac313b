"""Bodies of the errors that faults send, by status and form, and edits of answers that faults make.

The venue has four forms of bodies: nested {"error": {...}}, flat {code, message, details}, bare {"msg": ...} and
{"error": "text"}, which is documented for 429 alone. Statuses that no source shows with a body get HTTP's phrase, in
the nested form.
"""

from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from msgspec.structs import replace

from mockexchange.venues.dated_fields import ApiDate, DatedRow, pick
from mockexchange.venues.kalshi.catalogue import PREFIX
from mockexchange.venues.kalshi.context import KalshiContext
from mockexchange.venues.kalshi.errors import SERVICE_REMOVED, compact
from mockexchange.venues.kalshi.legacy_fields import change_legacy
from mockexchange.venues.kalshi.parameter_decoding import with_limit
from mockexchange.venues.kalshi.resources import OPERATIONS
from mockexchange.venues.request import Request
from mockexchange.venues.venue import FaultAnswers


class OutageRow(DatedRow, frozen=True, kw_only=True, eq=True):
    """The error body that a fault with this status sends between two days.

    `shape` is the form of the body; it applies if the fault names none.
    """

    code: str
    message: str
    details: str | None = None
    service: str | None = None
    shape: str = "nested"


OUTAGES: tuple[OutageRow, ...] = (
    OutageRow(name="400", code="bad_request", message="bad request", source="wire-2025-11"),
    OutageRow(
        name="401",
        code="authentication_error",
        message="authentication_error",
        details="rpc error: code = Unauthenticated desc = INCORRECT_API_KEY_SIGNATURE",
        until="2026-02-01",
        source="client-report",
    ),
    OutageRow(
        name="401",
        code="authentication_error",
        message="authentication_error",
        details="INCORRECT_API_KEY_SIGNATURE",
        since="2026-02-01",
        source="wire-2026-06",
    ),
    OutageRow(name="403", code="permission_denied", message="permission denied", source="wire-2026-01"),
    OutageRow(
        name="404",
        code="not_found",
        message="not found",
        service="query-exchange",
        until=SERVICE_REMOVED,
        source="wire-2025-11",
    ),
    OutageRow(name="404", code="not_found", message="not found", since=SERVICE_REMOVED, source="client-report"),
    OutageRow(
        name="410",
        code="deprecated_v1_order_endpoint",
        message="Please switch to the V2 endpoints",
        details="https://docs.kalshi.com/api-reference/orders/create-order-v2",
        source="client-report",
    ),
    OutageRow(name="429", code="too_many_requests", message="too many requests", shape="text", source="docs-3.28"),
    # One paraphrase of a netting call has it, with a service of that call.
    OutageRow(name="500", code="internal_server_error", message="internal server error", source="client-report"),
    # So recorded: the message has the underscore of the code.
    OutageRow(
        name="503",
        code="service_unavailable",
        message="service_unavailable",
        service="exchange",
        until=SERVICE_REMOVED,
        source="wire-2026-06",
    ),
    OutageRow(
        name="503",
        code="service_unavailable",
        message="service_unavailable",
        since=SERVICE_REMOVED,
        source="choice",
    ),
)


def outage_body(status: int, shape: str | None, api_date: ApiDate) -> bytes:
    """Return the body of an error with this status.

    `shape` is the form of the body; if it is None, the venue's usual form applies, or in `compat` all forms at once.
    """
    row = _row(status, api_date)
    if shape is None and api_date.is_compat:
        named = _named(row)
        return compact({"error": named, **{key: value for key, value in named.items() if key != "service"}})
    return compact(_shaped(row, shape or row.shape))


def _shaped(row: OutageRow, shape: str) -> dict[str, Any]:
    match shape:
        case "flat":
            return {key: value for key, value in _named(row).items() if key != "service"}
        case "msg":
            return {"msg": row.message}
        case "text":
            return {"error": row.message}
        case _:
            return {"error": _named(row)}


def _named(row: OutageRow) -> dict[str, str]:
    named = {"code": row.code, "message": row.message, "details": row.details, "service": row.service}
    return {key: value for key, value in named.items() if value is not None}


def _row(status: int, api_date: ApiDate) -> OutageRow:
    known = _rows(api_date).get(str(status))
    if known:
        return known
    try:
        phrase = HTTPStatus(status).phrase.lower()
    except ValueError:
        phrase = f"status {status}"
    code = "".join(char if char.isalnum() else "_" for char in phrase)
    return OutageRow(name=str(status), code=code, message=phrase, source="choice")


@lru_cache(maxsize=64)
def _rows(api_date: ApiDate) -> dict[str, OutageRow]:
    return pick(OUTAGES, api_date)


_ANSWER_TABLES = {operation.name: operation.answer_table for operation in OPERATIONS}


def _with_rows_max(request: Request, rows: int) -> Request:
    return replace(request, query=with_limit(request.query, rows))


def _edit_legacy(body: object, operation: str | None, change: Callable[[Any], Any] | None) -> bool:
    table = _ANSWER_TABLES.get(operation or "")
    return bool(table and change_legacy(body, table, change))


FAULTS: FaultAnswers[KalshiContext] = FaultAnswers(
    outage_body=outage_body,
    with_rows_max=_with_rows_max,
    edit_legacy=_edit_legacy,
    lagging_reads={
        "order": ("GetOrder",),
        "group": ("GetOrderGroup",),
        "lists": ("GetOrders", "GetFills", "GetOrderGroups"),
        "positions": ("GetPositions",),
        "balance": ("GetBalance", "GetSubaccountBalances"),
        "queues": ("GetOrderQueuePosition", "GetOrderQueuePositions"),
        "settlements": ("GetSettlements",),
        "transfers": (
            "GetSubaccountTransfers",
            "GetIntraExchangeInstanceTransfers",
            "GetIntraExchangeInstanceTransfer",
            "GetDeposits",
            "GetWithdrawals",
        ),
    },
    reads_of_lag=("GetUserDataTimestamp",),
    private_conditions={"portfolio": f"path: {PREFIX}/portfolio/*", "fcm": f"path: {PREFIX}/fcm/*"},
)
