"""Functions that find the subaccount, the derivative and the index that a call names."""

import difflib
from collections.abc import Collection
from decimal import Decimal

from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT, SubaccountRef
from mockexchange.venues.deribit.errors import UNAVAILABLE_IN_SUBACCOUNT, Rejected, invalid
from mockexchange.venues.deribit.resources.call import Call
from mockexchange.venues.jsonrpc.envelope import SHOWN_CHARS_MAX


def subaccount_ref_of(call: Call) -> SubaccountRef:
    """Return the subaccount that `subaccount_id` names, or without that parameter the caller's own.

    `subaccount_id` is a subaccount's number in the scenario, 0 for the main account.
    """
    assert call.caller is not None, "an operation about a book has a caller"
    subaccount_ref, asked = call.caller.subaccount_ref, call.params["subaccount_id"]
    if asked is None or str(asked) == subaccount_ref.subaccount:
        return subaccount_ref
    if subaccount_ref.subaccount != PRIMARY_SUBACCOUNT:
        message = f"a key of subaccount {subaccount_ref.subaccount} cannot ask for subaccount_id {asked}: leave it out"
        raise Rejected(UNAVAILABLE_IN_SUBACCOUNT, message)
    subaccounts = call.context.state.accounts[subaccount_ref.account].subaccounts
    if str(asked) not in subaccounts:
        known = ", ".join(subaccounts)
        raise invalid(
            "subaccount_id", "subaccount not found", f"{subaccount_ref.account} has no subaccount {asked}: has {known}"
        )
    return SubaccountRef(subaccount_ref.account, str(asked))


def derivative_of(call: Call) -> Derivative:
    """Return the derivative that `instrument_name` names. Raises Rejected if there is none."""
    name, derivatives = call.params["instrument_name"], call.context.state.derivatives.listed
    derivative = derivatives.get(name)
    if derivative is None:
        known = tuple(derivatives)
        raise invalid("instrument_name", "instrument not found", lambda pause: _explain_unknown(name, known))
    return derivative


def _explain_unknown(name: str, known: Collection[str]) -> str:
    shown = name[:SHOWN_CHARS_MAX]
    near = difflib.get_close_matches(shown, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "public/get_instruments lists what there is"
    return f"no instrument {shown!r}: {hint}"


def index_of(call: Call, derivative: Derivative) -> Decimal:
    return call.context.state.derivatives.indexes[derivative.terms.index]
