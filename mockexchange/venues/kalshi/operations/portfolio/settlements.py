"""Implements the operations that read the settlements of a member's positions."""

from typing import NamedTuple

from msgspec.structs import replace

from mockexchange.core.model.history import HistoryPage
from mockexchange.core.model.ledgers import Bought, Settlement
from mockexchange.core.queries.lists import SettlementQuery, find_settlements
from mockexchange.core.vocabulary import Result
from mockexchange.venues.kalshi.operations.call import AccountCall, AccountOperation
from mockexchange.venues.kalshi.operations.lists import ListTable, answer_list, names_of, window_of
from mockexchange.venues.kalshi.operations.row_owner import requested_or_all

SETTLEMENTS = ListTable("settlements", "Settlement")
NOTHING = Bought()


class SettlementView(NamedTuple):
    """A settlement with the counts of its sides; the setting `settlement_counts` selects gross or net counts."""

    row: Settlement
    yes: Bought
    no: Bought

    @property
    def revision(self) -> int:
        return self.row.revision

    @property
    def result_without_void(self) -> Result:
        """The market's result, where void, which repays the cost of either side, is shown as scalar."""
        return Result.SCALAR if self.row.result is Result.VOID else self.row.result


def get_settlements(call: AccountCall) -> bytes:
    subaccount, params = requested_or_all(call), call.params
    view = _gross if call.settings.settlement_counts == "gross" else _net
    query = SettlementQuery(
        limit=1,
        subaccounts=None if subaccount is None else (subaccount,),
        tickers=names_of(params["ticker"]),
        events=names_of(params["event_ticker"]),
        window=window_of(call),
    )

    def find(limit: int, after: int | None) -> HistoryPage[SettlementView]:
        rows, last = find_settlements(call.state, call.account.name, replace(query, limit=limit, after=after))
        return HistoryPage([view(row) for row in rows], last)

    return answer_list(call, SETTLEMENTS, call.account.ledger.settlements.revision, find)


def _gross(row: Settlement) -> SettlementView:
    """Return a settlement with everything bought of each side, also closed pairs (recorded 2026-01-12: 37 of both)."""
    return SettlementView(row, row.yes, row.no)


def _net(row: Settlement) -> SettlementView:
    """Return a settlement with the position that was paid, and its cost basis."""
    held = Bought(abs(row.held_centis), row.held_cost_micros)
    return SettlementView(row, held, NOTHING) if row.held_centis > 0 else SettlementView(row, NOTHING, held)


OPERATIONS = (
    AccountOperation(
        name="GetSettlements",
        path="/portfolio/settlements",
        answer=get_settlements,
        answer_table="GetSettlementsResponse",
        is_per_subaccount=True,
    ),
)
