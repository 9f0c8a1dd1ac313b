"""`serve --self-check`: every answer and every frame of a server held against the documents as it leaves."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from mockexchange import documents
from mockexchange.documents import NoSuchDocument
from mockexchange.kit.findings import Finding
from mockexchange.kit.judging.answers import AnswerJudge
from mockexchange.kit.judging.frames import FrameJudge
from mockexchange.kit.judging.handshakes import RefusalJudge
from mockexchange.kit.judging.routes import Routes
from mockexchange.kit.venue import VenueKit

UNKNOWN_ROUTE = "UnknownRoute"
"""The response of a document for paths that it does not have."""
COMPAT = "compat"


class Said(NamedTuple):
    """An answer, as the judge wants it."""

    where: str
    status: int
    headers: dict[str, str]
    content: bytes


class Judges(NamedTuple):
    """What judges the wire of one date."""

    routes: Routes
    answers: AnswerJudge
    refusals: RefusalJudge
    frames: FrameJudge


class SelfCheck:
    """Says what the documents have against what leaves, a line each. Days are those of API dates, None is compat."""

    def __init__(self, venue: VenueKit) -> None:
        self.venue = venue
        self._judges_of = cache(self._load)

    def require(self, day: str | None) -> None:
        """Read the documents of a day. Raises NoSuchDocument, which names those that there are."""
        if self._judges_of(day) is None:
            there = [one.partition("/")[2] for one in documents.subjects() if one.startswith(f"{self.venue.name}/")]
            raise NoSuchDocument(
                f"there is no document of {day or COMPAT} to check against: there are {', '.join(there)}"
            )

    def check_answer(
        self, day: str | None, method: str, target: str, status: int, headers: dict[str, str], content: bytes
    ) -> list[str]:
        """Return what is wrong with the answer to a request; `target` is its raw path with the query."""
        judges = self._judges_of(day)
        if judges is None:
            return [_unchecked(day)]
        path = target.partition("?")[0]
        return _worded(_objections(judges, path, method, Said(f"{method} {target}", status, headers, content)))

    def check_frame(self, day: str | None, raw: bytes) -> list[str]:
        """Return what is wrong with a frame that goes to a client."""
        judges = self._judges_of(day)
        return [_unchecked(day)] if judges is None else _worded(judges.frames.objections(raw, "stream"))

    def _load(self, day: str | None) -> Judges | None:
        alias = documents.alias_of(self.venue.name, day)
        if alias is None:
            return None
        subject = f"{self.venue.name}/{alias}"
        rest, stream = documents.read(subject), documents.read(subject, documents.ASYNCAPI)
        answers = AnswerJudge(rest, subject)
        refusals = RefusalJudge(stream, subject, answers)
        return Judges(Routes(rest, self.venue.prefix), answers, refusals, FrameJudge(stream, subject))


def _objections(judges: Judges, path: str, method: str, said: Said) -> Iterator[Finding]:
    if path == judges.refusals.path:
        return judges.refusals.objections(said)
    route = judges.routes.find(path)
    if route is None:
        return judges.answers.component_objections(UNKNOWN_ROUTE, said)
    return judges.answers.objections(route.path, method, said)


def _unchecked(day: str | None) -> str:
    return f"self-check: not checked, there is no document of {day or COMPAT}"


def _worded(findings: Iterable[Finding]) -> list[str]:
    return [f"self-check: {one.seen}; expected {one.expected}; {one.place}" for one in findings]
