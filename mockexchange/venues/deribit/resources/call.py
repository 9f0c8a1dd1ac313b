"""The types of an operation (a JSON-RPC method) and of one call of it, and what the parameters of a call name."""

import difflib
from collections.abc import Callable, Collection, Generator, Hashable
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct

from mockexchange.core.commands import Command
from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.exchange import Outcome
from mockexchange.core.model.accounts import Key
from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT, SubaccountRef
from mockexchange.venues.deribit.context import DeribitContext
from mockexchange.venues.deribit.errors import UNAVAILABLE_IN_SUBACCOUNT, Rejected, invalid
from mockexchange.venues.deribit.resources.parameters import Parameter
from mockexchange.venues.jsonrpc.envelope import SHOWN_CHARS_MAX

PUBLIC, PRIVATE = "public", "private"


class Caller(NamedTuple):
    """The caller of an operation: its key, its scopes (narrowed by its token, if any) and its subaccount."""

    key: Key
    scopes: tuple[str, ...]
    subaccount_ref: SubaccountRef


class Call(Struct):
    """One call of an operation; `caller` is None for a public operation.

    `at` is the exchange time of the call, `host_at` its host time, both in microseconds.
    """

    operation: "Operation"
    context: DeribitContext
    params: dict[str, Any]
    at: int
    host_at: int
    caller: Caller | None
    findings: list[str]


Write: TypeAlias = Generator[Command, Outcome, str]
"""The steps of an operation that changes something: yields commands, receives outcomes, returns its result as JSON.

It may raise Rejected.
"""


class Operation(NamedTuple):
    """One JSON-RPC method, with functions that answer it.

    `answer` returns the JSON of the result, as bytes if it is cached; it is None if the method can be called only on
    streams or changes the exchange.
    """

    name: str
    answer: Callable[[Call], str | bytes] | None = None
    parameters: tuple[Parameter, ...] = ()
    scope: str = ""
    """Scope that a key needs to call the method; "" for none."""
    write: Callable[[Call], Write] | None = None
    """The steps of a method that changes something; None for a method that only reads."""

    @property
    def is_for_streams(self) -> bool:
        """Whether the method can be called only on streams."""
        return self.answer is None and self.write is None

    @property
    def is_private(self) -> bool:
        return self.name.startswith(f"{PRIVATE}/")


def cached_result(call: Call, make: Callable[[], bytes], *parts: Hashable) -> bytes:
    """Return the cached result of a call. After any change of the exchange, call `make` and cache its result.

    `make` may depend only on the state, the API date and `parts`.
    """
    key = (call.operation.name, call.context.api_date.day, *parts)
    return call.context.caches.pages.body(key, call.context.state.revision, make)


# What parameters name


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
