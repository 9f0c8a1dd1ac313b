"""Compares recorded answers and frames with a venue's API documents of one date."""

import json
import re
from collections.abc import Iterator
from typing import Any

from mockexchange.drift.deviations import Deviation, Kind, Level, place_of
from mockexchange.drift.recorded_lines import RecordedExchange, RecordedFrame
from mockexchange.kit.findings import Finding
from mockexchange.kit.validation import frames
from mockexchange.kit.validation.answers import AnswerJudge, RefusalJudge
from mockexchange.kit.validation.frames import FrameJudge
from mockexchange.kit.validation.requests import Routes
from mockexchange.kit.validation.schemas import Error, at, cut, innermost, read_json, resolved, shown, validator
from mockexchange.kit.venue import VenueKit
from mockexchange.runtime import api_documents
from mockexchange.runtime.api_documents import Document

UNKNOWN_ROUTE = "UnknownRoute"
"""The component that describes the answer to an undocumented path."""
BASE = "Base"
"""The component that describes the answer at the prefix itself, where some venues accept calls."""
ERRORS_MAX = 200
"""The most schema errors of one body that are read, since all rows tend to have the same ones."""
SWITCHED, UNJUDGED_FROM = 101, 500
BUSY = 429
"""The status 429; answers of an overloaded server tell nothing about the API."""
KINDS = {
    "type": Kind.TYPE,
    "pattern": Kind.SPELLING,
    "format": Kind.SPELLING,
    "enum": Kind.WORD,
    "const": Kind.WORD,
}
NUMBER = re.compile(r"\[\d+\]")
FORMATS = {frames.COMPACT: "white space", frames.NEWLINE: "end of the frame"}
"""Rules about the bytes of a frame, which belong to no field, with the names under which they are reported."""


class DocumentJudge:
    """Compares answers and frames with a venue's API documents of one date, whose name is `alias`."""

    def __init__(self, kit: VenueKit, alias: str) -> None:
        subject = f"{kit.name}/{alias}"
        self.alias, self._kit = alias, kit
        document = api_documents.parse(api_documents.path_of(subject))
        stream = api_documents.parse(api_documents.path_of(subject, api_documents.ASYNCAPI))
        self._routes = Routes(document, kit.prefix)
        self._bodies = _BodyJudge(document, subject)
        self._refusals = RefusalJudge(stream, subject, self._bodies)
        self._frames = FrameJudge(stream, subject)

    def operation(self, exchange: RecordedExchange) -> str:
        """Return the documented path of a request, with the names of path variables in place of their values."""
        path = exchange.path
        route = self._routes.find(path)
        return f"{exchange.asked.method} {route.path if route else path.removeprefix(self._kit.prefix)}"

    def of_answer(self, exchange: RecordedExchange) -> list[Deviation]:
        """Return the deviations of an answer. An answer of an overloaded or failing server has none."""
        if exchange.status == BUSY or exchange.status >= UNJUDGED_FROM or exchange.status == SWITCHED:
            return []
        operation = self.operation(exchange)
        found = [_of_finding(one, operation) for one in self._objections(exchange)]
        # A value of a wrong type is in no list of words either: it is reported once, by its type.
        of_wrong_type = {one.path for one in found if one.kind is Kind.TYPE}
        return [one for one in found if one.kind is not Kind.WORD or one.path not in of_wrong_type]

    def of_frame(self, frame: RecordedFrame, operation: str) -> list[Deviation]:
        """Return the deviations of a frame that the server sent. The frame's text must have been recorded."""
        found = self._frames.objections(frame.text or "", f"line {frame.line}")
        return [_of_frame_finding(one, operation) for one in found]

    def _objections(self, exchange: RecordedExchange) -> Iterator[Finding]:
        path = exchange.path
        if self._refusals.is_at(path):
            return self._refusals.objections(exchange)
        route = self._routes.find(path)
        if route is not None:
            return self._bodies.objections(route.path, exchange.asked.method, exchange)
        is_base = path.removeprefix(self._kit.prefix) in {"", "/"} and BASE in self._bodies.components
        return self._bodies.component_objections(BASE if is_base else UNKNOWN_ROUTE, exchange)


class _BodyJudge(AnswerJudge):
    """An `AnswerJudge` that yields a finding for each error of a body, where that yields one for the whole body.

    The finding's place is the path of the field, and its rule is a `Kind`, so that errors can be grouped by both.
    """

    def __init__(self, document: Document, subject: str) -> None:
        super().__init__(document, subject)
        self.components: dict[str, Any] = document["components"]["responses"]

    def _judge(self, answer: Any, response: Any, place: tuple[str, ...]) -> Iterator[Finding]:
        if answer.headers:  # a recording may lack them: then the body alone is compared
            yield from super()._judge(answer, response, place)
        elif content := (response.get("content") or {}).get("application/json"):
            yield from self._judge_body(answer, content["schema"], place)

    def _judge_body(self, answer: Any, schema: Any, place: tuple[str, ...]) -> Iterator[Finding]:
        judge = self._validators.get(place)
        if judge is None:
            judge = self._validators[place] = validator(self.document, schema)
        try:
            body = read_json(answer.content)
        except ValueError as reason:
            yield Finding(Kind.ANSWER, "body", f"no JSON ({reason})", "JSON", "")
            return
        if judge.is_valid(body):
            return
        plain, found = json.loads(answer.content), 0
        for error in judge.iter_errors(body):
            for one in innermost(error):
                yield from _of_error(one, plain, self.document)
                found += 1
            if found >= ERRORS_MAX:
                return


def _of_error(error: Error, body: Any, document: Document) -> Iterator[Finding]:
    """Yield findings whose rule is the kind, and whose place is the path of the field."""
    name, more, place = error.kind.name, error.kind.as_dict(), place_of(error.instance_path)
    value = at(body, error.instance_path)
    if name == "required":
        yield Finding(Kind.MISSING, _below(place, more["property"]), "no such field", "the field", "")
    elif name == "additionalProperties":
        for key in more["unexpected"]:
            yield Finding(Kind.UNKNOWN, _below(place, key), shown(value[key]), "no such field", "")
    else:
        kind = KINDS.get(name, Kind.ANSWER)
        node: Any = document if error.schema_path[0] == "components" else None
        for part in error.schema_path if node else ():
            node = resolved(document, node)[part]
        keyword = "" if node is None else node if isinstance(node, str) else shown(node)
        yield Finding(kind, place or "body", shown(value), f"{error.kind.name} {keyword}".strip(), "")


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _of_finding(found: Finding, operation: str) -> Deviation:
    """Return a deviation; of an answer whose status, header or media type is another, that is the path."""
    try:
        kind = Kind(found.rule)  # an error in the body, from `_of_error`
    except ValueError:
        # `AnswerJudge` has one rule for the status and the headers: only the text of its finding shows which is wrong.
        kind = Kind.HEADER if "header" in found.seen else Kind.STATUS if "status" in found.seen else Kind.ANSWER
        path = found.expected if kind is Kind.HEADER else found.seen
        return Deviation(Level.DOCUMENT, kind, operation, path, found.seen, found.expected)
    return Deviation(Level.DOCUMENT, kind, operation, found.where, found.seen, found.expected)


def _of_frame_finding(found: Finding, operation: str) -> Deviation:
    """Return a deviation whose path is the field without the name of the message before it.

    `FrameJudge` writes findings for people, "<message>.<field>: <value>", so field and kind are read from their words.
    """
    if found.rule in FORMATS:
        return Deviation(Level.DOCUMENT, Kind.SPELLING, operation, FORMATS[found.rule], cut(found.seen), found.expected)
    place, _, seen = found.seen.partition(":")
    kind = Kind.KEY_ORDER if found.rule == frames.KEY_ORDER else _kind_of_frame(seen, found.expected)
    path = NUMBER.sub("[]", place.partition(" with the keys")[0]).partition(".")[2]
    if kind is Kind.MISSING:
        path = _below(path, found.expected.partition(" ")[0].rstrip(","))
    seen = seen.strip() if path else found.seen
    return Deviation(Level.DOCUMENT, kind, operation, path or "frame", seen or found.seen, found.expected)


def _kind_of_frame(seen: str, expected: str) -> Kind:
    if expected == "no such key":
        return Kind.UNKNOWN
    if seen.startswith(" no "):
        return Kind.MISSING
    return KINDS.get(expected.partition(" ")[0], Kind.FRAME)
