"""Implements the operations that list instruments, currencies and prices."""

from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.venues.deribit.errors import invalid
from mockexchange.venues.deribit.objects.currencies import CURRENCIES as ROWS
from mockexchange.venues.deribit.objects.currencies import currency_text
from mockexchange.venues.deribit.objects.indexes import index_price_text
from mockexchange.venues.deribit.objects.instruments import instrument_text
from mockexchange.venues.deribit.objects.tickers import Ticker, book_text, ticker_text
from mockexchange.venues.deribit.operations.call import Call, Operation
from mockexchange.venues.deribit.operations.lookups import derivative_of, index_of
from mockexchange.venues.deribit.operations.positions import passes_filters
from mockexchange.venues.deribit.parameters.rows import (
    CURRENCY_OR_ANY,
    DEPTH,
    INSTRUMENT_KIND,
    INSTRUMENT_NAME,
    boolean,
    text,
)
from mockexchange.venues.jsonrpc.envelope import SHOWN_CHARS_MAX


def get_currencies(call: Call) -> str:
    return f"[{','.join(currency_text(row, call.context.api_date) for row in ROWS)}]"


def get_instruments(call: Call) -> str:
    """Return the instruments in the order of listing: the open ones, or with `expired` those that were delivered."""
    params, is_open = call.params, not call.params["expired"]
    shown = (
        instrument_text(derivative, call.context.api_date)
        for derivative in call.context.state.derivatives.listed.values()
        if derivative.is_open is is_open and passes_filters(derivative.terms, params["currency"], params["kind"])
    )
    return f"[{','.join(shown)}]"


def get_instrument(call: Call) -> str:
    return instrument_text(derivative_of(call), call.context.api_date)


def ticker(call: Call) -> str:
    return ticker_text(_ticker(call, 1), call.context.api_date)


def get_order_book(call: Call) -> str:
    """Return the prices of an instrument and the levels of its order book.

    A level adds up the orders and the outside quotes at its price.
    """
    return book_text(_ticker(call, call.params["depth"]), call.context.api_date)


def _ticker(call: Call, depth: int) -> Ticker:
    derivative = derivative_of(call)
    book = call.context.state.derivatives.order_books.get(derivative.name)
    bids, asks = (book.levels(side, depth) if book else () for side in (Direction.BUY, Direction.SELL))
    return Ticker(derivative, index_of(call, derivative), call.at, bids, asks)


def get_index_price(call: Call) -> str:
    name, indexes = call.params["index_name"], call.context.state.derivatives.indexes
    if name not in indexes:
        message = f"no index {name[:SHOWN_CHARS_MAX]!r}: there are {', '.join(indexes) or 'none'}"
        raise invalid("index_name", "index not found", message)
    return index_price_text(indexes[name], call.context.api_date)


OPERATIONS: tuple[Operation, ...] = (
    Operation(name="public/get_currencies", answer=get_currencies),
    # The documents require the currency; the most used client omits it, to get all at once [code].
    Operation(
        name="public/get_instruments",
        answer=get_instruments,
        parameters=(CURRENCY_OR_ANY, INSTRUMENT_KIND, boolean("expired")),
    ),
    Operation(name="public/get_instrument", answer=get_instrument, parameters=(INSTRUMENT_NAME,)),
    Operation(name="public/ticker", answer=ticker, parameters=(INSTRUMENT_NAME,)),
    Operation(name="public/get_order_book", answer=get_order_book, parameters=(INSTRUMENT_NAME, DEPTH)),
    Operation(name="public/get_index_price", answer=get_index_price, parameters=(text("index_name", required=True),)),
)
