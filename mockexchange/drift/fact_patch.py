"""Writes what is new in an API document as a patch of the dated facts, from which a venue's own documents are made.

The facts are edited as text at the places that the YAML parser names, so that comments stay. What needs a person, such
as a new operation, is a comment at the beginning of the patch.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from mockexchange.runtime import api_documents
from mockexchange.runtime.document_diff import (
    BODY_FIELD,
    FIELD,
    PARAMETER,
    VALUE,
    Change,
    Description,
    Fact,
    Reader,
)

TABLES = ("schemas", "writes", "operations")
STREAM_TABLES = ("stream_messages", "stream_commands", "schemas")
SECTIONS = ("objects", "requests")
"""The keys of the tables below which objects have their fields."""
NAME = re.compile(r"\w{1,80}")
TYPES = {"integer": "Whole", "number": "Number", "boolean": "Flag", "string": "Text", "object": "FreeObject"}
FORMATS = {"date-time": "Instant", "date": "Day"}
KINDS = {"integer": "integer", "number": "integer", "boolean": "boolean", "array": "list"}
DEPTH_MAX = 8
News = Sequence[tuple[Description, Sequence[Change]]]


def patch_of(news: News, venue: str, day: str) -> str:
    """Return a unified diff of a venue's facts, from the changes of each newer document, and `day` as their first day.

    Raises LookupError for a venue whose facts have no days.
    """
    folder = api_documents.directory() / venue / "facts"
    if not (folder / f"{TABLES[0]}.yaml").is_file():
        raise LookupError(f"the facts of {venue} have no days: edit {folder} by hand")
    tables = {name: _Table.read(folder / f"{name}.yaml") for name in {*TABLES, *STREAM_TABLES}}
    notes: dict[str, None] = {}
    for newer, changes in news:
        _Writer(tables, newer.reader, day, notes).add(changes)
    lines = [f"# by hand: {note}\n" for note in notes]
    for name, table in sorted(tables.items()):
        place = f"contracts/{venue}/facts/{name}.yaml"
        before, after = (text.splitlines(keepends=True) for text in (table.text, table.edited()))
        lines += difflib.unified_diff(before, after, f"a/{place}", f"b/{place}")
    return "".join(lines)


@dataclass(slots=True)
class _Table:
    """A file of facts: its text, the YAML nodes with their places, and the insertions to be made."""

    text: str
    root: yaml.MappingNode
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    """The range of characters that is replaced, and by what."""

    @classmethod
    def read(cls, path: Path) -> "_Table":
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, yaml.SafeLoader)
        assert isinstance(root, yaml.MappingNode), "a table is a mapping"
        return cls(text, root)

    def at(self, *names: str) -> yaml.Node | None:
        """Return the node below these keys; None if there is none."""
        node: yaml.Node | None = self.root
        for name in names:
            pairs = node.value if isinstance(node, yaml.MappingNode) else ()
            node = next((value for key, value in pairs if key.value == name), None)
        return node

    def insert(self, index: int, text: str) -> None:
        self.edits.append((index, index, text))

    def insert_line_after(self, node: yaml.Node, text: str) -> None:
        """Insert a line behind that on which a node ends."""
        while isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
            last = node.value[-1]  # a block ends behind the comments that follow it
            node = last[1] if isinstance(node, yaml.MappingNode) else last
        self.insert(self.text.find("\n", node.end_mark.index) + 1 or len(self.text), f"{text}\n")

    def edited(self) -> str:
        text = self.text
        numbered = enumerate(self.edits)
        for _, (start, end, new) in sorted(numbered, key=lambda one: (one[1][0], one[0]), reverse=True):
            text = text[:start] + new + text[end:]
        return text


class _Writer:
    """Edits the facts for the changes of one document."""

    def __init__(self, tables: dict[str, _Table], reader: Reader, day: str, notes: dict[str, None]) -> None:
        self._tables, self._reader, self._day, self._notes = tables, reader, day, notes
        self._done: set[tuple[str, str, str]] = set()
        self._new: dict[str, str] = {}
        """The names of types and objects that are added, with their texts: two fields may have the same one."""

    def add(self, changes: Sequence[Change]) -> None:
        words: dict[str, tuple[list[str], list[str]]] = {}
        for change in sorted(changes, key=lambda one: one.kind == "added"):  # what is added stands behind what ends
            if change.part in (FIELD, BODY_FIELD):
                is_done = change.holder and NAME.fullmatch(str(change.steps[-1])) and self._add_field(change)
            elif change.part in (f"{FIELD} {VALUE}", f"{BODY_FIELD} {VALUE}") and change.old.named:
                added, removed = words.setdefault(change.old.named, ([], []))
                was, is_now = change.facts[""]
                added += [is_now] if is_now and is_now not in added else []
                removed += [was] if was and was not in removed else []
                is_done = True
            else:
                is_done = change.part == PARAMETER and self._add_parameter(change)
            if not is_done:
                self._note(change)
        for name, (added, removed) in words.items():
            if not self._add_words(name, added, removed):
                difference = f"new {', '.join(added) or 'none'}; gone {', '.join(removed) or 'none'}"
                self._notes[_printable(f"values of {name}: {difference}")] = None

    def _note(self, change: Change) -> None:
        pairs = change.facts.items()
        differences = "; ".join(f"{name} {old or 'none'} -> {new or 'none'}".strip() for name, (old, new) in pairs)
        line = f"{change.operation}: {change.part} {change.name} {change.kind}" + (
            f": {differences}" if differences else ""
        )
        self._notes[_printable(line)] = None

    # Fields

    def _add_field(self, change: Change) -> bool:
        """Edit the field of an object; return whether that was possible, or done before: operations share objects."""
        name = str(change.steps[-1])
        key = (change.kind, change.holder, name)
        if key in self._done:
            return True
        tables = [self._tables[one] for one in (TABLES if " /" in change.operation else STREAM_TABLES)]
        places = [(one, section) for one in tables for section in SECTIONS if one.at(section, change.holder)]
        table, section = places[0] if places else (tables[0], SECTIONS[0])
        holder = table.at(section, change.holder)
        if not isinstance(holder, yaml.MappingNode) or holder.flow_style:
            return False
        if change.kind == "changed" and "" not in change.facts:
            return False
        pairs = [(one.value, value) for one, value in holder.value]
        known = next((value for one, value in pairs if one == name), None)
        type_name = None if change.kind == "removed" else self._type_of(table, section, change.new, name, 0)
        if change.kind != "removed" and type_name is None:
            return False
        begun = f"{type_name}{'' if change.new.is_required else ' or absent'} since {self._day}"
        if known is None:
            if change.kind != "added":
                return False
            names = [one for one, _ in pairs]
            before = [value for one, value in pairs if one < name] if names == sorted(names) else [pairs[-1][1]]
            line = f"    {name}: {_quoted(begun)}"
            if before:
                table.insert_line_after(before[-1], line)
            else:
                table.insert(table.text.rfind("\n", 0, holder.start_mark.index) + 1, f"{line}\n")
        elif not self._end(table, known, None if change.kind == "removed" else begun, is_back=change.kind == "added"):
            return False
        self._done.add(key)
        return True

    def _end(self, table: _Table, known: yaml.Node, begun: str | None, *, is_back: bool = False) -> bool:
        """End the last life of a field, and begin another if there is one. One that `is_back` has ended before."""
        lives = known.value if isinstance(known, yaml.SequenceNode) else [known]
        last = lives[-1]
        has_ended = " until " in last.value
        if not isinstance(last, yaml.ScalarNode) or has_ended != is_back:
            return False
        ended = last.value if is_back else f"{last.value} until {self._day}"
        if begun is None and isinstance(known, yaml.ScalarNode):
            text = _quoted(ended)
        else:
            text = ", ".join(f'"{one}"' for one in (ended, begun) if one)
            text = text if isinstance(known, yaml.SequenceNode) else f"[{text}]"
        table.edits.append((last.start_mark.index, last.end_mark.index, text))
        return True

    def _type_of(self, table: _Table, section: str, fact: Fact, name: str, depth: int) -> str | None:
        """Return the name of a new field's type, and add it if there is none; None if it is too intricate."""
        shape = self._reader.shape_of(fact.schemas, name)
        types = shape.types - {"null"}
        if depth > DEPTH_MAX or len(types) > 1:
            return None
        if shape.items or types == {"array"}:
            items = self._reader.shape_of(shape.items, name).fact(shape.items)
            inner = (
                self._type_of(table, section, items, name.removesuffix("s"), depth + 1) if shape.items else "FreeObject"
            )
            return f"[{inner}]" if inner and not inner.startswith("[") else None
        if shape.properties:
            object_name = shape.named if NAME.fullmatch(shape.named) else _camel(name)
            if table.at(section, object_name) is None and object_name not in self._new:
                self._new[object_name] = ""
                lines = [f"  {object_name}:"]
                for key, nodes in sorted(shape.properties.items()):
                    child = self._reader.shape_of(nodes, name).fact(nodes)
                    inner = self._type_of(table, section, child, key, depth + 1) if NAME.fullmatch(key) else None
                    if inner is None:
                        return None
                    lines.append(f"    {key}: {_quoted(inner + ('' if key in shape.required else ' or absent'))}")
                self._insert_at_end(table, section, "\n".join(lines))
            return object_name
        if shape.words and types <= {"string"}:
            return self._words_type(table, list(dict.fromkeys(shape.words)), shape.named, name)
        return FORMATS.get(shape.format) or TYPES.get(next(iter(types), "object"))

    def _words_type(self, table: _Table, words: list[str], named: str, name: str) -> str:
        types = table.at("types")
        for key, node in types.value if isinstance(types, yaml.MappingNode) else ():
            life = node.value[-1] if isinstance(node, yaml.SequenceNode) else node
            if set(_plain(life).get("enum", ())) == set(words):
                return str(key.value)
        type_name = named if NAME.fullmatch(named) else _camel(name)
        if table.at("types", type_name) is None and type_name not in self._new:
            self._new[type_name] = ""
            self._insert_at_end(table, "types", f"  {type_name}: {_flow({'type': 'string', 'enum': words})}")
        return type_name

    def _insert_at_end(self, table: _Table, section: str, text: str) -> None:
        node = table.at(section)
        assert isinstance(node, yaml.MappingNode), f"the facts have {section}"
        table.insert_line_after(node.value[-1][1], text)

    # Values

    def _add_words(self, name: str, added: Sequence[str], removed: Sequence[str]) -> bool:
        """Give a list of words another life, from the day on; return whether that was possible."""
        for table in self._tables.values():
            node = table.at("types", name)
            life = node.value[-1] if isinstance(node, yaml.SequenceNode) else node
            plain = _plain(life)
            if (
                "enum" not in plain
                or "until" in plain
                or plain.get("since") == "compat"
                or not isinstance(life, yaml.MappingNode)
            ):
                continue
            begun = {**plain, "enum": [one for one in plain["enum"] if one not in removed] + list(added)}
            new = _flow({**begun, "since": self._day})
            start, end = life.start_mark.index, life.end_mark.index
            end = end if life.flow_style else len(table.text[:end].rstrip())
            if re.search(r"[&*]\w", table.text[start:end]):
                return False  # another type repeats a part of it
            table.edits.append((start, end, f"{_flow({**plain, 'until': self._day})}\n    - {new}"))
            if not isinstance(node, yaml.SequenceNode):
                begin = table.text.rfind(":", 0, start) + 1
                table.edits[-1] = (begin, end, f"\n    - {_flow({**plain, 'until': self._day})}\n    - {new}")
            return True
        return False

    # Parameters

    def _add_parameter(self, change: Change) -> bool:
        table, section = next(
            (
                (self._tables[name], section)
                for name, section in (("operations", "reads"), ("writes", "writes"))
                if self._tables[name].at(section, change.operation_name) is not None
            ),
            (None, ""),
        )
        if table is None or not NAME.fullmatch(change.name) or change.kind == "changed":
            return False
        listed = table.at(section, change.operation_name, "parameters")
        if change.kind == "removed":
            return isinstance(listed, yaml.SequenceNode) and self._end_parameter(table, listed, change.name)
        line = f"{self._parameter_named(change)} since {self._day}"
        if isinstance(listed, yaml.SequenceNode) and listed.value:
            table.insert(listed.value[-1].end_mark.index, f", {line}")
        else:
            says = table.at(section, change.operation_name, "says")
            if says is None or listed is not None:
                return False
            table.insert_line_after(says, f"    parameters: [{line}]")
        return True

    def _end_parameter(self, table: _Table, listed: yaml.SequenceNode, name: str) -> bool:
        """End the parameter that has this name on the wire, of an operation's list."""
        for item in listed.value:
            key = str(item.value).partition(" ")[0]
            node = self._tables["operations"].at("parameters", key)
            life = node.value[-1] if isinstance(node, yaml.SequenceNode) else node
            on_wire = str(_plain(life).get("name", key))
            if on_wire == name and " until " not in item.value and item.style is None and " compat" not in item.value:
                table.insert(item.end_mark.index, f" until {self._day}")
                return True
        return False

    def _parameter_named(self, change: Change) -> str:
        """Return the name of a new parameter in the table of parameters, to which it is added."""
        operations, fact = self._tables["operations"], change.new
        node: dict[str, Any] = {"kind": KINDS[fact.type]} if fact.type in KINDS else {}
        if fact.type in ("integer", "number") and fact.least and fact.most:
            node |= {"from": int(float(fact.least)), "to": int(float(fact.most))}
        node |= {"choices": list(fact.words)} if fact.words else {}
        node |= {"required": True} if fact.is_required else {}
        key = change.name
        while operations.at("parameters", key) is not None or self._new.get(f"?{key}", _flow(node)) != _flow(node):
            key += "_new"
        if f"?{key}" not in self._new:
            self._new[f"?{key}"] = _flow(node)
            name = {} if key == change.name else {"name": change.name}
            says = {"says": "New in the document."}
            self._insert_at_end(operations, "parameters", f"  {key}: {_flow({**name, **node, **says})}")
        return key


def _plain(node: yaml.Node | None) -> dict[str, Any]:
    """Return a node as a mapping; an empty one for anything else."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    found: dict[str, Any] = yaml.safe_load(yaml.serialize(node))
    return found


def _flow(node: dict[str, Any]) -> str:
    """Return a mapping on one line, with days as the facts have them."""
    text = yaml.safe_dump(node, default_flow_style=True, width=100_000, sort_keys=False, allow_unicode=True).strip()
    return re.sub(r"'(\d{4}-\d{2}-\d{2})'", r"\1", text)


def _quoted(line: str) -> str:
    return f'"{line}"' if line.startswith("[") else line


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text)


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_")) or "Value"
