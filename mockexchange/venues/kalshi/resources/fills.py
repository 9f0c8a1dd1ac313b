"""A member's fills, live and historical."""

from msgspec.structs import replace

from mockexchange.core.model.orders import FillRow
from mockexchange.core.model.paged_history import HistoryPage
from mockexchange.core.queries.lists import FillQuery, find_fills
from mockexchange.venues.dated_fields import Field
from mockexchange.venues.kalshi.formatting import (
    ACTION,
    BOOK_SIDE,
    BOOLEAN,
    CONTRACTS,
    COUNT_2,
    DOLLARS_6,
    DOLLARS_OF_CENTS,
    INSTANT,
    INTEGER,
    PRICE_4,
    PRICE_CENTS,
    PRICE_NUMBER,
    SIDE,
    TEXT,
    UNIX_SECONDS,
)
from mockexchange.venues.kalshi.named_days import (
    AUTUMN_2026,
    FIXED_POINT_ADDED,
    FIXED_PRICES_REMOVED,
    INTEGERS_REMOVED,
    OUTCOMES_ADDED,
    PRICE_STRINGS_ADDED,
    SIX_DECIMALS,
    SUBACCOUNTS_ADDED,
)
from mockexchange.venues.kalshi.resources import parameters
from mockexchange.venues.kalshi.resources.call import AccountCall, AccountOperation
from mockexchange.venues.kalshi.resources.fields import CURSOR, exchange_index, list_of, table
from mockexchange.venues.kalshi.resources.lists import ListTable, answer_list, live_or_all, names_of, window_of
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.resources.row_owner import requested_or_all

# --- fields of answers

FEE_COST_ADDED = "2026-01-28"
CLIENT_ORDER_ID_REMOVED = "2026-03-30"


def _prices(side: str) -> tuple[Field, ...]:
    """Return the rows of a side's price: integer cents and `_fixed`, then the four decimals that replaced both."""
    read, name = f"trade.{side}_centicents", f"{side}_price"
    fixed, dollars = f"{name}_fixed", f"{name}_dollars"
    return (
        Field(name=name, spelling=PRICE_CENTS, read=read, until=INTEGERS_REMOVED, source="wire-2025-11"),
        Field(name=fixed, spelling=PRICE_4, read=read, until=FIXED_PRICES_REMOVED, source="wire-2025-11"),
        Field(name=dollars, spelling=PRICE_4, read=read, since=PRICE_STRINGS_ADDED, source="changelog"),
    )


FILL = table(
    "Fill",
    Field(name="action", spelling=ACTION, read="action", source="wire-2025-11"),
    Field(name="book_side", spelling=BOOK_SIDE, read="outcome_side", since=OUTCOMES_ADDED, source="wire-2026-06"),
    # Never in the recorded rows, though documented: left out unless the client gave one.
    Field(
        name="client_order_id",
        spelling=TEXT,
        read="client_order_id",
        empty="absent",
        until=CLIENT_ORDER_ID_REMOVED,
        source="changelog",
    ),
    Field(name="count", spelling=CONTRACTS, read="trade.count_centis", until=INTEGERS_REMOVED, source="wire-2025-11"),
    Field(name="count_fp", spelling=COUNT_2, read="trade.count_centis", since=FIXED_POINT_ADDED, source="changelog"),
    Field(name="created_time", spelling=INSTANT, read="created_at", source="wire-2025-11"),
    exchange_index("trade.market.event.exchange_index"),
    Field(
        name="fee_cost",
        spelling=DOLLARS_OF_CENTS,
        read="fee_micros",
        since=FEE_COST_ADDED,
        until=SIX_DECIMALS,
        source="changelog",
    ),
    Field(name="fee_cost", spelling=DOLLARS_6, read="fee_micros", since=SIX_DECIMALS, source="wire-2026-06"),
    Field(name="fill_id", spelling=TEXT, read="trade.trade_id", source="wire-2025-11"),
    Field(name="is_taker", spelling=BOOLEAN, read="is_taker", source="wire-2025-11"),
    Field(name="market_ticker", spelling=TEXT, read="trade.market.ticker", source="wire-2025-11"),
    *_prices("no"),
    Field(name="order_id", spelling=TEXT, read="order.order_id", source="wire-2025-11"),
    Field(name="outcome_side", spelling=SIDE, read="outcome_side", since=OUTCOMES_ADDED, source="wire-2026-06"),
    # Dollars as a JSON number, of the YES side: both recorded fills are of YES.
    Field(
        name="price",
        spelling=PRICE_NUMBER,
        read="trade.yes_centicents",
        until=INTEGERS_REMOVED,
        source="wire-2025-11",
    ),
    Field(name="side", spelling=SIDE, read="side", source="wire-2025-11"),
    Field(
        name="subaccount_number",
        spelling=INTEGER,
        read="order.subaccount.number",
        empty="absent",
        since=SUBACCOUNTS_ADDED,
        source="wire-2026-06",
    ),
    Field(name="ticker", spelling=TEXT, read="trade.market.ticker", source="wire-2025-11"),
    Field(name="trade_id", spelling=TEXT, read="trade.trade_id", source="wire-2025-11"),
    Field(name="ts", spelling=UNIX_SECONDS, read="created_at", source="wire-2025-11"),
    *_prices("yes"),
)

GET_FILLS_RESPONSE = table("GetFillsResponse", CURSOR, list_of("fills", "Fill", FILL))

# --- parameters of queries

GET_FILLS: tuple[Parameter, ...] = (
    parameters.CURSOR,
    *parameters.LIMIT_WIDENED,
    Parameter(name="ticker", kind="text", until=AUTUMN_2026, source="docs-2025-11"),
    Parameter(name="ticker", kind="texts", items_max=100, since=AUTUMN_2026, lenient=True, source="sdk-3.34"),
    Parameter(name="order_id", kind="text", source="docs-2025-11"),
    *parameters.WINDOW,
    *parameters.subaccount(SUBACCOUNTS_ADDED),
    parameters.EXCHANGE_INDEX,
)

# --- operations

FILLS = ListTable("fills", "Fill")


def get_fills(call: AccountCall) -> bytes:
    return answer_fills(call, live_or_all(call))


def answer_fills(call: AccountCall, is_archived: bool | None) -> bytes:
    """Return the fills that pass the call's filters.

    `is_archived` selects historical fills (True), live ones (False) or all (None).
    """
    subaccount, params = requested_or_all(call), call.params
    query = FillQuery(
        limit=1,
        subaccounts=None if subaccount is None else (subaccount,),
        tickers=names_of(params.get("ticker")),
        order_id=params.get("order_id") or None,
        exchange_index=params.get("exchange_index"),
        archived=is_archived,
        window=window_of(call),
    )

    def find(limit: int, after: int | None) -> HistoryPage[FillRow]:
        return find_fills(call.state, call.account.name, replace(query, limit=limit, after=after))

    return answer_list(call, FILLS, call.account.ledger.fills.revision, find)


def get_fills_historical(call: AccountCall) -> bytes:
    return answer_fills(call, is_archived=True)


OPERATIONS = (
    AccountOperation(
        name="GetFills",
        path="/portfolio/fills",
        answer=get_fills,
        answer_table="GetFillsResponse",
        is_per_subaccount=True,
        parameters=GET_FILLS,
    ),
    AccountOperation(
        name="GetFillsHistorical",
        path="/historical/fills",
        answer=get_fills_historical,
        answer_table="GetFillsResponse",
        is_per_subaccount=True,
        parameters=parameters.HISTORICAL_ROWS,
    ),
)
