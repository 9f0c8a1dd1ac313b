"""The schema of stubs, for scenarios, the control API and the command line: a request pattern and its answer.

`{request: GET /trade-api/v2/milestones, json: {milestones: [], cursor: ""}, times: 2}`. Answers and steps may have
placeholders such as `$path.id`, which stand for values of the request. The log has each installed stub as the text
`Stub.written`.
"""

import json
import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import unquote

from mockexchange.core.commands import Command
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.fault_effects import HEADER_NAME
from mockexchange.scenario.literal_json import EXACT_JSON, LITERAL_CHARS_MAX, exact_json
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.steps import STEPS, read_command
from mockexchange.scenario.stub_placeholders import (
    WORDS_MAX,
    Template,
    TextTemplate,
    Values,
    filled_node,
    filled_or_none,
    json_template,
    parts_of,
    text_template,
    texts_in,
)
from mockexchange.scenario.value_types import (
    BOOLEAN,
    NAME,
    TEXT,
    ListOf,
    MapOf,
    Record,
    Scalar,
    below,
    integer,
    matching,
    may,
    must,
    wrong,
)
from mockexchange.venues.registry import STREAM_PATHS, VENUES, venue_at

# Patterns of requests: an HTTP method with a path, or a JSON-RPC method of a venue


METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")
RPC_VENUES = tuple(venue.name for venue in VENUES.values() if venue.rest.rpc_call_of)
"""Venues whose requests name a JSON-RPC method, in the path or in the body."""
OWN_PATHS = ("/_mock", "/_mock/")
ANYTHING = "*"
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class RequestPattern(NamedTuple):
    """A pattern of requests: an HTTP method and a decoded path, or a venue and its JSON-RPC method.

    In a path, `*` stands for any characters, and a segment such as {id} for any segment: /markets/{id}.
    """

    method: str
    path: str = ""
    venue: str = ""
    names: tuple[str | None, ...] = ()
    """The name of each segment of the path, None for a literal segment; empty if no segment has a name."""

    def values_in(self, path: str) -> dict[str, str] | None:
        """Return the values of the named segments in a decoded path; None if the path does not match the pattern.

        Call this function only if the pattern has named segments.
        """
        wanted, given = self.path.split("/"), path.split("/")
        if wanted[-1] == ANYTHING and len(given) >= len(wanted):
            given = [*given[: len(wanted) - 1], ANYTHING]
        if len(wanted) != len(given):
            return None
        values: dict[str, str] = {}
        for name, literal, segment in zip(self.names, wanted, given, strict=True):
            if not segment if name else literal != segment:
                return None
            if name:
                values[name] = segment
        return values


def _request_pattern(text: str) -> RequestPattern:
    method, space, rest = text.partition(" ")
    if not space or not rest:
        raise ValueError("write both, with a space between them")
    if method in RPC_VENUES:
        if not re.fullmatch(r"[A-Za-z_]+/[A-Za-z_]+", rest):
            raise ValueError("the method of a call is such as public/get_time")
        return RequestPattern(rest, venue=method)
    if method not in METHODS:
        raise ValueError(did_you_mean(method, (*METHODS, *RPC_VENUES)).removeprefix(": "))
    return RequestPattern(method, _path(rest), names=_names(rest))


def _path(text: str) -> str:
    if "?" in text:
        raise ValueError("write the query under `query`, such as {limit: 100}")
    if not re.fullmatch(r"/[\x21-\x7e]{0,2000}", text):
        raise ValueError("a path begins with a slash, and has no spaces")
    path = unquote(text)
    if path in ("/", *OWN_PATHS) or path.startswith(OWN_PATHS[1]):
        raise ValueError("this path is the server's own")
    if path in STREAM_PATHS:
        raise ValueError("this path is a stream's: see the faults `refuse` and `frame`")
    return path


def _names(text: str) -> tuple[str | None, ...]:
    """Return the names of the segments of a path as it is written, where %7B is no placeholder; () without names."""
    segments = text.split("/")
    found = [_PLACEHOLDER.fullmatch(segment) for segment in segments]
    names = tuple(match and match[1] for match in found)
    given = [name for name in names if name]
    if not given:
        return ()
    if len(set(given)) < len(given):
        raise ValueError("each segment has a name of its own")
    if set("{}") & set("".join(segment for segment, name in zip(segments, names, strict=True) if not name)):
        raise ValueError("a name such as {id} is a whole segment, of small letters, digits and _")
    if ANYTHING in text.removesuffix(f"/{ANYTHING}"):
        raise ValueError("beside names * is the last segment")
    if "%2f" in text.lower():
        raise ValueError("a path with names has no %2F")
    return names


REQUEST = Scalar(
    "a method and a path such as GET /trade-api/v2/milestones/{id}, "
    f"or a venue and its method such as {RPC_VENUES[0]} public/get_time",
    _request_pattern,
    {"type": "string", "pattern": rf"^(?:(?:{'|'.join(METHODS)}) /|(?:{'|'.join(RPC_VENUES)}) )[^ ?]+$"},
    shows_reason=True,
)


# Steps, which a stub executes when it answers: `then: [{fill: {account: $account, ...}}]`


THEN = "then"
STEPS_MAX = 20
"""The most steps of a stub: far more than one request of a venue does."""


@dataclass(frozen=True, slots=True)
class StubStep:
    """A step of a stub. Its placeholders are filled, and its values checked, when the stub answers."""

    name: str
    written: str
    """The step as compact JSON."""
    node: Located = field(compare=False, repr=False)
    path: str = field(compare=False)
    names: tuple[str, ...] = field(default=(), compare=False)
    """The names of the segments in the stub's path."""

    def command(self, values: Values) -> Command:
        """Return the step's command, with its placeholders filled by the values of a request.

        A key whose value is a single placeholder is left out if the request lacks that value. Raises ScenarioError if a
        value is wrong for the step.
        """
        filled = filled_node(self.node, lambda text: filled_or_none(parts_of(text, self.names), values))
        return read_command(self.name, filled, self.path)


class StubStepType:
    """The schema of a step of a stub. `bound` adds the path's segment names to a step after it was read."""

    def read(self, node: Located, path: str) -> StubStep:
        given = node.value
        if not isinstance(given, dict) or len(given) != 1:
            raise wrong(node, path, f"a step with one of {', '.join(STEPS)}")
        [(name, item)] = given.items()
        if name not in STEPS:
            advice = did_you_mean(name, STEPS) or f": known are {', '.join(STEPS)}"
            raise ScenarioError(f"unknown step {name!r}{advice}", node.file, node.line_of(name), path)
        path = below(path, name)
        if next(texts_in(item), None) is None:
            read_command(name, item, path)
        else:
            STEPS[name].record.check_keys(item, path)
        return StubStep(name, exact_json(node), item, path)

    def json_schema(self) -> dict[str, Any]:
        steps = {name: {"type": "object"} for name in STEPS}
        one = {"minProperties": 1, "maxProperties": 1, "additionalProperties": False}
        return {"type": "object", "properties": steps, **one}


def bound(step: StubStep, names: Collection[str]) -> StubStep:
    """Return a step that knows the names of the segments in its stub's path.

    Raises ScenarioError for an unknown placeholder.
    """
    for text in texts_in(step.node):
        try:
            parts_of(str(text.value), names)
        except ValueError as error:
            raise ScenarioError(str(error), text.file, text.line, step.path) from None
    return StubStep(step.name, step.written, step.node, step.path, tuple(names))


# Stubs: their keys, and the checks of keys that depend on each other


TIMES_MAX = 1_000_000
STATUS_MIN, STATUS_MAX = 200, 599
"""The range of a stub's status; statuses below 200 are not final answers."""
BODILESS = (204, 304)
"""Statuses whose answers have no body in HTTP."""
BODY_BYTES_MAX = LITERAL_CHARS_MAX
"""The most bytes of a stub's body: ten times the largest page."""
HEADER_VALUE_CHARS_MAX = 4_000
QUERY_MAX = 100
FRAMED_BY_SERVER = ("content-length", "transfer-encoding", "connection")
BODIES = ("json", "text", "body_base64", "result")
CONTENT_TYPES = {"text": "text/plain; charset=utf-8", "body_base64": "application/octet-stream"}
"""Default content types by the kind of body; other kinds have the venue's content type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """A stub: a request pattern and the answer to it. `name` is None if it has no name.

    `kind` is the kind of its body, one of `BODIES`, or "" without a body. A `result` is put into the venue's envelope;
    every other body is sent byte for byte.
    """

    name: str | None
    request: str
    pattern: RequestPattern
    query: dict[str, str]
    fields: dict[str, str]
    """Texts that fields of the JSON body must have, by the path of the field, such as order.price."""
    status: int
    kind: str
    body: bytes
    headers: dict[str, str]
    """Headers of the answer, with names in lower case."""
    then: tuple[StubStep, ...] = ()
    """The steps that are executed when the stub answers."""
    times: int | None
    is_signed: bool | None
    """Whether the request has to be signed; None means as the venue requires."""
    node: Located = field(compare=False, repr=False)
    path: str = field(default="", compare=False)
    template: Template | None = field(default=None, compare=False, repr=False)
    """The body as a template; None if it has no placeholders."""
    header_templates: dict[str, TextTemplate] = field(default_factory=dict, compare=False, repr=False)
    """The headers with placeholders, as templates."""

    @property
    def size(self) -> int:
        """The number of characters in the stub's body and its steps."""
        return len(self.body) + sum(len(step.written) for step in self.then)

    @property
    def written(self) -> str:
        """The stub as compact JSON; reading this text gives the same stub."""
        asked = {"name": self.name, "request": self.request, "query": self.query, "body_fields": self.fields}
        given = {**asked, "status": self.status}
        more = {"headers": self.headers, "times": self.times, "signed": self.is_signed}
        fields = {name: value for name, value in {**given, **more}.items() if value not in (None, {})}
        body = f',"{self.kind}":{WRITERS[self.kind](self.body)}' if self.kind else ""
        then = f',"{THEN}":[{",".join(step.written for step in self.then)}]' if self.then else ""
        return f"{_compact(fields)[:-1]}{body}{then}}}"


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


WRITERS: dict[str, Callable[[bytes], str]] = {
    "json": bytes.decode,
    "result": bytes.decode,
    "text": lambda raw: _compact(raw.decode()),
    "body_base64": lambda raw: _compact(b64encode(raw).decode()),
}
"""The function that writes a body as text for the log, by the kind of body."""
TEMPLATES: dict[str, Callable[[str, Collection[str]], Template | None]] = {
    "json": json_template,
    "result": json_template,
    "text": text_template,
}
"""The function that makes a template of a body, for the kinds of bodies that may have placeholders."""


class _Text:
    """The type of a text that is sent byte for byte."""

    def read(self, node: Located, path: str) -> bytes:
        raw = node.value.encode() if isinstance(node.value, str) else None
        if raw is None or len(raw) > BODY_BYTES_MAX:
            raise wrong(node, path, f"text of at most {BODY_BYTES_MAX:,} bytes")
        return raw

    def json_schema(self) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"], "maxLength": BODY_BYTES_MAX}


def _base64(text: str) -> bytes:
    try:
        raw = b64decode(text, validate=True)
    except Error as error:
        raise ValueError(str(error)) from None
    if len(raw) > BODY_BYTES_MAX:
        raise ValueError(f"{len(raw):,} bytes")
    return raw


HEADER_VALUE = matching(
    f"a header value of at most {HEADER_VALUE_CHARS_MAX:,} printable characters",
    re.compile(rf"[\x20-\x7e]{{0,{HEADER_VALUE_CHARS_MAX}}}"),
)
FIELD_PLACE = matching(
    "the place of a field of a JSON body, such as price, order.price or legs.0.side",
    re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"),
)
FIELDS = MapOf(TEXT, key=FIELD_PLACE, expected="a mapping of fields such as {order.price: 0.56}")
STUB_RECORD = Record(
    {
        "name": may(NAME),
        "request": must(REQUEST),
        "query": may(MapOf(TEXT, expected="a mapping of parameters such as {limit: 100}"), {}),
        "body_fields": may(FIELDS, {}),
        "status": may(integer(STATUS_MIN, STATUS_MAX), 200),
        "json": may(EXACT_JSON),
        "text": may(_Text()),
        "body_base64": may(
            Scalar(
                f"base64 of at most {BODY_BYTES_MAX:,} bytes",
                _base64,
                {"type": "string", "pattern": "^[A-Za-z0-9+/]*={0,2}$"},
                shows_reason=True,
            )
        ),
        "result": may(EXACT_JSON),
        "headers": may(MapOf(HEADER_VALUE, key=HEADER_NAME, expected="a mapping of header names"), {}),
        THEN: may(ListOf(StubStepType(), "a list of steps"), []),
        "times": may(integer(1, TIMES_MAX)),
        "signed": may(BOOLEAN),
    }
)


class StubType:
    """The schema of a stub: a mapping with `request` and the answer."""

    def read(self, node: Located, path: str) -> Stub:
        values = STUB_RECORD.read(node, path)
        bodies = [kind for kind in BODIES if values[kind] is not None]
        if len(bodies) > 1:
            message = f"expected one of {', '.join(BODIES)}; got {' and '.join(bodies)}"
            raise ScenarioError(message, node.file, node.line_of(bodies[1]), below(path, bodies[1]))
        kind = bodies[0] if bodies else ""
        body = values[kind] if kind else b""
        headers = {name.lower(): value for name, value in values["headers"].items()}
        if body and kind in CONTENT_TYPES:
            headers = {"content-type": CONTENT_TYPES[kind], **headers}
        assert isinstance(node.value, dict), "it was read as a mapping"
        stub = Stub(
            name=values["name"],
            request=str(node.value["request"].value),
            pattern=values["request"],
            query=values["query"],
            fields=values["body_fields"],
            then=tuple(values[THEN]),
            status=values["status"],
            kind=kind,
            body=body.encode() if isinstance(body, str) else body,
            headers=headers,
            times=values["times"],
            is_signed=values["signed"],
            node=node,
            path=path,
        )
        _require_consistency(stub)
        return _with_templates(stub)

    def json_schema(self) -> dict[str, Any]:
        return STUB_RECORD.json_schema()


STUB = StubType()
STUBS = ListOf(STUB, "a list of stubs")


def error_in(stub: Stub, key: str, message: str) -> ScenarioError:
    """Return an error about one key of a stub."""
    place = f"{stub.path}.{key}".removeprefix(".")
    return ScenarioError(message, stub.node.file, stub.node.line_of(key), place)


def _require_consistency(stub: Stub) -> None:
    """Raise ScenarioError if the keys of a stub contradict each other or the rules of HTTP."""
    if stub.status in BODILESS and stub.body:
        raise error_in(stub, stub.kind, f"expected no body: an answer of status {stub.status} has none")
    venue = VENUES[stub.pattern.venue] if stub.pattern.venue else venue_at(stub.pattern.path)
    if stub.kind == "result" and venue.rest.wrap_result is None:
        raise error_in(stub, "result", f"expected json: only requests to {' and '.join(RPC_VENUES)} have an envelope")
    for key, what, given in (("query", "parameters", stub.query), ("body_fields", "fields", stub.fields)):
        if len(given) > QUERY_MAX:
            raise error_in(stub, key, f"expected at most {QUERY_MAX} {what}")
    if len(stub.then) > STEPS_MAX:
        raise error_in(stub, THEN, f"expected at most {STEPS_MAX} steps")
    taken = next((name for name in stub.headers if name in FRAMED_BY_SERVER), None)
    if taken:
        raise error_in(stub, "headers", f"expected a header other than those that frame an answer, got {taken!r}")


def _with_templates(stub: Stub) -> Stub:
    """Return the stub with its placeholders found. Raises ScenarioError for an unknown placeholder."""
    names = tuple(name for name in stub.pattern.names if name)
    then = tuple(bound(step, names) for step in stub.then)
    body = _template(stub, stub.kind, stub.body.decode(), names) if stub.kind in TEMPLATES else None
    found = {name: _template(stub, "headers", value, names) for name, value in stub.headers.items()}
    headers = {name: one for name, one in found.items() if isinstance(one, TextTemplate)}
    count = sum(one.placeholders for one in (body, *headers.values()) if one)
    if count > WORDS_MAX:
        raise error_in(stub, stub.kind, f"expected at most {WORDS_MAX} variables, got {count}")
    return replace(stub, then=then, template=body, header_templates=headers)


def _template(stub: Stub, key: str, text: str, names: tuple[str, ...]) -> Template | None:
    try:
        return TEMPLATES.get(key, text_template)(text, names)
    except ValueError as error:
        raise error_in(stub, key, str(error)) from None
