"""Lists the situations in which the venue answers with an error, and helps to write the table of error bodies."""

from enum import StrEnum
from typing import Literal

from mockexchange.venues.dated import DatedRow

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
    AMEND_MISMATCH = "amendment of another order"
    ALREADY_EXISTS = "already exists"
    TRANSFER_APPLIED = "transfer applied before"
    NEEDS_ADVANCED = "subaccount without the tier for it"
    NOT_EMULATED = "operation not emulated"


class ErrorRow(DatedRow, frozen=True, kw_only=True, eq=True):
    status: int
    shape: Literal["nested", "flat", "msg", "text"] = "nested"
    code: str = "bad_request"
    message: str
    details: str | None = None
    service: str | None = None
