"""Decides whether an API document allows a request, as it was sent."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from mockexchange.kit.validation.schemas import Validator, resolved, validator
from mockexchange.runtime.api_documents import Document

# The documented path of a request


VARIABLE = re.compile(r"\{([^}]+)\}")


class Match(NamedTuple):
    """A documented path that matches a request, and the values of the path's variables in that request."""

    path: str
    path_values: Mapping[str, str]


class Routes:
    """The paths of an API document. In requests, `prefix` precedes them."""

    def __init__(self, document: Document, prefix: str) -> None:
        self._prefix = prefix
        self._plain = {path for path in document["paths"] if "{" not in path}
        self._templates = [(_pattern(path), path) for path in document["paths"] if "{" in path]

    def find(self, raw_path: str) -> Match | None:
        """Return the documented path that a raw path without query matches; None if there is none."""
        if not raw_path.startswith(self._prefix):
            return None
        path = raw_path.removeprefix(self._prefix)
        if unquote(path) in self._plain:
            return Match(unquote(path), {})
        found = ((pattern.fullmatch(path), template) for pattern, template in self._templates)
        return next((Match(template, _named(template, match)) for match, template in found if match), None)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("([^/]+)".join(map(re.escape, VARIABLE.split(path)[::2])))


def _named(template: str, match: re.Match[str]) -> dict[str, str]:
    return dict(zip(VARIABLE.findall(template), map(unquote, match.groups()), strict=True))


# The request as it was sent


INTEGER = re.compile(r"0|-?[1-9][0-9]*")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
INTEGER_CHARS_MAX = 100
"""The most digits of a number that is read, far beyond any documented bound."""
NUMERAL = re.compile(r"[+-]?[0-9.]+(e[+-]?[0-9]+)?", re.IGNORECASE)
"""Notations of a number that the documents leave open, such as +5, 007 and 1.0."""
BOOLEANS = {"true", "false"}
OTHER_BOOLEANS = {"1", "0", "t", "f", "true", "false"}
"""Spellings that the documents leave open, in lower or upper case."""

EMPTY: tuple[object, ...] = (None, 0, "", [])

ALLOWED = ""
OPEN: None = None
Objection = str | None
"""Why the document forbids a request; ALLOWED if it allows the request, OPEN if it leaves that open."""


class Parameter(NamedTuple):
    """A parameter of an operation, with the validator of its schema."""

    name: str
    place: str
    is_required: bool
    kind: str
    is_listed: bool
    """Whether the schema lists the values (`enum`)."""
    validator: Validator


class OperationDemands(NamedTuple):
    """What a document requires of requests to one operation."""

    parameters: dict[tuple[str, str], Parameter]
    is_query_closed: bool
    """Whether unknown parameters are refused (`x-closed-query`; OpenAPI has no keyword for it)."""
    times: dict[str, list[str]]
    """Kinds of time filters, of which a request may use one; for each, the values of `status` it allows (`x-times`)."""
    excludes: dict[str, list[str]]
    """Parameters that a parameter excludes (`x-excludes`)."""
    is_body_required: bool
    body: Validator | None
    is_body_open: bool
    """Whether the body may have unknown fields; the server may then also drop empty members of it."""


class RequestJudge:
    """Decides whether an API document allows a request as it was sent."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._demands: dict[tuple[str, str], OperationDemands] = {}

    def objection_to(
        self, path: str, method: str, path_values: Mapping[str, Any], query: str, body: bytes = b""
    ) -> Objection:
        """Return why the document forbids a request; ALLOWED if it allows the request, OPEN if it leaves that open.

        `path_values` are the values of the path's variables, by name.
        """
        demands = self._demands_of(path, method.lower())
        return _first_objection(
            [*_path_objections(demands, path_values), _query_objection(demands, query), _body_objection(demands, body)]
        )

    def _demands_of(self, path: str, method: str) -> OperationDemands:
        known = self._demands.get((path, method))
        if known is None:
            known = self._demands[path, method] = self._read(self.document["paths"][path], method)
        return known

    def _read(self, item: Document, method: str) -> OperationDemands:
        operation = item[method]
        listed = [
            resolved(self.document, one) for one in (*item.get("parameters", []), *operation.get("parameters", []))
        ]
        body = resolved(self.document, operation.get("requestBody", {}))
        schema = body["content"]["application/json"]["schema"] if body else {}
        return OperationDemands(
            {(one["in"], one["name"]): self._parameter(one) for one in listed},
            operation.get("x-closed-query", False),
            operation.get("x-times", {}),
            operation.get("x-excludes", {}),
            body.get("required", False),
            validator(self.document, schema) if body else None,
            resolved(self.document, schema).get("additionalProperties") is True,
        )

    def _parameter(self, node: Document) -> Parameter:
        schema, is_required = resolved(self.document, node["schema"]), node.get("required", False)
        judge = validator(self.document, schema)
        return Parameter(node["name"], node["in"], is_required, schema["type"], "enum" in schema, judge)


def _first_objection(judged: Sequence[Objection]) -> Objection:
    """Return the first reason; without one, OPEN if any part of the request is left open."""
    return next((reason for reason in judged if reason), OPEN if OPEN in judged else ALLOWED)


def _path_objections(demands: OperationDemands, path_values: Mapping[str, Any]) -> list[Objection]:
    """Check the variables of a path; a name outside an `enum` is left open, as other names may exist."""
    found = [one for (place, _), one in demands.parameters.items() if place == "path"]
    return [
        ALLOWED
        if one.validator.is_valid(str(path_values.get(one.name)))
        else OPEN
        if one.is_listed
        else f"{one.name} is none"
        for one in found
    ]


def _query_objection(demands: OperationDemands, query: str) -> Objection:
    parameters = {name: one for (place, name), one in demands.parameters.items() if place == "query"}
    sent = parse_qsl(query, keep_blank_values=True, errors="replace")
    counts = Counter(name for name, _ in sent)
    for name, count in counts.items():
        if name not in parameters and demands.is_query_closed:
            return f"{name} is unknown"
        if name in parameters and count > 1 and parameters[name].kind != "array":
            return f"{name} is repeated"
    given = dict(sent)
    judged = [
        _list_objection(one, [text for key, text in sent if key == name])
        if one.kind == "array"
        else _value_objection(one, given.get(name))
        for name, one in parameters.items()
    ]
    judged.append(_times_objection(demands.times, given))
    judged += [f"{name} excludes {' and '.join(others)}" for name, others in _clashes(demands.excludes, given)]
    return _first_objection(judged)


def _clashes(excludes: Mapping[str, list[str]], given: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Return each given parameter that excludes others that are given too, with those."""
    found = ((name, [other for other in others if other in given]) for name, others in excludes.items())
    return [(name, others) for name, others in found if name in given and others]


def _times_objection(times: dict[str, list[str]], given: dict[str, str]) -> Objection:
    """Check that the time filters are of one kind, and that this kind goes with the values of `status`."""
    asked = [kind for kind in times if {f"min_{kind}_ts", f"max_{kind}_ts"} & set(given)]
    if len(asked) > 1:
        return f"{' and '.join(asked)} exclude each other"
    statuses = [status for status in given.get("status", "").split(",") if status]
    return f"{asked[0]} excludes the status" if asked and set(statuses) - set(times[asked[0]]) else ALLOWED


def _list_objection(parameter: Parameter, texts: list[str]) -> Objection:
    """Check a list whose values are given by repeating the parameter."""
    if not texts:
        return f"{parameter.name} is missing" if parameter.is_required else ALLOWED
    are_whole = [INTEGER.fullmatch(text) is not None and len(text) <= INTEGER_CHARS_MAX for text in texts]
    values: list[object] = [int(text) if whole else text for text, whole in zip(texts, are_whole, strict=True)]
    if parameter.validator.is_valid(values) or parameter.validator.is_valid(texts):
        return ALLOWED
    unusual = [text for text, whole in zip(texts, are_whole, strict=True) if not whole and NUMERAL.fullmatch(text)]
    return OPEN if unusual else f"{parameter.name}={texts!r} is none of its lists"


def _number_objection(parameter: Parameter, text: str) -> Objection:
    """Check a number that may have decimals; other spellings of numbers are left open."""
    if DECIMAL.fullmatch(text) and len(text) <= INTEGER_CHARS_MAX:
        return ALLOWED if parameter.validator.is_valid(float(text)) else f"{parameter.name}={text} is out of bounds"
    return OPEN if NUMERAL.fullmatch(text) else f"{parameter.name}={text!r} is no number"


def _value_objection(parameter: Parameter, text: str | None) -> Objection:
    if text is None:
        return f"{parameter.name} is missing" if parameter.is_required else ALLOWED
    if parameter.kind == "boolean":
        return _boolean_objection(parameter, text)
    if parameter.kind == "number":
        return _number_objection(parameter, text)
    if parameter.kind != "integer":
        return ALLOWED if parameter.validator.is_valid(text) else f"{parameter.name}={text!r} is none of its values"
    if INTEGER.fullmatch(text):
        if len(text) > INTEGER_CHARS_MAX:
            return f"{parameter.name}={text[:INTEGER_CHARS_MAX]}... is out of bounds"
        return ALLOWED if parameter.validator.is_valid(int(text)) else f"{parameter.name}={text} is out of bounds"
    return OPEN if NUMERAL.fullmatch(text) else f"{parameter.name}={text!r} is no integer"


def _boolean_objection(parameter: Parameter, text: str) -> Objection:
    if text in BOOLEANS:
        return ALLOWED
    return OPEN if text.lower() in OTHER_BOOLEANS else f"{parameter.name}={text!r} is neither true nor false"


def _body_objection(demands: OperationDemands, body: bytes) -> Objection:
    if demands.body is None:
        return ALLOWED
    if not body:
        return "there is no body" if demands.is_body_required else ALLOWED
    try:
        sent, as_text = json.loads(body), _scalars_as_text(json.loads(body, parse_float=str, parse_int=str))
    except (ValueError, RecursionError):  # the latter where it is nested too deep
        return "the body is no JSON"
    # A reader may drop empties or convert scalars: if that changes the verdict, the document leaves it open.
    readings = [as_text, *(_without_empty(sent) if demands.is_body_open else [])]
    is_right = demands.body.is_valid(sent)
    if any(demands.body.is_valid(reading) != is_right for reading in readings):
        return OPEN
    return ALLOWED if is_right else "the body does not fit its schema"


def _without_empty(value: Any) -> Iterator[Any]:
    """Yield a value without one of its empty members (null, zero, or an empty text or list), and without all."""
    if not isinstance(value, dict):
        return
    empty = [name for name, item in value.items() if item in EMPTY and item is not False]
    yield from ({name: item for name, item in value.items() if name != left_out} for left_out in empty)
    yield {name: item for name, item in value.items() if name not in empty}


def _scalars_as_text(value: Any) -> Any:
    """Return a value with its scalars as text, as the control API reads it."""
    if isinstance(value, dict):
        return {name: _scalars_as_text(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_scalars_as_text(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else value
