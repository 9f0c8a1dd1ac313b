"""Adds the new fields of a newer API document to answers, so that clients can be tested before the venue sends them."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import DecodeError, Raw
from msgspec import json as msgspec_json

from mockexchange.runtime import api_documents
from mockexchange.runtime.document_diff import (
    FIELD,
    OPERATION,
    VARIABLE,
    Description,
    Each,
    Fact,
    Reader,
    Step,
    Steps,
    WrongDocument,
    changes_between,
    describe,
    describe_own,
    read_document,
    text_of,
)
from mockexchange.venues.dated_fields import LATEST, ApiDate
from mockexchange.venues.quoting import STUB_ADVICE
from mockexchange.venues.registry import VENUES
from mockexchange.venues.request import Answer, Pending, Request
from mockexchange.venues.venue import Venue

HEADER = b"x-mock-overlay"
HEADER_CHARS_MAX = 1_000
VALUE_BYTES_MAX = 4 * 1024
"""The largest example in bytes that is sent, since each row of a page has it; a larger one is an empty value."""
EMPTY = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": [], "object": {}, "null": None}
FORMATS = {"date-time": "1970-01-01T00:00:00Z", "date": "1970-01-01", "uuid": "00000000-0000-0000-0000-000000000000"}
"""Texts that a parser of the format reads, in place of an empty one."""
NOT_IN_HEADER = re.compile(r"[^\x21-\x7e]")
MEMBERS, ITEMS = msgspec_json.Decoder(dict[str, Raw]), msgspec_json.Decoder(list[Raw])
WRONG_METHOD, NOT_FOUND = 405, 404


@dataclass(slots=True)
class Additions:
    """The fields that are added to an object, by name, with their JSON; and those of the values inside it."""

    fields: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """The path of each field, and its value."""
    inside: dict[Step, "Additions"] = field(default_factory=dict)

    def at(self, steps: Iterable[Step]) -> "Additions":
        found = self
        for step in steps:
            found = found.inside.setdefault(step, Additions())
        return found

    def apply(self, raw: bytes, added: dict[str, None]) -> bytes:
        """Return a JSON value with the fields that it lacks, and note their paths. All else stays as it is written."""
        if raw.startswith(b"[") and (one := self.inside.get(Each.ITEM)):
            return msgspec_json.encode([Raw(one.apply(_bytes(item), added)) for item in ITEMS.decode(raw)])
        if not raw.startswith(b"{"):
            return raw
        members = MEMBERS.decode(raw)
        names = [*members]
        each = self.inside.get(Each.VALUE)
        for name in names:
            inside = self.inside.get(name) or each
            if inside is not None:
                members[name] = Raw(inside.apply(_bytes(members[name]), added))
        for name, (path, value) in self.fields.items():
            if name not in members:
                members[name] = Raw(value)
                added[path] = None
        if len(members) > len(names) and names == sorted(names):
            members = dict(sorted(members.items()))
        return msgspec_json.encode(members)


def _bytes(raw: Raw) -> bytes:
    return bytes(memoryview(raw))


class Overlay:
    """The new fields and operations of a document, compared with the newest document of the venue that it is of."""

    def __init__(self, newer: Description, venue: Venue, ours: Description) -> None:
        self.venue, self.name = venue.name, f"{Path(newer.name).name} ({newer.version})"
        self._newest = venue.api_date(LATEST).day or ""
        self._added: dict[str, Additions] = {}
        """The fields that are new, by the name of the operation."""
        self._unknown: list[tuple[str, re.Pattern[str], str]] = []
        """Operations that are new: the method, a pattern of the path, and the title."""
        known = venue.wire.known_operations() if venue.wire else ()
        for change in changes_between(ours, newer, known):
            if change.part == OPERATION and change.kind == "added":
                method, _, path = change.operation.partition(" ")
                segments = "[^/]+".join(re.escape(part) for part in VARIABLE.split(venue.prefix + path))
                self._unknown.append((method, re.compile(segments), change.operation))
            elif change.part == FIELD and change.kind == "added" and isinstance(change.steps[-1], str):
                key = VARIABLE.sub("{}", change.operation)
                value = _value_of(newer.reader, change.new, change.steps, newer.operations[key].examples)
                additions = self._added.setdefault(change.operation_name, Additions())
                additions.at(change.steps[:-1]).fields[change.steps[-1]] = change.name, value

    @classmethod
    def read(cls, path: str | Path) -> "Overlay":
        """Read a document of any venue: the one with which it has most operations in common. Raises WrongDocument."""
        document = read_document(Path(path))
        found: list[tuple[int, Overlay]] = []
        for venue in VENUES.values():
            alias = api_documents.alias_before(venue.name, venue.api_date(LATEST).day or "")
            newer = describe(document, str(path), prefix=venue.prefix)
            ours = describe_own(venue.name, alias)
            common = len(ours.operations.keys() & newer.operations.keys())
            if common:
                found.append((common, cls(newer, venue, ours)))
        if not found:
            raise WrongDocument(f"{path} describes no operation of {', '.join(VENUES)}")
        return max(found, key=lambda pair: pair[0])[1]

    def answer(self, venue: Venue, context: Any, request: Request, at: int, host_at: int) -> Answer:
        """Answer a request as the venue does, and add the new fields unless the API date is older than the newest."""
        answer = venue.rest.answer(context, request, at, host_at)
        if venue.name != self.venue or not self._concerns(venue, context, request):
            return answer
        if answer.pending is not None:
            answer.pending = self._extended_later(answer.pending)
            return answer
        return self._extended(answer, request)

    def _concerns(self, venue: Venue, context: Any, request: Request) -> bool:
        key_id = venue.auth.claimed_key(request) or ""
        key = context.state.keys.get(key_id) or context.state.secret_keys.get(key_id)
        date: ApiDate = venue.date_of(context, key)
        return date.day is None or date.day >= self._newest

    def _extended_later(self, pending: Pending) -> Pending:
        answer = yield from pending
        return self._extended(answer, None)

    def _extended(self, answer: Answer, request: Request | None) -> Answer:
        if request is not None and answer.status in (NOT_FOUND, WRONG_METHOD):
            for method, pattern, title in self._unknown:
                if method == request.method and pattern.fullmatch(request.path):
                    answer.diagnose = None
                    answer.diagnosis = f"{title} is new in {self.name}, and not known here: {STUB_ADVICE}"
        additions = self._added.get(answer.operation or "")
        if additions is None or not 200 <= answer.status < 300:
            return answer
        added: dict[str, None] = {}
        try:
            body = additions.apply(answer.body, added)
        except DecodeError:  # no JSON, or no object where the document has one
            return answer
        if added:
            shown = NOT_IN_HEADER.sub("?", ",".join(added)).replace(",", ", ")[:HEADER_CHARS_MAX]
            answer.body, answer.page, answer.overlay = body, None, tuple(added)
            answer.headers = (*answer.headers, (HEADER, shown.encode()))
        return answer


# --- the value of a new field


def _value_of(reader: Reader, fact: Fact, steps: Steps, bodies: Iterable[Any]) -> bytes:
    """Return the JSON of a field: the example of its schema or in an example of the body, else an empty value."""
    schemas = [reader.mapping(one, text_of(steps)) for one in fact.schemas if isinstance(one, dict)]
    given = [one for schema in schemas for one in _examples_in(schema)]
    given += [one for body in bodies for one in _found_at(body, steps)]
    for one in [*given, _empty(reader, fact.schemas, 0)]:
        text = _bounded_json(one)
        if text is not None:
            return text
    return b"null"


def _examples_in(schema: Mapping[str, Any]) -> Iterable[Any]:
    if "example" in schema:
        yield schema["example"]
    if isinstance(schema.get("examples"), list):
        yield from schema["examples"][:1]
    if "default" in schema:
        yield schema["default"]


def _found_at(value: Any, steps: Steps) -> Iterable[Any]:
    """Yield the first value at a path, if there is one."""
    for step in steps:
        if step is Each.ITEM:
            value = value[0] if isinstance(value, list) and value else None
        elif isinstance(value, dict) and value:
            value = value.get(step) if isinstance(step, str) else next(iter(value.values()))
        else:
            return
    if value is not None:
        yield value


def _empty(reader: Reader, schemas: Iterable[Any], depth: int) -> Any:
    """Return an empty value of a type: the first word of several, and for an object all that is required of it."""
    shape = reader.shape_of(schemas, "a new field")
    if shape.words:
        is_text = "string" in shape.types or not shape.types - {"null"}
        try:
            return shape.words[0] if is_text else json.loads(shape.words[0])
        except ValueError:  # a word that is not of its own type
            return shape.words[0]
    if shape.format in FORMATS and "string" in shape.types:
        return FORMATS[shape.format]
    kind = shape.type_text.partition(" or ")[0] or next(iter(shape.types), "null")
    if kind == "object" and depth < 4:
        required = [(name, found) for name, found in shape.properties.items() if name in shape.required]
        return {name: _empty(reader, found, depth + 1) for name, found in required}
    return EMPTY.get(kind)


def _bounded_json(value: Any) -> bytes | None:
    """Return the compact JSON of a value; None if it is too long, which aliases make of few bytes."""
    text = ""
    try:
        for part in json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).iterencode(value):
            text += part
            if len(text) > VALUE_BYTES_MAX:
                return None
    except (ValueError, RecursionError):
        return None
    return text.encode()
