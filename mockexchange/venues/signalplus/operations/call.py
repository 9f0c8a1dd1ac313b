"""What a method is, and what it is given: one request, authenticated and decoded."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from mockexchange.core.model.accounts import Key
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.signalplus.context import SignalPlusContext
from mockexchange.venues.signalplus.enumerations import TRADE_READ


@dataclass(slots=True)
class Call:
    operation: "Operation"
    context: SignalPlusContext
    key: Key
    api_date: ApiDate
    params: dict[str, Any]
    findings: list[str]


class Operation(NamedTuple):
    """`answer` makes the JSON of the result; a method without one is of streams alone."""

    name: str
    scopes: tuple[str, ...] = (TRADE_READ,)
    """Any of them will do; none are needed where there are none."""
    answer: Callable[[Call], bytes] | None = None
