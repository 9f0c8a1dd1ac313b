"""Reads the body of `POST sandboxes/{name}/wait`, and checks it before the wait begins."""

from typing import Any, Protocol

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.fault_rules import CHANNEL_NAMES, OPERATION_NAMES
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.value_types import (
    DURATION,
    TEXT,
    Kind,
    MapOf,
    Record,
    below,
    choice,
    integer,
    may,
    must,
    one_of,
    wrong,
)
from mockexchange.server.control.errors import ControlError, misread
from mockexchange.server.control.waits.wait_conditions import (
    SCRIPT,
    FiringCondition,
    FrameCondition,
    Hide,
    RequestCondition,
    ScriptEndCondition,
    SubscriptionCondition,
    WaitCondition,
)

TIMEOUT_US = 5 * MICROSECONDS_PER_SECOND
TIMEOUT_US_MAX = 600 * MICROSECONDS_PER_SECOND
TIMES = integer(1, 10_000)
"""The type of the field `times`, which may be as large as the number of entries in a journal."""
NUMBER = integer(0, 10**18 - 1)
COUNTS = ("times", "after", "count", "contains", "query")
COUNTED = {"times": may(TIMES, 1), "after": may(NUMBER, 0)}
Values = dict[str, Any]


class MakeCondition(Protocol):
    """A function that makes the condition for a sandbox. `hide` removes secrets from what the condition reports."""

    def __call__(self, sandbox: Sandbox, hide: Hide | None = None) -> WaitCondition: ...


class _Contents:
    """A reader of an object: the required part of a frame's JSON."""

    def read(self, node: Located, path: str) -> Located:
        if not isinstance(node.value, dict):
            raise wrong(node, path, "an object")
        return node

    def json_schema(self) -> Values:
        return {"type": "object"}


class _Script:
    """A reader of the word `done`, or of an object with the name of a script step."""

    step = Record({"name": may(TEXT), **COUNTED})

    def read(self, node: Located, path: str) -> Values | None:
        if node.value == "done":
            return None
        if not isinstance(node.value, dict):
            raise wrong(node, path, "done or a mapping with name")
        return self.step.read(node, path)

    def json_schema(self) -> Values:
        return {"anyOf": [{"const": "done"}, self.step.json_schema()]}


CHANNEL = one_of("the name of a channel, such as market_positions", CHANNEL_NAMES)
OPERATION = one_of("the name of an operation, such as GetPositions", OPERATION_NAMES)
REQUEST = ("operation", "account", "method", "path", "key_id", "stub")
WANTED: dict[str, Kind] = {
    "subscribed": Record({"account": may(TEXT), "channel": may(CHANNEL), "count": may(TIMES, 1)}),
    "request": Record(
        {
            **dict.fromkeys(REQUEST, may(TEXT)),
            "operation": may(OPERATION),
            "status": may(NUMBER),
            "query": may(MapOf(TEXT, expected="a mapping of parameters such as {limit: 100}"), {}),
            **COUNTED,
        }
    ),
    "frame": Record(
        {
            "account": may(TEXT),
            "channel": may(CHANNEL),
            "kind": may(TEXT),
            "direction": may(choice({"in": "in", "out": "out", "lost": "lost"})),
            "connection": may(NUMBER),
            "contains": may(_Contents()),
            **COUNTED,
        }
    ),
    "fault": Record({"name": may(TEXT), **COUNTED}),
    "script": _Script(),
}
WAIT = Record({"for": must(Record({name: may(kind) for name, kind in WANTED.items()})), "timeout": may(DURATION)})


def read_wait(body: dict[str, Located]) -> tuple[MakeCondition, int]:
    """Parse the body of a wait: return a function that makes its condition, and the timeout in microseconds.

    The function takes the sandbox. Raises ControlError.
    """
    try:
        timeout_us: int | None = WAIT.read(Located(dict(body)), "")["timeout"]
        subject, node = _only(body["for"])
        values = WANTED[subject].read(node, below("for", subject))
    except ScenarioError as error:
        raise misread("bad_body", error) from None
    if timeout_us is not None and timeout_us > TIMEOUT_US_MAX:
        raise ControlError(400, "bad_body", f"expected at most {TIMEOUT_US_MAX // 1_000_000}s", "timeout")
    timeout_us = TIMEOUT_US if timeout_us is None else timeout_us
    return lambda sandbox, hide=None: _awaited(sandbox, hide, subject, values), timeout_us


def _only(node: Located) -> tuple[str, Located]:
    given = node.value if isinstance(node.value, dict) else {}
    if len(given) != 1:
        raise ScenarioError(f"expected one of {', '.join(WANTED)}; got {len(given)} of them", path="for")
    return next(iter(given.items()))


def _awaited(sandbox: Sandbox, hide: Hide | None, subject: str, values: Values | None) -> WaitCondition:
    if values is None:
        return ScriptEndCondition(sandbox)
    counts: Values = {name: values.pop(name) for name in COUNTS if name in values}
    wanted = {name: value for name, value in values.items() if value is not None}
    match subject:
        case "subscribed":
            return SubscriptionCondition(sandbox, _describe(subject, counts, wanted), wanted, **counts)
        case "request":
            return RequestCondition(sandbox.journal, _describe(subject, counts, wanted), wanted, hide=hide, **counts)
        case "frame":
            return FrameCondition(sandbox.journal, _describe(subject, counts, wanted), wanted, hide=hide, **counts)
    wanted["kind"] = SCRIPT if subject == SCRIPT else "fault"
    return FiringCondition(sandbox.journal, _describe(subject, counts, values), wanted, **counts)


def _describe(subject: str, counts: Values, wanted: Values) -> str:
    """Return a description such as "request with status 401"."""
    parts = [f"{name} {value}" for name, value in wanted.items() if value is not None]
    parts += [f"query {name}={value}" for name, value in (counts.get("query") or {}).items()]
    parts += ["the contents wanted"] if counts.get("contains") else []
    return f"{subject} with {', '.join(parts)}" if parts else subject
