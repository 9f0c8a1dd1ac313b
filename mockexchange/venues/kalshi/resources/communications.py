"""Requests for quotes (RFQs), quotes and block trade proposals.

No write of them is emulated: each is refused.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from mockexchange.core.ids import derived_id
from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.dated_fields import ALWAYS, FOREVER, Field, Nested
from mockexchange.venues.kalshi.formatting import CENTICENTS, COUNT_2, DOLLARS_4, TEXT
from mockexchange.venues.kalshi.named_days import AUTUMN_2026, INTEGERS_REMOVED
from mockexchange.venues.kalshi.resources.call import RefusedOperation
from mockexchange.venues.kalshi.resources.markets import MVE_SELECTED_LEG
from mockexchange.venues.kalshi.resources.parameters import CURSOR, WINDOW, Parameter
from mockexchange.venues.kalshi.resources.scenario_reads import (
    Asked,
    AskedByAccount,
    Column,
    Filter,
    Objects,
    Privacy,
    Read,
    always,
    choice,
    count,
    equal,
    equal_to,
    limit,
    maybe,
    one,
    own,
    page,
    price,
    since,
    texts,
    until,
)

COSTS_IN_DOLLARS_SINCE = "2026-01-29"
SIDED_COUNTS_SINCE = "2026-03-13"
SUBACCOUNTS_SHOWN_SINCE = "2026-04-23"
POST_ONLY_SINCE = "2026-05-06"
EXPIRIES_REMOVED = "2025-11-17"
DAILY = "docs-daily"
SIDES = ("yes", "no")
QUOTE_STATUSES = ("open", "accepted", "confirmed", "executed", "cancelled")
USER_FILTERS_ADDED = "2026-05-03"


def _cost(name: str) -> Column:
    """Return the column of a cost: hundredths of a cent, later dollars."""
    wire = (
        Field(
            name=f"{name}_centi_cents",
            spelling=CENTICENTS,
            read=name,
            empty="absent",
            until=INTEGERS_REMOVED,
            source="docs-2025-11",
        ),
        Field(
            name=f"{name}_dollars",
            spelling=DOLLARS_4,
            read=name,
            empty="absent",
            since=COSTS_IN_DOLLARS_SINCE,
            source=DAILY,
        ),
    )
    return Column(name=name, kind="dollars", wire=wire)


def _late_count(name: str) -> Column:
    """Return the column of a count that came after whole numbers had gone."""
    field = Field(
        name=f"{name}_fp", spelling=COUNT_2, read=name, empty="absent", since=SIDED_COUNTS_SINCE, source=DAILY
    )
    return Column(name=name, kind="count", wire=(field,))


def _instant(name: str, until: str = FOREVER, since: str = ALWAYS) -> Column:
    return maybe(name, "instant", since=since, until=until)


_LEG: tuple[Column, ...] = (
    maybe("event_ticker", "text"),
    maybe("market_ticker", "text"),
    maybe("side", "text", choices=SIDES),
    maybe("yes_settlement_value", "price"),
)
_LEGS = Column(
    name="mve_selected_legs",
    kind="rows",
    columns=_LEG,
    wire=(
        Field(
            name="mve_selected_legs",
            spelling=Nested("MveSelectedLeg", MVE_SELECTED_LEG, is_list=True),
            read="mve_selected_legs",
            empty="absent",
            source="docs-2025-11",
        ),
    ),
)
PRIVATE: dict[str, tuple[str, ...]] = {
    "creator_user_id": ("creator_user_id", "creator_order_id", "creator_subaccount", "post_only"),
    "rfq_creator_user_id": ("rfq_creator_user_id", "rfq_creator_order_id", "rfq_creator_subaccount"),
}
"""Columns that only one user may see, by the column that names this user (documented as private)."""
PARTIES = ("buyer", "seller")


class CommunicationsId(NamedTuple):
    communications_id: str


def communications_id(call: AskedByAccount) -> CommunicationsId:
    return CommunicationsId(derived_id("communications", call.account.user_id))


def may_see(user: str, row: DataRow) -> bool:
    """Return whether a user may see a row; RFQs and quotes are public."""
    users = [getattr(row, f"{party}_user_id", None) for party in ("proposer", *PARTIES)]
    return not any(users) or user in users


def seen_by(user: str, row: DataRow) -> DataRow:
    """Return a row without what is private to other users."""
    hidden = dict[str, str | None]()
    for owner, columns in PRIVATE.items():
        if getattr(row, owner, user) != user:
            hidden |= dict.fromkeys(columns)
    for party in PARTIES:
        if getattr(row, f"{party}_user_id", user) != user:
            hidden |= {f"{party}_user_id": "", f"{party}_subtrader_id": None}
    return row.replaced(**hidden)


def is_in_event(call: Asked, row: DataRow, ticker: Any) -> bool:
    market = call.state.markets.get(row.market_ticker)
    return market is not None and market.event.ticker == ticker


def of_another_rfq(row: DataRow, path: Mapping[str, str]) -> str:
    if row.rfq_id == path["rfq_id"]:
        return ""
    return f"the quote {row.id} is for the RFQ {row.rfq_id}, not {path['rfq_id']!r}"


RFQS = Objects(
    "rfqs",
    "RFQ",
    (
        always("id", "text"),
        always("creator_id", "text"),
        always("market_ticker", "text"),
        count("contracts"),
        _cost("target_cost"),
        maybe("target_cost_excludes_fees", "boolean", since=AUTUMN_2026, source="sdk-3.34"),
        always("status", "text", choices=("open", "closed")),
        always("created_ts", "instant"),
        _instant("updated_ts"),
        _instant("cancelled_ts"),
        maybe("cancellation_reason", "text"),
        maybe("creator_user_id", "text"),
        maybe("creator_subaccount", "integer", since=SUBACCOUNTS_SHOWN_SINCE, source=DAILY),
        maybe("rest_remainder", "boolean"),
        maybe("mve_collection_ticker", "text"),
        _LEGS,
    ),
    ("id",),
)
QUOTES = Objects(
    "quotes",
    "Quote",
    (
        always("id", "text"),
        always("rfq_id", "text"),
        always("creator_id", "text"),
        always("rfq_creator_id", "text"),
        always("market_ticker", "text"),
        count("contracts"),
        price("yes_bid"),
        price("no_bid"),
        _late_count("yes_contracts"),
        _late_count("no_contracts"),
        always("status", "text", choices=QUOTE_STATUSES),
        always("created_ts", "instant"),
        always("updated_ts", "instant"),
        _instant("accepted_ts"),
        _instant("confirmed_ts"),
        _instant("executed_ts"),
        _instant("cancelled_ts"),
        _instant("expired_ts", until=EXPIRIES_REMOVED),
        maybe("accepted_side", "text", choices=SIDES),
        maybe("cancellation_reason", "text"),
        maybe("rest_remainder", "boolean"),
        maybe("post_only", "boolean", since=POST_ONLY_SINCE, source=DAILY),
        maybe("creator_user_id", "text"),
        maybe("rfq_creator_user_id", "text"),
        maybe("creator_order_id", "text"),
        maybe("rfq_creator_order_id", "text"),
        maybe("creator_subaccount", "integer", since=SUBACCOUNTS_SHOWN_SINCE, source=DAILY),
        maybe("rfq_creator_subaccount", "integer", since=SUBACCOUNTS_SHOWN_SINCE, source=DAILY),
        _cost("rfq_target_cost"),
        maybe("target_cost_excludes_fees", "boolean", since=AUTUMN_2026, source="sdk-3.34"),
    ),
    ("id",),
)
PROPOSALS = Objects(
    "block_trade_proposals",
    "BlockTradeProposal",
    (
        always("id", "text", source=DAILY),
        always("proposer_user_id", "text", source=DAILY),
        always("buyer_user_id", "text", default="", source=DAILY),
        always("seller_user_id", "text", default="", source=DAILY),
        maybe("buyer_subtrader_id", "text", source=DAILY),
        maybe("seller_subtrader_id", "text", source=DAILY),
        always("market_ticker", "text", source=DAILY),
        always("price_centi_cents", "integer", source=DAILY),
        always("centicount", "integer", source=DAILY),
        always("maker_side", "text", choices=SIDES, source=DAILY),
        always("status", "text", source=DAILY),
        always("created_ts", "instant", source=DAILY),
        always("updated_ts", "instant", source=DAILY),
        always("expiration_ts", "instant", source=DAILY),
        always("buyer_accepted", "boolean", default=False, source=DAILY),
        always("seller_accepted", "boolean", default=False, source=DAILY),
        maybe("buyer_accepted_ts", "instant", source=DAILY),
        maybe("seller_accepted_ts", "instant", source=DAILY),
        maybe("executed_ts", "instant", source=DAILY),
        maybe("buyer_order_id", "text", source=DAILY),
        maybe("seller_order_id", "text", source=DAILY),
    ),
    ("id",),
)
TABLES = (RFQS, QUOTES, PROPOSALS)
BY_PARTY = Privacy(may_see, seen_by)
OF_USER: dict[str, Filter] = {"event_ticker": is_in_event, "user_filter": own("creator_user_id")}
READS = (
    Read(
        name="GetCommunicationsID",
        path="/communications/id",
        answer=(Field(name="communications_id", spelling=TEXT, read="communications_id", source="docs-2025-11"),),
        make=communications_id,
        privacy=BY_PARTY,
    ),
    page(
        "GetRFQs",
        "/communications/rfqs",
        RFQS,
        "rfqs",
        CURSOR,
        *texts("event_ticker", "market_ticker"),
        Parameter(name="subaccount", kind="integer", minimum=0, maximum=63, since="2026-02-05", source=DAILY),
        limit(100),
        *texts("status", "creator_user_id"),
        choice("user_filter", "self", since=USER_FILTERS_ADDED, source=DAILY),
        filters={**equal("market_ticker", "status", "creator_user_id"), **OF_USER},
        privacy=BY_PARTY,
        is_per_subaccount=True,
    ),
    one("GetRFQ", "/communications/rfqs/{rfq_id}", RFQS, "rfq", privacy=BY_PARTY),
    page(
        "GetQuotes",
        "/communications/quotes",
        QUOTES,
        "quotes",
        CURSOR,
        *texts("event_ticker", "market_ticker", until="2026-06-21"),
        *(Parameter(name=row.name, kind="integer", since="2026-06-13", source=DAILY) for row in WINDOW),
        limit(500, 500),
        *texts("status", "quote_creator_user_id", "rfq_creator_user_id", "rfq_id"),
        *texts("rfq_creator_subtrader_id", since="2025-11-14", source=DAILY),
        choice("user_filter", "self", since=USER_FILTERS_ADDED, source=DAILY),
        choice("rfq_user_filter", "self", since="2026-05-08", source=DAILY),
        filters={
            **equal("market_ticker", "status", "rfq_creator_user_id", "rfq_id"),
            "quote_creator_user_id": equal_to("creator_user_id"),
            "rfq_creator_subtrader_id": lambda call, row, subtrader: False,  # a scenario names no subtrader of an RFQ
            **OF_USER,
            "rfq_user_filter": own("rfq_creator_user_id"),
            "min_ts": since("updated_ts"),
            "max_ts": until("updated_ts"),
        },
        privacy=BY_PARTY,
    ),
    one("GetQuote", "/communications/quotes/{quote_id}", QUOTES, "quote", privacy=BY_PARTY),
    one(
        "GetRFQQuote",
        "/communications/rfqs/{rfq_id}/quotes/{quote_id}",
        QUOTES,
        "quote",
        answer_table="GetQuoteResponse",
        misfit=of_another_rfq,
        privacy=BY_PARTY,
    ),
    page(
        "GetBlockTradeProposals",
        "/communications/block-trade-proposals",
        PROPOSALS,
        "block_trade_proposals",
        CURSOR,
        *texts("market_ticker", "status", source=DAILY),
        limit(100, source=DAILY),
        source=DAILY,
        filters=equal("market_ticker", "status"),
        privacy=BY_PARTY,
    ),
)

# --- writes

PROPOSALS_PATH, RFQS_PATH, QUOTES_PATH = (
    f"/communications/{name}" for name in ("block-trade-proposals", "rfqs", "quotes")
)
QUOTE_PATH, QUOTE_OF_RFQ_PATH = f"{QUOTES_PATH}/{{quote_id}}", f"{RFQS_PATH}/{{rfq_id}}/quotes/{{quote_id}}"

NAMES = {
    f"POST {PROPOSALS_PATH}": "ProposeBlockTrade",
    f"POST {PROPOSALS_PATH}/{{block_trade_proposal_id}}/accept": "AcceptBlockTradeProposal",
    f"POST {QUOTES_PATH}": "CreateQuote",
    f"DELETE {QUOTE_PATH}": "DeleteQuote",
    f"PUT {QUOTE_PATH}/accept": "AcceptQuote",
    f"PUT {QUOTE_PATH}/confirm": "ConfirmQuote",
    f"POST {RFQS_PATH}": "CreateRFQ",
    f"DELETE {RFQS_PATH}/{{rfq_id}}": "DeleteRFQ",
    f"DELETE {QUOTE_OF_RFQ_PATH}": "DeleteRFQQuote",
    f"PUT {QUOTE_OF_RFQ_PATH}/accept": "AcceptRFQQuote",
    f"PUT {QUOTE_OF_RFQ_PATH}/confirm": "ConfirmRFQQuote",
}
"""The venue's names of these operations, by method and path."""
OPERATIONS = tuple(
    RefusedOperation(name=name, method=method, path=path)
    for method, path, name in ((*place.split(), name) for place, name in NAMES.items())
)
