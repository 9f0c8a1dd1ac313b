"""Requests for quotes (RFQs), the quotes that answer them, and proposals of block trades.

A quote is accepted by the account that asked, confirmed by the one that quoted, and executed when its timer ends: then
both sides enter orders into the order book. A block trade never meets the order book.
"""

from enum import StrEnum

from msgspec import Struct

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.markets import Market
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, Side, SubaccountRef

OPEN_RFQS_MAX = 100
"""Most open RFQs of an account (the venue's page on creating RFQs)."""
CONFIRMATION_US = {False: 30 * MICROSECONDS_PER_SECOND, True: 3 * MICROSECONDS_PER_SECOND}
"""The time to confirm an accepted quote, by whether its market combines others (the venue's page on RFQs)."""
EXECUTION_US = {False: 15 * MICROSECONDS_PER_SECOND, True: 1 * MICROSECONDS_PER_SECOND}
"""The time from the confirmation of a quote to its execution, likewise."""


class RfqStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class QuoteStatus(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    EXECUTED = "executed"
    CANCELED = "canceled"


class QuoteEnd(StrEnum):
    """Reasons for which a quote is canceled, or an RFQ deleted."""

    DELETED = "deleted"
    REPLACED = "replaced"
    RFQ_DELETED = "rfq_deleted"
    RFQ_EXECUTED = "rfq_executed"
    """Another quote for the same RFQ was executed."""
    NOT_CONFIRMED = "not_confirmed"
    NOT_PLACED = "not_placed"
    """The exchange refused the order of one side."""


class Rfq(Struct, eq=False):
    """A request for quotes for a number of contracts, or for as many as a cost buys."""

    rfq_id: str
    serial: int
    subaccount_ref: SubaccountRef
    market: Market
    count_centis: int | None
    cost_micros: int | None
    rest_remainder: bool
    created_at: int
    updated_at: int
    status: RfqStatus = RfqStatus.OPEN
    canceled_at: int | None = None
    end: QuoteEnd | None = None


class Quote(Struct, eq=False):
    """An answer to an RFQ: a bid for its YES and one for its NO contracts, in the price of each; 0 declines a side."""

    quote_id: str
    serial: int
    rfq: Rfq
    subaccount_ref: SubaccountRef
    yes_centicents: int
    no_centicents: int
    rest_remainder: bool
    post_only: bool
    created_at: int
    updated_at: int
    status: QuoteStatus = QuoteStatus.OPEN
    accepted_side: Side | None = None
    accepted_at: int | None = None
    confirmed_at: int | None = None
    due_at: int | None = None
    """When an accepted quote is void, and when a confirmed one is executed."""
    executed_at: int | None = None
    canceled_at: int | None = None
    end: QuoteEnd | None = None
    order_id: str | None = None
    """The order of the account that quoted."""
    rfq_order_id: str | None = None
    """The order of the account that asked."""

    def bid_centicents(self, side: Side) -> int:
        return self.yes_centicents if side is Side.YES else self.no_centicents

    def count_centis(self, side: Side, step_centis: int = 1) -> int | None:
        """Return how many contracts of a side the quote bids for; None if it declines the side.

        For an RFQ with a cost these are as many as the asking account can sell for it: it pays a dollar less the bid
        for each contract of the other side.
        """
        bid_centicents = self.bid_centicents(side)
        if not bid_centicents:
            return None
        if self.rfq.cost_micros is None:
            return self.rfq.count_centis
        count_centis = self.rfq.cost_micros // (CENTICENTS_PER_DOLLAR - bid_centicents)
        return count_centis - count_centis % step_centis


class BlockTrade(Struct, eq=False):
    """A proposal of a trade that two accounts agreed on elsewhere; it is carried out once both have accepted it."""

    proposal_id: str
    serial: int
    proposer: str
    buyer: SubaccountRef
    """The account that buys YES; the seller sells it, that is, gains NO."""
    seller: SubaccountRef
    market: Market
    price_centicents: int
    count_centis: int
    maker_side: Side
    created_at: int
    updated_at: int
    expires_at: int
    buyer_accepted_at: int | None = None
    seller_accepted_at: int | None = None
    executed_at: int | None = None
    buyer_order_id: str | None = None
    seller_order_id: str | None = None
