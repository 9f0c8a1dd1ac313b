"""The venue's error bodies as text, each where it was recorded or quoted; `compat` derived by what is said of it."""

import json
from typing import NamedTuple

STRICT_DATES = ("2025-11", "2025-12", "2026-02", "2026-04", "2026-06", "2026-10")
DATES = (*STRICT_DATES, "compat")


class Body(NamedTuple):
    """A status and a strict date's body."""

    status: int
    strict: str

    def at(self, date: str) -> bytes:
        return (lenient(self.strict) if date == "compat" else self.strict).encode()


def lenient(strict: str) -> str:
    """Every shape at once: nested, flat (never with a service), and `msg` where that is how it was."""
    body = json.loads(strict)
    words = body.get("msg")
    error = {"code": "bad_request", "message": words} if words else body.get("error", body)
    if isinstance(error, str):
        error = {"code": error.replace(" ", "_"), "message": error}
    flat = {name: value for name, value in error.items() if name != "service"}
    every = {"error": error, **flat, **({"msg": words} if words else {})}
    return json.dumps(every, separators=(",", ":"), ensure_ascii=False)


def message(words: str) -> Body:
    """The shape of binding and validation."""
    return Body(400, f'{{"msg":"{words}"}}')


def invalid(field: str, tag: str, operation: str = "GetPositions") -> Body:
    """A value out of bounds, as recorded on 2026-06-11 for another operation."""
    where = f"Key: '{operation}Params.{field}' Error:Field validation for '{field}' failed on the '{tag}' tag"
    return message(f"Parameter validation failed for {operation}: {where}")


def unreadable(parameter: str) -> Body:
    return message(f"Invalid format for parameter {parameter}: error binding string parameter")


def repeated(parameter: str) -> Body:
    words = f"multiple values for single value parameter '{parameter}'"
    return message(f"Invalid format for parameter {parameter}: {words}")


def missing(parameter: str) -> Body:
    return message(f"Query argument {parameter} is required, but not found")


NO_CREDENTIALS = Body(401, '{"error":{"code":"token_authentication_failure","message":"token authentication failure"}}')
NO_SIGNATURE = Body(
    401, '{"error":{"code":"signature_is_missing_from_headers","message":"signature is missing from headers"}}'
)
UNKNOWN_KEY = Body(
    401, '{"error":{"code":"authentication_error","message":"authentication_error","details":"NOT_FOUND"}}'
)
EXPIRED = Body(401, '{"error":{"code":"header_timestamp_expired","message":"header timestamp expired"}}')
BAD_SIGNATURE_2025 = Body(
    401,
    '{"error":{"code":"authentication_error","message":"authentication_error",'
    '"details":"rpc error: code = Unauthenticated desc = INCORRECT_API_KEY_SIGNATURE"}}',
)
BAD_SIGNATURE = Body(
    401,
    '{"error":{"code":"authentication_error","message":"authentication_error",'
    '"details":"INCORRECT_API_KEY_SIGNATURE"}}',
)
BAD_REQUEST = Body(400, '{"error":{"code":"bad_request","message":"bad request"}}')
UNKNOWN_STATUS = Body(400, '{"error":{"code":"invalid_status_filter","message":"invalid status filter"}}')
FORBIDDEN = Body(403, '{"error":{"code":"permission_denied","message":"permission denied"}}')
RESTRICTED = Body(
    403,
    '{"error":{"code":"permission_denied",'
    '"message":"this API key is restricted to a single sub-account and cannot access this endpoint"}}',
)
RETIRED = Body(
    410,
    '{"error":{"code":"deprecated_v1_order_endpoint","message":"Please switch to the V2 endpoints",'
    '"details":"https://docs.kalshi.com/api-reference/orders/create-order-v2"}}',
)
NOT_FOUND_2025 = Body(404, '{"error":{"code":"not_found","message":"not found","service":"query-exchange"}}')
NOT_FOUND = Body(404, '{"error":{"code":"not_found","message":"not found"}}')
WRONG_METHOD = Body(405, '{"error":{"code":"method_not_allowed","message":"method not allowed"}}')
TARGET_TOO_LONG = Body(414, '{"error":{"code":"request_uri_too_long","message":"request uri too long"}}')
TOO_MANY_STREAMS = Body(429, '{"error":{"code":"too_many_requests","message":"too many requests"}}')
TOO_MANY_REQUESTS = Body(429, '{"error":"too many requests"}')
EMPTY_PAGE = b'{"cursor":"","event_positions":[],"market_positions":[]}'
