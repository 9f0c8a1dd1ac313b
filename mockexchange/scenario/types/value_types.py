"""Scalar types of scenario values: each reads parsed text to a value and describes itself as JSON Schema.

Amounts are read as text and become scaled integers; too many digits are an error, amounts are never rounded. Composite
types are in `composite_types`.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
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
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.located_text import Located

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
    return ScenarioError(f"expected {expected}, got {_shown(node)}{advice}", node.file, node.line, path)


def below(path: str, name: str) -> str:
    """Return the path, for errors, of a key within the value at `path`."""
    return f"{path}.{name}" if path else name


def _shown(node: Located) -> str:
    if isinstance(node.value, dict):
        return "a mapping"
    if isinstance(node.value, list):
        return "a list"
    return "nothing" if node.value is None else repr(node.value[:TEXT_SHOWN_CHARS_MAX])


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
            raise wrong(node, path, self.expected, self._advice(node.value, str(error))) from None
        return intern(value) if type(value) is str and len(value) <= NAME_CHARS_MAX else value

    def _advice(self, given: str, why: str) -> str:
        if not self.shows_reason:
            return did_you_mean(given, self.words)
        return f": {why}" if why else ""

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
            raise ValueError(_price_advice(text))
        return value

    names = ("exclusiveMinimum", "exclusiveMaximum") if is_open else ("minimum", "maximum")
    schema = {"type": whole.schema["type"], "pattern": whole.schema["pattern"], names[0]: 0, names[1]: 1}
    return Scalar(expected, parse, schema, shows_reason=True)


def _price_advice(text: str) -> str:
    """Return advice for a price that was given in cents: 56 has to be written 0.56."""
    return f"did you mean '0.{text:0>2}'?" if re.fullmatch("[2-9]|[1-9][0-9]", text) else ""


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

    words = tuple(word for word in values if not word.isdigit())
    return Scalar(_listed(values), parse, {"enum": [*values, *_plain(values)]}, words)


def _listed(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _plain(words: Iterable[str]) -> list[int | bool]:
    """Return those words that YAML and JSON read as numbers or booleans, as these values."""
    plain: dict[str, bool] = {"true": True, "false": False}
    return [int(word) if word.isdigit() else plain[word] for word in words if word.isdigit() or word in plain]


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


NAME = matching(f"a name of 1 to {NAME_CHARS_MAX} characters", _NAME)
NAME = replace(NAME, parse=lru_cache(PARSED_MAX)(NAME.parse))
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
