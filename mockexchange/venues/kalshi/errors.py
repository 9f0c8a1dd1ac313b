"""The venue's error bodies as a dated table, from a situation to a status and bytes.

Two shapes exist side by side on the wire: nested {"error": {code, message, details, service}} from handlers and
authentication, bare {"msg": ...} from query binding. `compat` sends every shape at once, so that clients of any year
find the message where they look. Key order is as recorded.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Literal

from mockexchange.venues.dated import ApiDate, DatedRow, pick
from mockexchange.venues.request import Answer, Diagnose

SERVICE_REMOVED = "2026-08-06"


class Situation(StrEnum):
    NO_CREDENTIALS = "no credentials"
    NO_SIGNATURE = "signature header missing"
    UNKNOWN_KEY = "unknown key id"
    TIMESTAMP_EXPIRED = "timestamp outside the window"
    BAD_SIGNATURE = "signature does not verify"
    OUT_OF_BOUNDS = "parameter out of bounds"
    UNKNOWN_CHOICE = "unknown value of an enumeration"
    WRONG_TYPE = "parameter of the wrong type"
    REPEATED = "parameter repeated"
    MISSING = "required parameter missing"
    BAD_CURSOR = "cursor unusable"
    CLASHING = "parameters exclude each other"
    FORBIDDEN = "permission denied"
    RESTRICTED = "key restricted to a subaccount"
    RETIRED = "operation retired"
    NOT_FOUND = "not found"
    NO_ROUTE = "no such route"
    WRONG_METHOD = "method not allowed"
    TARGET_TOO_LONG = "request target too long"
    NOT_HTTP = "bytes that are not HTTP"
    TOO_MANY_STREAMS = "too many open streams"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow(DatedRow):
    status: int
    shape: Literal["nested", "msg"] = "nested"
    code: str = "bad_request"
    message: str
    details: str | None = None
    service: str | None = None


class Rejected(Exception):
    """A request that the venue answers with an error.

    `diagnosis` goes to the journal: a text, or a function that finds it. `values` fill the body's template.
    """

    def __init__(self, situation: Situation, diagnosis: str | Diagnose, **values: str) -> None:
        super().__init__(situation)
        self.situation = situation
        self.diagnosis = diagnosis
        self.values = values


_VALIDATION = (
    "Parameter validation failed for {operation}: Key: '{operation}Params.{field}' "
    "Error:Field validation for '{field}' failed on the '{tag}' tag"
)
_OLD_DETAILS = "rpc error: code = Unauthenticated desc = INCORRECT_API_KEY_SIGNATURE"

ERRORS: tuple[ErrorRow, ...] = (
    ErrorRow(
        name=Situation.NO_CREDENTIALS,
        status=401,
        code="token_authentication_failure",
        message="token authentication failure",
        source="client-report",
    ),
    ErrorRow(
        name=Situation.NO_SIGNATURE,
        status=401,
        code="signature_is_missing_from_headers",
        message="signature is missing from headers",
        source="wire-2026-06",
    ),
    ErrorRow(
        name=Situation.UNKNOWN_KEY,
        status=401,
        code="authentication_error",
        message="authentication_error",
        details="NOT_FOUND",
        source="wire-2026-06",
    ),
    ErrorRow(
        name=Situation.TIMESTAMP_EXPIRED,
        status=401,
        code="header_timestamp_expired",
        message="header timestamp expired",
        source="wire-2026-06",
    ),
    ErrorRow(
        name=Situation.BAD_SIGNATURE,
        status=401,
        code="authentication_error",
        message="authentication_error",
        details=_OLD_DETAILS,
        until="2026-02-01",
        source="client-report",
    ),
    ErrorRow(
        name=Situation.BAD_SIGNATURE,
        status=401,
        code="authentication_error",
        message="authentication_error",
        details="INCORRECT_API_KEY_SIGNATURE",
        since="2026-02-01",
        source="wire-2026-06",
    ),
    ErrorRow(name=Situation.OUT_OF_BOUNDS, status=400, shape="msg", message=_VALIDATION, source="wire-2026-06"),
    ErrorRow(
        name=Situation.UNKNOWN_CHOICE, status=400, message="bad request", until="2026-01-01", source="wire-2025-11"
    ),
    ErrorRow(
        name=Situation.UNKNOWN_CHOICE,
        status=400,
        shape="msg",
        message=_VALIDATION,
        since="2026-01-01",
        source="client-report",
    ),
    ErrorRow(
        name=Situation.WRONG_TYPE,
        status=400,
        shape="msg",
        message="Invalid format for parameter {parameter}: error binding string parameter",
        source="client-report",
    ),
    ErrorRow(
        name=Situation.REPEATED,
        status=400,
        shape="msg",
        message="Invalid format for parameter {parameter}: multiple values for single value parameter '{parameter}'",
        source="client-report",
    ),
    ErrorRow(
        name=Situation.MISSING,
        status=400,
        shape="msg",
        message="Query argument {parameter} is required, but not found",
        source="client-report",
    ),
    ErrorRow(name=Situation.BAD_CURSOR, status=400, message="bad request", source="choice"),
    ErrorRow(name=Situation.CLASHING, status=400, message="bad request", source="choice"),
    ErrorRow(
        name=Situation.FORBIDDEN,
        status=403,
        code="permission_denied",
        message="permission denied",
        source="wire-2026-01",
    ),
    # The text is documented, the shape around it is not.
    ErrorRow(
        name=Situation.RESTRICTED,
        status=403,
        code="permission_denied",
        message="this API key is restricted to a single sub-account and cannot access this endpoint",
        source="docs-3.28",
    ),
    ErrorRow(
        name=Situation.RETIRED,
        status=410,
        code="deprecated_v1_order_endpoint",
        message="Please switch to the V2 endpoints",
        details="https://docs.kalshi.com/api-reference/orders/create-order-v2",
        source="client-report",
    ),
    ErrorRow(
        name=Situation.NOT_FOUND,
        status=404,
        code="not_found",
        message="not found",
        service="query-exchange",
        until=SERVICE_REMOVED,
        source="wire-2025-11",
    ),
    ErrorRow(
        name=Situation.NOT_FOUND,
        status=404,
        code="not_found",
        message="not found",
        since=SERVICE_REMOVED,
        source="client-report",
    ),
    ErrorRow(name=Situation.NO_ROUTE, status=404, code="not_found", message="not found", source="choice"),
    ErrorRow(
        name=Situation.WRONG_METHOD,
        status=405,
        code="method_not_allowed",
        message="method not allowed",
        source="choice",
    ),
    ErrorRow(
        name=Situation.TARGET_TOO_LONG,
        status=414,
        code="request_uri_too_long",
        message="request uri too long",
        source="choice",
    ),
    ErrorRow(name=Situation.NOT_HTTP, status=400, message="bad request", source="choice"),
    # How many are allowed is documented, what the next one gets is not.
    ErrorRow(
        name=Situation.TOO_MANY_STREAMS,
        status=429,
        code="too_many_requests",
        message="too many requests",
        source="choice",
    ),
)


def error_body(rejected: Rejected, api_date: ApiDate) -> tuple[int, bytes]:
    """Return status and body of a rejection as the venue spelt it at `api_date`."""
    row = _rows(api_date)[rejected.situation]
    message = row.message.format(**rejected.values) if rejected.values else row.message
    return row.status, _compact(_body(row, message, api_date))


def reject(reply: Answer, rejected: Rejected, api_date: ApiDate) -> None:
    """Turn an answer into a rejection; where finding the reason takes work, the answer carries a function for it."""
    reply.status, reply.body = error_body(rejected, api_date)
    reply.refusal = rejected.situation.name.lower()
    if isinstance(rejected.diagnosis, str):
        reply.diagnosis = rejected.diagnosis
    else:
        reply.diagnose = rejected.diagnosis


@lru_cache(maxsize=64)
def _rows(api_date: ApiDate) -> dict[str, ErrorRow]:
    return pick(ERRORS, api_date)


def _body(row: ErrorRow, message: str, api_date: ApiDate) -> dict[str, object]:
    if row.shape == "msg" and not api_date.is_compat:
        return {"msg": message}
    named = {"code": row.code, "message": message, "details": row.details, "service": row.service}
    error = {name: value for name, value in named.items() if value is not None}
    if not api_date.is_compat:
        return {"error": error}
    flat = {name: value for name, value in error.items() if name != "service"}
    return {"error": error, **flat, **({"msg": message} if row.shape == "msg" else {})}


def _compact(body: dict[str, object]) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
