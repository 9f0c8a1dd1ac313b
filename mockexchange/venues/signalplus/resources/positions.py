"""A subaccount's positions, by currency and kind [doc].

The keys are Deribit's in camelCase, amounts are strings, and `side` stands for direction. Keys that a kind of
derivative lacks are left out. The order is that of the page's example, a future.
"""

from typing import Any

from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.derivatives.valuation import Held, held_of, view_of_held
from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT, SubaccountRef
from mockexchange.venues.dated_fields import Empty, Field
from mockexchange.venues.signalplus.enumerations import ANY
from mockexchange.venues.signalplus.errors import Rejected, Situation
from mockexchange.venues.signalplus.formatting import DECIMAL, INTEGER, SIDE, TEXT
from mockexchange.venues.signalplus.resources.call import Call, Operation
from mockexchange.venues.signalplus.resources.fields import encoder, table

# --- fields of answers


def _row(name: str, read: str, spelling: Any = DECIMAL, empty: Empty = "never") -> Field:
    return Field(name=name, spelling=spelling, read=read, empty=empty, source="docs")


POSITION = table(
    "Position",
    _row("averagePrice", "average_price"),
    _row("averagePriceUsd", "average_price_usd", empty="absent"),
    _row("delta", "delta"),
    _row("side", "size", SIDE),
    # estimatedLiquidationPrice is left out: it is for a margin model that no account here has.
    _row("floatingProfitLoss", "printed_floating"),
    _row("floatingProfitLossUsd", "floating_usd", empty="absent"),
    _row("gamma", "gamma", empty="absent"),
    _row("indexPrice", "index_price"),
    _row("initialMargin", "initial_margin"),
    _row("instrumentName", "derivative.terms.name", TEXT),
    _row("interestValue", "interest_value", empty="absent"),
    _row("kind", "derivative.terms.kind", TEXT),
    _row("leverage", "leverage", INTEGER, empty="absent"),
    _row("maintenanceMargin", "maintenance_margin"),
    _row("markPrice", "mark_price"),
    _row("openOrdersMargin", "open_orders_margin"),
    _row("realizedFunding", "realized_funding", empty="absent"),
    _row("realizedProfitLoss", "realized"),
    _row("settlementPrice", "settlement_price"),
    _row("size", "size"),
    _row("sizeCurrency", "size_currency", empty="absent"),
    _row("theta", "theta", empty="absent"),
    # The page's table has totalprofitLoss, its example this.
    _row("totalProfitLoss", "printed_total"),
    _row("vega", "vega", empty="absent"),
)

# --- operations


def get_positions(call: Call) -> bytes:
    """Return the positions that pass the filters by settlement currency and kind; none is ever in spot or in combos."""
    subaccount_ref, currency, kind = _subaccount_ref_of(call), call.params["currency"] or ANY, call.params["kind"]
    state, caches, api_date = call.context.state, call.context.caches, call.api_date

    def write(held: Held) -> bytes:
        return encoder("Position", api_date)(view_of_held(state, held))

    def write_all() -> bytes:
        rows = held_of(state, subaccount_ref, with_flat=call.context.settings.flat_rows == "show")
        shown = [held for held in rows if _passes_filters(held.derivative.terms, currency, kind)]
        return caches.of(api_date, "positions").write_list(shown, write)

    return caches.pages.body(
        (call.operation.name, subaccount_ref, currency, kind, api_date.day), state.revision, write_all
    )


def _passes_filters(terms: Terms, currency: str, kind: str | None) -> bool:
    return currency in (ANY, terms.settlement_currency) and kind in (None, terms.kind)


def _subaccount_ref_of(call: Call) -> SubaccountRef:
    """Return the key's subaccount, or the one that `subaccountId` names [choice: by its number, 0 for the first]."""
    key, requested, account = call.key, call.params["subaccountId"], call.context.state.accounts[call.key.account]
    own = key.subaccount or PRIMARY_SUBACCOUNT
    if requested is None or str(requested) == own:
        return SubaccountRef(account.name, own)
    if own != PRIMARY_SUBACCOUNT:
        message = f"key {key.name} of {account.name} is restricted to book {own}: leave subaccountId {requested} out"
        raise Rejected(Situation.OTHER_BOOK, message)
    if str(requested) not in account.subaccounts:
        known = ", ".join(account.subaccounts)
        raise Rejected(Situation.BAD_PARAMS, f"subaccountId: {account.name} has the books {known}, not {requested}")
    return SubaccountRef(account.name, str(requested))


GET_POSITIONS = Operation(name="private/get_positions", answer=get_positions)
