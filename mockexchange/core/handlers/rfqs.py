"""Handlers of requests for quotes (RFQs) and of the quotes that answer them.

The account that asks accepts one side of a quote, which is the side whose contracts the quoting account buys at its bid
(the venue's page on FIX: who buys accepts the NO quote). The quoting account confirms, and a timer later both orders
enter the order book: that of the quote rests first and is the maker, unless the order book has better prices.
"""

from collections.abc import Iterator

from mockexchange.core.commands import (
    AcceptRfqQuote,
    CancelRfqQuote,
    ConfirmRfqQuote,
    CreateRfq,
    DeleteRfq,
    ExecuteRfqQuote,
    PlaceOrder,
    QuoteRfq,
    VoidRfqQuote,
)
from mockexchange.core.events import (
    Event,
    RfqCreated,
    RfqDeleted,
    RfqQuoteAccepted,
    RfqQuoteCanceled,
    RfqQuoteConfirmed,
    RfqQuoted,
    RfqQuoteExecuted,
)
from mockexchange.core.handlers import handler
from mockexchange.core.handlers.order_bookkeeping import cancel
from mockexchange.core.handlers.order_checks import (
    opening_centis,
    require_count_on_grid,
    require_formula,
    require_funds,
    require_price_on_grid,
    require_trading,
)
from mockexchange.core.handlers.order_entry import new_order, place_order
from mockexchange.core.model.markets import Market, require_open
from mockexchange.core.model.orders import OTHER_SIDE
from mockexchange.core.model.rfqs import (
    CONFIRMATION_US,
    EXECUTION_US,
    OPEN_RFQS_MAX,
    Quote,
    QuoteEnd,
    QuoteStatus,
    Rfq,
    RfqStatus,
)
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import (
    CENTICENTS_PER_DOLLAR,
    Action,
    OrderReason,
    OrderStatus,
    Side,
    SubaccountRef,
    TimeInForce,
)

# RFQs


@handler
def create_rfq(state: State, command: CreateRfq, at: int) -> Iterator[Event]:
    """Ask for quotes in an open market. An account has one open RFQ in a market at most."""
    state.dollar_subaccount(command.subaccount_ref)
    market = state.market(command.market)
    require_trading(state, market)
    require_open(market)
    require_formula(market)
    if command.count_centis is not None:
        require_count_on_grid(state, command.count_centis)
    if command.rfq in state.rfqs:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"RFQ {command.rfq} exists already")
    account = command.subaccount_ref.account
    own = [rfq for rfq in state.rfqs.values() if rfq.status is RfqStatus.OPEN and rfq.subaccount_ref.account == account]
    replaced = [rfq for rfq in own if rfq.market is market]
    if replaced and not command.replaces:
        message = f"{account} has the open RFQ {replaced[0].rfq_id} in {market.ticker}: delete or replace it"
        raise Refused(RefusalCode.ALREADY_EXISTS, message)
    if len(own) - len(replaced) >= OPEN_RFQS_MAX:
        message = f"{account} has {len(own)} open RFQs, the most there may be: delete some"
        raise Refused(RefusalCode.TOO_MANY_RFQS, message)
    for rfq in replaced:
        _require_unconfirmed(state, rfq)
    for rfq in replaced:
        yield from _close(state, rfq, at, QuoteEnd.REPLACED)
    rfq_id = command.rfq or state.new_id("rfq")
    state.rfqs[rfq_id] = Rfq(
        rfq_id=rfq_id,
        serial=len(state.rfqs) + 1,
        subaccount_ref=command.subaccount_ref,
        market=market,
        count_centis=command.count_centis,
        cost_micros=command.cost_micros,
        rest_remainder=command.rest_remainder,
        created_at=at,
        updated_at=at,
    )
    yield RfqCreated(rfq=rfq_id, subaccount_ref=command.subaccount_ref, market=market.ticker)


@handler
def delete_rfq(state: State, command: DeleteRfq, at: int) -> Iterator[Event]:
    """Close an RFQ. Once a quote for it is confirmed, neither side can withdraw."""
    rfq = state.rfq(command.rfq)
    _require_rfq_open(rfq)
    _require_unconfirmed(state, rfq)
    yield from _close(state, rfq, at, QuoteEnd.DELETED)


def _close(state: State, rfq: Rfq, at: int, end: QuoteEnd) -> Iterator[Event]:
    """Close an RFQ without a trade."""
    rfq.status, rfq.updated_at, rfq.canceled_at, rfq.end = RfqStatus.CLOSED, at, at, end
    yield RfqDeleted(rfq=rfq.rfq_id, subaccount_ref=rfq.subaccount_ref, market=rfq.market.ticker)
    yield from _cancel_quotes(state, rfq, at, QuoteEnd.RFQ_DELETED)


def _require_rfq_open(rfq: Rfq) -> None:
    if rfq.status is not RfqStatus.OPEN:
        raise Refused(RefusalCode.RFQ_CLOSED, f"RFQ {rfq.rfq_id} is closed: expected an open one")


def _require_unconfirmed(state: State, rfq: Rfq) -> None:
    for quote in _quotes_of(state, rfq):
        if quote.status is QuoteStatus.CONFIRMED:
            message = f"quote {quote.quote_id} for RFQ {rfq.rfq_id} is confirmed: neither side can withdraw"
            raise Refused(RefusalCode.QUOTE_NOT_OPEN, message)


# Quotes


@handler
def quote_rfq(state: State, command: QuoteRfq, at: int) -> Iterator[Event]:
    """Answer an open RFQ; the account's former quote for it is replaced."""
    state.dollar_subaccount(command.subaccount_ref)
    if command.rfq is not None:
        rfq = state.rfq(command.rfq)
    else:
        rfq = _newest_of_others(state, state.market(command.market or ""), command.subaccount_ref)
    _require_rfq_open(rfq)
    require_trading(state, rfq.market)
    require_open(rfq.market)
    for bid_centicents in (command.yes_centicents, command.no_centicents):
        require_price_on_grid(state, rfq.market, bid_centicents)
    if command.quote in state.quotes:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"quote {command.quote} exists already")
    account = command.subaccount_ref.account
    former = [quote for quote in _quotes_of(state, rfq) if quote.subaccount_ref.account == account and _is_live(quote)]
    for quote in former:
        _require_status(quote, QuoteStatus.OPEN)
    for quote in former:
        yield _end(quote, at, QuoteEnd.REPLACED)
    quote_id = command.quote or state.new_id("quote")
    state.quotes[quote_id] = Quote(
        quote_id=quote_id,
        serial=len(state.quotes) + 1,
        rfq=rfq,
        subaccount_ref=command.subaccount_ref,
        yes_centicents=command.yes_centicents,
        no_centicents=command.no_centicents,
        rest_remainder=command.rest_remainder,
        post_only=command.post_only,
        created_at=at,
        updated_at=at,
    )
    yield RfqQuoted(
        quote=quote_id,
        rfq=rfq.rfq_id,
        subaccount_ref=command.subaccount_ref,
        yes_centicents=command.yes_centicents,
        no_centicents=command.no_centicents,
    )


def _newest_of_others(state: State, market: Market, subaccount_ref: SubaccountRef) -> Rfq:
    for rfq in reversed(state.rfqs.values()):
        is_of_other = rfq.subaccount_ref.account != subaccount_ref.account
        if rfq.market is market and rfq.status is RfqStatus.OPEN and is_of_other:
            return rfq
    message = f"no other account has an open RFQ in {market.ticker}: the step `rfq` creates one"
    raise Refused(RefusalCode.UNKNOWN_RFQ, message)


@handler
def cancel_rfq_quote(state: State, command: CancelRfqQuote, at: int) -> Iterator[Event]:
    """Cancel a quote that is open, or accepted and not confirmed."""
    quote = state.quote(command.quote)
    _require_status(quote, QuoteStatus.OPEN, QuoteStatus.ACCEPTED)
    yield _end(quote, at, QuoteEnd.DELETED)


@handler
def accept_rfq_quote(state: State, command: AcceptRfqQuote, at: int) -> Iterator[Event]:
    """Accept a side of an open quote. While one quote is accepted, no other one for the same RFQ can be."""
    if command.quote is not None:
        quote = state.quote(command.quote)
    else:
        quote = _best_quote(state, state.rfq(command.rfq or ""), command.side)
    rfq = quote.rfq
    _require_rfq_open(rfq)
    _require_status(quote, QuoteStatus.OPEN)
    for other in _quotes_of(state, rfq):
        if other.status is not QuoteStatus.OPEN and _is_live(other):
            message = f"quote {other.quote_id} for RFQ {rfq.rfq_id} is {other.status}: another cannot be accepted"
            raise Refused(RefusalCode.QUOTE_NOT_OPEN, message)
    count_centis = quote.count_centis(command.side, state.rules.count_step_centis)
    if not count_centis:
        reason = "declines" if count_centis is None else "has no contract for the RFQ's cost on"
        message = f"quote {quote.quote_id} {reason} the side {command.side}"
        raise Refused(RefusalCode.QUOTE_NOT_OPEN, message)
    require_trading(state, rfq.market)
    require_open(rfq.market)
    _require_covered(state, _order_of_rfq(quote, command.side, count_centis), at)
    quote.status, quote.accepted_side, quote.accepted_at, quote.updated_at = QuoteStatus.ACCEPTED, command.side, at, at
    window_us = state.rules.confirmation_us
    quote.due_at = at + (CONFIRMATION_US[bool(rfq.market.collection)] if window_us is None else window_us)
    yield RfqQuoteAccepted(
        quote=quote.quote_id,
        subaccount_ref=rfq.subaccount_ref,
        side=command.side,
        count_centis=count_centis,
        due_at=quote.due_at,
    )


def _best_quote(state: State, rfq: Rfq, side: Side) -> Quote:
    found = [one for one in _quotes_of(state, rfq) if one.status is QuoteStatus.OPEN and one.bid_centicents(side)]
    if not found:
        raise Refused(RefusalCode.UNKNOWN_QUOTE, f"RFQ {rfq.rfq_id} has no open quote with a bid for {side}")
    return max(found, key=lambda quote: (quote.bid_centicents(side), -quote.serial))


@handler
def confirm_rfq_quote(state: State, command: ConfirmRfqQuote, at: int) -> Iterator[Event]:
    """Confirm an accepted quote."""
    if command.quote is not None:
        quote = state.quote(command.quote)
    else:
        account = state.account(command.account or "")
        own = [quote for quote in state.quotes.values() if quote.subaccount_ref.account == account.name]
        waiting = [quote for quote in own if quote.status is QuoteStatus.ACCEPTED]
        if not waiting:
            raise Refused(RefusalCode.UNKNOWN_QUOTE, f"account {account.name} has no accepted quote to confirm")
        quote = min(waiting, key=lambda quote: (quote.due_at, quote.serial))
    _require_status(quote, QuoteStatus.ACCEPTED)
    require_trading(state, quote.rfq.market)
    require_open(quote.rfq.market)
    _require_covered(state, _order_of_quote(state, quote), at)
    quote.status, quote.confirmed_at, quote.updated_at = QuoteStatus.CONFIRMED, at, at
    delay_us = state.rules.execution_us
    quote.due_at = at + (EXECUTION_US[bool(quote.rfq.market.collection)] if delay_us is None else delay_us)
    yield RfqQuoteConfirmed(quote=quote.quote_id, subaccount_ref=quote.subaccount_ref, due_at=quote.due_at)


@handler
def void_rfq_quote(state: State, command: VoidRfqQuote, at: int) -> Iterator[Event]:
    """Cancel an accepted quote that nobody confirmed; its RFQ stays open for others."""
    quote = state.quote(command.quote)
    _require_status(quote, QuoteStatus.ACCEPTED)
    yield _end(quote, at, QuoteEnd.NOT_CONFIRMED)


@handler
def execute_rfq_quote(state: State, command: ExecuteRfqQuote, at: int) -> Iterator[Event]:
    """Enter the orders of a confirmed quote.

    If the exchange refuses one of them, such as for a market that has closed meanwhile, the quote is canceled and its
    RFQ stays open.
    """
    quote = state.quote(command.quote)
    _require_status(quote, QuoteStatus.CONFIRMED)
    rfq, side = quote.rfq, quote.accepted_side
    assert side is not None, "it was accepted"
    own = _order_of_quote(state, quote)
    assert own.order is not None, "it was given one"
    try:
        yield from place_order(state, own, at)
    except Refused:
        yield _end(quote, at, QuoteEnd.NOT_PLACED)
        return
    placed = state.orders[own.order]
    asking = _order_of_rfq(quote, side, own.count_centis, state.new_id("order of the rfq"), state.new_id("rfq client"))
    try:
        yield from place_order(state, asking, at)
    except Refused:
        if placed.status is OrderStatus.RESTING:
            yield from cancel(state, placed, at, OrderReason.CANCEL)
        yield _end(quote, at, QuoteEnd.NOT_PLACED)
        return
    if placed.status is OrderStatus.RESTING and not quote.rest_remainder:
        yield from cancel(state, placed, at, OrderReason.CANCEL)
    quote.status, quote.executed_at, quote.updated_at = QuoteStatus.EXECUTED, at, at
    quote.order_id, quote.rfq_order_id = own.order, asking.order
    rfq.status, rfq.updated_at = RfqStatus.CLOSED, at
    assert asking.order is not None, "it was given one"
    yield RfqQuoteExecuted(
        quote=quote.quote_id, subaccount_ref=quote.subaccount_ref, order_id=own.order, rfq_order_id=asking.order
    )
    yield from _cancel_quotes(state, rfq, at, QuoteEnd.RFQ_EXECUTED)


def _order_of_quote(state: State, quote: Quote) -> PlaceOrder:
    """Return the order of the account that quoted: it buys the accepted side at its bid."""
    side = quote.accepted_side
    assert side is not None, "it was accepted"
    count_centis = quote.count_centis(side, state.rules.count_step_centis)
    assert count_centis is not None, "a declined side cannot be accepted"
    return PlaceOrder(
        subaccount_ref=quote.subaccount_ref,
        market=quote.rfq.market.ticker,
        side=side,
        action=Action.BUY,
        count_centis=count_centis,
        price_centicents=quote.bid_centicents(side),
        post_only=quote.post_only,
        client_order_id=state.new_id("quote client"),
        order=state.new_id("order of the quote"),
    )


def _order_of_rfq(quote: Quote, side: Side, count_centis: int, order: str = "", client_id: str = "") -> PlaceOrder:
    """Return the order of the account that asked: it buys the other side for a dollar less the bid."""
    rests = quote.rfq.rest_remainder
    return PlaceOrder(
        subaccount_ref=quote.rfq.subaccount_ref,
        market=quote.rfq.market.ticker,
        side=OTHER_SIDE[side],
        action=Action.BUY,
        count_centis=count_centis,
        price_centicents=CENTICENTS_PER_DOLLAR - quote.bid_centicents(side),
        time_in_force=TimeInForce.GOOD_TILL_CANCELED if rests else TimeInForce.IMMEDIATE_OR_CANCEL,
        client_order_id=client_id,
        order=order or None,
    )


def _require_covered(state: State, command: PlaceOrder, at: int) -> None:
    """Raise Refused if the account cannot pay for an order that it is about to commit to."""
    subaccount, market = state.dollar_subaccount(command.subaccount_ref), state.market(command.market)
    order = new_order(state, command, subaccount, market, at)
    order.opening_centis = opening_centis(state, order, command.count_centis)
    require_funds(state, order, at)


def _quotes_of(state: State, rfq: Rfq) -> list[Quote]:
    return [quote for quote in state.quotes.values() if quote.rfq is rfq]


def _is_live(quote: Quote) -> bool:
    return quote.status in (QuoteStatus.OPEN, QuoteStatus.ACCEPTED, QuoteStatus.CONFIRMED)


def _require_status(quote: Quote, *statuses: QuoteStatus) -> None:
    if quote.status not in statuses:
        expected = " or ".join(statuses)
        ended = f" ({quote.end})" if quote.end else ""
        message = f"quote {quote.quote_id} is {quote.status}{ended}: expected an {expected} one"
        raise Refused(RefusalCode.QUOTE_NOT_OPEN, message)


def _cancel_quotes(state: State, rfq: Rfq, at: int, end: QuoteEnd) -> Iterator[Event]:
    for quote in _quotes_of(state, rfq):
        if _is_live(quote):
            yield _end(quote, at, end)


def _end(quote: Quote, at: int, end: QuoteEnd) -> Event:
    quote.status, quote.updated_at, quote.canceled_at, quote.end = QuoteStatus.CANCELED, at, at, end
    return RfqQuoteCanceled(quote=quote.quote_id, subaccount_ref=quote.subaccount_ref, end=end)
