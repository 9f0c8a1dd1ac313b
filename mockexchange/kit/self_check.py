"""Compares the server's own responses and frames with the API documents before they are sent: `serve --self-check`."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from mockexchange.kit.findings import Finding
from mockexchange.kit.validation.answers import AnswerJudge, RefusalJudge
from mockexchange.kit.validation.frames import FrameJudge
from mockexchange.kit.validation.requests import Routes
from mockexchange.kit.venue import COMPAT, VenueKit, alias_at
from mockexchange.runtime import api_documents
from mockexchange.runtime.api_documents import NoSuchDocument

UNKNOWN_ROUTE = "UnknownRoute"
"""The component that describes the response to an undocumented path."""
BASE = "Base"
"""The component that describes the response at the prefix itself, where some venues accept calls."""


class ServedAnswer(NamedTuple):
    """A response that the server sends, in the form that `AnswerJudge` and `RefusalJudge` accept."""

    where: str
    status: int
    headers: dict[str, str]
    content: bytes


class Judges(NamedTuple):
    """The checks for one venue at one API date: of paths, responses, refused handshakes and frames."""

    routes: Routes
    prefix: str
    answers: AnswerJudge
    refusals: RefusalJudge
    frames: FrameJudge


class SelfCheck:
    """Compares responses and frames that the server sends with the API documents. A violation is a line of text.

    `day` is the day of the API date that the server emulates; None stands for the API date `compat`, which has every
    field of every date.
    """

    def __init__(self, kits: Mapping[str, VenueKit]) -> None:
        self.kits = kits
        self._judges_of = cache(self._load)

    def require(self, venue: str, day: str | None) -> None:
        """Load the API documents for a day. Raises NoSuchDocument, which lists the API dates that have documents."""
        if self._judges_of(venue, day) is None:
            known = [one.partition("/")[2] for one in api_documents.subjects() if one.startswith(f"{venue}/")]
            raise NoSuchDocument(
                f"there is no document of {day or COMPAT} to check against: there are {', '.join(known)}"
            )

    def check_answer(
        self,
        venue: str,
        day: str | None,
        method: str,
        target: str,
        status: int,
        *,
        headers: dict[str, str],
        content: bytes,
    ) -> list[str]:
        """Return the violations in a response. `target` is the request's raw path with its query."""
        judges = self._judges_of(venue, day)
        if judges is None:
            return [_unchecked(day)]
        path = target.partition("?")[0]
        return _lines(_objections(judges, path, method, ServedAnswer(f"{method} {target}", status, headers, content)))

    def check_frame(self, venue: str, day: str | None, raw: bytes) -> list[str]:
        """Return the violations in a frame that the server is about to send to a client."""
        judges = self._judges_of(venue, day)
        return [_unchecked(day)] if judges is None else _lines(judges.frames.objections(raw, "stream"))

    def _load(self, venue: str, day: str | None) -> Judges | None:
        alias = alias_at(day, self.kits[venue])
        if alias is None:
            return None
        subject = f"{venue}/{alias}"
        rest, stream = api_documents.read(subject), api_documents.read(subject, api_documents.ASYNCAPI)
        answers, prefix = AnswerJudge(rest, subject), self.kits[venue].prefix
        refusals = RefusalJudge(stream, subject, answers)
        return Judges(Routes(rest, prefix), prefix, answers, refusals, FrameJudge(stream, subject))


def _objections(judges: Judges, path: str, method: str, answer: ServedAnswer) -> Iterator[Finding]:
    if judges.refusals.is_at(path):
        return judges.refusals.objections(answer)
    route, components = judges.routes.find(path), judges.answers.document["components"]["responses"]
    if route is not None:
        return judges.answers.objections(route.path, method, answer)
    is_base = path.removeprefix(judges.prefix) in {"", "/"} and BASE in components
    return judges.answers.component_objections(BASE if is_base else UNKNOWN_ROUTE, answer)


def _unchecked(day: str | None) -> str:
    return f"self-check: not checked, there is no document of {day or COMPAT}"


def _lines(findings: Iterable[Finding]) -> list[str]:
    return [f"self-check: {one.seen}; expected {one.expected}; {one.place}" for one in findings]
