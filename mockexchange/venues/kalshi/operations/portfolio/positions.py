"""Implements the operations that read the positions of a member's subaccount or an FCM's subtrader."""

from msgspec.structs import replace

from mockexchange.core.model.positions import NONZERO_QUANTITY, NONZERO_RESTING, NONZERO_TRADED
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.queries.positions import Page, PositionQuery, find_positions
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.kalshi.cursor import Cursor, digest_of, read_cursor, write_cursor
from mockexchange.venues.kalshi.operations.call import AccountCall, AccountOperation, cached_answer, write_parts
from mockexchange.venues.kalshi.operations.lists import encode_rows, live_or_all, names_of, report_cursor
from mockexchange.venues.kalshi.operations.row_owner import requested_or_primary, required_subtrader
from mockexchange.venues.kalshi.parameters.rows import SETTLEMENT_STATUS_BACK

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
    is_by_event = status != "unsettled" and not call.api_date.is_compat and call.api_date.holds(SETTLEMENT_STATUS_BACK)
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
        return _make_page(call, subaccount, _query(call, status, is_by_event, is_archived))

    return cached_answer(call, subaccount.revision, make)


def _query(call: AccountCall, status: str, is_by_event: bool, is_archived: bool | None) -> PositionQuery:
    params = call.params
    return PositionQuery(
        limit=params["limit"],
        settled=SETTLED_BY_STATUS[status],
        archived=is_archived,
        nonzero=sum({COUNT_BITS[name] for name in params.get("count_filter", ())}),
        ticker=params["ticker"],
        events=names_of(params["event_ticker"]),
        exchange_index=params.get("exchange_index"),
        whole_events=is_by_event,
    )


def _make_page(call: AccountCall, subaccount: Subaccount, query: PositionQuery) -> bytes:
    digest = _digest(call, subaccount, query)
    page = find_positions(subaccount, _continued(call, query, digest))
    cursor = write_cursor(Cursor(digest, STATUS_CODES[query.settled], page.after)) if page.after else ""
    return _positions_body(call, page, cursor)


def _positions_body(call: AccountCall, page: Page, cursor: str) -> bytes:
    rows = {
        "cursor": b'"%s"' % cursor.encode(),
        "event_positions": encode_rows(call, "EventPosition", page.events),
        "market_positions": encode_rows(call, "MarketPosition", page.rows),
    }
    return write_parts(call, rows)


def _digest(call: AccountCall, subaccount: Subaccount, query: PositionQuery) -> bytes:
    return digest_of(
        call.operation.name,
        subaccount.ref,
        query.settled,
        query.nonzero,
        query.ticker,
        query.events,
        query.exchange_index,
    )


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
        is_error = call.settings.strict_cursors or (crosses_status and _status_has_own_cursors(call))
        report_cursor(call, "the cursor was made under other filters: continued from its key", is_error)
    return replace(query, after=cursor.rank)


def _status_has_own_cursors(call: AccountCall) -> bool:
    """Return whether cursors must not cross settlement statuses: from 2026-10 (docs), not in compat."""
    return not call.api_date.is_compat and call.api_date.holds(SETTLEMENT_STATUS_BACK)


OPERATIONS = (
    AccountOperation(
        name="GetPositions",
        path="/portfolio/positions",
        answer=get_positions,
        answer_table="GetPositionsResponse",
        is_per_subaccount=True,
    ),
    AccountOperation(
        name="GetFCMPositions",
        path="/fcm/positions",
        answer=get_fcm_positions,
        answer_table="GetPositionsResponse",
        is_fcm_only=True,
        is_per_subaccount=True,
        empty=EMPTY_POSITIONS,
    ),
)
