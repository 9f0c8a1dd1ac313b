"""Propose rows for a venue's dated tables where a recording deviates: `python -m tools.propose_rows RECORDING > PATCH`.

Prints a patch for a person to edit. A venue made a change at some time between the last recorded day without it and the
first day with it; the comment of each proposed row has both days.
"""

import argparse
import ast
import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, NamedTuple

from mockexchange.drift.deviations import Evidence, Kind, Level
from mockexchange.drift.drift import Drift, drift_of
from mockexchange.drift.foreign_recordings import as_recording
from mockexchange.drift.report import day_of
from mockexchange.kit.operations import reads
from mockexchange.runtime import api_documents
from mockexchange.venues.dated_fields import Field, Nested, Spelling
from mockexchange.venues.json_comparison import class_of
from mockexchange.venues.registry import VENUES

PACKAGE = Path(__file__).parents[1] / "mockexchange"
VENUES_PACKAGE = "mockexchange.venues"
MONTH_CHARS = 7
UNKNOWN_READ = "?"
"""A stand-in for the core's value that a new field reads, which a person has to fill in."""
CLASSES = {"instant": "RFC 3339", "bool": "boolean", "int": "integer", "float": "number of", "list": "list of strings"}
"""Words by which a notation of the venue is found, by the class of a value (`class_of`)."""
TEXT = "string"
ADDED = frozenset({Kind.UNKNOWN, Kind.RENAMED, Kind.TYPE, Kind.SPELLING})
ENDED = frozenset({Kind.MISSING, Kind.RENAMED, Kind.TYPE, Kind.SPELLING})


class Table(NamedTuple):
    """A table of dated rows in the code: the name of its tuple, and the file that defines it."""

    name: str
    path: Path


@dataclass(slots=True)
class _Edits:
    """Changed lines of files, by path, and what no row can be proposed for."""

    lines: dict[Path, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    done: set[tuple[str, str]] = field(default_factory=set)
    """Fields by their tables: many operations have the rows of one table."""

    def of(self, path: Path) -> list[str]:
        if path not in self.lines:
            self.lines[path] = path.read_text(encoding="utf-8").splitlines(keepends=True)
        return self.lines[path]


def proposals_of(drift: Drift) -> str:
    """Return a patch of the venue's tables as text; empty if there is nothing to propose."""
    edits, source = _Edits(), f"wire-{day_of(drift.recording.last_at)[:MONTH_CHARS]}"
    for one in drift.evidence:
        if one.deviation.level is Level.DOCUMENT and one.deviation.kind in ADDED | ENDED:
            _propose(edits, drift, one, source)
    if edits.lines:
        _add_source(edits, drift, source)
    return "".join([*(f"# {note}\n" for note in edits.notes), *_patch(edits.lines)])


def _propose(edits: _Edits, drift: Drift, one: Evidence, source: str) -> None:
    found = one.deviation
    place = f"{found.operation} {found.path}: {found.kind}"
    table = _table_of(drift, found.operation, found.path)
    if table is None:
        edits.notes.append(f"{place}: no table of objects has it")
        return
    name = _name(found.path)
    if (table.name, name) in edits.done:
        return
    edits.done.add((table.name, name))
    lines = edits.of(table.path)
    new_name = _name(found.seen.partition(": ")[0]) if found.kind is Kind.RENAMED else name
    row = _row_of(lines, table.name, name) if found.kind in ENDED else None
    if found.kind in ENDED and row is None:
        edits.notes.append(f"{place}: {table.name} has no row of its own for it, edit what makes it")
        return
    read = UNKNOWN_READ
    if row is not None:
        read = _keyword(row, "read") or UNKNOWN_READ
        _end(lines, row, day_of(one.first_at))
    if found.kind in ADDED:
        spelling = _spelling_of(drift.recording.venue, found.seen.partition(": ")[2] or found.seen)
        _insert(lines, table.name, new_name, _row_text(drift, one, new_name, spelling, read, source))


def _name(path: str) -> str:
    return path.rpartition(".")[2]


def _row_text(drift: Drift, one: Evidence, name: str, spelling: str, read: str, source: str) -> list[str]:
    before = day_of(one.last_without_at) if one.last_without_at is not None else _day_of_date(drift)
    evidence = f"absent {before}, present {day_of(one.first_at)} in {one.count} of {one.of}"
    row = [f"name={json.dumps(name)}", f"spelling={spelling}", f"read={json.dumps(read)}"]
    row += [f'since="{day_of(one.first_at)}"', f"source={json.dumps(source)}"]
    return [f"    # {evidence}\n", "    Field(\n", *(f"        {part},\n" for part in row), "    ),\n"]


def _day_of_date(drift: Drift) -> str:
    return VENUES[drift.recording.venue].api_date(drift.alias).day or drift.alias


def _spelling_of(venue: str, shown: str) -> str:
    """Return the name of the spelling that a value has; of several the plainest."""
    try:
        known = class_of(json.loads(shown))
    except ValueError:
        known = "text"
    word = known if known.endswith("decimals") and known[0] != "0" else CLASSES.get(known, TEXT)
    module = import_module(f"{VENUES_PACKAGE}.{venue}.formatting")
    found = {name: one.kind for name, one in vars(module).items() if isinstance(one, Spelling) and word in one.kind}
    return min(found, key=lambda name: len(found[name]), default="TEXT")


def _table_of(drift: Drift, operation: str, path: str) -> Table | None:
    """Return the table of the object that has a field."""
    venue = VENUES[drift.recording.venue]
    document = api_documents.parse(api_documents.path_of(f"{venue.name}/{drift.alias}"))
    ids = {f"GET {one.path}": one.id for one in reads(document).values()}
    if operation not in ids or venue.wire is None:
        return None
    *parents, _ = path.replace("[]", "").split(".")
    for section in venue.wire.sections():
        rows = [row for row in section.rows if isinstance(row, Field)]
        if ids[operation] not in section.operations or not rows:
            continue
        if not parents and section.title.lower() == f"{ids[operation]}response".lower():
            return _holder_of(venue.name, {row.name for row in rows})
        if fields := _below(rows, parents):
            return _holder_of(venue.name, {row.name for row in fields}, fields)
    return None


def _below(rows: Sequence[Field], parents: Sequence[str]) -> tuple[Field, ...]:
    """Return the rows of a nested object; none if it is not in these rows."""
    fields: tuple[Field, ...] = ()
    for parent in parents:
        nested = next((row.spelling for row in rows if row.name == parent and isinstance(row.spelling, Nested)), None)
        if nested is None:
            return ()
        rows = fields = nested.fields
    return fields


def _holder_of(venue: str, names: set[str], fields: tuple[Field, ...] | None = None) -> Table | None:
    """Return the table that is this tuple, or has rows of just these names."""
    for module in _modules(venue):
        for name, value in vars(module).items():
            is_rows = isinstance(value, tuple) and value and all(isinstance(row, Field) for row in value)
            is_it = value is fields if fields is not None else is_rows and {row.name for row in value} >= names
            if is_it and _tuple_of(Path(str(module.__file__)).read_text(encoding="utf-8"), name) is not None:
                return Table(name, Path(str(module.__file__)))
    return None


def _modules(venue: str) -> Iterator[ModuleType]:
    package = import_module(f"{VENUES_PACKAGE}.{venue}.resources")
    for found in iter_modules(package.__path__):
        yield import_module(f"{package.__name__}.{found.name}")


def _tuple_of(text: str, name: str) -> ast.Tuple | None:
    """Return the tuple that a name is assigned in a source; of `FILL = table("Fill", ...)`, the fields as one."""
    for node in ast.parse(text).body:
        if not isinstance(node, ast.AnnAssign | ast.Assign):
            continue
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        if ast.unparse(target) == name:
            value = node.value
            if isinstance(value, ast.Call) and ast.unparse(value.func) == "table":
                return ast.copy_location(ast.Tuple(elts=value.args[1:], ctx=ast.Load()), value)
            return value if isinstance(value, ast.Tuple) else None
    return None


def _row_of(lines: Sequence[str], table: str, name: str) -> ast.Call | None:
    """Return the newest row of a name that is written out in a table and does not end."""
    found = _tuple_of("".join(lines), table)
    rows = [one for one in found.elts if isinstance(one, ast.Call) and _keyword(one, "name") == name] if found else []
    return next((one for one in reversed(rows) if not _keyword(one, "until")), None)


def _keyword(call: ast.Call, name: str) -> str:
    found = next((one.value for one in call.keywords if one.arg == name), None)
    return str(found.value) if isinstance(found, ast.Constant) else ast.unparse(found) if found else ""


def _end(lines: list[str], row: ast.Call, day: str) -> None:
    """End a row on a day, before its source."""
    for number in range(row.lineno - 1, row.end_lineno or row.lineno):
        before, mark, after = lines[number].partition("source=")
        if mark:
            ended, rest = f'{before}until="{day}",', f"{mark}{after}"
            lines[number : number + 1] = [f"{ended} {rest}"] if before.strip() else [f"{ended}\n", f"{before}{rest}"]
            return


def _insert(lines: list[str], table: str, name: str, row: list[str]) -> None:
    """Insert a row after the rows with smaller names, as they are sorted on the wire."""
    found = _tuple_of("".join(lines), table)
    assert found is not None, "the table was found by its tuple"
    place = (found.end_lineno or 1) - 1
    for one in found.elts:
        if isinstance(one, ast.Call) and _keyword(one, "name") > name:
            place = one.lineno - 1
            while lines[place - 1].lstrip().startswith("#"):
                place -= 1
            break
    lines[place:place] = row


def _add_source(edits: _Edits, drift: Drift, source: str) -> None:
    """Add the recording to the sources that rows cite."""
    module = import_module(f"{VENUES_PACKAGE}.{drift.recording.venue}.named_days")
    known: Mapping[str, Any] = vars(module).get("SOURCES", {})
    lines = edits.of(Path(str(module.__file__)))
    first = next((number for number, line in enumerate(lines) if line.startswith("SOURCES")), None)
    if first is None or source in known:
        return
    days = " to ".join(dict.fromkeys((day_of(drift.recording.first_at), day_of(drift.recording.last_at))))
    hosts = ", ".join(sorted(drift.recording.hosts))
    end = next(number for number in range(first, len(lines)) if lines[number].startswith("}"))
    lines.insert(end, f'    "{source}": "bodies recorded on {hosts}, {days}",\n')


def _patch(changed: Mapping[Path, list[str]]) -> Iterator[str]:
    for path in sorted(changed):
        name = path.relative_to(PACKAGE.parent).as_posix()
        before = path.read_text(encoding="utf-8").splitlines(keepends=True)
        yield from difflib.unified_diff(before, changed[path], f"a/{name}", f"b/{name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording", type=Path, help="a recording, a HAR or a cassette")
    parser.add_argument("--api-date", help="the date to compare with; by default the one with the fewest deviations")
    arguments = parser.parse_args()
    with as_recording(arguments.recording) as path:
        print(proposals_of(drift_of(path, arguments.api_date, str(arguments.recording))), end="")


if __name__ == "__main__":
    main()
