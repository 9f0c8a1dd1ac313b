"""Makes Hypothesis strategies for the values that a schema of an API document allows.

A strategy shrinks to the smallest body: no rows, no optional fields, amounts of 0. Sizes are as in real accounts.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mockexchange.kit.validation.schemas import resolved
from mockexchange.runtime.api_documents import Document

Values = SearchStrategy[Any]

WHOLE_DIGITS_MAX = 9
"""The most whole digits of an amount: with six decimals, a float still holds them exactly."""
INTEGER_MAX = {"int32": 2**31 - 1, "int64": 10 ** (WHOLE_DIGITS_MAX + 2)}
ROWS_MAX = 12
CHARS_MAX = 20
NESTED_MAX = 3
TEXT_ALPHABET = st.characters(exclude_categories=("Cs", "Cc"))
"""All characters except surrogates, which JSON cannot carry, and control characters."""
ZERO = st.just(0)
"""A strategy for 0, drawn as often as all other numbers together, since many mistakes appear at 0."""
FIRST = datetime(2020, 1, 1, tzinfo=UTC)
MICROSECONDS_MAX = 15 * 365 * 24 * 3600 * 10**6
"""The range of generated instants: fifteen years."""
AMOUNT_PATTERN = re.compile(r"\^(?P<sign>-\?)?\(0\|\[1-9\]\[0-9\]\*\)\\\.\[0-9\]\{(?P<decimals>[1-9])\}(?P<zeros>0*)\$")
"""The patterns of amounts in the documents: sign, whole dollars or contracts, decimals, zeros."""
PRICE_PATTERN, PRICE_DECIMALS = r"^(0\.[0-9]{4}|1\.0000)$", 4


def values_of(document: Document, schema: Any, unknown: Values | None = None) -> Values:
    """Return a strategy for the values that a schema allows. With `unknown`, every object has an undocumented field.

    A cursor is always empty, since every page has the same body.
    """
    return _Maker(document, unknown).values(schema)


class _Maker:
    def __init__(self, document: Document, unknown: Values | None) -> None:
        self._document, self._unknown = document, unknown

    def values(self, schema: Any) -> Values:
        if schema.get("$ref", "").endswith("/Cursor"):
            return st.just("")
        node = resolved(self._document, schema)
        for word in ("oneOf", "anyOf"):
            if word in node:
                return st.one_of([self.values(one) for one in reversed(node[word])])
        if "const" in node:
            return st.just(node["const"])
        return st.sampled_from(node["enum"]) if "enum" in node else MAKERS[node["type"]](self, node)

    def object(self, node: Any) -> Values:
        required = set(node.get("required", ()))
        fields = {name: self.values(schema) for name, schema in node.get("properties", {}).items()}
        needed = {name: field for name, field in fields.items() if name in required}
        optional = {name: field for name, field in fields.items() if name not in required}
        if self._unknown is not None:
            needed["not_yet_documented"] = self._unknown
        return st.fixed_dictionaries(needed, optional=optional)

    def array(self, node: Any) -> Values:
        if "prefixItems" in node:
            return st.tuples(*(self.values(item) for item in node["prefixItems"])).map(list)
        rows_max = min(node.get("maxItems", ROWS_MAX), ROWS_MAX)
        unique_by = partial(json.dumps, sort_keys=True) if node.get("uniqueItems") else None
        return st.lists(self.values(node["items"]), max_size=rows_max, unique_by=unique_by)

    def string(self, node: Any) -> Values:
        if node.get("format") == "date-time":
            return st.integers(0, MICROSECONDS_MAX).map(_instant)
        if node.get("format") == "date":
            return st.integers(0, MICROSECONDS_MAX).map(_instant).map(lambda text: text.partition("T")[0])
        if "pattern" in node:
            return _matching(node["pattern"])
        return st.text(TEXT_ALPHABET, min_size=node.get("minLength", 0), max_size=CHARS_MAX)

    def integer(self, node: Any) -> Values:
        largest = INTEGER_MAX[node.get("format", "int32")]
        least = node.get("minimum", -largest)
        return st.just(max(least, 0)) | st.integers(least, node.get("maximum", largest))

    def number(self, node: Any) -> Values:
        """Return a strategy for numbers with at most two decimals, as the venue sends them."""
        least, largest = node.get("minimum", 0), node.get("maximum", INTEGER_MAX["int32"])
        return st.integers(least * 100, largest * 100).map(lambda hundredths: hundredths / 100)


MAKERS: Mapping[str, Callable[[_Maker, Any], Values]] = {
    "object": _Maker.object,
    "array": _Maker.array,
    "string": _Maker.string,
    "integer": _Maker.integer,
    "number": _Maker.number,
    "boolean": lambda maker, node: st.booleans(),
    "null": lambda maker, node: st.none(),
}

UNKNOWN: Values = st.one_of(
    st.none(),
    st.integers(-1, 1),
    st.text(TEXT_ALPHABET, max_size=NESTED_MAX),
    st.lists(st.integers(0, 1), max_size=NESTED_MAX),
    st.dictionaries(st.sampled_from("ab"), st.none(), max_size=NESTED_MAX),
)
"""A strategy for values of an undocumented field."""


def _matching(pattern: str) -> Values:
    """Return a strategy for texts that match a pattern. An amount is drawn as an integer: fast, and shrinks to 0."""
    amount = AMOUNT_PATTERN.fullmatch(pattern)
    if pattern == PRICE_PATTERN:
        return (ZERO | st.integers(0, 10**PRICE_DECIMALS)).map(lambda units: _amount(units, PRICE_DECIMALS, ""))
    if amount is None:
        return st.from_regex(re.compile(pattern.removeprefix("^").removesuffix("$"), re.ASCII), fullmatch=True)
    decimals, zeros = int(amount["decimals"]), amount["zeros"]
    largest = 10 ** (WHOLE_DIGITS_MAX + decimals) - 1
    units = ZERO | st.integers(-largest if amount["sign"] else 0, largest)
    return units.map(lambda number: _amount(number, decimals, zeros))


def _amount(units: int, decimals: int, zeros: str) -> str:
    return f"{Decimal(units).scaleb(-decimals):.{decimals}f}{zeros}"


def _instant(microseconds: int) -> str:
    text = (FIRST + timedelta(microseconds=microseconds)).isoformat().removesuffix("+00:00")
    return f"{text.rstrip('0') if '.' in text else text}Z"
