"""Types of values in a scenario: each reads parsed text to a value, and describes itself as JSON Schema.

Amounts are read as text and become scaled integers; too many digits are an error, amounts are never rounded.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import cached_property, lru_cache, partial
from sys import intern
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from mockexchange.core.instants import (
    MICROSECONDS_PER_SECOND,
    duration_advice,
    parse_duration,
    parse_instant,
)
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.scenario.error_collection import note_or_raise, read_on
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.loop_turns import ITEMS_PER_TURN, take_turn

# Scalars


NAME_CHARS_MAX = 200
TEXT_SHOWN_CHARS_MAX = 60
WHOLE_DIGITS_MAX = 12
INTEGER_DIGITS_MAX = 18
PARSED_MAX = 1_024
"""The most texts of which later steps share the value, for each type of amounts, words and names."""
INSTANT_MIN = 0
INSTANT_MAX = parse_instant("2200-01-01")
"""The latest instant in a scenario; it leaves room to advance a clock by centuries."""
DURATION_PATTERN = "([0-9]+(us|ms|s|m|h|d))+"
_NAME = re.compile(rf"[^\x00-\x1f]{{1,{NAME_CHARS_MAX}}}")
_PART = re.compile(rf"[^\x00-\x1f/]{{1,{NAME_CHARS_MAX}}}")


class Kind(Protocol):
    """The interface of a type of values: `read` converts parsed text to a value, `json_schema` describes the type."""

    def read(self, node: Located, path: str) -> Any: ...

    def json_schema(self) -> dict[str, Any]: ...


def wrong(node: Located, path: str, expected: str, advice: str = "") -> ScenarioError:
    if isinstance(node.value, str):
        got = repr(node.value[:TEXT_SHOWN_CHARS_MAX])
    else:
        got = "nothing" if node.value is None else "a mapping" if isinstance(node.value, dict) else "a list"
    return ScenarioError(f"expected {expected}, got {got}{advice}", node.file, node.line, path)


def below(path: str, name: str) -> str:
    """Return the path, for errors, of a key within the value at `path`."""
    return f"{path}.{name}" if path else name


class Scalar(Struct, frozen=True):
    """The type of a text that `parse` turns into a value; if `parse` raises ValueError, the error shows the line.

    `words` are suggested for misspelt values; with `shows_reason` the error includes the message of the ValueError.
    A name is kept once, however many steps have it.
    """

    expected: str
    parse: Callable[[str], Any]
    schema: dict[str, Any]
    words: tuple[str, ...] = ()
    shows_reason: bool = False

    def read(self, node: Located, path: str) -> Any:
        if not isinstance(node.value, str):
            raise wrong(node, path, self.expected)
        try:
            value = self.parse(node.value)
        except ValueError as error:
            why = f": {error}" if str(error) else ""
            advice = why if self.shows_reason else did_you_mean(node.value, self.words)
            raise wrong(node, path, self.expected, advice) from None
        return intern(value) if type(value) is str and len(value) <= NAME_CHARS_MAX else value

    def json_schema(self) -> dict[str, Any]:
        return {**self.schema, "description": self.expected}


def decimal(expected: str, decimals: int, is_signed: bool = False) -> Scalar:
    """Return the type of a decimal with at most `decimals` digits after the point, stored as a scaled integer."""
    sign = "-?" if is_signed else ""
    text = rf"({sign})([0-9]{{1,{WHOLE_DIGITS_MAX}}})(?:\.([0-9]{{1,{decimals}}}))?"
    pattern = re.compile(text)

    @lru_cache(PARSED_MAX)
    def parse(text: str) -> int:
        match = pattern.fullmatch(text)
        if match is None:
            raise ValueError(_decimal_advice(text, is_signed))
        value = int(match[2] + (match[3] or "").ljust(decimals, "0"))
        return -value if match[1] else value

    schema = {"type": ["number", "string"], "pattern": f"^{text}$", **({} if is_signed else {"minimum": 0})}
    return Scalar(expected, parse, schema, shows_reason=True)


def _decimal_advice(text: str, is_signed: bool) -> str:
    """Return advice on a misspelt decimal; empty if the expectation is clear enough."""
    if not is_signed and re.fullmatch(r"-[0-9]+(\.[0-9]+)?", text):
        return "it is below 0"
    if re.fullmatch(rf"-?[0-9]{{{WHOLE_DIGITS_MAX + 1},}}(\.[0-9]+)?", text):
        return f"at most {WHOLE_DIGITS_MAX} digits can stand before the point"
    if re.fullmatch(r"-?\$?[0-9][0-9,_]*(\.[0-9]+)?", text) and re.search(r"[$,_]", text):
        return "write digits and a point alone"
    return ""


def above_zero(kind: Scalar) -> Scalar:
    """Return a type that has the same values as `kind` without zero and below."""

    @lru_cache(PARSED_MAX)
    def parse(text: str) -> Any:
        value = kind.parse(text)
        if value <= 0:
            raise ValueError
        return value

    schema = {name: value for name, value in kind.schema.items() if name != "minimum"}
    return replace(kind, expected=f"{kind.expected}, above 0", parse=parse, schema={**schema, "exclusiveMinimum": 0})


def price(expected: str, unit: int, is_open: bool) -> Scalar:
    """Return the type of a price from 0 to 1 dollar, stored as an integer in units of 1/`unit` dollars.

    `is_open` excludes 0 and 1.
    """
    whole = decimal(expected, len(str(unit)) - 1)

    @lru_cache(PARSED_MAX)
    def parse(text: str) -> int:
        value: int = whole.parse(text)
        if not (0 < value < unit if is_open else 0 <= value <= unit):
            is_in_cents = re.fullmatch("[2-9]|[1-9][0-9]", text)
            raise ValueError(f"did you mean '0.{text:0>2}'?" if is_in_cents else "")
        return value

    names = ("exclusiveMinimum", "exclusiveMaximum") if is_open else ("minimum", "maximum")
    schema = {"type": whole.schema["type"], "pattern": whole.schema["pattern"], names[0]: 0, names[1]: 1}
    return Scalar(expected, parse, schema, shows_reason=True)


def integer(minimum: int, maximum: int) -> Scalar:
    def parse(text: str) -> int:
        if not re.fullmatch(rf"-?[0-9]{{1,{INTEGER_DIGITS_MAX}}}", text) or not minimum <= int(text) <= maximum:
            raise ValueError(text)
        return int(text)

    schema = {"type": ["integer", "string"], "pattern": "^-?[0-9]+$", "minimum": minimum, "maximum": maximum}
    return Scalar(f"a whole number from {minimum} to {maximum}", parse, schema)


def choice(values: dict[str, Any]) -> Scalar:
    """Return the type of one of several words; `values` maps each word to the value that it stands for."""

    @lru_cache(PARSED_MAX)
    def parse(text: str) -> Any:
        if text not in values:
            raise ValueError(text)
        return values[text]

    *first, last = values
    expected = f"{', '.join(first)} or {last}" if first else last
    # YAML and JSON read some words as numbers or booleans.
    constants = {"true": True, "false": False}
    plain = [int(word) if word.isdigit() else constants[word] for word in values if word.isdigit() or word in constants]
    words = tuple(word for word in values if not word.isdigit())
    return Scalar(expected, parse, {"enum": [*values, *plain]}, words)


def keywords(*names: str) -> Scalar:
    """Return the type of a value that is one of a few words."""
    return choice({name: name for name in names})


def one_of(expected: str, known: Iterable[str]) -> Scalar:
    """Return the type of a value that is one of many words.

    The error for a misspelt word suggests the nearest word, and does not list all of them.
    """
    taken = tuple(dict.fromkeys(known))

    def parse(text: str) -> str:
        if text not in taken:
            raise ValueError(text)
        return text

    return Scalar(expected, parse, {"enum": list(taken)}, taken)


def matching(expected: str, pattern: re.Pattern[str]) -> Scalar:
    """Return the type of a text that matches a pattern as a whole."""

    def parse(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise ValueError(text)
        return text

    return Scalar(expected, parse, {"type": ["string", "number", "boolean"], "pattern": f"^{pattern.pattern}$"})


def _duration(text: str) -> int:
    try:
        duration_us = parse_duration(text)
    except ValueError:
        raise ValueError(duration_advice(text).removeprefix(": ")) from None
    if duration_us >= INSTANT_MAX:
        raise ValueError
    return duration_us


@lru_cache(PARSED_MAX)
def _subaccount_ref(text: str) -> SubaccountRef:
    """Return one value for all steps that name the same subaccount."""
    return SubaccountRef.parse(text)


def _seconds(text: str) -> int:
    seconds, rest_us = divmod(_duration(text), MICROSECONDS_PER_SECOND)
    if rest_us:
        raise ValueError
    return seconds


_NAME_TEXT = matching(f"a name of 1 to {NAME_CHARS_MAX} characters", _NAME)
NAME = replace(_NAME_TEXT, parse=lru_cache(PARSED_MAX)(_NAME_TEXT.parse))
PART = matching(f"a name without a slash, of 1 to {NAME_CHARS_MAX} characters", _PART)
"""The type of a name of an account or a subaccount; together they are written ACCOUNT/SUBACCOUNT."""
TEXT = Scalar("text", str, {"type": ["string", "number", "boolean"]})
DURATION = Scalar(
    "a duration such as 250ms, 5s or 1h30m",
    _duration,
    {"type": "string", "pattern": f"^{DURATION_PATTERN}$"},
    shows_reason=True,
)
SECONDS = replace(DURATION, expected="a duration of whole seconds such as 5s or 1h30m", parse=_seconds)
BOOK = Scalar("ACCOUNT or ACCOUNT/BOOK", _subaccount_ref, {"type": "string", "minLength": 1})
BOOLEAN = choice({"true": True, "false": False})
AMOUNT = decimal("dollars such as 12.34, of at most 6 decimals", 6)
AMOUNT_ABOVE_ZERO = above_zero(AMOUNT)
SIGNED_AMOUNT = decimal("dollars such as -12.34, of at most 6 decimals", 6, is_signed=True)
PRICE = price("a price such as 0.56, above 0 and below 1 dollar, of at most 4 decimals", 10_000, is_open=True)
PAYOUT = price("a value such as 0.33, from 0 to 1 dollar, of at most 4 decimals", 10_000, is_open=False)
COUNT = decimal("contracts such as 10 or 1.37, of at most 2 decimals", 2)
COUNT_ABOVE_ZERO = above_zero(COUNT)
SIGNED_COUNT = decimal("contracts such as -137 or 1.37, of at most 2 decimals", 2, is_signed=True)
STRIKE = matching("a number such as 60.5 or -3", re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,6})?"))
MULTIPLIER = decimal("a multiplier such as 0.5, of at most 4 decimals", 4)


# Lists, mappings, and records of known keys
#
# A key without a value counts as not given if its type is a mapping or a list. It is an error if the type is a scalar,
# unless the type allows null.


class ListOf(Struct, frozen=True):
    """The type of a list; `items_max` bounds one that is executed as a whole, while no other task has a turn."""

    kind: Kind
    expected: str = "a list"
    items_max: int | None = None

    def read(self, node: Located, path: str) -> list[Any]:
        if not isinstance(node.value, list):
            raise wrong(node, path, self.expected)
        if self.items_max is not None and len(node.value) > self.items_max:
            message = f"expected at most {self.items_max:,} items, got {len(node.value):,}"
            raise ScenarioError(message, node.file, node.line, path)
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
        bound = {} if self.items_max is None else {"maxItems": self.items_max}
        return {"type": ["array", "null"], "items": self.kind.json_schema(), **bound}


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


# Exact decimals: counts and prices of derivatives, and cash by currency


DECIMALS_MAX = 18
"""The most digits after the point: ether has a smallest unit of 18 decimals."""


def number(expected: str, is_signed: bool = False) -> Scalar:
    """Return the type of a decimal number, read without rounding."""
    text = rf"{'-?' if is_signed else ''}[0-9]{{1,{WHOLE_DIGITS_MAX}}}(?:\.[0-9]{{1,{DECIMALS_MAX}}})?"
    pattern = re.compile(text)

    def parse(given: str) -> Decimal:
        if pattern.fullmatch(given) is None:
            raise ValueError("it is below 0" if given.startswith("-") and pattern.fullmatch(given[1:]) else "")
        return Decimal(given)

    schema = {"type": ["number", "string"], "pattern": f"^{text}$", **({} if is_signed else {"minimum": 0})}
    return Scalar(expected, parse, schema, shows_reason=True)


NUMBER = number("a number such as 0.0005")
NUMBER_ABOVE_ZERO = above_zero(replace(NUMBER, expected="a number such as 113853.63"))
SIGNED_NUMBER = number("a number such as -110970 or 0.25", is_signed=True)


class CashType:
    """The schema of an account's cash: dollars, or a mapping from currency to `Decimal`."""

    def __init__(self, dollars: Scalar, currencies: MapOf) -> None:
        self._dollars, self._currencies = dollars, currencies

    def read(self, node: Located, path: str) -> Any:
        if isinstance(node.value, list | None):
            raise wrong(node, path, f"{self._dollars.expected}, or {self._currencies.expected}")
        return (self._currencies if isinstance(node.value, dict) else self._dollars).read(node, path)

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [self._dollars.json_schema(), self._currencies.json_schema()]}
