"""A table, for each API date, of the errors that only requests which change something can get.

Errors of the exchange itself had the key `service` with "exchange" until 2026-08-05; errors of the gateway never had
it.
"""

from mockexchange.venues.kalshi.situations import SERVICE_REMOVED, ErrorRow, Situation

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
    *by_exchange(Situation.AMEND_MISMATCH, 400, "{code}", "changelog", "{message}"),
    *by_exchange(Situation.ALREADY_EXISTS, 409, "already_exists", "choice"),
    by_gateway(Situation.TRANSFER_APPLIED, 409, "transfer_already_applied", "stream-2026-06"),
    by_gateway(Situation.NEEDS_ADVANCED, 403, "subaccount_creation_requires_advanced_api_usage_level", "client-report"),
    by_gateway(Situation.NOT_EMULATED, 403, "permission_denied", "choice"),
)
