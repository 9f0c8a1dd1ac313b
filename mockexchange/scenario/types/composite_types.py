"""Composite types of scenario values: lists, tuples, mappings, and records of known keys.

A key without a value counts as not given if its type is a mapping or a list. It is an error if the type is a scalar,
unless the type allows null.
"""

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import Any

from msgspec import Struct

from mockexchange.scenario.error_collection import note_or_raise, read_on
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.turns import ITEMS_PER_TURN, take_turn
from mockexchange.scenario.types.value_types import NAME, Kind, Scalar, below, wrong


class ListOf(Struct, frozen=True):
    kind: Kind
    expected: str = "a list"

    def read(self, node: Located, path: str) -> list[Any]:
        if not isinstance(node.value, list):
            raise wrong(node, path, self.expected)
        read: list[Any] = []
        try:
            for place, item in enumerate(node.value, start=1):
                read.append(self.kind.read(item, f"{path}[{len(read)}]"))  # its length tells where it failed
                if place % ITEMS_PER_TURN == 0:
                    take_turn()
        except ScenarioError as error:
            rest = enumerate(node.value[len(read) + 1 :], len(read) + 1)
            raise read_on(error, [partial(self.kind.read, item, f"{path}[{place}]") for place, item in rest]) from None
        return read

    def json_schema(self) -> dict[str, Any]:
        return {"type": ["array", "null"], "items": self.kind.json_schema()}


class TupleOf(Struct, frozen=True):
    """The type of a list with a fixed length, in which each item has its own type."""

    kinds: tuple[Kind, ...]
    expected: str

    def read(self, node: Located, path: str) -> tuple[Any, ...]:
        if not isinstance(node.value, list) or len(node.value) != len(self.kinds):
            raise wrong(node, path, self.expected)
        items = enumerate(zip(self.kinds, node.value, strict=True))
        return tuple(kind.read(item, f"{path}[{place}]") for place, (kind, item) in items)

    def json_schema(self) -> dict[str, Any]:
        count = len(self.kinds)
        items = [kind.json_schema() for kind in self.kinds]
        return {"type": "array", "prefixItems": items, "minItems": count, "maxItems": count}


class Nullable(Struct, frozen=True):
    """The type of a value that may also be null, as in `limit: null`."""

    kind: Kind

    def read(self, node: Located, path: str) -> Any:
        return None if node.value is None else self.kind.read(node, path)

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [self.kind.json_schema(), {"type": "null"}]}


class MapOf(Struct, frozen=True):
    """The type of a mapping whose keys the user chooses; all its values have one type."""

    kind: Kind
    key: Scalar = NAME
    expected: str = "a mapping of names"

    def read(self, node: Located, path: str) -> dict[Any, Any]:
        if not isinstance(node.value, dict):
            raise wrong(node, path, self.expected)
        read: dict[Any, Any] = {}
        try:
            for place, text in enumerate(node.value, start=1):
                self._read_item(node, text, path, read)
                if place % ITEMS_PER_TURN == 0:
                    take_turn()
        except ScenarioError as error:
            rest = list(node.value)[len(read) + 1 :]
            raise read_on(error, [partial(self._read_item, node, text, path, read) for text in rest]) from None
        return read

    def _read_item(self, node: Located, text: str, path: str, read: dict[Any, Any]) -> None:
        assert isinstance(node.value, dict), "a mapping"
        line = node.line_of(text)
        name = self.key.read(Located(text, node.file, line), path)
        if name in read:
            raise ScenarioError(f"{text!r} is there twice, spelt otherwise", node.file, line, path)
        read[name] = self.kind.read(node.value[text], below(path, text))

    def json_schema(self) -> dict[str, Any]:
        return {
            "type": ["object", "null"],
            "propertyNames": {word: self.key.schema[word] for word in ("pattern", "enum") if word in self.key.schema},
            "additionalProperties": self.kind.json_schema(),
        }


class Field(Struct, frozen=True):
    kind: Kind
    required: bool = False
    default: Any = None


def must(kind: Kind) -> Field:
    return Field(kind, required=True)


def may(kind: Kind, default: Any = None) -> Field:
    return Field(kind, default=default)


class Record(Struct, frozen=True, dict=True):
    """The type of a mapping with known keys; unknown keys are refused."""

    fields: dict[str, Field]
    where: bool = False
    """Whether the result has the parsed mapping itself as "_node", for errors that are found later."""

    @cached_property
    def _defaults(self) -> dict[str, Any]:
        return {name: field.default for name, field in self.fields.items()}

    def read(self, node: Located, path: str) -> dict[str, Any]:
        given = {} if node.value is None else node.value
        if not isinstance(given, dict):
            raise wrong(node, path, f"a mapping with {', '.join(self.fields)}")
        read, place = self._defaults.copy(), 0
        try:
            for name in given:
                if name not in self.fields:
                    raise self._unknown(name, node, path)
            for name, field in self.fields.items():
                place += 1
                item = given.get(name)
                if item is not None and (item.value is not None or not isinstance(field.kind, _EMPTIABLE)):
                    read[name] = field.kind.read(item, f"{path}.{name}" if path else name)
                elif field.required:
                    raise self._missing(name, node, path)
        except ScenarioError as error:
            raise read_on(error, self._rest(place, node, given, path)) from None
        return {**read, "_node": node} if self.where else read

    def check_keys(self, node: Located, path: str) -> None:
        """Raise ScenarioError for a key that is unknown or missing; the values are not read."""
        if not isinstance(node.value, dict):
            raise wrong(node, path, f"a mapping with {', '.join(self.fields)}")
        for name in node.value:
            if name not in self.fields:
                raise self._unknown(name, node, path)
        for name, field in self.fields.items():
            if field.required and name not in node.value:
                raise self._missing(name, node, path)

    def _rest(self, place: int, node: Located, given: dict[str, Located], path: str) -> Iterator[Callable[[], object]]:
        """Yield the reads of the other unknown keys or, behind the `place`th field, which failed, of other fields."""
        unknown = [name for name in given if name not in self.fields]
        for name in unknown[1:]:
            yield partial(note_or_raise, self._unknown(name, node, path))
        for name, field in list(self.fields.items())[place:]:
            item = given.get(name)
            if item is not None and (item.value is not None or not isinstance(field.kind, _EMPTIABLE)):
                yield partial(field.kind.read, item, below(path, name))
            elif field.required:
                yield partial(note_or_raise, self._missing(name, node, path))

    def _missing(self, name: str, node: Located, path: str) -> ScenarioError:
        return ScenarioError(f"expected the key {name!r}, which is missing", node.file, node.line, path)

    def _unknown(self, name: str, node: Located, path: str) -> ScenarioError:
        advice = did_you_mean(name, self.fields) or f": known are {', '.join(self.fields)}"
        return ScenarioError(f"unknown key {name!r}{advice}", node.file, node.line_of(name), path)

    def json_schema(self) -> dict[str, Any]:
        required = [name for name, field in self.fields.items() if field.required]
        return {
            "type": "object" if required else ["object", "null"],
            "properties": {name: field.kind.json_schema() for name, field in self.fields.items()},
            "additionalProperties": False,
            **({"required": required} if required else {}),
        }


class Made(Struct, frozen=True):
    """The type of a record whose values become the arguments of a function, `make`.

    Keys that are not given are left out.
    """

    record: Record
    make: Callable[..., Any]

    def read(self, node: Located, path: str) -> Any:
        given = self.record.read(node, path)
        return self.make(**{name: value for name, value in given.items() if value is not None})

    def json_schema(self) -> dict[str, Any]:
        return self.record.json_schema()


_EMPTIABLE = (ListOf, MapOf, Record, Made)
