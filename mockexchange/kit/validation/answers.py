"""Compares HTTP answers with API documents: status, media type, headers and body; refused handshakes (`x-refusals`)."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from mockexchange.kit.findings import Finding
from mockexchange.kit.validation.schemas import Validator, at, cut, pointer, read_json, resolved, validator
from mockexchange.runtime.api_documents import ASYNCAPI, Document

# Answers


RULE = "answers.documented"
CHARS_SHOWN_MAX = 200
VERBS = ("get", "post", "put", "patch", "delete")


class AnswerLike(Protocol):
    """The interface of an HTTP answer: the parts that an API document describes."""

    @property
    def where(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def content(self) -> bytes: ...


class AnswerJudge:
    """Compares answers with one document. Findings name the document by `subject`, such as "venue/2026-10"."""

    def __init__(self, document: Document, subject: str) -> None:
        self.document, self.subject = document, subject
        self._validators: dict[tuple[str, ...], Validator] = {}

    def objections(self, path: str, method: str, answer: AnswerLike) -> Iterator[Finding]:
        """Yield the differences between an answer and the document's description of its path.

        For an undocumented method, the description of a documented method of the same path is used.
        """
        item = self.document["paths"][path]
        verb = method.lower() if method.lower() in item else next((one for one in VERBS if one in item), "get")
        place = ("paths", path, verb, "responses", str(answer.status))
        described = item[verb]["responses"].get(str(answer.status)) if verb in item else None
        if described is None:
            known = ", ".join(item.get(verb, {}).get("responses", {}))
            yield self._finding(answer, f"status {answer.status}", f"one of {known}", place[:-1])
            return
        yield from self._judge(answer, resolved(self.document, described), place)

    def component_objections(self, name: str, answer: AnswerLike) -> Iterator[Finding]:
        """Yield the differences between an answer and the response component `name` of the document.

        It is used for answers at paths that the document does not describe.
        """
        place = ("components", "responses", name)
        yield from self._judge(answer, self.document["components"]["responses"][name], place)

    def _judge(self, answer: AnswerLike, response: Mapping[str, Any], place: tuple[str, ...]) -> Iterator[Finding]:
        for name, header in response.get("headers", {}).items():
            if resolved(self.document, header).get("required") and name.lower() not in answer.headers:
                yield self._finding(answer, "no such header", f"the header {name}", place)
        content = response.get("content")
        if not content:
            return
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip()
        if media_type not in content:
            yield self._finding(answer, f"content type {media_type!r}", " or ".join(content), place)
        elif media_type == "application/json":
            yield from self._judge_body(answer, content[media_type]["schema"], place)

    def _judge_body(self, answer: AnswerLike, schema: Any, place: tuple[str, ...]) -> Iterator[Finding]:
        found = self._validators.get(place)
        if found is None:
            found = self._validators[place] = validator(self.document, schema)
        try:
            body = read_json(answer.content)
        except ValueError as reason:
            yield self._finding(answer, f"a body that is no JSON ({reason}): {_shown(answer.content)}", "JSON", place)
            return
        if found.is_valid(body):
            return
        plain = json.loads(answer.content)
        for error in found.iter_errors(body):
            where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path)
            seen, written = at(body, error.instance_path), at(plain, error.instance_path)
            problem = error.message if seen == written else f"{json.dumps(written)} has a fraction or an exponent"
            yield self._finding(answer, f"body{where}: {_shown(problem)}", "a body that fits the schema", place)

    def _finding(self, answer: AnswerLike, seen: str, expected: str, place: tuple[str, ...]) -> Finding:
        where = f"{answer.where} -> {answer.status}"
        return Finding(RULE, where, seen, expected, f"contracts/{self.subject}/openapi.yaml{pointer(*place)}")


def _shown(text: str | bytes) -> str:
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return shown if len(shown) <= CHARS_SHOWN_MAX else f"{shown[:CHARS_SHOWN_MAX]}..."


# Refused handshakes


PLACE = ("channels", "stream", "x-refusals")
TEXT = "text/plain"


class RefusalJudge:
    """Compares refused handshakes with a stream's document. `answers` checks those that the REST document describes."""

    def __init__(self, document: Document, subject: str, answers: AnswerJudge) -> None:
        channels = document["channels"].values()
        addresses = {one["address"] for one in channels if one.get("address")}
        self._addresses = re.compile("|".join(re.sub(r"\\{\w+\\}", ".+", re.escape(one)) for one in addresses))
        self._refusals: Document = document["channels"]["stream"]["x-refusals"]
        self._subject, self._answers = subject, answers

    def is_at(self, path: str) -> bool:
        """Return whether a path is the path of the stream."""
        return self._addresses.fullmatch(path) is not None

    def objections(self, answer: AnswerLike) -> Iterator[Finding]:
        """Yield the differences between the documents and the refusal of a handshake."""
        refusal = self._refusals.get(str(answer.status))
        if refusal is None:
            yield self._finding(answer, f"status {answer.status}", f"one of {', '.join(self._refusals)}")
        elif "answer" in refusal:
            yield from self._answers.component_objections(refusal["answer"], answer)
        elif "text" in refusal:
            yield from self._text_objections(answer, refusal["text"])

    def _text_objections(self, answer: AnswerLike, text: str) -> Iterator[Finding]:
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip()
        if media_type != TEXT:
            yield self._finding(answer, f"content type {media_type!r}", TEXT, str(answer.status))
        if answer.content != text.encode():
            yield self._finding(answer, f"body: {cut(repr(answer.content))}", repr(text), str(answer.status))

    def _finding(self, answer: AnswerLike, seen: str, expected: str, *more: str) -> Finding:
        document = f"contracts/{self._subject}/{ASYNCAPI}.yaml"
        return Finding(
            RULE, f"{answer.where} -> {answer.status}", seen, expected, f"{document}{pointer(*PLACE, *more)}"
        )
