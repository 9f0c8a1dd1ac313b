"""Compares answers to refused WebSocket handshakes with the stream's document (`x-refusals`)."""

import re
from collections.abc import Iterator

from mockexchange.kit.findings import Finding
from mockexchange.kit.validation.answers import RULE, AnswerJudge, AnswerLike
from mockexchange.kit.validation.references import pointer
from mockexchange.kit.validation.schema_errors import cut
from mockexchange.runtime.api_documents import ASYNCAPI, Document

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
