"""The handler of outside quotes: bids and asks of traders without an account here, in a derivative's order book.

A new quote fills the orders that it crosses, each at the order's own price; what is left of the quote stays.
"""

from collections.abc import Iterator

from mockexchange.core.commands import QuoteDerivative
from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.order_book import is_within
from mockexchange.core.derivatives.order_entry.changes import book_of, quoted
from mockexchange.core.derivatives.order_entry.checks import orderable
from mockexchange.core.derivatives.order_entry.matching import fill_resting
from mockexchange.core.derivatives.orders import OTHER_DIRECTION
from mockexchange.core.derivatives.trading.trading import require_amount
from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.events import Event
from mockexchange.core.handlers import derivative_handler
from mockexchange.core.model.order_rules import FillRule
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused


@derivative_handler
def quote_derivative(state: State, command: QuoteDerivative, at: int) -> Iterator[Event]:
    """Replace the outside quotes of a derivative, and fill the orders that they cross."""
    derivative = orderable(state, command.derivative)
    tick = derivative.terms.tick
    for price, amount in (*command.bids, *command.asks):
        require_amount(derivative.terms, amount)
        if price % tick:
            message = f"{derivative.name} at {price}: expected a multiple of {tick}"
            raise Refused(RefusalCode.PRICE_OFF_GRID, message)
    quotes = book_of(state, derivative).quotes
    for side, levels in ((Direction.BUY, command.bids), (Direction.SELL, command.asks)):
        quotes[side].clear()
        quotes[side].update(levels)
    derivative.revision, derivative.updated_at = state.next_revision(), at
    yield quoted(state, derivative)
    events = list(_fill_crossed(state, derivative, at))
    yield from events
    if events:
        yield quoted(state, derivative)


def _fill_crossed(state: State, derivative: Derivative, at: int) -> Iterator[Event]:
    if state.rules.fill is not FillRule.BOOK:
        return
    book = book_of(state, derivative)
    for side in Direction:
        while book.quotes[side] and (orders := book.sides[OTHER_DIRECTION[side]]):
            price, amount = book.quotes[side].peekitem(-1 if side is Direction.BUY else 0)
            resting, queue = orders.peekitem(-1 if side is Direction.SELL else 0)
            if not is_within(side, resting, price):
                break
            order = next(iter(queue.values()))
            before = order.filled
            yield from fill_resting(state, order, min(amount, order.remaining), at)
            if order.filled > before:
                book.consume_quote(side, price, order.filled - before)
