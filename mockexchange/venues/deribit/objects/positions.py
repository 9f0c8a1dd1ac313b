"""Defines the JSON object of a position, with a table of fields for each kind of derivative.

A combo is never held. A request for the position in a combo gets size 0 and the keys of an option or a future.
"""

from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.derivatives.valuation import PositionView
from mockexchange.core.derivatives.vocabulary import DerivativeKind
from mockexchange.venues.dated import ApiDate, Field
from mockexchange.venues.deribit.formatting import DIRECTION, NULL, NUMBER_OR_ZERO, WHOLE_OR_ZERO, one_of
from mockexchange.venues.deribit.objects.rows import Writer, field, number, text, writer

KIND = one_of("future", "option", "future_combo", "option_combo")

POSITION: tuple[Field, ...] = (
    number("average_price"),
    number("delta"),
    field("direction", DIRECTION, "size"),
    number("floating_profit_loss", "printed_floating"),
    number("index_price"),
    number("initial_margin"),
    text("instrument_name", "derivative.terms.name"),
    field("kind", KIND, "derivative.terms.kind"),
    number("maintenance_margin"),
    number("mark_price"),
    number("open_orders_margin"),
    number("realized_profit_loss", "realized"),
    number("settlement_price"),
    number("size"),
    number("total_profit_loss", "printed_total"),
)
"""Fields that positions in every kind of derivative have."""

FUTURE_POSITION: tuple[Field, ...] = (
    *POSITION,
    # A number only on the margin model segregated_sm, which no account here has [wire].
    field("estimated_liquidation_price", NULL, "size", source="wire"),
    field("leverage", WHOLE_OR_ZERO, "leverage"),
    field("size_currency", NUMBER_OR_ZERO, "size_currency"),
)
PERPETUAL_POSITION: tuple[Field, ...] = (
    *FUTURE_POSITION,
    field("interest_value", NUMBER_OR_ZERO, "interest_value"),
    field("realized_funding", NUMBER_OR_ZERO, "realized_funding"),
)
OPTION_POSITION: tuple[Field, ...] = (
    *POSITION,
    field("average_price_usd", NUMBER_OR_ZERO, "average_price_usd"),
    field("floating_profit_loss_usd", NUMBER_OR_ZERO, "floating_usd"),
    field("gamma", NUMBER_OR_ZERO, "gamma"),
    field("theta", NUMBER_OR_ZERO, "theta"),
    field("vega", NUMBER_OR_ZERO, "vega"),
)


_WRITE_FUTURE, _WRITE_PERPETUAL, _WRITE_OPTION = map(writer, (FUTURE_POSITION, PERPETUAL_POSITION, OPTION_POSITION))


def _writer_of(terms: Terms) -> Writer:
    if terms.kind in (DerivativeKind.OPTION, DerivativeKind.OPTION_COMBO):
        return _WRITE_OPTION
    return _WRITE_PERPETUAL if terms.is_perpetual else _WRITE_FUTURE


def position_text(view: PositionView, api_date: ApiDate) -> str:
    """Return a position as JSON."""
    return _writer_of(view.derivative.terms)(view, api_date)
