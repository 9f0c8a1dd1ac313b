"""Positions per market and per event, of a member's subaccount or an FCM's subtrader.

The fields before and after 2026-03-07 and 2026-03-12 show the venue's move from cents to fixed point.
"""

from msgspec.structs import replace

from mockexchange.core.model.positions import NONZERO_QUANTITY, NONZERO_RESTING, NONZERO_TRADED
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.queries.positions import PositionQuery, find_positions
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.dated_fields import ALWAYS, FOREVER, Field
from mockexchange.venues.kalshi.cursor import Cursor, digest_of, read_cursor, write_cursor
from mockexchange.venues.kalshi.formatting import CONTRACTS, COUNT_2, INSTANT, TEXT
from mockexchange.venues.kalshi.named_days import AUTUMN_2026, FIXED_POINT_ADDED, INTEGERS_REMOVED, SUBACCOUNTS_ADDED
from mockexchange.venues.kalshi.resources import parameters
from mockexchange.venues.kalshi.resources.call import AccountCall, AccountOperation, cached_answer, write_parts
from mockexchange.venues.kalshi.resources.fields import CURSOR, exchange_index, list_of, money, table
from mockexchange.venues.kalshi.resources.lists import encode_rows, live_or_all, names_of, report_cursor
from mockexchange.venues.kalshi.resources.parameters import SETTLEMENT_STATUS_BACK, Parameter
from mockexchange.venues.kalshi.resources.row_owner import requested_or_primary, required_subtrader

# --- fields of answers

RESTING_REMOVED = "2026-07-09"

MARKET_POSITION = table(
    "MarketPosition",
    exchange_index("market.event.exchange_index"),
    *money("fees_paid", "fees_micros"),
    Field(name="last_updated_ts", spelling=INSTANT, read="updated_at", source="wire-2025-11"),
    *money("market_exposure", "stake.cost_micros"),
    Field(
        name="position",
        spelling=CONTRACTS,
        read="stake.quantity_centis",
        until=INTEGERS_REMOVED,
        source="docs-2025-11",
    ),
    Field(
        name="position_fp",
        spelling=COUNT_2,
        read="stake.quantity_centis",
        since=FIXED_POINT_ADDED,
        source="changelog",
    ),
    *money("realized_pnl", "stake.realized_micros"),
    # Announced gone for 2025-11-13, still recorded on 2026-06-11; the resting contracts, not the number of orders.
    Field(
        name="resting_orders_count",
        spelling=CONTRACTS,
        read="resting_centis",
        until=RESTING_REMOVED,
        source="wire-2026-06",
    ),
    Field(name="ticker", spelling=TEXT, read="market.ticker", source="docs-2025-11"),
    *money("total_traded", "stake.traded_micros"),
)

EVENT_POSITION = table(
    "EventPosition",
    *money("event_exposure", "totals.cost_micros"),
    Field(name="event_ticker", spelling=TEXT, read="event", source="docs-2025-11"),
    *money("fees_paid", "totals.fees_micros"),
    *money("realized_pnl", "totals.realized_micros"),
    # Singular here, plural in the market row, as on the wire.
    Field(
        name="resting_order_count",
        spelling=CONTRACTS,
        read="totals.resting_centis",
        until="2025-11-13",
        source="wire-2025-11",
    ),
    *money("total_cost", "totals.traded_micros"),
    Field(
        name="total_cost_shares",
        spelling=CONTRACTS,
        read="totals.shares_centis",
        since="2025-11-06",
        until=INTEGERS_REMOVED,
        source="changelog",
    ),
    Field(
        name="total_cost_shares_fp",
        spelling=COUNT_2,
        read="totals.shares_centis",
        since=FIXED_POINT_ADDED,
        source="changelog",
    ),
)

GET_POSITIONS_RESPONSE = table(
    "GetPositionsResponse",
    CURSOR,
    list_of("event_positions", "EventPosition", EVENT_POSITION),
    list_of("market_positions", "MarketPosition", MARKET_POSITION),
)

# --- parameters of queries

GET_POSITIONS: tuple[Parameter, ...] = (
    parameters.CURSOR,
    parameters.LIMIT,
    *parameters.count_filter(),
    parameters.settlement_status(ALWAYS, parameters.SETTLEMENT_STATUS_REMOVED, "docs-2025-11"),
    parameters.settlement_status(parameters.SETTLEMENT_STATUS_BACK, FOREVER, "sdk-3.34"),
    parameters.TICKER,
    *parameters.EVENT_TICKER_NARROWED,
    *parameters.subaccount(SUBACCOUNTS_ADDED),
    parameters.EXCHANGE_INDEX,
)

GET_FCM_POSITIONS: tuple[Parameter, ...] = (
    parameters.CURSOR,
    parameters.LIMIT,
    *parameters.count_filter(),
    parameters.settlement_status(ALWAYS, FOREVER, "docs-2025-11"),
    parameters.TICKER,
    Parameter(name="event_ticker", kind="text", source="docs-2025-11"),
    *parameters.subtrader_id(AUTUMN_2026, "sdk-3.34"),
)

GET_HISTORICAL_POSITIONS: tuple[Parameter, ...] = (
    parameters.CURSOR,
    parameters.LIMIT,
    parameters.TICKER,
    Parameter(name="event_ticker", kind="text", source="sdk-3.34"),
    *parameters.subaccount("2026-07-23"),
)

# --- operations

EMPTY_POSITIONS = b'{"cursor":"","event_positions":[],"market_positions":[]}'
COUNT_BITS = {
    "position": NONZERO_QUANTITY,
    "total_traded": NONZERO_TRADED,
    "resting_order_count": NONZERO_RESTING,
}
SETTLED_BY_STATUS: dict[str, bool | None] = {"unsettled": False, "settled": True, "all": None}
STATUS_CODES: dict[bool | None, int] = {False: 0, True: 1, None: 2}


def get_positions(call: AccountCall) -> bytes:
    subaccount = requested_or_primary(call)
    status = call.params.get("settlement_status") or "unsettled"
    is_by_event = status != "unsettled" and call.api_date.is_day_from(SETTLEMENT_STATUS_BACK)
    return answer_positions(call, subaccount, status, is_by_event, live_or_all(call))


def get_fcm_positions(call: AccountCall) -> bytes:
    subaccount = call.state.subaccounts[SubaccountRef(call.account.name, required_subtrader(call))]
    return answer_positions(call, subaccount, call.params["settlement_status"])


def answer_positions(
    call: AccountCall,
    subaccount: Subaccount | None,
    status: str,
    is_by_event: bool = False,
    is_archived: bool | None = None,
) -> bytes:
    """Return a page of a subaccount's positions with the settlement status `status`.

    Pages are cached by the subaccount's revision.
    """
    if subaccount is None:
        return EMPTY_POSITIONS

    def make() -> bytes:
        params = call.params
        query = PositionQuery(
            limit=params["limit"],
            settled=SETTLED_BY_STATUS[status],
            archived=is_archived,
            nonzero=sum({COUNT_BITS[name] for name in params.get("count_filter", ())}),
            ticker=params["ticker"],
            events=names_of(params["event_ticker"]),
            exchange_index=params.get("exchange_index"),
            whole_events=is_by_event,
        )
        digest = digest_of(
            call.operation.name,
            subaccount.ref,
            query.settled,
            query.nonzero,
            query.ticker,
            query.events,
            query.exchange_index,
        )
        page = find_positions(subaccount, _continued(call, query, digest))
        cursor = write_cursor(Cursor(digest, STATUS_CODES[query.settled], page.after)) if page.after else ""
        rows = {
            "cursor": b'"%s"' % cursor.encode(),
            "event_positions": encode_rows(call, "EventPosition", page.events),
            "market_positions": encode_rows(call, "MarketPosition", page.rows),
        }
        return write_parts(call, rows)

    return cached_answer(call, subaccount.revision, make)


def _continued(call: AccountCall, query: PositionQuery, digest: bytes) -> PositionQuery:
    """Return the query after the client's cursor; an unreadable cursor means the first page, as recorded."""
    text = call.params["cursor"]
    if not text:
        return query
    cursor = read_cursor(text)
    if cursor is None:
        report_cursor(
            call, "the cursor is none that this exchange made: answered the first page", call.settings.strict_cursors
        )
        return query
    if cursor.digest != digest:
        crosses_status = cursor.status != STATUS_CODES[query.settled]
        # From October 2026 on each settlement status has cursors of its own (docs), but not in compat.
        is_split = call.api_date.is_day_from(SETTLEMENT_STATUS_BACK)
        is_error = call.settings.strict_cursors or (crosses_status and is_split)
        report_cursor(call, "the cursor was made under other filters: continued from its key", is_error)
    return replace(query, after=cursor.rank)


def get_historical_positions(call: AccountCall) -> bytes:
    return answer_positions(call, requested_or_primary(call), "settled", is_archived=True)


OPERATIONS = (
    AccountOperation(
        name="GetPositions",
        path="/portfolio/positions",
        answer=get_positions,
        answer_table="GetPositionsResponse",
        is_per_subaccount=True,
        parameters=GET_POSITIONS,
    ),
    AccountOperation(
        name="GetFCMPositions",
        path="/fcm/positions",
        answer=get_fcm_positions,
        answer_table="GetPositionsResponse",
        is_fcm_only=True,
        is_per_subaccount=True,
        empty=EMPTY_POSITIONS,
        parameters=GET_FCM_POSITIONS,
    ),
    AccountOperation(
        name="GetHistoricalPositions",
        path="/historical/positions",
        answer=get_historical_positions,
        answer_table="GetPositionsResponse",
        is_per_subaccount=True,
        parameters=GET_HISTORICAL_POSITIONS,
    ),
)
