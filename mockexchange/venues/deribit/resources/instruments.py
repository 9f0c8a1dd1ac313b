"""Instruments, currencies and prices of indexes."""

from decimal import Decimal
from typing import NamedTuple

from mockexchange.core.derivatives.derivative import Derivative, Terms
from mockexchange.core.derivatives.vocabulary import COMBOS, DerivativeKind, Direction, Form
from mockexchange.venues.dated_fields import ApiDate, Field, Spelling
from mockexchange.venues.deribit.errors import invalid
from mockexchange.venues.deribit.formatting import (
    BOOLEAN,
    CONTEXT,
    EXPIRATION,
    MILLISECONDS,
    NUMBER,
    WHOLE_NUMBER,
    one_of,
)
from mockexchange.venues.deribit.resources import parameters
from mockexchange.venues.deribit.resources.call import Call, Operation, derivative_of, index_of
from mockexchange.venues.deribit.resources.fields import Writer, always, field, integer, number, text, writer
from mockexchange.venues.deribit.resources.positions import passes_filters
from mockexchange.venues.deribit.resources.tickers import STATE, Ticker, book_text, ticker_text
from mockexchange.venues.jsonrpc.envelope import SHOWN_CHARS_MAX

# --- fields of answers


class Currency(NamedTuple):
    name: str
    title: str
    coin_type: str
    decimals: int


CURRENCIES = (
    Currency("BTC", "Bitcoin", "BITCOIN", 8),
    Currency("ETH", "Ethereum", "ETHER", 6),
    Currency("USDC", "USD Coin", "USDC", 6),
    Currency("USDT", "Tether USD", "USDT", 6),
    Currency("EURR", "StablR Euro", "EURR", 6),
)
"""The currencies that positions can be filtered by."""


CURRENCY: tuple[Field, ...] = (
    always("apr", "0.0", "name"),
    text("coin_type"),
    text("currency", "name"),
    text("currency_long", "title"),
    integer("decimals"),
    always("in_cross_collateral_pool", "false", "name"),
    always("min_confirmations", "1", "name"),
    always("min_withdrawal_fee", "0.0", "name"),
    text("network_currency", "name"),
    always("network_fee", "0.0", "name"),
    always("withdrawal_fee", "0.0", "name"),
    always("withdrawal_priorities", "[]", "name"),
)


_WRITE_CURRENCY = writer(CURRENCY)


def currency_text(currency: Currency, api_date: ApiDate) -> str:
    return _WRITE_CURRENCY(currency, api_date)


class IndexPrice(NamedTuple):
    price: Decimal


INDEX_PRICE: tuple[Field, ...] = (number("estimated_delivery_price", "price"), number("index_price", "price"))


_WRITE_INDEX_PRICE = writer(INDEX_PRICE)


def index_price_text(price: Decimal, api_date: ApiDate) -> str:
    return _WRITE_INDEX_PRICE(IndexPrice(price), api_date)


INSTRUMENT_TYPE = Spelling(
    "reversed or linear",
    lambda form: '"reversed"' if form is Form.INVERSE else '"linear"',
    ("reversed", "linear"),
)


ONE = Decimal(1)


MAX_LEVERAGE = Spelling("integer: 1 over the initial margin's rate", lambda rate: str(int(CONTEXT.divide(ONE, rate))))


class Instrument(NamedTuple):
    """A derivative, with the currency of its prices: the coin for an option that pays in coins."""

    derivative: Derivative

    @property
    def terms(self) -> Terms:
        return self.derivative.terms

    @property
    def price_currency(self) -> str:
        is_coin_option = self.terms.kind is DerivativeKind.OPTION and self.terms.form is Form.INVERSE
        return self.terms.base if is_coin_option else self.terms.quote


INSTRUMENT: tuple[Field, ...] = (
    text("base_currency", "terms.base"),
    field("contract_size", WHOLE_NUMBER, "terms.contract_size"),
    text("counter_currency", "terms.quote"),
    field("creation_timestamp", MILLISECONDS, "derivative.created_at"),
    field("expiration_timestamp", EXPIRATION, "terms.expires_at", source="wire"),
    integer("instrument_id", "derivative.serial"),
    text("instrument_name", "terms.name"),
    field("instrument_type", INSTRUMENT_TYPE, "terms.form"),
    field("is_active", BOOLEAN, "derivative.is_open"),
    field("kind", one_of("future", "option", "future_combo", "option_combo"), "terms.kind"),
    number("maker_commission", "terms.maker_fee"),
    number("min_trade_amount", "terms.amount_min"),
    text("price_index", "terms.index"),
    text("quote_currency", "price_currency"),
    text("settlement_currency", "terms.settlement_currency"),
    field("settlement_period", one_of("perpetual", "day", "week", "month"), "terms.period"),
    field("state", STATE, "derivative.is_open"),
    number("taker_commission", "terms.taker_fee"),
    number("tick_size", "terms.tick"),
    always("tick_size_steps", "[]", "terms"),
    # Newer than the document; a client of September 2026 needs it.
    always("underlying_type", '"crypto"', "terms", source="code"),
)


FUTURE: tuple[Field, ...] = (
    *INSTRUMENT,
    # Deprecated, but still sent.
    field("future_type", INSTRUMENT_TYPE, "terms.form"),
    field("max_leverage", MAX_LEVERAGE, "terms.margin.initial", source="choice"),
    always("max_liquidation_commission", "0.0075", "terms", source="docs"),
)


OPTION: tuple[Field, ...] = (
    *INSTRUMENT,
    field("option_type", one_of("call", "put"), "terms.option_type"),
    field("strike", NUMBER, "terms.strike"),
)


COMBO: tuple[Field, ...] = INSTRUMENT


_WRITE_FUTURE, _WRITE_OPTION, _WRITE_COMBO = map(writer, (FUTURE, OPTION, COMBO))


def _writer_of(kind: DerivativeKind) -> Writer:
    if kind in COMBOS:
        return _WRITE_COMBO
    return _WRITE_OPTION if kind is DerivativeKind.OPTION else _WRITE_FUTURE


def instrument_text(derivative: Derivative, api_date: ApiDate) -> str:
    """Return the terms of a derivative as JSON."""
    return _writer_of(derivative.terms.kind)(Instrument(derivative), api_date)


# --- operations


def get_currencies(call: Call) -> str:
    return f"[{','.join(currency_text(row, call.context.api_date) for row in CURRENCIES)}]"


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
        parameters=(parameters.CURRENCY_OR_ANY, parameters.INSTRUMENT_KIND, parameters.boolean("expired")),
    ),
    Operation(name="public/get_instrument", answer=get_instrument, parameters=(parameters.INSTRUMENT_NAME,)),
    Operation(name="public/ticker", answer=ticker, parameters=(parameters.INSTRUMENT_NAME,)),
    Operation(
        name="public/get_order_book", answer=get_order_book, parameters=(parameters.INSTRUMENT_NAME, parameters.DEPTH)
    ),
    Operation(
        name="public/get_index_price",
        answer=get_index_price,
        parameters=(parameters.text("index_name", required=True),),
    ),
)
