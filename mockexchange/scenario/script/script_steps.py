"""The schema of scripts: steps that run after the clock begins, at a time or by a trigger.

An entry of a script is a mapping with one action and optional timing: `when` (an action of a client that triggers it),
`at` (an instant), `after` (a duration since the beginning, or since the trigger), `every` and `times`. In the texts of
an action, "$n" is the number of the repetition, and the account "*" is the account that triggered it. This module
executes nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockexchange.core.instants import format_duration
from mockexchange.scenario.error_collection import note_or_raise
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.faults.fault_rules import FAULT
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.script.actions import FRAME, Template, template
from mockexchange.scenario.script.triggers import WHEN, Trigger
from mockexchange.scenario.steps import STEPS, read_command
from mockexchange.scenario.types.instants import INSTANT
from mockexchange.scenario.types.value_types import (
    DURATION,
    NAME_CHARS_MAX,
    Kind,
    below,
    integer,
    matching,
    wrong,
)

TIMES_MAX = 10**9
ENTRIES_MAX = 10_000
"""The most steps of a script: far more than a person writes."""
FRAME_ACTION, FAULT_ACTION, SEQUENCE = "frame", "fault", "sequence"
FINISHED, EXPIRY = "done", "expiry"
CLOSING, REPLENISHMENT, REBALANCING = "market_close", "replenishment", "rebalancing"
"""Causes, in the log and the journal, of commands that no script step issued: here about markets and cash."""
DELIVERY, SETTLEMENT = "delivery", "daily_settlement"
"""Causes, in the log and the journal, of the delivery of an expired derivative, and of the daily settlement."""
_TAKEN = (FINISHED, EXPIRY, CLOSING, REPLENISHMENT, REBALANCING, DELIVERY, SETTLEMENT)
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
        if entry.when is None:
            _require_trigger_account(entry)
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
    name = _action_of(node, given, path)
    timings = {key: kind.read(given[key], below(path, key)) for key, kind in TIMINGS.items() if key in given}
    _require_one_time(node, timings, path)
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
    _require_room(entry, path)
    return entry


def _action_of(node: Located, given: Mapping[str, Located], path: str) -> str:
    unknown = next((key for key in given if key not in TIMINGS and key not in ACTIONS), None)
    if unknown is not None:
        words = (*ACTIONS, *TIMINGS)
        advice = did_you_mean(unknown, words) or f": known are {', '.join(words)}"
        raise ScenarioError(f"unknown key {unknown!r}{advice}", node.file, node.line_of(unknown), path)
    actions = [key for key in given if key in ACTIONS]
    if len(actions) != 1:
        found = ", ".join(actions) or "none"
        raise ScenarioError(f"expected one action of {', '.join(ACTIONS)}; got {found}", node.file, node.line, path)
    return actions[0]


def _read_action(name: str, node: Located, path: str) -> "Template | tuple[ScriptEntry, ...]":
    if name == SEQUENCE:
        return _read_sequence(node, path)
    if name in OTHER_ACTIONS:
        return template(name, node, path, OTHER_ACTIONS[name].read)
    return template(name, node, path, lambda node, path: read_command(name, node, path))


def _read_sequence(node: Located, path: str) -> tuple[ScriptEntry, ...]:
    if not isinstance(node.value, list) or not node.value:
        raise wrong(node, path, "a list of one step or more")
    return tuple(_read_part(item, f"{path}[{place}]") for place, item in enumerate(node.value))


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


def _require_one_time(node: Located, timings: Mapping[str, Any], path: str) -> None:
    for other in ("after", "when"):
        if "at" in timings and other in timings:
            raise ScenarioError(f"expected `at` or `{other}`, got both", node.file, node.line_of("at"), path)
    if timings.get("every") == 0:
        raise ScenarioError("expected a duration above 0", node.file, node.line_of("every"), below(path, "every"))


def _require_room(entry: ScriptEntry, path: str) -> None:
    """Refuse a sequence that would begin again before it ends."""
    if entry.every_us is not None and entry.every_us < entry.round_us:
        node, took = entry.node, format_duration(entry.round_us)
        message = f"expected {took} or more, as long as the sequence takes"
        raise ScenarioError(message, node.file, node.line_of("every"), below(path, "every"))


def _require_trigger_account(entry: ScriptEntry) -> None:
    """Refuse the account "*" in a step without a trigger; in frames and faults it means all accounts."""
    for each in entry.templates:
        if each.kind in STEPS and each.names_any_account:
            message = 'expected an account: "*" is the one that sets the step off, and it has no `when`'
            raise ScenarioError(message, each.node.file, each.node.line, each.path)


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
