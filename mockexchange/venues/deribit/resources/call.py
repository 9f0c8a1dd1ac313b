"""The types of an operation (a JSON-RPC method) and of one call of it, with its caller and decoded parameters."""

from collections.abc import Callable, Generator, Hashable
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct

from mockexchange.core.commands import Command
from mockexchange.core.exchange import Outcome
from mockexchange.core.model.accounts import Key
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.deribit.context import DeribitContext
from mockexchange.venues.deribit.resources.parameters import Parameter

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
