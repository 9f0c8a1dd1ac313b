"""A subaccount's positions: all of them, or the position in one instrument.

A combo is never held. A request for the position in a combo gets size 0 and the keys of an option or a future.
"""

from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.derivatives.valuation import Held, PositionView, held_of, position_of, view_of_held
from mockexchange.core.derivatives.vocabulary import DerivativeKind
from mockexchange.venues.dated_fields import ApiDate, Field
from mockexchange.venues.deribit.enumerations import ANY
from mockexchange.venues.deribit.formatting import DIRECTION, NULL, NUMBER_OR_ZERO, WHOLE_OR_ZERO, one_of
from mockexchange.venues.deribit.resources import parameters
from mockexchange.venues.deribit.resources.call import Call, Operation, cached_result, derivative_of, subaccount_ref_of
from mockexchange.venues.deribit.resources.fields import Writer, field, number, text, writer

# --- fields of answers


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


# --- operations


SCOPE = "trade:read"


def get_positions(call: Call) -> bytes:
    """Return the positions that pass the filters; there are never positions in spot and combos."""
    subaccount_ref, currency, kind = subaccount_ref_of(call), call.params["currency"], call.params["kind"]
    state, api_date = call.context.state, call.context.api_date

    def write(held: Held) -> bytes:
        return position_text(view_of_held(state, held), api_date).encode()

    def write_all() -> bytes:
        rows = held_of(state, subaccount_ref, with_flat=call.context.settings.flat_rows == "show")
        shown = [held for held in rows if passes_filters(held.derivative.terms, currency, kind)]
        return call.context.caches.of(api_date, "positions").write_list(shown, write)

    return cached_result(call, write_all, subaccount_ref, currency, kind)


def get_position(call: Call) -> str:
    """Return the position in one instrument, with size 0 and direction zero if it is not held [wire]."""
    derivative = derivative_of(call)
    assert call.caller is not None, "an operation about a book has a caller"
    view = position_of(call.context.state, call.caller.subaccount_ref, derivative.name)
    return position_text(view, call.context.api_date)


def passes_filters(terms: Terms, currency: str | None, kind: str | None) -> bool:
    """Return whether a derivative passes the filters by kind and by settlement currency."""
    return currency in (None, ANY, terms.settlement_currency) and kind in (None, ANY, terms.kind)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="private/get_positions",
        answer=get_positions,
        parameters=(parameters.CURRENCY_OR_ANY, parameters.INSTRUMENT_KIND, parameters.SUBACCOUNT_ID),
        scope=SCOPE,
    ),
    Operation(name="private/get_position", answer=get_position, parameters=(parameters.INSTRUMENT_NAME,), scope=SCOPE),
)
