"""What an operation is, and what it is given: one request, its caller known and its parameters decoded."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

from mockexchange.core.model.accounts import Key
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.deribit.context import DeribitContext
from mockexchange.venues.deribit.parameters.rows import Parameter

PUBLIC, PRIVATE = "public", "private"


class Caller(NamedTuple):
    """Who asks: the key, what it may do (narrowed by its token, where there is one), and whose book it sees."""

    key: Key
    scopes: tuple[str, ...]
    subaccount_ref: SubaccountRef


@dataclass(slots=True)
class Call:
    """One request; `caller` is None where nobody is needed. Times are microseconds, exchange time before host time."""

    operation: "Operation"
    context: DeribitContext
    params: dict[str, Any]
    at: int
    host_at: int
    caller: Caller | None
    findings: list[str]


class Operation(NamedTuple):
    """One method. `answer` writes the JSON of its result; None where only a stream can be asked."""

    name: str
    answer: Callable[[Call], str] | None
    parameters: tuple[Parameter, ...] = ()
    scope: str = ""
    """What a key needs for it; "" where nothing."""

    @property
    def is_private(self) -> bool:
        return self.name.startswith(f"{PRIVATE}/")


def kept(call: Call, make: Callable[[], bytes], *parts: Hashable) -> str:
    """The result, made anew only where anything of the exchange changed since last time.

    `make` may depend on nothing but the state, the API date and what is named in `parts`.
    """
    key = (call.operation.name, call.context.api_date.day, *parts)
    return call.context.caches.pages.body(key, call.context.state.revision, make).decode()
