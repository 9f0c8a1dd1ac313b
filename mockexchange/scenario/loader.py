"""Loads scenarios: built-in ones, files, or text, as YAML, JSON or JSON lines."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.named_files import LINES_BYTES_MAX, lines_of, open_file, read_file
from mockexchange.scenario.error_collection import is_collecting, note_or_raise
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.instants import START, START_DEFAULT, Counting, Now, begins_now, counted
from mockexchange.scenario.literal_json import exact_json
from mockexchange.scenario.located_text import Located, locate, located_json, read_json_lines, read_yaml, text_lines
from mockexchange.scenario.loop_turns import take_turn
from mockexchange.scenario.plan import (
    Document,
    History,
    Plan,
    Source,
    make_plan,
    require_markets,
    require_script,
    with_fields_noted,
)
from mockexchange.scenario.schema import HEADER, SCENARIO
from mockexchange.scenario.steps import STEP, Step
from mockexchange.scenario.value_types import Record

BUILTIN = files("mockexchange.scenario") / "builtin"
SUFFIX_OF_LINES = ".jsonl"
SUFFIXES = (".yaml", SUFFIX_OF_LINES)
NO_SCENARIO = "is no scenario: expected `scenario: NAME` at its beginning"
"""The error about a file of another kind, of which no error may quote a part: it may hold secrets."""
_KEY = re.compile(rb"""\bscenario["']?\s*:""")
PIECES_PER_TURN = 2_048
"""The values whose text is hashed at once."""
PLANS_CACHED_MAX = 32
CHARS_CACHED_MAX = 100_000
"""The longest text whose plan is cached; a test suite uses the same few scenarios in all its tests."""


@cache
def builtin_names() -> tuple[str, ...]:
    return tuple(sorted(entry.name.rpartition(".")[0] for entry in BUILTIN.iterdir() if entry.name.endswith(SUFFIXES)))


def builtin_text(name: str) -> str:
    """Return the text of the built-in scenario with this name."""
    path = next(path for path in _paths_of(name) if path.is_file())
    return path.read_text(encoding="utf-8")


def _paths_of(name: str) -> Iterator[Path]:
    return (Path(str(BUILTIN / f"{name}{suffix}")) for suffix in SUFFIXES)


def load_scenario(name_or_path: str) -> Plan:
    """Read a built-in scenario by name or a file by path. Raises ScenarioError with file and line."""
    names = builtin_names()
    if name_or_path in names:
        return load_builtin(name_or_path)
    path = Path(name_or_path)
    if name_or_path and path.exists():
        return load_file(path)
    advice = did_you_mean(name_or_path, names) or f": expected a file, or one of {', '.join(names)}"
    raise ScenarioError(f"no scenario {name_or_path!r}{advice}")


@cache
def load_builtin(name: str) -> Plan:
    """Load a built-in scenario by its name."""
    plan = load_file(next(path for path in _paths_of(name) if path.is_file()))
    return plan if plan.is_in_memory else with_fields_noted(replace(plan, steps=list(plan.steps)))


def load_file(path: Path, now: Now | None = None) -> Plan:
    """Load a scenario file: JSON lines if its name ends in .jsonl, else YAML or JSON.

    `now` is what relative values count from; None reads them as a paused clock does. Of JSON lines, only the header is
    checked here; each step is checked when `steps` is iterated.
    """
    try:
        if path.suffix == SUFFIX_OF_LINES:
            return _load_lines(path, now)
        content = read_file(path, takes_pipes=True)
        _require_key(content, path)
        return load_text(content.decode("utf-8"), str(path), hashlib.sha256(content).hexdigest(), now)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ScenarioError(f"not UTF-8 text: {error.reason} at byte {error.start}", str(path), line) from None
    except OSError as error:
        raise unreadable(path, error) from None


def _require_key(content: bytes, path: Path) -> None:
    """Raise ScenarioError, which quotes nothing, unless the content is empty or has the key `scenario` somewhere."""
    if content.strip() and not _KEY.search(content):
        raise ScenarioError(NO_SCENARIO, str(path))


def load_text(text: str, file: str = "scenario", digest: str | None = None, now: Now | None = None) -> Plan:
    """Read a YAML or JSON scenario from text; `file` is the file name in its errors."""
    return (_plan_of_text if _is_cached(len(text)) else _plan_of_text.__wrapped__)(text, file, digest, now)


@lru_cache(PLANS_CACHED_MAX)
def _plan_of_text(text: str, file: str, digest: str | None, now: Now | None) -> Plan:
    node = read_yaml(text, file)
    plan = load_located(node, digest or hashlib.sha256(text.encode()).hexdigest(), now)
    return with_fields_noted(replace(plan, source=Source("text", text, file)))


def load_steps(text: str, history: Iterable[Mapping[str, Any]], file: str = "scenario") -> Plan:
    """Load a scenario from text, and its history from separate mappings, one per step.

    In errors, a step's position from 1 on is its line. A step is checked when the steps of the plan are iterated, so
    that they are never in memory as a whole.
    """
    plan = load_text(text, file)
    return replace(plan, steps=History(_PlainSteps(history, file), plan.start))


class Identity:
    """The hash of a parsed document, for the digest that identifies a scenario in the header of its log.

    It is of the text that Python prints for the document, so that a scenario keeps the digest that earlier releases
    wrote into logs; printed as a whole, a large document would hold the interpreter for a second.
    """

    def __init__(self) -> None:
        self.chars = 0
        """The characters that were hashed."""
        self._hash = hashlib.sha256()
        self._pieces: list[str] = []

    def digest(self) -> str:
        self._flush()
        return self._hash.hexdigest()

    def add(self, node: Located) -> None:
        value, pieces = node.value, self._pieces
        if isinstance(value, dict):
            opening = "Located(value={"
            for name, item in value.items():
                pieces.append(f"{opening}{name!r}: ")
                self.add(item)
                opening = ", "
            pieces.append("}" if value else "Located(value={}")
        elif isinstance(value, list):
            opening = "Located(value=["
            for item in value:
                pieces.append(opening)
                self.add(item)
                opening = ", "
            pieces.append("]" if value else "Located(value=[]")
        else:
            pieces.append(f"Located(value={value!r}")
        pieces.append(
            f", file={node.file!r}, line={node.line!r}, key_lines={node.key_lines!r}, is_quoted={node.is_quoted!r})"
        )
        if len(pieces) >= PIECES_PER_TURN:
            self._flush()
            take_turn()

    def _flush(self) -> None:
        text = "".join(self._pieces)
        self._pieces.clear()
        self.chars += len(text)
        self._hash.update(text.encode())


def load_object(node: Located, now: Now | None = None) -> Plan:
    """Load a scenario from parsed JSON, such as a part of a request."""
    identity = Identity()
    identity.add(node)
    given = _Given(identity.digest(), node.file, now, node)
    return (_plan_of_given if _is_cached(identity.chars) else _plan_of_given.__wrapped__)(given)


def _is_cached(chars: int) -> bool:
    """Whether the plan of a text is cached: while errors are collected, a plan that is made may have some."""
    return chars <= CHARS_CACHED_MAX and not is_collecting()


@dataclass(frozen=True, slots=True)
class _Given:
    """A parsed scenario as a cache key: two with the same digest are equal."""

    digest: str
    file: str
    now: Now | None
    node: Located = field(compare=False)


@lru_cache(PLANS_CACHED_MAX)
def _plan_of_given(given: _Given) -> Plan:
    plan = load_located(given.node, given.digest, given.now)
    return with_fields_noted(replace(plan, source=Source("object", exact_json(given.node))))


def load_located(node: Located, digest: str, now: Now | None = None) -> Plan:
    """Load a scenario from parsed text; `digest` is the hash that identifies the scenario in the log."""
    counting = _counting_of(node, now)
    with counted(counting):
        document = _read_document(SCENARIO, node)
        require_markets(document)
        require_script(document)
        return make_plan(document.values, document.history, digest, node, counting, now)


def _counting_of(node: Located, now: Now | None) -> Counting:
    """Return what the relative values of a scenario count from: `now`, or else `start` if that is fixed."""
    if now is not None:
        return Counting(now)
    start = node.value.get("start") if isinstance(node.value, dict) else None
    counting = Counting(Now(START_DEFAULT))
    if start is not None and not begins_now(start):
        with suppress(ScenarioError), counted(counting):  # a wrong one is reported when all is read
            counting = Counting(Now(START.read(start, "start") or START_DEFAULT))
    return counting


def _read_document(record: Record, node: Located) -> Document:
    """Read a scenario, or while errors are collected, what can be read of it. Raises ScenarioError."""
    try:
        values = record.read(node, "")
    except ScenarioError as error:
        if not is_collecting() or not isinstance(node.value, dict):
            raise
        from mockexchange.scenario.partial_reading import read_what_can_be_read

        note_or_raise(error)
        return read_what_can_be_read(record, node.value)
    return Document(values, values.get("history", ()))


def _load_lines(path: Path, now: Now | None) -> Plan:
    with open_file(path, LINES_BYTES_MAX) as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        stream.seek(0)
        _require_key(next(filter(bytes.strip, lines_of(stream, path)), b""), path)
        stream.seek(0)
        first = next(read_json_lines(lines_of(stream, path), str(path)), None)
    if first is None:
        raise ScenarioError("expected a header on line 1, got an empty file", str(path), 1)
    if isinstance(first.value, dict) and "history" in first.value:
        raise ScenarioError("expected the steps on lines of their own, after this one", str(path), 1, "history")
    counting = _counting_of(first, now)
    with counted(counting):
        values = _read_document(HEADER, first).values
        plan = make_plan(values, _LineSteps(path, counting), digest, first, counting, now)
    # A step that counts from the beginning may come on any line, so that none is looked for.
    source = Source("lines", str(path.absolute()))
    return with_fields_noted(replace(plan, source=source, counts_in_us=MICROSECONDS_PER_SECOND))


def at_beginning(plan: Plan, host_at: int, *, is_real: bool) -> Plan:
    """Return the plan of a sandbox that begins now, with all that was changed in the plan since it was read.

    `host_at` is the time of the wall clock. A plan of a sandbox, and one whose values do not depend on the clock, is
    returned as it is. Raises ScenarioError if the file of a plan of JSON lines has changed, or a value is wrong now.
    """
    read = plan.cache.fields_read
    if read is None or plan.now is not None or not (plan.begins_now or (is_real and plan.counts_in_us)):
        return plan
    now = Now(host_at - host_at % (plan.counts_in_us or MICROSECONDS_PER_SECOND), is_real)
    changes = {name: getattr(plan, name) for name, value in read.items() if getattr(plan, name) is not value}
    fresh = load_source(plan.source, plan.digest, now)
    if plan.is_in_memory and not fresh.is_in_memory:
        fresh = with_fields_noted(replace(fresh, steps=list(fresh.steps)))
    return replace(fresh, **changes) if changes else fresh


def load_source(source: Source, digest: str, now: Now | None = None) -> Plan:
    """Load again the scenario of a sandbox that a store keeps, with relative values that count from `now`.

    Raises ScenarioError if the scenario has changed and no longer has this digest.
    """
    match source.kind:
        case "text":
            return load_text(source.content, source.file, digest, now)
        case "object":
            plan = load_object(located_json(source.content, "", 0), now)
            return plan if plan.digest == digest else replace(plan, digest=digest)
    plan = load_file(Path(source.content), now)
    if plan.digest != digest:
        raise ScenarioError("it was changed since the sandbox began: put the old file in its place", source.content)
    return plan


@dataclass(frozen=True, slots=True)
class _LineSteps:
    """The steps of a JSON lines file, read again at each iteration: a long history is never in memory as a whole."""

    path: Path
    counting: Counting

    def __iter__(self) -> Iterator[Step]:
        try:
            with open_file(self.path, LINES_BYTES_MAX) as stream:
                file = str(self.path)
                lines = text_lines(lines_of(stream, self.path), file)
                next(lines, None)
                for number, text in lines:
                    with counted(self.counting):
                        step = _read_step(located_json(text, file, number))
                    yield step
        except OSError as error:
            raise unreadable(self.path, error) from None


def _read_step(node: Located) -> Step:
    """Return a step, or while errors are collected, one without effect if it cannot be read."""
    try:
        return STEP.read(node, "")
    except ScenarioError as error:
        note_or_raise(error)
        from mockexchange.scenario.partial_reading import left_out_step

        return left_out_step(node)


@dataclass(frozen=True, slots=True)
class _PlainSteps:
    """Steps that are plain values, located anew at each iteration."""

    history: Iterable[Mapping[str, Any]]
    file: str

    def __iter__(self) -> Iterator[Step]:
        for number, step in enumerate(self.history, start=1):
            yield STEP.read(locate(step, self.file, number), "")


def unreadable(path: Path, error: OSError) -> ScenarioError:
    """Return the error of a file that cannot be read."""
    return ScenarioError(f"cannot be read: {error.strerror or error}", str(path))
