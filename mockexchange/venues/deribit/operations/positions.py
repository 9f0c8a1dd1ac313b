"""Implements the operations that read a subaccount's positions: all of them, or the position in one instrument."""

from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.derivatives.valuation import Held, held_of, position_of, view_of_held
from mockexchange.venues.deribit.enumerations import ANY
from mockexchange.venues.deribit.objects.positions import position_text
from mockexchange.venues.deribit.operations.call import Call, Operation, cached_result
from mockexchange.venues.deribit.operations.lookups import derivative_of, subaccount_ref_of
from mockexchange.venues.deribit.parameters.rows import CURRENCY_OR_ANY, INSTRUMENT_KIND, INSTRUMENT_NAME, SUBACCOUNT_ID

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
        parameters=(CURRENCY_OR_ANY, INSTRUMENT_KIND, SUBACCOUNT_ID),
        scope=SCOPE,
    ),
    Operation(name="private/get_position", answer=get_position, parameters=(INSTRUMENT_NAME,), scope=SCOPE),
)
