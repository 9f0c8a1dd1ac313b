"""Implements the operations that read the scenario's requests for quotes (RFQs), quotes and block trade proposals."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from mockexchange.core.ids import derived_id
from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.history import ALWAYS, HistoryPage, page_of
from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import AccountCall, AccountOperation, Call, write
from mockexchange.venues.kalshi.operations.filters import Test, all_of
from mockexchange.venues.kalshi.operations.lists import ListTable, answer_list
from mockexchange.venues.kalshi.operations.row_owner import requested_or_all
from mockexchange.venues.kalshi.operations.scenario_data.answers import Filter, One, equal_to, row_of, tests_of

RFQS = ListTable("rfqs", "RFQ", is_shared=False)
QUOTES = ListTable("quotes", "Quote", is_shared=False)
PROPOSALS = ListTable("block_trade_proposals", "BlockTradeProposal", is_shared=False)

PRIVATE: dict[str, tuple[str, ...]] = {
    "creator_user_id": ("creator_user_id", "creator_order_id", "creator_subaccount", "post_only"),
    "rfq_creator_user_id": ("rfq_creator_user_id", "rfq_creator_order_id", "rfq_creator_subaccount"),
}
"""Columns that only one user may see, by the column that names this user (documented as private)."""
PARTIES = ("buyer", "seller")


class CommunicationsId(NamedTuple):
    communications_id: str


def get_communications_id(call: AccountCall) -> bytes:
    return write(call, CommunicationsId(derived_id("communications", call.account.user_id)))


def get_rfqs(call: AccountCall) -> bytes:
    """Return a page of RFQs; a key restricted to a subaccount sees only those of that subaccount."""
    subaccount = requested_or_all(call)
    return _answer(call, "rfqs", RFQS, RFQ_FILTERS, lambda row: subaccount in (None, str(row.creator_subaccount)))


def get_rfq(call: AccountCall) -> bytes:
    return write(call, One(_seen_by(call, row_of(call, "rfqs", call.path_params["rfq_id"]))))


def get_quotes(call: AccountCall) -> bytes:
    return _answer(call, "quotes", QUOTES, QUOTE_FILTERS)


def get_quote(call: AccountCall) -> bytes:
    return write(call, One(_seen_by(call, row_of(call, "quotes", call.path_params["quote_id"]))))


def get_rfq_quote(call: AccountCall) -> bytes:
    """Return a quote of an RFQ. Raises Rejected if the quote belongs to another RFQ."""
    row, rfq = row_of(call, "quotes", call.path_params["quote_id"]), call.path_params["rfq_id"]
    if row.rfq_id != rfq:
        raise Rejected(Situation.NOT_FOUND, f"the quote {row.id} is for the RFQ {row.rfq_id}, not {rfq!r}")
    return write(call, One(_seen_by(call, row)))


def get_block_trade_proposals(call: AccountCall) -> bytes:
    """Return the proposals that the account made or is a party of."""
    return _answer(call, "block_trade_proposals", PROPOSALS, PROPOSAL_FILTERS)


def _answer(
    call: AccountCall, data: str, table: ListTable, filters: Mapping[str, Filter], also: Test[DataRow] = bool
) -> bytes:
    keeps = all_of(tests_of(call, filters))
    rows = [row for row in call.data.rows(data) if _may_see(call, row) and also(row)]

    def find(limit: int, after: int | None) -> HistoryPage[DataRow]:
        page = page_of([rows], limit, ALWAYS, after, keeps)
        return HistoryPage([_seen_by(call, row) for row in page.rows], page.after)

    return answer_list(call, table, 0, find, is_kept=False)


def _may_see(call: AccountCall, row: DataRow) -> bool:
    """Return whether the account may see a row; RFQs and quotes are public."""
    users = [getattr(row, f"{party}_user_id", None) for party in ("proposer", *PARTIES)]
    return not any(users) or call.account.user_id in users


def _seen_by(call: AccountCall, row: DataRow) -> DataRow:
    """Return a row without what is private to other users."""
    user, hidden = call.account.user_id, dict[str, str | None]()
    for owner, columns in PRIVATE.items():
        if getattr(row, owner, user) != user:
            hidden |= dict.fromkeys(columns)
    for party in PARTIES:
        if getattr(row, f"{party}_user_id", user) != user:
            hidden |= {f"{party}_user_id": "", f"{party}_subtrader_id": None}
    return row.replaced(**hidden)


def _is_in_event(call: Call, row: DataRow, ticker: Any) -> bool:
    market = call.state.markets.get(row.market_ticker)
    return market is not None and market.event.ticker == ticker


def _is_own(column: str) -> Filter:
    def keeps(call: Call, row: DataRow, value: Any) -> bool:
        assert isinstance(call, AccountCall), "only accounts read these lists"
        return bool(getattr(row, column) == call.account.user_id)

    return keeps


def _since(call: Call, row: DataRow, seconds: Any) -> bool:
    return bool(row.updated_ts >= seconds * MICROSECONDS_PER_SECOND)


def _until(call: Call, row: DataRow, seconds: Any) -> bool:
    return bool(row.updated_ts <= seconds * MICROSECONDS_PER_SECOND)


RFQ_FILTERS: dict[str, Filter] = {
    **{name: equal_to(name) for name in ("market_ticker", "status", "creator_user_id")},
    "event_ticker": _is_in_event,
    "user_filter": _is_own("creator_user_id"),
}
QUOTE_FILTERS: dict[str, Filter] = {
    **{name: equal_to(name) for name in ("market_ticker", "status", "rfq_creator_user_id", "rfq_id")},
    "quote_creator_user_id": equal_to("creator_user_id"),
    "rfq_creator_subtrader_id": lambda call, row, subtrader: False,  # a scenario names no subtrader of an RFQ
    "event_ticker": _is_in_event,
    "user_filter": _is_own("creator_user_id"),
    "rfq_user_filter": _is_own("rfq_creator_user_id"),
    "min_ts": _since,
    "max_ts": _until,
}
PROPOSAL_FILTERS: dict[str, Filter] = {name: equal_to(name) for name in ("market_ticker", "status")}

OPERATIONS = (
    AccountOperation(
        name="GetCommunicationsID",
        path="/communications/id",
        answer=get_communications_id,
        answer_table="GetCommunicationsIDResponse",
    ),
    AccountOperation(
        name="GetRFQs",
        path="/communications/rfqs",
        answer=get_rfqs,
        answer_table="GetRFQsResponse",
        is_per_subaccount=True,
    ),
    AccountOperation(
        name="GetRFQ", path="/communications/rfqs/{rfq_id}", answer=get_rfq, answer_table="GetRFQResponse"
    ),
    AccountOperation(
        name="GetQuotes", path="/communications/quotes", answer=get_quotes, answer_table="GetQuotesResponse"
    ),
    AccountOperation(
        name="GetQuote", path="/communications/quotes/{quote_id}", answer=get_quote, answer_table="GetQuoteResponse"
    ),
    AccountOperation(
        name="GetRFQQuote",
        path="/communications/rfqs/{rfq_id}/quotes/{quote_id}",
        answer=get_rfq_quote,
        answer_table="GetQuoteResponse",
    ),
    AccountOperation(
        name="GetBlockTradeProposals",
        path="/communications/block-trade-proposals",
        answer=get_block_trade_proposals,
        answer_table="GetBlockTradeProposalsResponse",
    ),
)
