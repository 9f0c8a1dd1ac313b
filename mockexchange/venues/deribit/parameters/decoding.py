"""Decoding parameters the way the venue does: JSON by its types, the texts of a query by the parameter's.

What no row names is ignored, and told to the caller.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from mockexchange.venues.dated import ApiDate, pick
from mockexchange.venues.deribit.errors import Rejected, invalid, missing
from mockexchange.venues.deribit.parameters.rows import Parameter
from mockexchange.venues.jsonrpc.envelope import SHOWN_CHARS_MAX, Number, kind_of, whole
from mockexchange.venues.request import Request

FINDINGS_MAX = 20
"""A request can have thousands of unknown parameters, and the journal keeps what is said of each."""
EVERYWHERE = frozenset({"access_token"})
"""What may stand among the parameters of any operation."""
QUERY_BOOLEANS = {"true": True, "false": False}


class Word(str):
    """A value of a query: what type it is the parameter says."""

    __slots__ = ()


REPEATED = object()
"""Stands for the values of a name that was given more than once."""


def read_query(query: str) -> dict[str, Any]:
    """The parameters of a raw query. `name[]=` makes a list [wire]; a bare name given twice does not."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
        if name.endswith("[]"):
            earlier = found.setdefault(name[:-2], [])
            found[name[:-2]] = [*(earlier if isinstance(earlier, list) else [earlier]), Word(value)]
        elif name in found:
            found[name] = REPEATED
        else:
            found[name] = Word(value)
    return found


@lru_cache(maxsize=256)
def rows_of(parameters: tuple[Parameter, ...], api_date: ApiDate) -> dict[str, Parameter]:
    return pick(parameters, api_date)


def decode(
    method: str, parameters: tuple[Parameter, ...], params: Mapping[str, Any], api_date: ApiDate, findings: list[str]
) -> dict[str, Any]:
    """A value for every known parameter, None where it is absent. Raises Rejected on a bad one."""
    rows = rows_of(parameters, api_date)
    findings += tell_unknown(method, [name for name in params if name not in rows and name not in EVERYWHERE])
    return {name: _value(method, row, params.get(name)) for name, row in rows.items()}


def tell_unknown(method: str, names: list[str]) -> Iterable[str]:
    for name in names[:FINDINGS_MAX]:
        yield f"parameter {name[:SHOWN_CHARS_MAX]!r} is unknown to {method}: ignored"
    if len(names) > FINDINGS_MAX:
        yield f"and so are {len(names) - FINDINGS_MAX} more"


def _value(method: str, row: Parameter, value: Any) -> Any:
    if value is None:
        if row.required:
            raise missing(row.name, method)
        return row.default
    return READERS[row.kind](row, value)


def _text(row: Parameter, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong_type(row, "a string", value)
    return str(value)


def _choice(row: Parameter, value: Any) -> str:
    if isinstance(value, str) and value in row.choices:
        return str(value)
    words = f"{row.name}: expected one of {', '.join(row.choices)}, got {_shown(value)}"
    raise invalid(row.name, row.reason, words)


def integer_of(value: Any) -> int | None:
    return whole(Number(str(value)) if isinstance(value, Word) else value)


def _integer(row: Parameter, value: Any) -> int:
    found = integer_of(value)
    if found is None:
        raise _wrong_type(row, "an integer", value)
    if row.minimum is not None and found < row.minimum:
        raise invalid(row.name, f"value must be at least {row.minimum}", f"{row.name}={found}")
    if row.maximum is not None and found > row.maximum:
        raise invalid(row.name, f"value must be at most {row.maximum}", f"{row.name}={found}")
    return found


def _boolean(row: Parameter, value: Any) -> bool:
    found = QUERY_BOOLEANS.get(str(value)) if isinstance(value, Word) else value
    if not isinstance(found, bool):
        raise _wrong_type(row, "a boolean", value)
    return found


def _texts(row: Parameter, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _wrong_type(row, "a list", value)
    if not all(isinstance(item, str) for item in value):
        raise invalid(row.name, "value must be a list of strings", f"{row.name}: an item is no string")
    return tuple(map(str, value))


def _wrong_type(row: Parameter, expected: str, value: Any) -> Rejected:
    """That a value must be a list is recorded [wire]; the other types are said alike [choice]."""
    return invalid(row.name, f"value must be {expected}", f"{row.name}: expected {expected}, got {_shown(value)}")


def _shown(value: Any) -> str:
    return "several values" if value is REPEATED else kind_of(value)


@dataclass(frozen=True, slots=True)
class Capped(Request):
    """A request for pages of at most `rows_max` rows; what its signature covers is as it was."""

    rows_max: int = 0


def with_count(request: Request, rows: int) -> Request:
    return Capped(request.method, request.path, request.query, request.headers, request.body, rows)


def capped(params: dict[str, Any], rows_max: int) -> dict[str, Any]:
    """Parameters that ask for so many rows at most; a count that is none stays what it is."""
    asked = params.get("count")
    count = rows_max if asked is None else integer_of(asked)
    return params if count is None or count < 1 else {**params, "count": Number(str(min(count, rows_max)))}


READERS: dict[str, Callable[[Parameter, Any], Any]] = {
    "text": _text,
    "texts": _texts,
    "integer": _integer,
    "boolean": _boolean,
    "choice": _choice,
}
