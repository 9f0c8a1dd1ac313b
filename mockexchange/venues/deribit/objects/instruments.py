"""Defines the JSON fields of an instrument (a derivative): one table each for futures, options and combos."""

from decimal import Decimal
from typing import NamedTuple

from mockexchange.core.derivatives.derivative import Derivative, Terms
from mockexchange.core.derivatives.vocabulary import COMBOS, DerivativeKind, Form
from mockexchange.venues.dated import ApiDate, Field, Spelling
from mockexchange.venues.deribit.formatting import (
    BOOLEAN,
    CONTEXT,
    EXPIRATION,
    MILLISECONDS,
    NUMBER,
    WHOLE_NUMBER,
    one_of,
)
from mockexchange.venues.deribit.objects.rows import Writer, always, field, integer, number, text, writer

INSTRUMENT_TYPE = Spelling(
    "reversed or linear",
    lambda form: '"reversed"' if form is Form.INVERSE else '"linear"',
    ("reversed", "linear"),
)
ONE = Decimal(1)
STATE = Spelling("open or delivered", lambda is_open: '"open"' if is_open else '"delivered"', ("open", "delivered"))
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
