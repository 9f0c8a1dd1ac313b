"""Types of exact decimals: counts and prices of derivatives, and cash by currency."""

import re
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from mockexchange.scenario.located_text import Located
from mockexchange.scenario.types.composite_types import MapOf
from mockexchange.scenario.types.value_types import WHOLE_DIGITS_MAX, Scalar, above_zero, wrong

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
