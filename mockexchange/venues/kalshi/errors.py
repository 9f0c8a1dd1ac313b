"""The venue's error bodies, as a table from a situation (and an API date) to a status and the bytes of a body.

The venue has four forms of bodies: nested {"error": {code, message, details, service}} from handlers and
authentication, flat {code, message, details} for a request body of a wrong form, bare {"msg": ...} for a wrong query,
and {"error": "text"} from the rate limit. `compat` sends all forms at once, so that clients of any year find the
message where they look. Key order is as recorded.
"""

import json
from functools import lru_cache

from mockexchange.venues.dated import ApiDate, pick
from mockexchange.venues.kalshi.situations import SERVICE_REMOVED, ErrorRow, Situation
from mockexchange.venues.kalshi.write_errors import WRITE_ERRORS
from mockexchange.venues.request import Answer, Diagnose


class Rejected(Exception):
    """An exception for a request that the venue answers with an error.

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
        name=Situation.UNKNOWN_STATUS,
        status=400,
        code="invalid_status_filter",
        message="invalid status filter",
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
    ErrorRow(
        name=Situation.RATE_LIMITED,
        status=429,
        shape="text",
        code="too_many_requests",
        message="too many requests",
        source="docs-3.28",
    ),
    *WRITE_ERRORS,
)


def error_body(rejected: Rejected, api_date: ApiDate) -> tuple[int, bytes]:
    """Return the status and body of a rejection as the venue wrote it at `api_date`."""
    row = _rows(api_date)[rejected.situation]
    return row.status, _compact(_body(row, rejected.values, api_date))


def error_object(rejected: Rejected, api_date: ApiDate) -> dict[str, str]:
    """Return the keys of a rejection's body by name: those of code, message, details and service that it has."""
    return _named(_rows(api_date)[rejected.situation], rejected.values)


def reject(reply: Answer, rejected: Rejected, api_date: ApiDate) -> None:
    """Change an answer into a rejection. If finding the reason takes work, the answer carries a function for that."""
    reply.status, reply.body = error_body(rejected, api_date)
    reply.refusal = rejected.situation.name.lower()
    if isinstance(rejected.diagnosis, str):
        reply.diagnosis = rejected.diagnosis
    else:
        reply.diagnose = rejected.diagnosis


@lru_cache(maxsize=64)
def _rows(api_date: ApiDate) -> dict[str, ErrorRow]:
    return pick(ERRORS, api_date)


def _body(row: ErrorRow, values: dict[str, str], api_date: ApiDate) -> dict[str, object]:
    error = _named(row, values)
    if api_date.is_compat:
        flat = {name: value for name, value in error.items() if name != "service"}
        return {"error": error, **flat, **({"msg": error["message"]} if row.shape == "msg" else {})}
    match row.shape:
        case "msg":
            return {"msg": error["message"]}
        case "text":
            return {"error": error["message"]}
        case "flat":
            return {**error}
        case _:
            return {"error": error}


def _named(row: ErrorRow, values: dict[str, str]) -> dict[str, str]:
    named = {"code": row.code, "message": row.message, "details": row.details, "service": row.service}
    return {name: text.format(**values) if values else text for name, text in named.items() if text is not None}


def _compact(body: dict[str, object]) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


__all__ = ["ERRORS", "SERVICE_REMOVED", "ErrorRow", "Rejected", "Situation", "error_body", "error_object", "reject"]
