"""Reads JSON and detects what schemas cannot see, such as a duplicate key, or 1.0 instead of 1."""

import json
import math
from typing import Any

ALMOST_ZERO = 1e-9


def read_json(text: str | bytes) -> Any:
    """Return the value of a JSON text. Raises ValueError if it is not JSON, is nested too deep or repeats a key.

    A whole number that is written with a fraction or an exponent (1.0) is changed by the smallest possible amount, so
    that a schema does not take it for an integer, and it stays within its bounds.
    """
    try:
        return json.loads(text, parse_float=_fraction, parse_constant=_refuse, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _fraction(text: str) -> float:
    value = float(text)
    return (math.nextafter(value, 0.0) or ALMOST_ZERO) if value.is_integer() else value


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in an object")
    return found
