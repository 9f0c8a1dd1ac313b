"""The format of scripts: steps that run after the clock begins, at a time or by a trigger.

An entry of a script is a mapping with one action and optional timing: `when` (an action of a client that triggers it),
`at` (an instant), `after` (a duration since the beginning, or since the trigger), `every` and `times`. In the texts of
an action, "$n" is the number of the repetition, and the account "*" is the account that triggered it. This module
executes nothing.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockexchange.core.instants import format_duration
from mockexchange.scenario.error_collection import note_or_raise
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.fault_rules import FAULT
from mockexchange.scenario.instants import INSTANT, counted, current_counting
from mockexchange.scenario.literal_json import LITERAL, LITERAL_CHARS_MAX
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.steps import STEPS, read_command
from mockexchange.scenario.value_types import (
    DURATION,
    NAME,
    NAME_CHARS_MAX,
    PART,
    Kind,
    Record,
    Scalar,
    below,
    choice,
    integer,
    matching,
    may,
    must,
    wrong,
)
from mockexchange.venues.registry import VENUES

# Triggers: actions of clients, as in `when: {subscribed: {account: alice, channel: fill}}`


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


# Actions: commands with placeholders, which are filled when the step runs, and literal frames


ACCOUNT_KEYS = frozenset(("account", "against", "source", "target"))
"""Keys of actions whose value is an account or a subaccount."""


def _exact(text: str) -> str:
    if len(text) > LITERAL_CHARS_MAX:
        raise ValueError
    return text


ORDER_SAMPLE = {
    "$order.id": "order",
    "$order.client_order_id": "client",
    "$order.market": "market",
    "$order.side": "yes",
    "$order.action": "buy",
    "$order.opposite": "sell",
    "$order.count": "1",
    "$order.filled": "1",
    "$order.remaining": "1",
    "$order.price": "0.5",
    "$order.instrument": "instrument",
    "$order.direction": "buy",
    "$order.amount": "1",
    "$order.label": "label",
}
"""Sample values of the placeholders `$order...`, with which an action is checked before it runs."""
NO_ORDER: dict[str, str] = {}
_ORDER = re.compile(r"\$order\.[a-z_]+")
_REPETITION = re.compile(r"\$n\b")
SUBSCRIPTION_WORDS = ('"$sid"', '"$seq"')
_EXACT_TEXT = Scalar(
    f"text of at most {LITERAL_CHARS_MAX:,} characters", _exact, {"type": "string", "maxLength": LITERAL_CHARS_MAX}
)


@dataclass(frozen=True, slots=True)
class Template:
    """The action of a script step, which may have placeholders.

    If it contains "$n", "$order" or the account "*", it is parsed each time the step runs.
    """

    kind: str
    node: Located = field(compare=False)
    path: str
    read: Callable[[Located, str], Any] = field(compare=False)
    fixed: Any
    """The action, if it is the same at each run; None if it depends on the account, the repetition or the order."""

    def make(self, account: str | None, repetition: int, order: Mapping[str, str] = NO_ORDER) -> Any:
        """Return the action with its placeholders filled by an account, the number of the repetition and an order.

        Raises ScenarioError if it is invalid with these values.
        """
        if self.fixed is not None:
            return self.fixed
        return self.read(filled(self.node, account, repetition, order), self.path)

    @property
    def names_any_account(self) -> bool:
        return names_any_account(self.node)


def template(kind: str, node: Located, path: str, read: Callable[[Located, str], Any]) -> Template:
    """Return the template of an action. Raises ScenarioError if it is invalid for every account."""
    counting = current_counting()

    def read_counted(node: Located, path: str) -> Any:
        with counted(counting):  # also when the step runs, long after the scenario was read
            return read(node, path)

    first = read(filled(node, None, 1, ORDER_SAMPLE), path)
    is_fixed = filled(node, "", 1, ORDER_SAMPLE) is node
    return Template(kind, node, path, read_counted, first if is_fixed else None)


def filled(node: Located, account: str | None, repetition: int, order: Mapping[str, str] = NO_ORDER) -> Located:
    """Return parsed text with its placeholders replaced: "$n", those in `order`, and "*" by `account` if given.

    Text without placeholders is returned unchanged, as the same object.
    """
    if isinstance(node.value, dict):
        items = {key: _filled_item(key, item, account, repetition, order) for key, item in node.value.items()}
        is_same = all(items[key] is item for key, item in node.value.items())
        return node if is_same else replace(node, value=items)
    if isinstance(node.value, list):
        parts = [filled(item, account, repetition, order) for item in node.value]
        is_same = all(part is item for part, item in zip(parts, node.value, strict=True))
        return node if is_same else replace(node, value=parts)
    if node.value is None or "$" not in node.value:
        return node
    text = _ORDER.sub(lambda word: order.get(word[0], word[0]), node.value)
    text = _REPETITION.sub(str(repetition), text)
    return node if text == node.value else replace(node, value=text)


def _filled_item(key: str, item: Located, account: str | None, repetition: int, order: Mapping[str, str]) -> Located:
    if account is None or not _is_anyone(key, item):
        return filled(item, account, repetition, order)
    _, slash, subaccount = str(item.value).partition("/")
    return replace(item, value=f"{account}{slash}{subaccount}")


def _is_anyone(key: str, item: Located) -> bool:
    return key in ACCOUNT_KEYS and isinstance(item.value, str) and item.value.partition("/")[0] == ANY


def names_any_account(node: Located) -> bool:
    """Return whether parsed text contains the account "*", which stands for the account that triggered the step."""
    if isinstance(node.value, dict):
        return any(_is_anyone(key, item) or names_any_account(item) for key, item in node.value.items())
    return isinstance(node.value, list) and any(map(names_any_account, node.value))


@dataclass(frozen=True, slots=True)
class ScriptedFrame:
    """A text that a script sends as a frame to streams; `account` and `channel` select the streams, "*" means all.

    "$sid" and "$seq" in it, with their quotes, are replaced by the subscription's id and its next sequence number.
    """

    account: str
    channel: str
    text: str


class _Sent:
    """The schema of a mapping that is sent as compact JSON."""

    def read(self, node: Located, path: str) -> str:
        if not isinstance(node.value, dict):
            raise wrong(node, path, "a mapping, which is sent as a JSON object")
        return LITERAL.read(node, path)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "object"}


_FRAME = Record(
    {"account": may(PART, ANY), "channel": may(CHANNEL, ANY), "send": may(_Sent()), "text": may(_EXACT_TEXT)}
)


class FrameType:
    """The schema of a literal frame: `send` is a mapping sent as JSON, `text` is sent byte for byte."""

    def read(self, node: Located, path: str) -> ScriptedFrame:
        values = _FRAME.read(node, path)
        given = [values[key] for key in ("send", "text") if values[key] is not None]
        if len(given) != 1:
            raise ScenarioError("expected `send` or `text`, one of them", node.file, node.line, path)
        frame = ScriptedFrame(values["account"], values["channel"], given[0])
        if frame.channel == ANY and any(word in frame.text for word in SUBSCRIPTION_WORDS):
            message = "expected a channel: $sid and $seq are those of a subscription"
            raise ScenarioError(message, node.file, node.line, path)
        return frame

    def json_schema(self) -> dict[str, Any]:
        schema = {**_FRAME.json_schema(), "type": "object"}
        return {**schema, "oneOf": [{"required": ["send"]}, {"required": ["text"]}]}


FRAME = FrameType()


# Entries


TIMES_MAX = 10**9
ENTRIES_MAX = 10_000
"""The most steps of a script: far more than a person writes."""
FRAME_ACTION, FAULT_ACTION, SEQUENCE = "frame", "fault", "sequence"
FINISHED, EXPIRY = "done", "expiry"
CLOSING, REPLENISHMENT, REBALANCING = "market_close", "replenishment", "rebalancing"
"""Causes, in the log and the journal, of commands that no script step issued: here about markets and cash."""
QUOTE_VOID, QUOTE_EXECUTION = "quote_void", "quote_execution"
"""Causes, likewise, of the end of a quote that was not confirmed in time, and of the execution of a confirmed one."""
DELIVERY, SETTLEMENT = "delivery", "daily_settlement"
"""Causes, in the log and the journal, of the delivery of an expired derivative, and of the daily settlement."""
_TAKEN = (
    *(FINISHED, EXPIRY, CLOSING, REPLENISHMENT, REBALANCING),
    *(QUOTE_VOID, QUOTE_EXECUTION, DELIVERY, SETTLEMENT),
)
STEP_NAME = matching(
    f"a name of 1 to {NAME_CHARS_MAX} characters, other than {', '.join(_TAKEN)} and script[...]",
    re.compile(rf"(?!(?:{'|'.join(_TAKEN)})$|script\[)[^\x00-\x1f]{{1,{NAME_CHARS_MAX}}}"),
)
TIMINGS: dict[str, Kind] = {
    "name": STEP_NAME,
    "when": WHEN,
    "at": INSTANT,
    "after": DURATION,
    "every": DURATION,
    "times": integer(1, TIMES_MAX),
}
OTHER_ACTIONS: dict[str, Kind] = {FRAME_ACTION: FRAME, FAULT_ACTION: FAULT}
ACTIONS = (*STEPS, *OTHER_ACTIONS, SEQUENCE)
REFERENCE = "#/$defs/script_entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptEntry:
    """One entry of a script, as it was read.

    Durations are microseconds of exchange time; `times` None repeats for ever.
    """

    name: str | None
    when: Trigger | None
    at: int | None
    after_us: int
    every_us: int | None
    times: int | None
    action: "Template | tuple[ScriptEntry, ...]"
    node: Located = field(compare=False, repr=False)

    @property
    def round_us(self) -> int:
        """The duration of one repetition of the entry in microseconds: 0 unless the entry is a sequence."""
        return 0 if isinstance(self.action, Template) else sum(each.after_us + each.span_us for each in self.action)

    @property
    def period_us(self) -> int:
        """The time between the beginnings of two repetitions: `every`, or by default the duration of a repetition."""
        return self.round_us if self.every_us is None else self.every_us

    @property
    def span_us(self) -> int:
        """The time from the beginning of the first repetition to the end of the last; `times` must not be None."""
        assert self.times is not None, "what goes on for ever is no part of a sequence"
        return (self.times - 1) * self.period_us + self.round_us

    @property
    def templates(self) -> Iterator[Template]:
        if isinstance(self.action, Template):
            yield self.action
            return
        for each in self.action:
            yield from each.templates


class ScriptEntryType:
    """The schema of an entry of a script: one action with optional timing."""

    def read(self, node: Located, path: str) -> ScriptEntry:
        entry = _read(node, path)
        if entry.when is None:  # in frames and faults, which are no steps, "*" means all accounts
            for each in entry.templates:
                if each.kind in STEPS and each.names_any_account:
                    message = 'expected an account: "*" is the one that sets the step off, and it has no `when`'
                    raise ScenarioError(message, each.node.file, each.node.line, each.path)
        return entry

    def json_schema(self) -> dict[str, Any]:
        return {"$ref": REFERENCE}


class ScriptType:
    """The schema of a whole script: a list of entries with different names."""

    def read(self, node: Located, path: str) -> list[ScriptEntry]:
        if node.value is None:
            return []
        if not isinstance(node.value, list):
            raise wrong(node, path, "a list")
        if len(node.value) > ENTRIES_MAX:
            raise ScenarioError(f"expected at most {ENTRIES_MAX} entries", node.file, node.line, path)
        entries = [ENTRY.read(item, f"{path}[{place}]") for place, item in enumerate(node.value)]
        require_unique_names(entries, path)
        return entries

    def json_schema(self) -> dict[str, Any]:
        return {"type": ["array", "null"], "items": ENTRY.json_schema(), "maxItems": ENTRIES_MAX}


ENTRY = ScriptEntryType()
SCRIPT = ScriptType()


def entry_schema() -> dict[str, Any]:
    """Return the JSON Schema of an entry, at `REFERENCE`. It is recursive, because an entry can contain entries."""
    steps = {name: kind.record.json_schema() for name, kind in STEPS.items()}
    others = {name: kind.json_schema() for name, kind in OTHER_ACTIONS.items()}
    sequence = {"type": "array", "items": ENTRY.json_schema(), "minItems": 1}
    timings = {name: kind.json_schema() for name, kind in TIMINGS.items()}
    return {
        "type": "object",
        "properties": {**steps, **others, SEQUENCE: sequence, **timings},
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in ACTIONS],
        "not": {"anyOf": [{"required": ["at", "after"]}, {"required": ["at", "when"]}]},
    }


def _read(node: Located, path: str) -> ScriptEntry:
    given = node.value
    if not isinstance(given, dict):
        raise wrong(node, path, "a step with an action")
    unknown = next((key for key in given if key not in TIMINGS and key not in ACTIONS), None)
    if unknown is not None:
        words = (*ACTIONS, *TIMINGS)
        advice = did_you_mean(unknown, words) or f": known are {', '.join(words)}"
        raise ScenarioError(f"unknown key {unknown!r}{advice}", node.file, node.line_of(unknown), path)
    actions = [key for key in given if key in ACTIONS]
    if len(actions) != 1:
        found = ", ".join(actions) or "none"
        raise ScenarioError(f"expected one action of {', '.join(ACTIONS)}; got {found}", node.file, node.line, path)
    name = actions[0]
    timings = {key: kind.read(given[key], below(path, key)) for key, kind in TIMINGS.items() if key in given}
    for other in ("after", "when"):
        if "at" in timings and other in timings:
            raise ScenarioError(f"expected `at` or `{other}`, got both", node.file, node.line_of("at"), path)
    if timings.get("every") == 0:
        raise ScenarioError("expected a duration above 0", node.file, node.line_of("every"), below(path, "every"))
    entry = ScriptEntry(
        name=timings.get("name"),
        when=timings.get("when"),
        at=timings.get("at"),
        after_us=timings.get("after", 0),
        every_us=timings.get("every"),
        times=timings.get("times", None if "every" in timings else 1),
        action=_read_action(name, given[name], below(path, name)),
        node=node,
    )
    if entry.every_us is not None and entry.every_us < entry.round_us:
        message = f"expected {format_duration(entry.round_us)} or more, as long as the sequence takes"
        raise ScenarioError(message, node.file, node.line_of("every"), below(path, "every"))
    return entry


def _read_action(name: str, node: Located, path: str) -> "Template | tuple[ScriptEntry, ...]":
    if name == SEQUENCE:
        if not isinstance(node.value, list) or not node.value:
            raise wrong(node, path, "a list of one step or more")
        return tuple(_read_part(item, f"{path}[{place}]") for place, item in enumerate(node.value))
    if name in OTHER_ACTIONS:
        return template(name, node, path, OTHER_ACTIONS[name].read)
    return template(name, node, path, lambda node, path: read_command(name, node, path))


def _read_part(node: Located, path: str) -> ScriptEntry:
    """Read a step of a sequence. It begins `after` the previous one has ended, so each step has to end."""
    entry = _read(node, path)
    key = "when" if entry.when else "at" if entry.at is not None else None
    if key:
        message = f"expected no `{key}`: a step of a sequence happens when the one before it is done, or `after` that"
        raise ScenarioError(message, node.file, node.line_of(key), path)
    if entry.times is None:
        message = "expected `times`: a step of a sequence that repeats has to end"
        raise ScenarioError(message, node.file, node.line_of("every"), path)
    return entry


def require_unique_names(entries: Iterable[ScriptEntry], path: str, taken: Iterable[str] = ()) -> None:
    """Raise ScenarioError if a name of a step occurs twice or is in `taken`."""
    seen = set(taken)
    for entry in _all_of(entries):
        if entry.name is None:
            continue
        if entry.name in seen:
            node, message = entry.node, f"expected a name of its own, got {entry.name!r} again"
            note_or_raise(ScenarioError(message, node.file, node.line_of("name"), path))
        seen.add(entry.name)


def _all_of(entries: Iterable[ScriptEntry]) -> Iterator[ScriptEntry]:
    """Yield the entries and the entries of their sequences, recursively."""
    for entry in entries:
        yield entry
        if not isinstance(entry.action, Template):
            yield from _all_of(entry.action)


# Names of accounts, markets and instruments in a script
#
# They are checked when the scenario is read: a step with a misspelt one would do nothing, or be refused when it runs.


NAMING = frozenset(("account", "against"))
"""Keys whose value is an account or a subaccount, at any depth of an action."""
CLIENT_DATA = frozenset(("send", "then"))
"""Keys whose value is data for a client, in which NAMING has no meaning."""
NUMBERED = "$n"
NOTHING = r"(?!)"
"""A pattern that matches no text."""
ORDERED = "$order."
KNOWN_SHOWN_MAX = 20


def require_accounts(entries: Iterable[ScriptEntry], known: Iterable[str]) -> None:
    """Raise ScenarioError if a step names an account that is neither known nor opened by the script."""
    entries = list(entries)
    accounts = set(known)
    for entry in entries:
        for each in entry.templates:
            if each.kind == "account" and isinstance(each.node.value, dict):
                accounts.add(str(each.node.value["account"].value))
    pattern = _pattern_of(accounts)
    for place, entry in enumerate(entries):
        for node, path in _named_accounts(entry.node, f"script[{place}]"):
            name = str(node.value).partition("/")[0]
            if name != ANY and name not in accounts and NUMBERED not in name and not pattern.fullmatch(name):
                message = f"expected an account, got {name!r}{did_you_mean(name, accounts)}"
                note_or_raise(ScenarioError(message, node.file, node.line, path))


def _named_accounts(node: Located, path: str) -> Iterator[tuple[Located, str]]:
    """Yield the places where a step names accounts: its trigger, its action, and the conditions of its faults."""
    if isinstance(node.value, list):
        for place, item in enumerate(node.value):
            yield from _named_accounts(item, f"{path}[{place}]")
    elif isinstance(node.value, dict):
        for key, item in node.value.items():
            if key in NAMING and isinstance(item.value, str):
                yield item, below(path, key)
            elif key not in CLIENT_DATA:
                yield from _named_accounts(item, below(path, key))


def require_known(entries: Iterable[ScriptEntry], kind: str, known: Iterable[str]) -> None:
    """Raise ScenarioError if a step names a market or an instrument that is unknown and that no step lists.

    `kind` is "market" or "instrument": the key with the name in actions, and the step that lists a new one.
    """
    named = [(each, node) for entry in entries for each in entry.templates if (node := _named(each, kind)) is not None]
    names = {*known, *(str(node.value) for each, node in named if each.kind == kind)}
    pattern = _pattern_of(names)
    for each, node in named:
        name = str(node.value)
        if name not in names and not any((NUMBERED in name, name.startswith(ORDERED), pattern.fullmatch(name))):
            shown = ", ".join(sorted(names)[:KNOWN_SHOWN_MAX]) or "none"
            advice = did_you_mean(name, names) or f": known are {shown}"
            article = "an" if kind.startswith("i") else "a"
            message = f"expected {article} {kind}, got {name!r}{advice}"
            note_or_raise(ScenarioError(message, node.file, node.line, below(each.path, kind)))


def _named(template: Template, kind: str) -> Located | None:
    """Return the node with the market or instrument that an action names; None if it names none."""
    given = template.node.value
    node = given.get(kind) if isinstance(given, dict) else None
    return node if node is not None and isinstance(node.value, str) else None


def _pattern_of(names: Iterable[str]) -> re.Pattern[str]:
    """Return a regular expression that matches the `names` with "$n", for any number in its place.

    Names without "$n" are not in it.
    """
    numbered = (name for name in names if NUMBERED in name)
    return re.compile("|".join(re.escape(name).replace(re.escape(NUMBERED), "[0-9]+") for name in numbered) or NOTHING)
