"""The exception with which the JSON-RPC venues reject a request."""

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any, NoReturn

from msgspec import Struct

from mockexchange.venues.diagnosis.search import no_pause
from mockexchange.venues.request import Answer, Diagnose


class Rejection(Exception):
    """An exception for a request that a venue answers with an error.

    `diagnosis` is the advice for the user, outside the answer's body: a text, or a function that finds it. `request_id`
    is the id (JSON text) of a malformed request, None if it could not be read.
    """

    request_id: str | None = None

    def __init__(self, label: object, diagnosis: str | Diagnose) -> None:
        super().__init__(label)
        self.diagnosis = diagnosis

    def explain(self) -> str:
        return self.diagnosis if isinstance(self.diagnosis, str) else self.diagnosis(no_pause)

    def report(self, answer: Answer) -> None:
        """Add the diagnosis to an answer; if finding it takes work, add the function that finds it."""
        if isinstance(self.diagnosis, str):
            answer.diagnosis = self.diagnosis
        else:
            answer.diagnose = self.diagnosis


# Parsing. Numbers stay text, so that an answer repeats an id as it was written


WHOLE = re.compile(r"-?[0-9]{1,18}")
SURROGATE = re.compile(r"[\ud800-\udfff]")
ID_CHARS_MAX = 1_024
"""Largest length of a request's id, which answers, frames and the journal repeat."""
VALUES_MAX = 4_000
"""Largest number of values in a request, estimated by its commas, because parsing each number takes time.

The longest list that a method accepts has 500 values.
"""
SHOWN_CHARS_MAX = 80
BYTE_ORDER_MARK = "\ufeff"
"""The first character of a text that `json.loads` refuses, with advice."""


class Number(Struct, frozen=True):
    """A JSON number as it was written: -0, 1.50 and integers of any length stay unchanged."""

    text: str


class Defect(StrEnum):
    """The ways in which a JSON-RPC envelope can be malformed."""

    NOT_JSON = "not JSON"
    BATCH = "a batch"
    NOT_AN_OBJECT = "not an object"
    BAD_ID = "id of the wrong type"
    NO_METHOD = "method missing"
    BAD_METHOD = "method of the wrong type"
    BAD_PARAMS = "params of the wrong type"


class Malformed(Exception):
    """The error of a malformed request; `id` is the id for the answer (JSON text), None if it could not be read."""

    def __init__(self, defect: Defect, message: str, id_text: str | None = None) -> None:
        super().__init__(message)
        self.defect = defect
        self.message = message
        self.id = id_text


class Envelope(Struct, frozen=True):
    """One JSON-RPC request.

    `id` is JSON text; it and `method` are None if absent. `extra` holds all keys that JSON-RPC does not define.
    """

    id: str | None
    method: str | None
    params: Mapping[str, Any]
    extra: dict[str, Any] = {}


def read_envelope(raw: bytes, id_name: str = "id", method_required: bool = True) -> Envelope:
    """Parse one JSON-RPC request. Raises Malformed with the defect, its place and the expected value."""
    document = read_object(raw)
    id_text = _id(document.pop(id_name, None), id_name)
    method = _method(document.pop("method", None), id_text, method_required)
    params = document.pop("params", None)
    # Absent and null are the same, as JSON-RPC 2.0 lets params be left out.
    if params is not None and not isinstance(params, dict):
        message = f"params: expected an object of named parameters, got {describe_value(params)}"
        raise Malformed(Defect.BAD_PARAMS, message, id_text)
    return Envelope(id_text, method, params or {}, document)


def read_object(raw: bytes) -> dict[str, Any]:
    """Parse a JSON object, in which numbers become `Number`. Raises Malformed."""
    if raw.count(b",") >= VALUES_MAX:
        raise Malformed(Defect.NOT_JSON, f"more than {VALUES_MAX:,} values: no method takes so many")
    try:
        # Invalid UTF-8 is a ValueError too, and so is NaN.
        text = raw.decode()
        document = json.loads(text) if text.startswith(BYTE_ORDER_MARK) else _decoded(text)
    except RecursionError:
        raise Malformed(Defect.NOT_JSON, "the JSON is nested too deep: expected one object") from None
    except ValueError as error:
        raise Malformed(Defect.NOT_JSON, f"no JSON: {error}") from None
    if isinstance(document, list):
        raise Malformed(Defect.BATCH, "an array: batches are not answered, send one object for each call")
    if isinstance(document, dict):
        return document
    raise Malformed(Defect.NOT_AN_OBJECT, f"expected an object, got {describe_value(document)}")


def _decoded(text: str) -> Any:
    """Return the value of a JSON text. Raises ValueError, and RecursionError.

    Most texts have no white space around the value, for which `decode` would search twice.
    """
    try:
        document, end = _DECODER.raw_decode(text)
    except ValueError:
        return _DECODER.decode(text)
    return document if end == len(text) else _DECODER.decode(text)


def read_integer(value: object) -> int | None:
    """Return a JSON number of at most 18 digits as an integer; None for any other value, such as 1.0 or "1"."""
    return int(value.text) if isinstance(value, Number) and WHOLE.fullmatch(value.text) else None


def texts_of(params: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters as texts by name, with numbers as they were written; lists and objects are left out."""
    texts = ((name, _text_of(value)) for name, value in params.items())
    return {name: text for name, text in texts if text is not None}


def _text_of(value: object) -> str | None:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Number(text):
            return text
        case str():
            return value
    return None


def describe_value(value: object) -> str:
    """Return the JSON type of a value, and for a number or a string its value, as text for an error."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case Number(text):
            return f"the number {text[:SHOWN_CHARS_MAX]}"
        case str():
            return f"the string {value[:SHOWN_CHARS_MAX]!r}"
        case list():
            return "an array"
    return "an object"


def is_utf8(text: str) -> bool:
    """Return whether a text can be encoded as UTF-8; lone surrogates, which JSON can escape, cannot."""
    return SURROGATE.search(text) is None


def spell(text: str) -> str:
    """Return a text as a JSON string; lone surrogates, which UTF-8 cannot encode, are escaped."""
    return encode_basestring(text) if is_utf8(text) else encode_basestring_ascii(text)


def _id(value: object, id_name: str) -> str | None:
    match value:
        case None:
            return None
        case Number(text) if len(text) <= ID_CHARS_MAX:
            return text
        case str() if len(value) <= ID_CHARS_MAX:
            return spell(value)
        case Number() | str():
            raise Malformed(Defect.BAD_ID, f"{id_name}: expected at most {ID_CHARS_MAX:,} characters")
    raise Malformed(Defect.BAD_ID, f"{id_name}: expected a number or a string, got {describe_value(value)}")


def _method(value: object, id_text: str | None, required: bool) -> str | None:
    if value is None and not required:
        return None
    if value is None:
        raise Malformed(Defect.NO_METHOD, 'method: expected one, such as "private/get_positions"', id_text)
    if not isinstance(value, str):
        raise Malformed(Defect.BAD_METHOD, f"method: expected a string, got {describe_value(value)}", id_text)
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_no_constant)
