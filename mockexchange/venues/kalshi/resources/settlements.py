"""The settlements of a member's positions.

Revenue and value stayed integer cents when everything else became fixed point.
"""

from typing import NamedTuple

from msgspec.structs import replace

from mockexchange.core.model.ledgers import Bought, Settlement
from mockexchange.core.model.paged_history import HistoryPage
from mockexchange.core.queries.lists import SettlementQuery, find_settlements
from mockexchange.core.vocabulary import Result
from mockexchange.venues.dated_fields import Field
from mockexchange.venues.kalshi.formatting import (
    CENTS,
    CONTRACTS,
    COUNT_2,
    DOLLARS_6,
    DOLLARS_OF_CENTS,
    INSTANT,
    PRICE_CENTS,
    TEXT,
    one_of,
)
from mockexchange.venues.kalshi.named_days import (
    AUTUMN_2026,
    FIXED_POINT_ADDED,
    FIXED_PRICES_REMOVED,
    INTEGERS_REMOVED,
    PRICE_STRINGS_ADDED,
    SIX_DECIMALS,
    SUBACCOUNTS_ADDED,
)
from mockexchange.venues.kalshi.resources import parameters
from mockexchange.venues.kalshi.resources.call import AccountCall, AccountOperation
from mockexchange.venues.kalshi.resources.fields import CURSOR, exchange_index, list_of, optional, table
from mockexchange.venues.kalshi.resources.lists import ListTable, answer_list, names_of, window_of
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.resources.row_owner import requested_or_all

# --- fields of answers

FEE_COST_ADDED = "2025-11-13"
EVENT_TICKER_ADDED = "2025-12-18"
VOID_REMOVED = AUTUMN_2026
"""Day from which settlements no longer have the result void, chosen between April and October 2026.

The official client of October knows only yes, no and scalar.
"""


def _side(side: str) -> tuple[Field, ...]:
    """Return the rows of a side's count and cost; the cost in cents outlived the count in whole contracts."""
    count, cost = f"{side}.count_centis", f"{side}.cost_micros"
    name, total = f"{side}_count", f"{side}_total_cost"
    return (
        Field(name=name, spelling=CONTRACTS, read=count, until=INTEGERS_REMOVED, source="docs-2025-11"),
        Field(name=f"{name}_fp", spelling=COUNT_2, read=count, since=FIXED_POINT_ADDED, source="changelog"),
        Field(name=total, spelling=CENTS, read=cost, until=FIXED_PRICES_REMOVED, source="docs-2025-11"),
        Field(name=f"{total}_dollars", spelling=DOLLARS_6, read=cost, since=PRICE_STRINGS_ADDED, source="changelog"),
    )


SETTLEMENT = table(
    "Settlement",
    Field(
        name="event_ticker",
        spelling=TEXT,
        read="row.market.event.ticker",
        since=EVENT_TICKER_ADDED,
        source="changelog",
    ),
    exchange_index("row.market.event.exchange_index"),
    Field(
        name="fee_cost",
        spelling=DOLLARS_OF_CENTS,
        read="row.fees_micros",
        since=FEE_COST_ADDED,
        until=SIX_DECIMALS,
        source="wire-2026-01",
    ),
    Field(name="fee_cost", spelling=DOLLARS_6, read="row.fees_micros", since=SIX_DECIMALS, source="changelog"),
    Field(
        name="market_result",
        spelling=one_of("yes", "no", "scalar", "void"),
        read="row.result",
        until=VOID_REMOVED,
        source="docs-2025-11",
    ),
    Field(
        name="market_result",
        spelling=one_of("yes", "no", "scalar"),
        read="result_without_void",
        since=VOID_REMOVED,
        source="sdk-3.34",
    ),
    *_side("no"),
    Field(name="revenue", spelling=CENTS, read="row.revenue_micros", source="docs-2025-11"),
    Field(name="settled_time", spelling=INSTANT, read="row.created_at", source="docs-2025-11"),
    Field(name="ticker", spelling=TEXT, read="row.market.ticker", source="docs-2025-11"),
    # What one YES contract paid; a void market has no such value.
    *optional("value", PRICE_CENTS, "row.value_centicents", source="docs-2025-11"),
    *_side("yes"),
)

GET_SETTLEMENTS_RESPONSE = table("GetSettlementsResponse", CURSOR, list_of("settlements", "Settlement", SETTLEMENT))

# --- parameters of queries

GET_SETTLEMENTS: tuple[Parameter, ...] = (
    parameters.CURSOR,
    *parameters.LIMIT_WIDENED,
    parameters.TICKER,
    *parameters.EVENT_TICKER_NARROWED,
    *parameters.WINDOW,
    *parameters.subaccount(SUBACCOUNTS_ADDED),
)

# --- operations

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
        parameters=GET_SETTLEMENTS,
    ),
)
