"""Implements the operations that read a subaccount's positions, by currency and kind [doc]."""

from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.derivatives.valuation import Held, held_of, view_of_held
from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT, SubaccountRef
from mockexchange.venues.signalplus.enumerations import ANY
from mockexchange.venues.signalplus.errors import Rejected, Situation
from mockexchange.venues.signalplus.objects import encoder
from mockexchange.venues.signalplus.operations.call import Call, Operation


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
