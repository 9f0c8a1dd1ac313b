"""Reading JSON as it is written: what schemas cannot see, such as a key that stands twice, or 1.0 where 1 belongs."""

import json
import math
from typing import Any

ALMOST_ZERO = 1e-9


def read_json(text: str | bytes) -> Any:
    """Return what is written. Raises ValueError where it is no JSON, is nested too deep, or has a key twice.

    A whole number that is written with a fraction or an exponent is off by next to nothing in it, so that it is no
    integer, and within the bounds of a number.
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
