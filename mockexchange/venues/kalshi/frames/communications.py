"""Defines the fields of messages of the channel communications: RFQs, and the quotes for them.

Everybody gets the messages about an RFQ. Those about a quote go to its two accounts, each with its own order and its
own subaccount. Keys are in the order of the documents' examples.
"""

from typing import NamedTuple

from mockexchange.core.model.markets import Market
from mockexchange.core.model.orders import Order
from mockexchange.core.model.rfqs import Quote, Rfq
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import Side, SubaccountRef
from mockexchange.venues.dated_fields import ALWAYS, Field, Nested, Spelling
from mockexchange.venues.kalshi.formatting import (
    CENTICENTS,
    CONTRACTS,
    COUNT_2,
    DOLLARS_4,
    INSTANT,
    INTEGER,
    PRICE_CENTS,
    SIDE,
    TEXT,
)
from mockexchange.venues.kalshi.frames.rows import COUNTS_ADDED, WHOLE_NUMBERS_REMOVED, dollars, row
from mockexchange.venues.kalshi.resources.communications import communications_id
from mockexchange.venues.kalshi.resources.markets import MVE_SELECTED_LEG

CREATORS_SHOWN = "2026-07-27"
"""First day of documents that name the RFQ's creator in every message about a quote."""
SUBACCOUNTS_OF_ENDS = "2026-03-26"
SUBACCOUNTS_OF_QUOTES = "2026-07-30"


def _maybe(name: str, spelling: Spelling | Nested, read: str, since: str = ALWAYS, source: str = "asyncapi") -> Field:
    return Field(name=name, spelling=spelling, read=read, since=since, source=source, empty="absent")


def _whole(name: str, spelling: Spelling, read: str) -> Field:
    return row(name, spelling, read, until=WHOLE_NUMBERS_REMOVED, source="asyncapi", empty="absent")


def _count(name: str, read: str) -> tuple[Field, ...]:
    return (_whole(name, CONTRACTS, read), _maybe(f"{name}_fp", COUNT_2, read, COUNTS_ADDED))


def _cost(name: str, read: str) -> tuple[Field, ...]:
    return (_whole(name, CENTICENTS, read), _maybe(f"{name}_dollars", DOLLARS_4, read))


def _subaccount(since: str) -> Field:
    return _maybe("subaccount", INTEGER, "subaccount", since, "changelog")


_RFQ: tuple[Field, ...] = (
    row("id", TEXT, "rfq.rfq_id"),
    row("creator_id", TEXT, "creator_id"),
    row("market_ticker", TEXT, "market.ticker"),
    row("event_ticker", TEXT, "market.event.ticker"),
    *_count("contracts", "rfq.count_centis"),
    *_cost("target_cost", "rfq.cost_micros"),
)
RFQ_CREATED: tuple[Field, ...] = (
    *_RFQ,
    row("created_ts", INSTANT, "rfq.created_at"),
    _maybe("mve_collection_ticker", TEXT, "collection"),
    _maybe("mve_selected_legs", Nested("MveSelectedLeg", MVE_SELECTED_LEG, is_list=True), "legs"),
)
RFQ_DELETED: tuple[Field, ...] = (*_RFQ, row("deleted_ts", INSTANT, "rfq.canceled_at"))

_QUOTE: tuple[Field, ...] = (
    row("quote_id", TEXT, "quote.quote_id"),
    row("rfq_id", TEXT, "rfq.rfq_id"),
    row("quote_creator_id", TEXT, "quote_creator_id"),
    row("rfq_creator_id", TEXT, "rfq_creator_id", CREATORS_SHOWN, source="asyncapi"),
    row("market_ticker", TEXT, "rfq.market.ticker"),
    row("event_ticker", TEXT, "rfq.market.event.ticker"),
    row("yes_bid", PRICE_CENTS, "quote.yes_centicents", until=WHOLE_NUMBERS_REMOVED),
    row("no_bid", PRICE_CENTS, "quote.no_centicents", until=WHOLE_NUMBERS_REMOVED),
    *dollars("yes_bid_dollars", "quote.yes_centicents"),
    *dollars("no_bid_dollars", "quote.no_centicents"),
)
_OFFERED: tuple[Field, ...] = (
    *_count("yes_contracts_offered", "yes_centis"),
    *_count("no_contracts_offered", "no_centis"),
    *_cost("rfq_target_cost", "rfq.cost_micros"),
)
QUOTE_CREATED: tuple[Field, ...] = (
    *_QUOTE,
    *_OFFERED,
    row("created_ts", INSTANT, "quote.created_at"),
    _subaccount(SUBACCOUNTS_OF_QUOTES),
)
QUOTE_ACCEPTED: tuple[Field, ...] = (
    *_QUOTE,
    row("accepted_side", SIDE, "quote.accepted_side"),
    *_count("contracts_accepted", "accepted_centis"),
    *_OFFERED,
    _subaccount(SUBACCOUNTS_OF_ENDS),
)
QUOTE_EXECUTED: tuple[Field, ...] = (
    row("quote_id", TEXT, "quote.quote_id"),
    row("rfq_id", TEXT, "rfq.rfq_id"),
    row("quote_creator_id", TEXT, "quote_creator_id"),
    row("rfq_creator_id", TEXT, "rfq_creator_id"),
    row("order_id", TEXT, "order.order_id"),
    row("client_order_id", TEXT, "order.client_order_id"),
    row("market_ticker", TEXT, "rfq.market.ticker"),
    row("executed_ts", INSTANT, "quote.executed_at"),
    _subaccount(SUBACCOUNTS_OF_ENDS),
)

# --- what they show


class LegView(NamedTuple):
    """A leg of a combination. A message has no value of a leg, since its market is open."""

    event_ticker: str
    market_ticker: str
    side: Side
    yes_settlement_value: None = None


class RfqView(NamedTuple):
    rfq: Rfq
    creator_id: str
    """Empty in the message about a new RFQ (documented)."""

    @property
    def market(self) -> Market:
        return self.rfq.market

    @property
    def collection(self) -> str | None:
        return self.market.collection or None

    @property
    def legs(self) -> list[LegView] | None:
        return [LegView(leg.event, leg.market, leg.side) for leg in self.market.legs] or None


class QuoteView(NamedTuple):
    """A quote as one of its two accounts sees it, `viewer`."""

    state: State
    quote: Quote
    viewer: SubaccountRef

    @property
    def rfq(self) -> Rfq:
        return self.quote.rfq

    @property
    def quote_creator_id(self) -> str:
        return communications_id(self.state, self.quote.subaccount_ref.account)

    @property
    def rfq_creator_id(self) -> str:
        return communications_id(self.state, self.rfq.subaccount_ref.account)

    @property
    def yes_centis(self) -> int | None:
        return self.quote.count_centis(Side.YES, self.state.rules.count_step_centis)

    @property
    def no_centis(self) -> int | None:
        return self.quote.count_centis(Side.NO, self.state.rules.count_step_centis)

    @property
    def accepted_centis(self) -> int | None:
        return self.yes_centis if self.quote.accepted_side is Side.YES else self.no_centis

    @property
    def order(self) -> Order:
        quote = self.quote
        order_id = quote.order_id if self.viewer == quote.subaccount_ref else quote.rfq_order_id
        assert order_id is not None, "it was executed"
        return self.state.orders[order_id]

    @property
    def subaccount(self) -> int | None:
        """The number of the viewer's subaccount; None for the primary one."""
        return self.state.subaccounts[self.viewer].number or None
