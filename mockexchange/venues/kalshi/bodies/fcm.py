"""Defines the request bodies of the operations of an FCM on its subtraders."""

from mockexchange.venues.kalshi.bodies.rows import INT64_MAX, Body, BodyField, Kind

PRICE_MAX = 9_999
"""Highest price of a position transfer, in hundredths of a cent: at 0 or 1 dollar a position is settled, not moved."""


def _required(name: str, kind: Kind, minimum: int | None = None, maximum: int | None = None) -> BodyField:
    return BodyField(name=name, kind=kind, minimum=minimum, maximum=maximum, required=True, source="sdk-3.34")


_SUBTRADER = _required("subtrader_id", "text")

CREATE_FCM_SUBTRADER = Body(struct="CreateFCMSubtraderRequest", fields=(_required("subtrader_suffix", "text"),))
UPDATE_BLOCKED_CATEGORIES = Body(
    struct="UpdateFCMSubtraderBlockedCategoriesRequest",
    fields=(_SUBTRADER, _required("category", "text"), _required("blocked", "boolean")),
)
UPDATE_DAILY_CAP = Body(
    struct="UpdateFCMEventContractDailyCapRequest", fields=(_SUBTRADER, _required("limit", "price"))
)
CREATE_POSITION_TRANSFER = Body(
    struct="CreateFCMPositionTransferRequest",
    fields=(
        _required("market_ticker", "text"),
        _required("position_centicount", "integer", -INT64_MAX, INT64_MAX),
        _required("price_centicents", "integer", 1, PRICE_MAX),
        _required("source_subtrader_id", "text"),
        _required("target_subtrader_id", "text"),
    ),
)
