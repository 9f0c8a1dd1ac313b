"""Triggers of script steps by actions of clients: `when: {subscribed: {account: alice, channel: fill}}`."""

from typing import Any

from msgspec import Struct

from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.types.composite_types import Record, may, must
from mockexchange.scenario.types.value_types import NAME, PART, Scalar, below, choice, integer, wrong
from mockexchange.venues.registry import VENUES

ANY = "*"
EACH = "each"
NUMBER_MAX = 10**9
SUBSCRIBED, PAGE, REQUEST, ORDER = "subscribed", "page", "request", "order"
_CHANNELS = tuple(
    dict.fromkeys(
        name for venue in VENUES.values() for name in venue.stream.channels if name not in venue.stream.quiet_channels
    )
)
CHANNEL = choice({name: name for name in (*_CHANNELS, ANY)})
_OPERATIONS = tuple(
    dict.fromkeys(
        name for venue in VENUES.values() for name in venue.rest.operations if name != venue.stream.open_operation
    )
)
PAGED = tuple(name for venue in VENUES.values() for name in venue.rest.paged_operations)
"""The names of operations whose answers have pages."""


def _operation(text: str) -> str:
    if text not in (*_OPERATIONS, ANY):
        raise ValueError(text)
    return text


def _nth(text: str) -> int | None:
    if text == EACH:
        return None
    number: int = integer(1, NUMBER_MAX).parse(text)
    return number


OPERATION = Scalar(
    "an operation such as GetPositions, or *", _operation, {"enum": [*_OPERATIONS, ANY]}, words=_OPERATIONS
)
NTH = Scalar(
    f"which time it happens, from 1 to {NUMBER_MAX}, or {EACH}",
    _nth,
    {"anyOf": [integer(1, NUMBER_MAX).json_schema(), {"enum": [EACH]}]},
    words=(EACH,),
)
OBJECTS = {SUBSCRIBED: ("channel",), ORDER: ("market", "instrument")}
"""The keys that name the object of an action, such as the market of an order, by the kind of the action.

Other kinds of actions have an operation as their object.
"""
_COUNTED = {"account": may(PART, ANY), "nth": may(NTH, 1)}
_OPERATION = {**_COUNTED, "operation": may(OPERATION, ANY)}
TRIGGERS = {
    SUBSCRIBED: Record({**_COUNTED, "channel": may(CHANNEL, ANY)}),
    PAGE: Record({**_OPERATION, "number": must(integer(1, NUMBER_MAX))}),
    REQUEST: Record(_OPERATION),
    ORDER: Record({**_COUNTED, "market": may(NAME, ANY), "instrument": may(NAME, ANY)}),
}


class Trigger(Struct, frozen=True):
    """An action of a client that triggers a step.

    `of` is the channel, market, instrument or operation of the action, or "*"; `number` is the number of a requested
    page. The step is triggered the `nth` time that an account does the action, or every time if `nth` is None.
    """

    kind: str
    account: str
    of: str
    nth: int | None
    number: int = 0

    def matches(self, kind: str, account: str | None, of: str, number: int) -> bool:
        """Return whether an action of a client triggers the step; `account` is None if the client is unknown."""
        return (
            kind == self.kind
            and self.account in (ANY, account)
            and self.of in (ANY, of)
            and (kind != PAGE or number == self.number)
        )


class TriggerType:
    """The schema of `when` in a script step: an action of a client."""

    def read(self, node: Located, path: str) -> Trigger:
        given = node.value
        if not isinstance(given, dict):
            raise wrong(node, path, f"one of {', '.join(TRIGGERS)}")
        unknown = next((name for name in given if name not in TRIGGERS), None)
        if unknown is not None:
            advice = did_you_mean(unknown, TRIGGERS) or f": known are {', '.join(TRIGGERS)}"
            raise ScenarioError(f"unknown key {unknown!r}{advice}", node.file, node.line_of(unknown), path)
        if len(given) != 1:
            found = ", ".join(given) or "none"
            raise ScenarioError(f"expected one of {', '.join(TRIGGERS)}; got {found}", node.file, node.line, path)
        [(kind, item)] = given.items()
        values = TRIGGERS[kind].read(item, below(path, kind))
        named = [values[key] for key in OBJECTS.get(kind, ("operation",)) if values[key] != ANY]
        if len(named) > 1:
            message = f"expected one of {', '.join(OBJECTS[kind])}"
            raise ScenarioError(message, item.file, item.line, below(path, kind))
        of = named[0] if named else ANY
        if kind == PAGE and values["number"] > 1 and of not in (*PAGED, ANY):
            message = f"expected an operation that answers in pages, got {of}: it has no page {values['number']}"
            raise ScenarioError(message, item.file, item.line_of("operation"), below(path, kind))
        return Trigger(kind, values["account"], of, values["nth"], values.get("number", 0))

    def json_schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {kind: record.json_schema() for kind, record in TRIGGERS.items()},
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        }


WHEN = TriggerType()
