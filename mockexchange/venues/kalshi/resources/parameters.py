"""The type of a query parameter's table row, and parameters that several operations share."""

from typing import Literal

from mockexchange.venues.dated_fields import FOREVER
from mockexchange.venues.kalshi.named_days import AUTUMN_2026, EXCHANGE_INDEX_ADDED, SPRING_2026
from mockexchange.venues.parameter_decoding import ParameterRow

Kind = Literal["text", "texts", "integer", "boolean", "choice", "choices", "instant", "repeated"]
POSITION_COUNTS = ("position", "total_traded")
STATUSES = ("all", "unsettled", "settled")
SETTLEMENT_STATUS_REMOVED = "2025-12-11"
SETTLEMENT_STATUS_BACK = AUTUMN_2026


class Parameter(ParameterRow, frozen=True, kw_only=True, eq=False):
    """One query parameter between two days, and the kind of its value.

    Values of the kinds `texts` and `choices` are comma-separated lists of at most `items_max` items. The kind
    `repeated` is a list whose items are given by repeating the parameter; if it has a bound, the items are integers.
    `numbers` are the allowed values of an integer.
    """

    kind: Kind
    items_max: int | None = None
    numbers: tuple[int, ...] = ()

    @property
    def go_name(self) -> str:
        """The parameter's name in the venue's validation messages: event_ticker is EventTicker."""
        return "".join(word.capitalize() for word in self.name.split("_"))


LIMIT = Parameter(name="limit", kind="integer", minimum=1, maximum=1000, default=100, source="docs-2025-11")
LIMIT_WIDENED = (
    Parameter(
        name="limit", kind="integer", minimum=1, maximum=200, default=100, until=SPRING_2026, source="docs-2025-11"
    ),
    Parameter(
        name="limit", kind="integer", minimum=1, maximum=1000, default=100, since=SPRING_2026, source="openapi-3.13"
    ),
)
LIMIT_500 = Parameter(name="limit", kind="integer", minimum=1, maximum=500, default=100, source="sdk-3.34")
CURSOR = Parameter(name="cursor", kind="text", source="docs-2025-11")
TICKER = Parameter(name="ticker", kind="text", source="docs-2025-11")
EVENT_TICKERS = Parameter(name="event_ticker", kind="texts", items_max=10, source="docs-2025-11")
EVENT_TICKER_NARROWED = (
    Parameter(name="event_ticker", kind="texts", items_max=10, until=SPRING_2026, lenient=True, source="docs-2025-11"),
    Parameter(name="event_ticker", kind="text", since=SPRING_2026, source="openapi-3.13"),
)
EXCHANGE_INDEX = Parameter(
    name="exchange_index", kind="integer", minimum=0, maximum=2**31 - 1, since=EXCHANGE_INDEX_ADDED, source="docs-3.28"
)
WINDOW = (
    Parameter(name="min_ts", kind="integer", source="docs-2025-11"),
    Parameter(name="max_ts", kind="integer", source="docs-2025-11"),
)


def count_filter() -> tuple[Parameter, ...]:
    """Return the rows of the parameter `count_filter`.

    Its value `resting_order_count` has been answered by 400 since 2025-11-13.
    """
    three, source = (*POSITION_COUNTS, "resting_order_count"), "changelog"
    return (
        Parameter(name="count_filter", kind="choices", choices=three, until="2025-11-13", lenient=True, source=source),
        Parameter(name="count_filter", kind="choices", choices=POSITION_COUNTS, since="2025-11-13", source=source),
    )


def subaccount(since: str) -> tuple[Parameter, ...]:
    """Return the rows of the parameter `subaccount`: at most 32, and at most 63 from 2026-06-01 on."""
    bounds = ((32, since, "2026-06-01", "openapi-3.13"), (63, max(since, "2026-06-01"), FOREVER, "openapi-3.21"))
    return tuple(
        Parameter(name="subaccount", kind="integer", minimum=0, maximum=maximum, since=first, until=last, source=source)
        for maximum, first, last, source in bounds
        if first < last
    )


def order_status() -> tuple[Parameter, ...]:
    return (
        Parameter(name="status", kind="choice", choices=("resting", "canceled", "executed"), source="docs-2025-11"),
    )


def settlement_status(since: str, until: str, source: str) -> Parameter:
    return Parameter(
        name="settlement_status",
        kind="choice",
        choices=STATUSES,
        default="unsettled",
        since=since,
        until=until,
        source=source,
    )


def subtrader_id(required_until: str, source: str) -> tuple[Parameter, ...]:
    """Return the rows of `subtrader_id`: required for all keys, later only for keys not bound to a subtrader."""
    return (
        Parameter(name="subtrader_id", kind="text", required=True, until=required_until, source="docs-2025-11"),
        Parameter(name="subtrader_id", kind="text", since=required_until, source=source),
    )


HISTORICAL_ROWS: tuple[Parameter, ...] = (
    CURSOR,
    LIMIT,
    TICKER,
    Parameter(name="max_ts", kind="integer", source="openapi-3.13"),
    Parameter(name="min_ts", kind="integer", since=AUTUMN_2026, source="sdk-3.34"),
    *subaccount(AUTUMN_2026),
)

# From April 2026 on a limit of nothing is within the bounds.
LIMIT_FROM_ZERO = (
    Parameter(
        name="limit", kind="integer", minimum=1, maximum=1000, default=100, until=SPRING_2026, source="docs-2025-11"
    ),
    Parameter(
        name="limit", kind="integer", minimum=0, maximum=1000, default=100, since=SPRING_2026, source="openapi-3.13"
    ),
)

PAGE_OF_500: tuple[Parameter, ...] = (CURSOR, LIMIT_500)
