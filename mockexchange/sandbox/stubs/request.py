"""A request in the form in which stubs match it and take values from it."""

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from mockexchange.scenario.stub_placeholders import MISSING, Value, text_value
from mockexchange.venues.query import query_pairs
from mockexchange.venues.request import Call, Request
from mockexchange.venues.venue import Venue

BODY_COMMAS_MAX = 10_000
"""The most commas in a body that is parsed.

Larger bodies count as having no fields, since parsing would block the loop.
"""
NAMES_SHOWN_MAX = 20
NO_FIELDS: dict[str, Any] = {}


class _Digits(str):
    """A number as it was sent."""

    __slots__ = ()


class StubRequest:
    """A request with the properties that stubs match; expensive properties are computed once, when first needed."""

    def __init__(self, venue: Venue, request: Request) -> None:
        self.venue = venue
        self.request = request
        self.method = "GET" if request.method == "HEAD" else request.method
        self.path = unquote(request.path) if "%" in request.path else request.path
        self.has_path = not isinstance(request, Call)
        """Whether it is an HTTP request; a call of a stream has only a JSON-RPC method."""

    @cached_property
    def params(self) -> Mapping[str, str]:
        """The query parameters of the request as texts by name; of a repeated parameter the last value."""
        return dict(query_pairs(self.request.query))

    @cached_property
    def call(self) -> tuple[str, Mapping[str, str]]:
        """The JSON-RPC method of the request with its params as text; ("", {}) for requests without a method."""
        return (self.venue.rest.rpc_call_of and self.venue.rest.rpc_call_of(self.request)) or ("", {})

    @cached_property
    def body(self) -> Any:
        """The parsed JSON body, with numbers as they were written; a mapping without fields if the body is not JSON."""
        if self.request.body.count(b",") > BODY_COMMAS_MAX:
            return NO_FIELDS
        try:
            return json.loads(self.request.body, parse_float=_Digits, parse_int=_Digits)
        except (ValueError, RecursionError):
            return NO_FIELDS

    def field(self, place: str) -> Value:
        """Return the field of the body at a path such as order.price or legs.0.side; MISSING if there is none."""
        found = self.body
        for name in place.split("."):
            if isinstance(found, dict) and name in found:
                found = found[name]
            elif isinstance(found, list) and name.isdecimal() and len(name) < 6 and int(name) < len(found):
                found = found[int(name)]
            else:
                return MISSING
        return _value_of(found)

    def field_names(self) -> Iterator[str]:
        """Yield the names (or indexes) of the outermost fields of the body."""
        if isinstance(self.body, dict):
            yield from self.body
        elif isinstance(self.body, list):
            yield from map(str, range(len(self.body)))


def _value_of(found: Any) -> Value:
    if isinstance(found, _Digits):
        return Value(str(found), str(found))
    if isinstance(found, str):
        return text_value(found)
    written = _written(found)
    return Value(written, written)


def _written(found: Any) -> str:
    """Return JSON with the numbers as they were sent."""
    if isinstance(found, dict):
        return "{" + ",".join(f"{text_value(name).json}:{_written(item)}" for name, item in found.items()) + "}"
    if isinstance(found, list):
        return "[" + ",".join(map(_written, found)) + "]"
    return str(found) if isinstance(found, _Digits) else json.dumps(found, ensure_ascii=False)
