"""The part of the control API with which a test waits until a condition is met in a sandbox.

It does not poll: a condition looks at the journal so far, then at each new entry. After a timeout it describes what
nearly matched.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.sandbox.journal import Firing, FrameEntry, Journal, JournalEntry, JournalItem, difference
from mockexchange.sandbox.journal_json import entry_to_json, firing_to_json, frame_to_json
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.script.schedule import DONE
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
from mockexchange.server.control.access import Access, grant_of
from mockexchange.server.control.answers import ControlJson
from mockexchange.server.control.errors import ControlError, misread
from mockexchange.server.control.requests import read_body, read_object
from mockexchange.server.control.route_table import ONE_SANDBOX, Resource
from mockexchange.server.control.secret_filter import SecretFilter, read_redaction
from mockexchange.server.server_state import ServerState
from mockexchange.venues.query import query_pairs

WAITS_MAX = 100
"""The most waits that may run in a sandbox at the same time."""
NEAR_MISSES_SHOWN_MAX = 3
HIDDEN_ITEMS_MAX = 100
"""The most entries that are searched for near matches if secrets have to be hidden in them, which takes long."""
CHARS_SHOWN_MAX = 200
SCRIPT = "script"
Found = list[dict[str, Any]]
Row = tuple[str, Any, Any]
Numbered = tuple[int, JournalItem]
Hide = Callable[[JournalItem], JournalItem]
TIMEOUT_US = 5 * MICROSECONDS_PER_SECOND
TIMEOUT_US_MAX = 600 * MICROSECONDS_PER_SECOND
TIMES = integer(1, 10_000)
"""The type of the field `times`, which may be as large as the number of entries in a journal."""
NUMBER = integer(0, 10**18 - 1)
COUNTS = ("times", "after", "count", "contains", "query")
COUNTED = {"times": may(TIMES, 1), "after": may(NUMBER, 0)}
Values = dict[str, Any]


def wait_routes(server_state: ServerState) -> list[Resource]:
    async def wait(request: Request) -> Response:
        make, timeout_us = await read_body(request, lambda body: read_wait(read_object(body)))
        secrets = SecretFilter.now(server_state.secrets)
        clean, least = read_redaction(request, secrets), secrets.least_for(grant_of(request))
        sandbox = await server_state.sandboxes.caught_up(request.path_params["name"])
        awaited = make(sandbox, None if least is None else least.clean_item)
        found = await wait_for(sandbox, awaited, timeout_us, request.receive)
        return ControlJson({"found": list(map(clean, found))})

    return [Resource(f"{ONE_SANDBOX}/wait", POST=(Access.LOOK, wait))]


async def wait_for(
    sandbox: Sandbox, awaited: "WaitCondition", timeout_us: int, gone: Callable[[], Awaitable[object]]
) -> Found:
    """Wait until the condition is met, and return the matching entries.

    The wait ends without result when the awaitable of `gone` completes, since then the client has disconnected. Raises
    ControlError if the time is over or the sandbox ends.
    """
    awaited.look_back()
    if awaited.is_met():
        return awaited.found()
    observers, timeout_s = sandbox.journal.observers, timeout_us / 1_000_000
    if sum(isinstance(observer, Waiter) for observer in observers) >= WAITS_MAX:
        raise ControlError(409, "too_many_waits", f"at most {WAITS_MAX} can wait for something in one sandbox")
    waiter, leaving = Waiter(awaited), asyncio.ensure_future(gone())
    end = waiter.finish
    observers.append(waiter)
    sandbox.closing.append(end)
    try:
        await asyncio.wait((waiter.future, leaving), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        ending = waiter.future.result() if waiter.future.done() else None
    finally:
        leaving.cancel()
        observers.remove(waiter)
        if end in sandbox.closing:
            sandbox.closing.remove(end)
    if awaited.is_met():
        return awaited.found()
    if ending is not None:
        raise ControlError(409, "sandbox_ended", f"{awaited.what}: the sandbox was {ending} before that")
    message = f"{awaited.what}: {awaited.progress()} within {timeout_s:g} s{awaited.misses()}"
    raise ControlError(408, "timed_out", message)


class Waiter:
    """A running wait, called with each new journal entry.

    The result of its future is None if the condition is met, or the reason why the sandbox ended.
    """

    def __init__(self, awaited: "WaitCondition") -> None:
        self.awaited = awaited
        self.future: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    def __call__(self, item: JournalItem) -> None:
        if self.awaited.observe(item):
            self.finish(None)

    def finish(self, ending: str | None) -> None:
        if not self.future.done():
            self.future.set_result(ending)


# --- reading a wait


class MakeCondition(Protocol):
    """A function that makes the condition for a sandbox. `hide` removes secrets from what the condition reports."""

    def __call__(self, sandbox: Sandbox, hide: Hide | None = None) -> "WaitCondition": ...


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
        given = body["for"].value if isinstance(body["for"].value, dict) else {}
        if len(given) != 1:
            raise ScenarioError(f"expected one of {', '.join(WANTED)}; got {len(given)} of them", path="for")
        [(subject, node)] = given.items()
        values = WANTED[subject].read(node, below("for", subject))
    except ScenarioError as error:
        raise misread("bad_body", error) from None
    if timeout_us is not None and timeout_us > TIMEOUT_US_MAX:
        raise ControlError(400, "bad_body", f"expected at most {TIMEOUT_US_MAX // 1_000_000}s", "timeout")

    def make(sandbox: Sandbox, hide: Hide | None = None) -> WaitCondition:
        if values is None:
            return ScriptEndCondition(sandbox)
        counts: Values = {name: values[name] for name in COUNTS if name in values}
        wanted = {name: value for name, value in values.items() if value is not None and name not in COUNTS}
        what = _describe(subject, counts, wanted)
        match subject:
            case "subscribed":
                return SubscriptionCondition(sandbox, what, wanted, **counts)
            case "request":
                return RequestCondition(sandbox.journal, what, wanted, hide=hide, **counts)
            case "frame":
                return FrameCondition(sandbox.journal, what, wanted, hide=hide, **counts)
        wanted["kind"] = SCRIPT if subject == SCRIPT else "fault"
        return FiringCondition(sandbox.journal, what, wanted, **counts)

    return make, TIMEOUT_US if timeout_us is None else timeout_us


def _describe(subject: str, counts: Values, wanted: Values) -> str:
    """Return a description such as "request with status 401"."""
    parts = [f"{name} {value}" for name, value in wanted.items()]
    parts += [f"query {name}={value}" for name, value in (counts.get("query") or {}).items()]
    parts += ["the contents wanted"] if counts.get("contains") else []
    return f"{subject} with {', '.join(parts)}" if parts else subject


# --- conditions


class WaitCondition(Protocol):
    """A condition that a test waits for. It may be met already when the wait begins."""

    what: str
    """A description of the condition, for the error of a timeout."""

    def is_met(self) -> bool: ...

    def look_back(self) -> None: ...

    def observe(self, item: JournalItem) -> bool:
        """Process a new entry of the journal; return whether the condition is met now."""
        ...

    def found(self) -> Found: ...

    def progress(self) -> str:
        """Return how much of the condition is met so far, as a text such as "2 of 3"."""
        ...

    def misses(self) -> str:
        """Return the journal entries that nearly match the condition, as text; empty if there are none."""
        ...


@dataclass
class _Counted:
    """The condition that `times` journal items with numbers above `after` match the `wanted` values."""

    journal: Journal
    what: str
    wanted: dict[str, Any]
    times: int = 1
    after: int = 0
    hide: Hide | None = None
    """What hides secrets of items: who may not see them could try whether they are what is wanted."""
    taken: Found = field(default_factory=list)

    def is_met(self) -> bool:
        return len(self.taken) >= self.times

    def found(self) -> Found:
        return self.taken

    def progress(self) -> str:
        return f"{len(self.taken)} of {self.times}"

    def wants(self, number: int, item: JournalItem) -> bool:
        if number <= self.after or self.is_met() or self.differences(item):
            return False
        return self.hide is None or not self.differences(self.hide(item))

    def differences(self, item: JournalItem) -> list[Row]:
        return difference(item, self.wanted)

    def nearest(self, items: Sequence[Numbered], title: Callable[[int, Any], str]) -> str:
        """Return a text with the items that differ least from the wanted values, and how they differ.

        The newest item comes last.
        """
        newest = items[::-1]
        shown = newest if self.hide is None else [(at, self.hide(item)) for at, item in newest[:HIDDEN_ITEMS_MAX]]
        rated = [(title(number, item), self.differences(item)) for number, item in shown]
        # An item with other contents is nearer than one of another kind.
        near = sorted(
            [
                (sum(name in self.wanted for name, _, _ in rows), len(rows), title, rows)
                for title, rows in rated
                if rows
            ],
            key=lambda one: one[:2],
        )
        text = ""
        for _, _, name_of_item, rows in near[:NEAR_MISSES_SHOWN_MAX]:
            differences = [f"{name} is {repr(got)[:CHARS_SHOWN_MAX]}, wanted {value!r}" for name, got, value in rows]
            text += f"\n  near miss: {name_of_item}: {'; '.join(differences)}"
        return text


@dataclass
class RequestCondition(_Counted):
    """The condition that matching requests were answered. `query` has the required query parameters, decoded."""

    query: dict[str, str] = field(default_factory=dict)

    def differences(self, item: JournalItem) -> list[Row]:
        assert isinstance(item, JournalEntry)
        given = dict(query_pairs(item.query)) if self.query else {}  # the last value of a repeated parameter counts
        lacking = [(name, value) for name, value in self.query.items() if given.get(name) != value]
        return [*difference(item, self.wanted), *((f"query.{name}", given.get(name), value) for name, value in lacking)]

    def look_back(self) -> None:
        for entry in self.journal:
            if entry.is_closed:
                self.observe(entry)

    def observe(self, item: JournalItem) -> bool:
        if not isinstance(item, JournalEntry) or not self.wants(item.number, item):
            return False
        self.taken.append(entry_to_json(item))
        return self.is_met()

    def misses(self) -> str:
        return self.nearest(
            [(one.number, one) for one in self.journal],
            lambda _, one: f"{one.method} {one.target[:CHARS_SHOWN_MAX]} -> {one.status}",
        )


@dataclass
class FrameCondition(_Counted):
    """The condition that matching frames were journalled.

    `contains` is a part of the frame's JSON, with scalars as text.
    """

    contains: Located | None = None

    def look_back(self) -> None:
        for number, frame in self.journal.numbered_frames():
            self._take(number, frame)

    def observe(self, item: JournalItem) -> bool:
        return isinstance(item, FrameEntry) and self._take(self.journal.frame_count, item)

    def differences(self, item: JournalItem) -> list[Row]:
        assert isinstance(item, FrameEntry)
        rows = difference(item, self.wanted)
        if self.contains is None or rows:
            return rows
        try:  # with numbers as text
            got = json.loads(item.raw, parse_int=str, parse_float=str, parse_constant=str)
        except (ValueError, RecursionError):
            got = None
        return _lacks(got, self.contains, "")

    def misses(self) -> str:
        return self.nearest(
            [*self.journal.numbered_frames()], lambda number, one: f"frame {number} {one.direction} {one.kind}"
        )

    def _take(self, number: int, frame: FrameEntry) -> bool:
        if not self.wants(number, frame):
            return False
        self.taken.append(frame_to_json(number, frame))
        return self.is_met()


class FiringCondition(_Counted):
    """The condition that a fault or a script step has taken effect."""

    def look_back(self) -> None:
        for number, firing in self.journal.numbered_firings():
            self._take(number, firing)

    def observe(self, item: JournalItem) -> bool:
        return isinstance(item, Firing) and self._take(self.journal.firing_count, item)

    def misses(self) -> str:
        names = dict.fromkeys(one.name for one in reversed(self.journal.firings) if one.kind == self.wanted["kind"])
        return f"\n  others were: {', '.join(list(names)[:NEAR_MISSES_SHOWN_MAX])}" if names else ""

    def _take(self, number: int, firing: Firing) -> bool:
        if not self.wants(number, firing):
            return False
        self.taken.append(firing_to_json(number, firing))
        return self.is_met()


@dataclass
class SubscriptionCondition:
    """The condition that `count` matching subscriptions are open at the same time."""

    sandbox: Sandbox
    what: str
    wanted: dict[str, Any]
    count: int = 1

    def is_met(self) -> bool:
        return len(self.found()) >= self.count

    def look_back(self) -> None:
        """Do nothing: the journal's past does not matter, only subscriptions that are open at present."""

    def observe(self, item: JournalItem) -> bool:
        if not isinstance(item, FrameEntry) or item.direction != "out":
            return False
        may_confirm = item.kind == "subscribed" or not item.channel
        return may_confirm and self.is_met()

    def found(self) -> Found:
        return [row for row in self._rows() if self.wanted.items() <= row.items()]

    def progress(self) -> str:
        return f"{len(self.found())} of {self.count}"

    def misses(self) -> str:
        rows = [f"{row['account']} has {row['channel']}" for row in self._rows()]
        return f"\n  subscribed are: {', '.join(rows[:NEAR_MISSES_SHOWN_MAX])}" if rows else "\n  nobody is subscribed"

    def _rows(self) -> Found:
        return [
            {"connection": one.number, "account": one.account, "sid": subscription.sid, "channel": subscription.channel}
            for one in self.sandbox.streams
            for subscription in one.session.subscriptions.values()
        ]


@dataclass
class ScriptEndCondition:
    """The condition that no step of the script is left."""

    sandbox: Sandbox
    what: str = "the end of the script"

    def is_met(self) -> bool:
        return self.sandbox.script.is_done

    def look_back(self) -> None:
        """Do nothing: the journal's past does not matter, since the script itself knows whether steps are left."""

    def observe(self, item: JournalItem) -> bool:
        return isinstance(item, Firing) and item.kind == SCRIPT and self.is_met()

    def found(self) -> Found:
        return []

    def progress(self) -> str:
        return "not reached"

    def misses(self) -> str:
        """Return the steps that are left, each with its state, as text."""
        left = [f"{step.state}: {step.name}" for step in self.sandbox.script.steps if step.state != DONE]
        more = len(left) - NEAR_MISSES_SHOWN_MAX
        shown = [*left[:NEAR_MISSES_SHOWN_MAX], *([f"and {more} more"] if more > 0 else [])]
        return f"\n  {', '.join(shown)}" if shown else ""


def _lacks(got: Any, wanted: Located, path: str) -> list[Row]:
    """Return a row per wanted value that is missing or different."""
    value = wanted.value
    if isinstance(value, dict):
        if not isinstance(got, dict):
            return [(path or "frame", got, "an object")]
        return [row for name, item in value.items() for row in _lacks(got.get(name), item, below(path, name))]
    if isinstance(value, list):
        if not isinstance(got, list) or len(got) != len(value):
            return [(path, got, f"a list of {len(value)}")]
        return [row for place, item in enumerate(value) for row in _lacks(got[place], item, f"{path}[{place}]")]
    shown = {True: "true", False: "false"}[got] if isinstance(got, bool) else got
    return [] if shown == value else [(path, got, value)]
