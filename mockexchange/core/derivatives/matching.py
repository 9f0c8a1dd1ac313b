"""Matches orders of derivatives: an incoming order with the best offers, a new outside quote with what it crosses.

An incoming order trades until it is filled or no offer within its limit is left; meanwhile it is in no order book. The
price of each trade is that of the offer that was there first. `trading.record_fill` carries out each trade.
"""

from collections.abc import Iterator
from decimal import ROUND_FLOOR, Decimal

from mockexchange.core.commands import QuoteDerivative
from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.derivatives.holdings import Holding
from mockexchange.core.derivatives.listing import orderable, touch
from mockexchange.core.derivatives.order_book import Offer, is_within
from mockexchange.core.derivatives.order_bookkeeping import book_of, cancel, fill_order, order_changed, quoted
from mockexchange.core.derivatives.orders import OTHER_DIRECTION, DerivativeOrder
from mockexchange.core.derivatives.precision import ZERO, quotient
from mockexchange.core.derivatives.trading import Fill, Party, amount_step, record_fill, require_amount
from mockexchange.core.derivatives.vocabulary import CancelReason, Direction
from mockexchange.core.events import Event
from mockexchange.core.handlers import derivative_handler
from mockexchange.core.model.order_rules import SHARE_WHOLE, FillRule, QueueRule
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import SubaccountRef

FLAT = Holding()


def match(state: State, order: DerivativeOrder, limit: Decimal, wanted: Decimal, at: int) -> Iterator[Event]:
    """Match an order with the order book, for at most the amount `wanted`, at prices within `limit`."""
    if state.rules.fill is FillRule.ALL and wanted:
        yield from _trade(state, order, None, limit, wanted, at)
    least_left = order.remaining - wanted
    while order.remaining > least_left and (offer := best_offer(state, order, limit)) is not None:
        left = order.remaining - least_left
        if offer.order is None:
            # Of an outside quote that is shared, strangers take what the order does not get of it.
            share = shared(state, offer, order.derivative.terms)
            gone = offer.amount if left > share else left
            book_of(state, order.derivative).consume_quote(OTHER_DIRECTION[order.direction], offer.price, gone)
            yield quoted(state, order.derivative)
            if share:
                yield from _trade(state, order, None, offer.price, min(left, share), at)
        elif amount := min(left, _open_of(state, offer.order)):
            yield from _trade(state, order, offer.order, offer.price, amount, at)
        else:
            yield from cancel(state, offer.order, at, CancelReason.UNFILLED)


@derivative_handler
def quote_derivative(state: State, command: QuoteDerivative, at: int) -> Iterator[Event]:
    """Replace the outside quotes of a derivative: bids and asks of traders without an account here.

    A new quote fills the orders that it crosses, each at the order's own price; what is left of the quote stays.
    """
    derivative = orderable(state, command.derivative)
    tick = derivative.terms.tick
    levels_given = (*command.bids, *command.asks)
    for amount in dict.fromkeys(amount for _, amount in levels_given):
        require_amount(derivative.terms, amount)
    for price in dict.fromkeys(price for price, _ in levels_given):
        if price % tick:
            message = f"{derivative.name} at {price}: expected a multiple of {tick}"
            raise Refused(RefusalCode.PRICE_OFF_GRID, message)
    book = book_of(state, derivative)
    for side, levels in ((Direction.BUY, command.bids), (Direction.SELL, command.asks)):
        book.quotes[side].clear()
        book.quotes[side].update(levels)
    touch(state, derivative, at)
    yield quoted(state, derivative)
    events: list[Event] = []
    for side in Direction if state.rules.fill is FillRule.BOOK else ():
        while book.quotes[side] and (orders := book.sides[OTHER_DIRECTION[side]]):
            price, amount = book.quotes[side].peekitem(-1 if side is Direction.BUY else 0)
            resting, queue = orders.peekitem(-1 if side is Direction.SELL else 0)
            if not is_within(side, resting, price):
                break
            order = next(iter(queue.values()))
            before = order.filled
            events += _fill_resting(state, order, min(amount, order.remaining), at)
            if order.filled > before:
                book.consume_quote(side, price, order.filled - before)
    yield from events
    if events:
        yield quoted(state, derivative)


def _fill_resting(state: State, order: DerivativeOrder, amount: Decimal, at: int) -> Iterator[Event]:
    """Fill a resting order at its price, with an outside trader as taker.

    A reduce-only order with nothing left to reduce is canceled.
    """
    amount = min(amount, _open_of(state, order))
    if not amount:
        yield from cancel(state, order, at, CancelReason.UNFILLED)
        return
    assert order.price is not None, "a resting order has a price"
    yield from _carry_out(state, [_party_of(order, 1, is_taker=False)], order, order.price, amount, at)


def _trade(
    state: State, order: DerivativeOrder, maker: DerivativeOrder | None, price: Decimal, amount: Decimal, at: int
) -> Iterator[Event]:
    parties = [_party_of(order, 1, is_taker=True)]
    if maker is not None:
        parties.append(_party_of(maker, -1, is_taker=False))
    yield from _carry_out(state, parties, order, price, amount, at)


def _party_of(order: DerivativeOrder, sign: int, *, is_taker: bool) -> Party:
    return Party(order.subaccount_ref, sign, is_taker, order.order_id, order.label, None, order)


def _carry_out(
    state: State, parties: list[Party], order: DerivativeOrder, price: Decimal, amount: Decimal, at: int
) -> Iterator[Event]:
    """Count the fill in the orders of its parties, and record the trade; sizes are those of `order`."""
    for party in parties:
        assert party.order is not None, "a party of a match has an order"
        fill_order(state, party.order, amount, price, at, rests=not party.is_taker)
    yield from record_fill(state, Fill(order.derivative, order.sign * amount, price), parties, at)
    yield from (order_changed(party.order) for party in parties if party.order is not None)


def best_offer(state: State, order: DerivativeOrder, limit: Decimal) -> Offer | None:
    """Return the offer that an order trades with next; None if no offer is within the limit."""
    if state.rules.fill is not FillRule.BOOK:
        return None
    book, side = book_of(state, order.derivative), OTHER_DIRECTION[order.direction]
    offer = book.best(side, state.rules.queue is QueueRule.AHEAD)
    return offer if offer is not None and is_within(order.direction, offer.price, limit) else None


def offers_within(state: State, order: DerivativeOrder, limit: Decimal) -> Iterator[Offer]:
    """Iterate over the offers that an order can trade with, in the order in which they trade."""
    if state.rules.fill is not FillRule.BOOK:
        return
    book, side = book_of(state, order.derivative), OTHER_DIRECTION[order.direction]
    for offer in book.offers(side, state.rules.queue is QueueRule.AHEAD):
        if not is_within(order.direction, offer.price, limit):
            return
        yield offer


def shared(state: State, offer: Offer, terms: Terms) -> Decimal:
    """Return the amount of an offer that one taker gets: all of an order, but only a share of an outside quote.

    The share is `OrderRules.share_parts`, rounded down to whole steps of the derivative's amount.
    """
    if offer.order is not None or state.rules.share_parts == SHARE_WHOLE:
        return offer.amount
    step = amount_step(terms)
    return quotient(offer.amount * state.rules.share_parts, SHARE_WHOLE * step).to_integral_value(ROUND_FLOOR) * step


def reducible(order: DerivativeOrder, size: Decimal) -> Decimal:
    """Return the remaining amount of an order that may be filled.

    For a reduce-only order it is at most the position, whose signed size is `size`.
    """
    return min(order.remaining, max(-order.sign * size, ZERO)) if order.reduce_only else order.remaining


def size_of(state: State, subaccount_ref: SubaccountRef, derivative: str) -> Decimal:
    """Return the signed size of a position, 0 if there is none."""
    return state.derivatives.holdings.get(subaccount_ref, {}).get(derivative, FLAT).size


def _open_of(state: State, order: DerivativeOrder) -> Decimal:
    return reducible(order, size_of(state, order.subaccount_ref, order.derivative.name))
