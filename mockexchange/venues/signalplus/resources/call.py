"""The types of an operation, and of a call of it: an authenticated and decoded request."""

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec import Struct

from mockexchange.core.model.accounts import Key
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.signalplus.context import SignalPlusContext
from mockexchange.venues.signalplus.enumerations import TRADE_READ


class Call(Struct):
    operation: "Operation"
    context: SignalPlusContext
    key: Key
    api_date: ApiDate
    params: dict[str, Any]
    findings: list[str]


class Operation(NamedTuple):
    """One method. `answer` returns the JSON of its result; it is None for a method that only streams have."""

    name: str
    scopes: tuple[str, ...] = (TRADE_READ,)
    """Scopes of which a key needs at least one; empty if it needs none."""
    answer: Callable[[Call], bytes] | None = None
