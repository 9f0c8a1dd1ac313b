"""Implements the operations that read a member's fills."""

from msgspec.structs import replace

from mockexchange.core.model.history import HistoryPage
from mockexchange.core.model.orders import FillRow
from mockexchange.core.queries.lists import FillQuery, find_fills
from mockexchange.venues.kalshi.operations.call import AccountCall, AccountOperation
from mockexchange.venues.kalshi.operations.lists import ListTable, answer_list, live_or_all, names_of, window_of
from mockexchange.venues.kalshi.operations.row_owner import requested_or_all

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


OPERATIONS = (
    AccountOperation(
        name="GetFills",
        path="/portfolio/fills",
        answer=get_fills,
        answer_table="GetFillsResponse",
        is_per_subaccount=True,
    ),
)
