"""Parses YAML, JSON and JSON lines into values that keep every scalar as text and know their line.

The schema converts the text afterwards, so `side: yes`, `on`, `12:30:00` and `price: 0.56` keep their text, and amounts
are never floats. Values are built from YAML parse events instead of composed nodes: this is seven times as fast, and a
constant limits the depth instead of the machine's stack (composing a hundred thousand "[" ends the process).
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from sys import getrefcount
from typing import Any

import yaml
from msgspec import Struct
from yaml.reader import ReaderError

from mockexchange.scenario.errors import ScenarioError, TooLarge
from mockexchange.scenario.long_json import WINDOW_CHARS, LongJson, windows_of
from mockexchange.scenario.loop_turns import take_turn

VALUES_MAX = 2_000_000
"""The most values in a document, about 200,000 steps, with aliases expanded; longer histories are JSON lines."""
DEPTH_MAX = 50
"""The deepest nesting of a document, far more than the ten levels of the format."""
FREED_PER_TURN = 8_192
"""The values of a document that are freed before the loop turns."""
COUNTED_AT_ONCE = 1024 * 1024
"""The characters of a text in which values are counted by one call of C: less than a millisecond."""
NULLS = frozenset(("", "~", "null", "Null", "NULL"))

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class Located(Struct):
    """A parsed value with its file and line: a scalar's text, a mapping, a list, or None for null or no value."""

    value: "str | dict[str, Located] | list[Located] | None"
    file: str = ""
    line: int = 0
    key_lines: dict[str, int] | None = None
    is_quoted: bool = False
    """Whether a scalar was quoted, which matters only in literal JSON, where "1" is not 1."""

    def line_of(self, key: str) -> int:
        """Return the line of a key of this mapping."""
        return (self.key_lines or {}).get(key, self.line)


def let_go(root: Located) -> None:
    """Free the lists and mappings of a document one after the other, from the innermost on.

    Freed at once, a million values hold the interpreter for most of a second. What else is referred to stays whole.
    """
    freed, waiting = 0, [root.value] if isinstance(root.value, dict | list) and getrefcount(root.value) <= 2 else []
    while waiting:
        items = waiting[-1]
        if not items:
            waiting.pop()
            continue
        node = items.pop() if isinstance(items, list) else items.popitem()[1]
        if isinstance(node.value, dict | list) and getrefcount(node) <= 2 and getrefcount(node.value) <= 2:
            waiting.append(node.value)
        freed += 1
        if freed % FREED_PER_TURN == 0:
            take_turn()


def read_yaml(text: str, file: str) -> Located:
    """Parse one YAML (or JSON) document. Raises ScenarioError with the line."""
    try:
        return _Builder(file).build(yaml.parse(_Pieces(_encodable(text, file, 1)), Loader=_LOADER))
    except yaml.YAMLError as error:
        document = _read_json(text, file) if text.lstrip().startswith("{") else None
        if document is None:
            raise _not_yaml(error, text, file) from None
        return document


def read_json_lines(lines: Iterable[bytes], file: str) -> Iterator[Located]:
    """Parse each line as a JSON document when the iterator reaches it; blank lines are skipped.

    Raises ScenarioError with the line.
    """
    for number, text in text_lines(lines, file):
        yield located_json(text, file, number)


def text_lines(lines: Iterable[bytes], file: str) -> Iterator[tuple[int, str]]:
    """Yield each line that is not blank with its number, from 1. Raises ScenarioError if one is not UTF-8."""
    for number, line in enumerate(lines, start=1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            message = f"not UTF-8 text: {error.reason} at byte {error.start} of the line"
            raise ScenarioError(message, file, number) from None
        if not text.isspace():
            yield number, text


def located_json(text: str | bytes, file: str, line: int) -> Located:
    """Parse a JSON document; every value gets the line `line`. A long one is decoded piece by piece.

    Raises ScenarioError, and UnicodeDecodeError for bytes that are not UTF-8. Commas and brackets are counted before a
    long text is decoded: too many are TooLarge.
    """
    try:
        if len(text) <= WINDOW_CHARS:
            return locate(_DECODER.decode(text if isinstance(text, str) else text.decode()), file, line)
        _require_few_values(text, file, line)

        def part(value: Any, depth: int) -> Located:
            return locate(value, file, line, depth)

        reader = LongJson(windows_of(text), _DECODER, part, lambda items: Located(items, file, line))
        located: Located = reader.read(DEPTH_MAX)
    except (UnicodeDecodeError, ScenarioError):
        raise
    except json.JSONDecodeError as error:
        raise ScenarioError(f"not valid JSON: {error.msg} at character {error.pos + 1}", file, line) from None
    except ValueError as error:
        raise ScenarioError(f"not valid JSON: {error}", file, line) from None
    except RecursionError:
        raise _too_deep(file, line) from None
    return located


def _require_few_values(text: str | bytes, file: str, line: int) -> None:
    """Raise TooLarge for a JSON text that may have more than VALUES_MAX values: each follows a comma or a bracket."""
    count = 0
    for start in range(0, len(text), COUNTED_AT_ONCE):
        piece = text[start : start + COUNTED_AT_ONCE]
        if isinstance(piece, str):
            count += piece.count(",") + piece.count("[") + piece.count("{")
        else:
            count += piece.count(b",") + piece.count(b"[") + piece.count(b"{")
        take_turn()
    if count > VALUES_MAX:
        raise _too_many(f"{count:,} commas and brackets", file, line)


def locate(value: Any, file: str, line: int = 0, depth: int = 0) -> Located:
    """Return a parsed JSON value as Located values, with numbers as text.

    Raises ScenarioError if it is too deep or not valid UTF-8.
    """
    if isinstance(value, str):
        is_quoted = type(value) is not _Unquoted
        return Located(_encodable(str(value), file, line), file, line, None, is_quoted)
    if isinstance(value, dict):
        if depth == DEPTH_MAX:
            raise _too_deep(file, line)
        located = {}
        for key, item in value.items():
            name = key if key.isascii() else _encodable(key, file, line)
            if type(item) is str and item.isascii():  # most values: a call less
                located[name] = Located(item, file, line, None, True)
            elif type(item) is _Unquoted:
                located[name] = Located(str(item), file, line)
            else:
                located[name] = locate(item, file, line, depth + 1)
        return Located(located, file, line)
    if isinstance(value, list):
        if depth == DEPTH_MAX:
            raise _too_deep(file, line)
        return Located([locate(item, file, line, depth + 1) for item in value], file, line)
    if isinstance(value, bool):
        return Located("true" if value else "false", file, line)
    return Located(None if value is None else str(value), file, line)


class _Pieces:
    """A text that the YAML parser asks for piece by piece; given as a whole, a long scalar is one call of C."""

    name = "<text>"

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def read(self, size: int = -1, /) -> str:
        size = len(self._text) if size < 0 else size
        if self._at:
            take_turn()
        piece = self._text[self._at : self._at + size]
        self._at += size
        return piece


class _Frame(Struct):
    """An open mapping or list: its node, its anchor, and the key that waits for a value."""

    node: Located
    anchor: str | None
    values_before: int
    key: str | None = None


class _Builder:
    """Builds located values from parse events, refusing duplicate keys, tags and runaway aliases."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Located | None = None
        self.frames: list[_Frame] = []
        self.anchors: dict[str, tuple[Located, int]] = {}
        self.values = 0

    def build(self, events: Iterable[yaml.Event]) -> Located:
        for event in events:
            match event:
                case yaml.ScalarEvent():
                    self._take_scalar(event)
                case yaml.CollectionStartEvent():
                    self._open(event)
                case yaml.CollectionEndEvent():
                    frame = self.frames.pop()
                    if frame.anchor is not None:
                        self.anchors[frame.anchor] = (frame.node, self.values - frame.values_before)
                case yaml.AliasEvent():
                    if event.anchor not in self.anchors:
                        message = f"expected an anchor &{event.anchor} before its alias *{event.anchor}"
                        raise ScenarioError(message, self.file, _line(event))
                    self._add(*self.anchors[event.anchor])
                case yaml.DocumentStartEvent() if self.root is not None:
                    raise ScenarioError("expected one document, got a second", self.file, _line(event))
        if self.root is None:
            raise ScenarioError("expected a scenario, got an empty file", self.file, 1)
        return self.root

    def _take_scalar(self, event: yaml.ScalarEvent) -> None:
        self._refuse_tag(event)
        frame = self.frames[-1] if self.frames else None
        if frame is not None and isinstance(frame.node.value, dict) and frame.key is None:
            key, key_lines = event.value, frame.node.key_lines
            assert key_lines is not None, "a mapping has lines of its keys"
            if key in key_lines:
                message = f"the key {key!r} is there twice, first on line {key_lines[key]}"
                raise ScenarioError(message, self.file, _line(event))
            key_lines[key] = _line(event)
            frame.key = key
            return
        is_null = not event.style and event.value in NULLS
        node = Located(None if is_null else event.value, self.file, _line(event), None, bool(event.style))
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, 1)
        self._add(node, 1)

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        self._refuse_tag(event)
        if len(self.frames) >= DEPTH_MAX:
            raise _too_deep(self.file, _line(event))
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        node = Located({} if is_mapping else [], self.file, _line(event), {} if is_mapping else None)
        self._add(node, 1)
        self.frames.append(_Frame(node, event.anchor, self.values - 1))

    def _add(self, node: Located, values: int) -> None:
        self.values += values
        if self.values > VALUES_MAX:
            raise _too_many(f"{self.values:,} and more", self.file, node.line)
        if not self.frames:
            self.root = node
            return
        parent = self.frames[-1]
        if isinstance(parent.node.value, list):
            parent.node.value.append(node)
            return
        assert isinstance(parent.node.value, dict), "what is open is a mapping or a list"
        if parent.key is None:
            raise ScenarioError("expected a plain key, got a value", self.file, node.line)
        parent.node.value[parent.key] = node
        parent.key = None

    def _refuse_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.tag is not None:
            message = f"expected no tag, got {event.tag!r}: every value is text here, and its key says what kind"
            raise ScenarioError(message, self.file, _line(event))


def _line(event: yaml.Event) -> int:
    assert event.start_mark is not None, "the parser marks every event"
    return event.start_mark.line + 1


def _too_many(found: str, file: str, line: int) -> TooLarge:
    """Return the error of a document with too many values; `found` is what was counted, with aliases expanded."""
    message = (
        f"too large: expected at most {VALUES_MAX:,} values, got {found}: send a long history in parts, or write it"
        " as JSON lines"
    )
    return TooLarge(message, file, line)


def _too_deep(file: str, line: int) -> TooLarge:
    return TooLarge(f"too deep: expected at most {DEPTH_MAX} lists and mappings inside each other", file, line)


def _not_yaml(error: yaml.YAMLError, text: str, file: str) -> ScenarioError:
    if isinstance(error, ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return ScenarioError(f"not valid YAML: {error.reason} (character #x{error.character:04x})", file, line)
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error)
    line = mark.line + 1 if mark else 1
    hint = "; JSON lines need a file name that ends in .jsonl" if _read_json(text.partition("\n")[0], file) else ""
    return ScenarioError(f"not valid YAML: {what}{hint}", file, line)


def _read_json(text: str, file: str) -> Located | None:
    """Read JSON that is not valid YAML, for example with surrogate pairs in its escapes; None if it is not JSON."""
    try:
        return located_json(text, file, 1)
    except ScenarioError:
        return None


def _encodable(text: str, file: str, first_line: int) -> str:
    """Return the text. Raises ScenarioError if UTF-8 cannot encode it; `first_line` is the line of its beginning."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError as error:
        line = first_line + text.count("\n", 0, error.start)
        raise ScenarioError("expected text, got half of a surrogate pair", file, line) from None
    return text


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise ValueError(f"the key {twice!r} is there twice")
    return mapping


class _Unquoted(str):
    """The text of a number that was not quoted."""

    __slots__ = ()


_DECODER = json.JSONDecoder(
    parse_float=_Unquoted, parse_int=_Unquoted, parse_constant=_Unquoted, object_pairs_hook=_unique
)
