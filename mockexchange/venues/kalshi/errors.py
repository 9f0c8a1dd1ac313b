"""The venue's error bodies, as a table from a situation (and an API date) to a status and the bytes of a body.

The venue has four forms of bodies: nested {"error": {code, message, details, service}} from handlers and
authentication, flat {code, message, details} for a request body of a wrong form, bare {"msg": ...} for a wrong query,
and {"error": "text"} from the rate limit. `compat` sends all forms at once, so that clients of any year find the
message where they look. Key order is as recorded.
"""

import json
from enum import StrEnum
from functools import lru_cache
from typing import Literal

from mockexchange.venues.dated_fields import ApiDate, DatedRow, pick
from mockexchange.venues.request import Answer, Diagnose

# --- situations in which the venue answers with an error


SERVICE_REMOVED = "2026-08-06"


class Situation(StrEnum):
    NO_CREDENTIALS = "no credentials"
    NO_SIGNATURE = "signature header missing"
    UNKNOWN_KEY = "unknown key id"
    TIMESTAMP_EXPIRED = "timestamp outside the window"
    BAD_SIGNATURE = "signature does not verify"
    OUT_OF_BOUNDS = "parameter out of bounds"
    UNKNOWN_CHOICE = "unknown value of an enumeration"
    UNKNOWN_STATUS = "unknown status of markets"
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
    RATE_LIMITED = "rate limit exceeded"
    CONTENT_TYPE = "no JSON body"
    BAD_JSON = "body that cannot be bound"
    MISSING_FIELD = "required field of a body missing"
    INVALID_FIELD = "field of a body out of its rules"
    BAD_ID = "id that is no UUID"
    BAD_ORDER_ID = "order id that is no UUID"
    NOT_FOUND_IN_WRITE = "not found by a write"
    INVALID_ORDER = "order against the rules"
    INVALID_PRICE = "price off the grid"
    INVALID_SIZE = "size of an order out of its rules"
    INSUFFICIENT_BALANCE = "too little cash"
    MARKET_NOT_FOUND = "market not found"
    MARKET_INACTIVE = "market not open"
    DUPLICATE_ORDER = "client order id used before"
    UNFILLED = "fill or kill without enough volume"
    TRADING_PAUSED = "trading paused"
    EXCHANGE_PAUSED = "exchange paused"
    EXCHANGE_DOWN = "exchange down"
    GROUP_TRIGGERED = "order group triggered"
    GROUP_NOT_FOUND = "order group not found"
    RISK_LIMIT = "risk limit exceeded"
    TOO_MANY_ORDERS = "too many open orders"
    TOO_MANY_GROUPS = "too many order groups"
    AMEND_MISMATCH = "amendment of another order"
    ALREADY_EXISTS = "already exists"
    TRANSFER_APPLIED = "transfer applied before"
    NEEDS_ADVANCED = "subaccount without the tier for it"
    RFQ_CLOSED = "request for quotes closed"


class ErrorRow(DatedRow, frozen=True, kw_only=True, eq=True):
    status: int
    shape: Literal["nested", "flat", "msg", "text"] = "nested"
    code: str = "bad_request"
    message: str
    details: str | None = None
    service: str | None = None


# --- errors that only requests which change something can get
#
# Errors of the exchange itself had the key `service` with "exchange" until 2026-08-05, those of the gateway never.


SERVICE = "exchange"


def by_exchange(
    situation: Situation, status: int, code: str, source: str, message: str | None = None
) -> tuple[ErrorRow, ...]:
    """Return the rows of an error of the exchange: until 2026-08-05 with the key `service`, later without."""
    words = message or code.replace("_", " ")
    return (
        ErrorRow(
            name=situation,
            status=status,
            code=code,
            message=words,
            service=SERVICE,
            until=SERVICE_REMOVED,
            source=source,
        ),
        ErrorRow(name=situation, status=status, code=code, message=words, since=SERVICE_REMOVED, source=source),
    )


def by_gateway(situation: Situation, status: int, code: str, source: str, details: str | None = None) -> ErrorRow:
    return ErrorRow(
        name=situation, status=status, code=code, message=code.replace("_", " "), details=details, source=source
    )


WRITE_ERRORS: tuple[ErrorRow, ...] = (
    ErrorRow(
        name=Situation.CONTENT_TYPE,
        status=400,
        shape="flat",
        code="invalid_content_type",
        message="invalid_content_type",
        source="wire-2026-06",
    ),
    ErrorRow(
        name=Situation.BAD_JSON,
        status=400,
        shape="flat",
        message="bad request",
        details="{details}",
        source="wire-2026-06",
    ),
    by_gateway(Situation.MISSING_FIELD, 400, "missing_parameters", "client-report", "Field validation for {field}"),
    by_gateway(Situation.INVALID_FIELD, 400, "invalid_parameters", "client-report", "Field validation for {field}"),
    ErrorRow(name=Situation.BAD_ID, status=400, message="bad request", source="wire-2025-11"),
    by_gateway(Situation.BAD_ORDER_ID, 404, "not_found", "wire-2025-11"),
    by_gateway(Situation.INVALID_ORDER, 400, "invalid_order", "wire-2026-06", "{details}"),
    by_gateway(Situation.INVALID_SIZE, 400, "invalid_order_size", "changelog"),
    *by_exchange(Situation.INVALID_PRICE, 400, "invalid_price", "wire-2026-06"),
    *by_exchange(Situation.INSUFFICIENT_BALANCE, 400, "insufficient_balance", "wire-2026-06"),
    *by_exchange(Situation.MARKET_NOT_FOUND, 404, "market_not_found", "wire-2025-11"),
    *by_exchange(Situation.NOT_FOUND_IN_WRITE, 404, "not_found", "wire-2026-06"),
    *by_exchange(Situation.DUPLICATE_ORDER, 409, "order_already_exists", "wire-2026-06"),
    by_gateway(Situation.UNFILLED, 409, "fill_or_kill_insufficient_resting_volume", "client-report"),
    by_gateway(Situation.TRADING_PAUSED, 409, "trading_is_paused", "client-report"),
    by_gateway(Situation.EXCHANGE_PAUSED, 409, "exchange_is_paused", "client-report"),
    *by_exchange(Situation.EXCHANGE_DOWN, 503, "service_unavailable", "wire-2025-11", "service_unavailable"),
    by_gateway(Situation.MARKET_INACTIVE, 400, "market_inactive", "client-report"),
    # Their words are those of FIX in lower case; no REST body was ever recorded.
    *by_exchange(Situation.GROUP_TRIGGERED, 400, "exceeded_order_group_risk_limit", "choice"),
    *by_exchange(Situation.GROUP_NOT_FOUND, 404, "order_group_not_found", "choice"),
    *by_exchange(Situation.RISK_LIMIT, 400, "exceeded_per_market_risk_limit", "choice"),
    *by_exchange(Situation.TOO_MANY_ORDERS, 400, "too_many_orders", "choice"),
    *by_exchange(Situation.TOO_MANY_GROUPS, 400, "too_many_order_groups", "choice"),
    *by_exchange(Situation.AMEND_MISMATCH, 400, "{code}", "changelog", "{message}"),
    *by_exchange(Situation.ALREADY_EXISTS, 409, "already_exists", "choice"),
    by_gateway(Situation.TRANSFER_APPLIED, 409, "transfer_already_applied", "stream-2026-06"),
    by_gateway(Situation.NEEDS_ADVANCED, 403, "subaccount_creation_requires_advanced_api_usage_level", "client-report"),
    # The guide to RFQs names it so; no body was ever recorded.
    ErrorRow(name=Situation.RFQ_CLOSED, status=400, code="RFQ_CLOSED", message="rfq closed", source="docs-3.28"),
)


# --- all errors, and their bodies


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
    return row.status, compact(_body(row, rejected.values, api_date))


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


def compact(body: dict[str, object]) -> bytes:
    """Return JSON without spaces, as the venue writes it."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
