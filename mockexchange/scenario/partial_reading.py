"""Reads what can be read of a scenario with errors, so that a check can execute it.

An entry of a section, such as one account or one step, is read as a whole or left out; a section that is no section is
left out as a whole.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from msgspec import Struct

from mockexchange.core.commands import Note
from mockexchange.scenario.error_collection import (
    ANY,
    SECTIONS,
    Name,
    NotedErrors,
    collecting_errors,
    names_in,
    note_left_out,
)
from mockexchange.scenario.fault_rules import FAULT
from mockexchange.scenario.instants import INSTANT, Counting, counted, current_counting
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.plan import Document
from mockexchange.scenario.script_entries import ENTRY, ScriptEntry
from mockexchange.scenario.steps import STEP, Step
from mockexchange.scenario.stubs import STUB
from mockexchange.scenario.value_types import DURATION, Field, Kind, Record

HISTORY, SCRIPT = "history", "script"
ITEMS: dict[str, Kind] = {HISTORY: STEP, SCRIPT: ENTRY, "faults": FAULT, "stubs": STUB}
"""Sections of a scenario that are lists, and the type of their items."""
DECISIVE = ("start", "orders", "fees")
"""Settings on which the outcome of a history depends: if one cannot be read, nothing is executed."""
UNNAMED = "unnamed"
LEFT_OUT = Note(subject="scenario", text="a step that cannot be read")


class PartialHistory(Struct, frozen=True):
    """The steps of a history; a step that cannot be read is parsed text, and has no effect."""

    items: list[Step | Located]
    counting: Counting | None

    def __iter__(self) -> Iterator[Step]:
        for item in self.items:
            if isinstance(item, Located):
                with counted(self.counting):
                    step = left_out_step(item)
                yield step
            else:
                yield item


def left_out_step(node: Located) -> Step:
    """Return a step without effect for one that cannot be read, at the same time, and note what that one names."""
    note_left_out(names_in(node))
    given = node.value if isinstance(node.value, dict) else {}
    at = _read(INSTANT, given["at"]) if "at" in given else None
    after_us = _read(DURATION, given["after"]) if "after" in given and at is None else None
    return Step(LEFT_OUT, at, after_us, node)


def read_what_can_be_read(record: Record, given: dict[str, Located]) -> Document:
    """Read the sections of a scenario whose errors were collected before. Raises NotedErrors if one decides on all."""
    values: dict[str, Any] = {}
    unread: dict[str, list[Located]] = {}
    for name, field in record.fields.items():
        values[name], unread[name] = _read_section(name, field, given.get(name))
    if any(unread[name] for name in DECISIVE):
        raise NotedErrors("")
    values["scenario"] = values["scenario"] or UNNAMED
    names = {section: set(_unread_names(section, nodes)) for section, nodes in unread.items()}
    note_left_out(name for section in SECTIONS for name in names[section])
    note_left_out(names[SCRIPT], is_script=True)
    items = values.pop(HISTORY, [])
    values[HISTORY] = [item for item in items if isinstance(item, Step)]
    return Document(
        values, PartialHistory(items, current_counting()), frozenset(name for each in names.values() for name in each)
    )


def _read_section(name: str, field: Field, node: Located | None) -> tuple[Any, list[Located]]:
    """Return what can be read of a section, and the nodes that cannot be read: entries of it, or the whole."""
    if node is None or node.value is None:
        return field.default, []
    if name in SECTIONS and isinstance(node.value, dict):
        return _read_map(field.kind, node, node.value)
    if name in ITEMS and isinstance(node.value, list):
        return _read_list(name, node.value)
    value = _read(field.kind, node)
    return (field.default, [node]) if value is None else (value, [])


def _read_map(kind: Kind, node: Located, given: dict[str, Located]) -> tuple[dict[Any, Any], list[Located]]:
    """Read each entry of a mapping as a mapping of its own."""
    values: dict[Any, Any] = {}
    unread = []
    for text, item in given.items():
        part = Located({text: item}, node.file, node.line, node.key_lines)
        value = _read(kind, part)
        unread += [part] if value is None else []
        values |= value or {}
    return values, unread


def _read_list(name: str, nodes: list[Located]) -> tuple[list[Any], list[Located]]:
    """Read each item of a list; a step of the history that cannot be read stays in the list as its node."""
    values: list[Any] = []
    unread: list[Located] = []
    for place, item in enumerate(nodes):
        path = f"{name}[{place}]"
        value = _read(ITEMS[name], item, path)
        if value is None:
            unread.append(item)
            values += [item] if name == HISTORY else []
        else:
            values.append(replace(value, name=path) if isinstance(value, ScriptEntry) and not value.name else value)
    return values, unread


def _unread_names(section: str, nodes: Iterable[Located]) -> Iterator[Name]:
    kind = SECTIONS.get(section)
    for node in nodes:
        yield from names_in(node)
        if kind:
            yield from ((kind, name) for name in node.value) if isinstance(node.value, dict) else ((kind, ANY),)


def _read(kind: Kind, node: Located, path: str = "") -> Any:
    """Return a value, or None if it cannot be read; its errors are collected apart from others, and forgotten."""
    value = None
    with collecting_errors() as errors:
        value = kind.read(node, path)
    return None if errors else value
