"""Defines the columns of requests for quotes (RFQs), quotes and block trade proposals in a scenario."""

from mockexchange.venues.data_tables import DataTable
from mockexchange.venues.dated import ALWAYS, FOREVER, Field, Nested
from mockexchange.venues.kalshi.dates import AUTUMN_2026, INTEGERS_REMOVED
from mockexchange.venues.kalshi.formatting import CENTICENTS, COUNT_2, DOLLARS_4
from mockexchange.venues.kalshi.objects.markets import MVE_SELECTED_LEG
from mockexchange.venues.kalshi.objects.rows import CURSOR, list_of
from mockexchange.venues.kalshi.objects.scenario_data.columns import (
    Column,
    always,
    count,
    fields_of,
    maybe,
    price,
)

COSTS_IN_DOLLARS_SINCE = "2026-01-29"
SIDED_COUNTS_SINCE = "2026-03-13"
SUBACCOUNTS_SHOWN_SINCE = "2026-04-23"
POST_ONLY_SINCE = "2026-05-06"
EXPIRIES_REMOVED = "2025-11-17"
DAILY = "docs-daily"
SIDES = ("yes", "no")


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
_RFQ: tuple[Column, ...] = (
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
)
RFQS = DataTable(_RFQ, ("id",))
RFQ: tuple[Field, ...] = fields_of(_RFQ)
GET_RFQS_RESPONSE: tuple[Field, ...] = (CURSOR, list_of("rfqs", "RFQ", RFQ))
GET_RFQ_RESPONSE: tuple[Field, ...] = (
    Field(name="rfq", spelling=Nested("RFQ", RFQ), read="row", source="docs-2025-11"),
)

QUOTE_STATUSES = ("open", "accepted", "confirmed", "executed", "cancelled")
_QUOTE: tuple[Column, ...] = (
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
)
QUOTES = DataTable(_QUOTE, ("id",))
QUOTE: tuple[Field, ...] = fields_of(_QUOTE)
GET_QUOTES_RESPONSE: tuple[Field, ...] = (CURSOR, list_of("quotes", "Quote", QUOTE))
GET_QUOTE_RESPONSE: tuple[Field, ...] = (
    Field(name="quote", spelling=Nested("Quote", QUOTE), read="row", source="docs-2025-11"),
)

_PROPOSAL: tuple[Column, ...] = (
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
)
BLOCK_TRADE_PROPOSALS = DataTable(_PROPOSAL, ("id",))
BLOCK_TRADE_PROPOSAL: tuple[Field, ...] = fields_of(_PROPOSAL)
GET_BLOCK_TRADE_PROPOSALS_RESPONSE: tuple[Field, ...] = (
    CURSOR,
    list_of("block_trade_proposals", "BlockTradeProposal", BLOCK_TRADE_PROPOSAL, source=DAILY),
)
