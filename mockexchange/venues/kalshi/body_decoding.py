"""Decodes request bodies: it checks and converts their values as the venue does.

The order of checks is the venue's: content type, JSON, the type of every value, then the rules of each field. A null is
an absent value. Keys that the body does not have at the API date are ignored, and the journal gets a finding.
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from mockexchange.venues.dated_fields import ApiDate, pick
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.resources import BODIES
from mockexchange.venues.kalshi.resources.bodies import Body, BodyField
from mockexchange.venues.kalshi.resources.refusals import invalid
from mockexchange.venues.parameter_decoding import Given, Reader, decode_rows, unknown_findings
from mockexchange.venues.request import Request

JSON_TYPE = "application/json"
DECIMAL = re.compile(r"(-?[0-9]{1,15})(?:\.([0-9]{1,18}))?")
COUNT_DIGITS, PRICE_DIGITS = 2, 4
CLIENT_ID_CHARS_MAX = 64
VALUE_CHARS_SHOWN_MAX = 80
UNKNOWN_SHOWN_MAX = 3
GO_TYPES = {
    "text": "string",
    "client_id": "string",
    "choice": "string",
    "count": "string",
    "price": "string",
    "texts": "[]string",
    "integer": "int64",
    "boolean": "bool",
}
JSON_TYPES: dict[type, str] = {
    str: "string",
    bool: "bool",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
}
WANTED: dict[str, type] = {"integer": int, "boolean": bool, "objects": list, "texts": list}
"""Python types of decoded JSON by kind of field; kinds that are not listed are strings."""


EXAMPLES = {"count": "2.00", "price": "0.5600"}


class DecodedBody(NamedTuple):
    """The value of every field of a body (None where absent), and the findings about ignored keys."""

    params: dict[str, Any]
    findings: tuple[str, ...]


NONE = DecodedBody({}, ())


def decode_body(operation: str, request: Request, api_date: ApiDate) -> DecodedBody:
    """Decode the body of a request for an operation. Raises Rejected if it is not valid."""
    body = BODIES.get(operation)
    if body is None or (body.may_be_absent and not request.body):
        return NONE
    media_type = request.header(b"content-type") or ""
    if media_type != JSON_TYPE:
        media_type = media_type.partition(";")[0].strip().lower()
    if media_type != JSON_TYPE or not request.body:
        given = f"content-type {media_type}" if media_type else "no content-type"
        message = f"{operation} needs a JSON body and content-type {JSON_TYPE}: got {given}, {len(request.body)} bytes"
        raise Rejected(Situation.CONTENT_TYPE, message)
    try:
        value = msgspec.json.decode(request.body) if request.body.strip() else None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        details = "unexpected end of JSON input" if "truncated" in str(error) else "invalid character in JSON input"
        raise Rejected(Situation.BAD_JSON, f"the body of {operation} is not JSON: {error}", details=details) from None
    if not isinstance(value, dict):
        raise _mismatch(f"cannot unmarshal {JSON_TYPES[type(value)]} into Go value of type {body.struct}", "the body")
    return decode_object(body, value, api_date)


def decode_object(body: Body, value: dict[str, Any], api_date: ApiDate) -> DecodedBody:
    """Decode a body that is parsed already, or one object inside it. Raises Rejected."""
    rows, types, lists = _rows_on(body, api_date)
    for name, given in value.items():
        if given is not None and type(given) is not types.get(name):
            _require_type(body, rows.get(name), given)
    unknown = [] if value.keys() <= rows.keys() else [name for name in value if name not in rows]
    try:
        params = decode_rows(body.struct, rows, value, READERS, _missing)
    except Rejected as rejected:
        if unknown and rejected.situation is Situation.MISSING_FIELD:  # which may be one of these, mistyped
            names = ", ".join(repr(name[:VALUE_CHARS_SHOWN_MAX]) for name in unknown[:UNKNOWN_SHOWN_MAX])
            rejected.diagnosis = f"{rejected.diagnosis}; {names} is no field of it"
        raise
    findings = [*unknown_findings(body.struct, unknown)] if unknown else []
    for name, of_item in lists.items():
        if params[name] is not None:
            items = [decode_object(of_item, item, api_date) for item in params[name]]
            params[name] = [item.params for item in items]
            findings += (finding for item in items for finding in item.findings)
    return DecodedBody(params, tuple(findings))


@lru_cache(maxsize=1_024)
def _rows_on(body: Body, api_date: ApiDate) -> tuple[dict[str, BodyField], dict[str, type], dict[str, Body]]:
    """Return the fields that a body has on a day, their types except of lists, whose items have to be checked, and the
    bodies of the items of those that are lists of objects.
    """
    rows = pick(body.fields, api_date)
    wanted = {name: WANTED.get(row.kind, str) for name, row in rows.items()}
    types = {name: python_type for name, python_type in wanted.items() if python_type is not list}
    return rows, types, {name: row.body for name, row in rows.items() if row.body is not None}


# --- types


def _require_type(body: Body, row: BodyField | None, value: Any) -> None:
    """Raise Rejected with the words of Go's decoder unless a value has the JSON type of its field, if it has one."""
    if row is None:
        return
    wanted = WANTED.get(row.kind, str)
    if type(value) is not wanted:
        shown = f"number {value}" if wanted is int and type(value) is float else JSON_TYPES[type(value)]
        raise _field_mismatch(body, row.name, shown, _go_type(row), EXAMPLES.get(row.kind, ""))
    items = value if isinstance(value, list) else []
    for item in items:
        if type(item) is not (dict if row.body is not None else str):
            raise _field_mismatch(body, row.name, JSON_TYPES[type(item)], _go_type(row).removeprefix("[]"))


def _go_type(row: BodyField) -> str:
    return f"[]{row.body.struct}" if row.body is not None else GO_TYPES[row.kind]


def _field_mismatch(body: Body, name: str, shown: str, go_type: str, example: str = "") -> Rejected:
    words = f"cannot unmarshal {shown} into Go struct field {body.struct}.{name} of type {go_type}"
    return _mismatch(words, name, f': expected a text such as "{example}"' if example else "")


def _mismatch(words: str, name: str, advice: str = "") -> Rejected:
    return Rejected(Situation.BAD_JSON, f"{name} has the wrong JSON type: {words}{advice}", details=f"json: {words}")


# --- fields


def _text(given: Given[BodyField]) -> str | None:
    """Return a text; an empty one equals an absent one, and is None."""
    text: str = given.value
    if not text:
        _require_optional(given)
    return text or None


def _client_id(given: Given[BodyField]) -> str | None:
    text: str = given.value
    if "." in text or len(text) > CLIENT_ID_CHARS_MAX:
        message = f"{given.row.name}={text[:VALUE_CHARS_SHOWN_MAX]!r}: expected at most {CLIENT_ID_CHARS_MAX}"
        raise invalid(given.row.go_name, f"{message} characters without a full stop")
    return _text(given)


def _choice(given: Given[BodyField]) -> str | None:
    choices = given.row.choices
    if given.value == "":
        _require_optional(given)
        return None
    if given.value not in choices:
        message = f"{given.row.name}={given.value[:VALUE_CHARS_SHOWN_MAX]!r}: expected {', '.join(choices)}"
        raise invalid(given.row.go_name, message)
    text: str = given.value
    return text


def _integer(given: Given[BodyField]) -> int | None:
    number, row = int(given.value), given.row
    if number == 0 and row.minimum == 1:
        _require_optional(given)  # the venue's rules are "omitempty" and "required", for which 0 is no value
        return None
    broken = row.broken_bound(number)
    if broken is not None:
        side, limit = broken
        raise invalid(row.go_name, f"{row.name}={number}: expected {side} {limit}")
    return number


def _boolean(given: Given[BodyField]) -> bool:
    return bool(given.value)


def _count(given: Given[BodyField]) -> int | None:
    return _decimal(given, "count", "count", COUNT_DIGITS)


def _price(given: Given[BodyField]) -> int | None:
    return _decimal(given, "price", "dollar", PRICE_DIGITS)


def _decimal(given: Given[BodyField], subject: str, unit: str, digits: int) -> int | None:
    """Return a decimal text as an integer of its smallest unit."""
    if given.value == "":
        _require_optional(given)
        return None
    found = DECIMAL.fullmatch(given.value)
    if found is None:
        problem = ": expected a decimal number, such as 0.56"
        raise _no_decimal(given, problem, f"invalid {subject}: invalid {unit} format")
    signed, fraction = found.groups("")
    if len(fraction) > digits:
        problem = f" has {len(fraction)} decimals: expected at most {digits}"
        raise _no_decimal(given, problem, f"invalid {subject}: invalid {unit} precision: -{len(fraction)}")
    return int(signed + fraction.ljust(digits, "0"))


def _no_decimal(given: Given[BodyField], problem: str, details: str) -> Rejected:
    shown = f"{given.row.name}={given.value[:VALUE_CHARS_SHOWN_MAX]!r}"
    return Rejected(Situation.INVALID_ORDER, shown + problem, details=details)


def _objects(given: Given[BodyField]) -> list[Any]:
    items: list[Any] = given.value
    return items


def _texts(given: Given[BodyField]) -> list[str]:
    """Return a list of texts. Raises Rejected for one that is none of the row's choices, if it has some."""
    texts: list[str] = given.value
    choices = given.row.choices
    unknown = next((text for text in texts if choices and text not in choices), None)
    if unknown is not None:
        message = f"{given.row.name}: {unknown[:VALUE_CHARS_SHOWN_MAX]!r} is none of {', '.join(choices)}"
        raise invalid(given.row.go_name, message)
    return texts


def _require_optional(given: Given[BodyField]) -> None:
    """Raise Rejected for a required field whose value is the zero value of its type, which counts as absent."""
    if given.row.required:
        raise _missing(given)


def _missing(given: Given[BodyField]) -> Rejected:
    name = given.row.name
    return Rejected(Situation.MISSING_FIELD, f"{name} is required in {given.operation}", field=given.row.go_name)


READERS: dict[str, Reader[BodyField]] = {
    "text": _text,
    "client_id": _client_id,
    "choice": _choice,
    "integer": _integer,
    "boolean": _boolean,
    "count": _count,
    "price": _price,
    "objects": _objects,
    "texts": _texts,
}
