"""Finds in a journal what looks wrong, and what the venue has retired or will retire."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from typing import Any, NamedTuple

from mockexchange.api.values.records import Deprecation, Frame, Request
from mockexchange.server.control.streams import NOTE as ON_DEMAND
from mockexchange.venues.dated_fields import LATEST
from mockexchange.venues.registry import venue_at
from mockexchange.venues.request import RATE_LIMIT_FINDING
from mockexchange.venues.retirement import Retirement
from mockexchange.venues.venue import Venue

# What looks wrong, except what a fault or a stub made so on purpose


SHOWN_MAX = 50
CHARS_SHOWN_MAX = 200
NO_ANSWER = 0
UNAUTHORIZED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
NORMAL, GOING_AWAY, SERVICE_RESTART = "1000", "1001", "1012"
OVERFLOW = "overflow"
RetirementLookup = Callable[[Request], str | None]
"""A function from a request to a text about its retired operation; None if it is not retired.

The text has the day on which the venue retired the operation, and what to use instead.
"""


class FailedStep(NamedTuple):
    """A script step that ended with an exception; `title` is the step's name."""

    title: str


class Anomaly(NamedTuple):
    """A request, frame or script step that looks wrong, with the kind of problem and the reason."""

    what: str
    record: Request | Frame | FailedStep
    why: str

    def __str__(self) -> str:
        title = self.record.title
        shown = title if len(title) <= CHARS_SHOWN_MAX else f"{title[:CHARS_SHOWN_MAX]}..."
        return f"{self.what}: {shown}" + (f"\n    {self.why}" if self.why else "")


def find_anomalies(
    requests: Iterable[Request],
    frames: Iterable[Frame],
    allow: Collection[int | str] = (),
    find_retirement: RetirementLookup = lambda request: None,
) -> list[Anomaly]:
    """Return the requests and then the frames that look wrong, except expected ones.

    `allow` names the statuses and operations that a test expects.
    """
    found = [
        each
        for request in requests
        if not (request.status in allow or request.operation in allow)
        for each in _request_anomalies(request, find_retirement)
    ]
    return found + [each for frame in frames for each in _frame_anomalies(frame)]


def failed_steps(steps: Iterable[Mapping[str, Any]]) -> list[Anomaly]:
    """Return an anomaly for each script step that failed.

    `steps` are the script steps as the control API describes them.
    """
    return [Anomaly("step failed", FailedStep(step["name"]), step["reason"]) for step in steps if step.get("failed")]


def describe_anomalies(found: Sequence[Anomaly]) -> str:
    """Return a text that lists the anomalies, of limited length."""
    things = "1 thing that is" if len(found) == 1 else f"{len(found)} things that are"
    more = len(found) - SHOWN_MAX
    lines = [f"\n  {each}" for each in found[:SHOWN_MAX]]
    return f"the journal has {things} not clean:" + "".join(lines) + (f"\n  and {more} more" if more > 0 else "")


def _request_anomalies(request: Request, find_retirement: RetirementLookup) -> Iterator[Anomaly]:
    is_good = NO_ANSWER < request.status < HTTPStatus.BAD_REQUEST
    if not is_good and not _is_intended_answer(request):
        yield Anomaly(_kind(request), request, request.diagnosis or "")
    elif (request.stub or request.fault) and (words := find_retirement(request)):
        yield Anomaly("operation gone", request, words)
    # How many requests fit into a second depends on the machine: only a 429 is an anomaly.
    for finding in request.findings:
        if not finding.startswith(RATE_LIMIT_FINDING):
            yield Anomaly("finding", request, finding)


def _is_intended_answer(request: Request) -> bool:
    """Return whether a fault or a stub made the answer; a request that a fault only delayed may still be refused."""
    made_by = request.fault or request.stub
    return bool(made_by) and (request.diagnosis is None or _names_fault(request.fault, request.diagnosis))


def _names_fault(names: str | None, words: str) -> bool:
    """Return whether a diagnosis names one of these faults as its cause."""
    return any(f"fault {name} " in words for name in (names or "").split(", "))


def _is_intended_frame(frame: Frame) -> bool:
    """Return whether a fault, a stub or a request of the control API made the frame.

    The answer to a stream command has no channel; if the venue refused the command, the frame's note has the reason.
    """
    is_refused = frame.direction == "out" and frame.kind == "error" and not frame.channel and bool(frame.note)
    if frame.fault not in (None, OVERFLOW):
        return not is_refused or _names_fault(frame.fault, frame.note)
    return frame.note == ON_DEMAND or (frame.stub is not None and not is_refused)


def _kind(request: Request) -> str:
    if request.status == NO_ANSWER:
        return "no answer"
    if request.status in UNAUTHORIZED and request.diagnosis:
        return "refused"
    return "no such route" if request.operation is None else f"status {request.status}"


def _frame_anomalies(frame: Frame) -> Iterator[Anomaly]:
    if _is_intended_frame(frame):
        return
    if frame.direction == "lost":
        yield Anomaly("frame lost", frame, "the client does not read, or not fast enough")
    elif frame.direction == "out" and frame.kind == "error":
        yield Anomaly("stream error", frame, frame.note or frame.text.strip())
    elif frame.direction == "out" and frame.kind == "close":
        if not frame.text.startswith((NORMAL, GOING_AWAY, SERVICE_RESTART)):
            yield Anomaly("stream cut", frame, frame.text)
    elif frame.note:
        yield Anomaly("finding", frame, frame.note)


# What the venue has retired or will retire: operations, parameters, fields and channels


RetiredUse = tuple[Venue, Retirement, Request | Frame]


def find_deprecations(requests: Iterable[Request], frames: Iterable[Frame], api_date: str) -> list[Deprecation]:
    """Return a row for each retired item (such as a field) that requests or frames use, sorted by its last day."""
    requests = list(requests)
    rows: dict[tuple[str, str, str], Deprecation] = {}
    for venue, retirement, record in [*_in_requests(requests, api_date), *_in_frames(requests, frames)]:
        key = venue.name, retirement.kind, retirement.name
        known = rows.get(key)
        rows[key] = replace(known, uses=known.uses + 1) if known else _row(venue, retirement, record, api_date)
    return sorted(rows.values(), key=lambda row: (row.until, row.kind, row.name))


def describe_retirement(request: Request, api_date: str) -> str | None:
    """Return a text with the day on which a request's operation was retired, and its replacement.

    Returns None if the operation exists at the API date. It is meant for requests that a stub or fault answered, since
    the exchange itself refuses retired operations.
    """
    venue = venue_at(request.path)
    if venue.wire is None:
        return None
    found = venue.wire.retired_by_request(request.method, request.path, "", None, venue.api_date(api_date))
    gone = [one for one in found if one.kind == "operation" and one.until <= _day(venue, api_date)]
    return f"the venue retired it on {gone[0].until}: {gone[0].advice}" if gone else None


def _in_requests(requests: Iterable[Request], api_date: str) -> Iterator[RetiredUse]:
    for request in requests:
        venue = venue_at(request.path)
        if venue.wire is None:
            continue
        day, query = venue.api_date(api_date), request.target.partition("?")[2]
        found = venue.wire.retired_by_request(request.method, request.path, query, request.answer, day)
        for retirement in dict.fromkeys(found):
            yield venue, retirement, request


def _in_frames(requests: Iterable[Request], frames: Iterable[Frame]) -> Iterator[RetiredUse]:
    """Yield the uses in frames. The path of its handshake determines a frame's venue; others are skipped."""
    venues = {one.connection: venue_at(one.path) for one in requests if one.connection is not None}
    for frame in frames:
        venue = venues.get(frame.connection)
        if venue is not None and venue.wire is not None and frame.is_message:
            for retirement in dict.fromkeys(venue.wire.retired_by_frame(frame.direction, frame.raw, frame.kind)):
                yield venue, retirement, frame


def _row(venue: Venue, retirement: Retirement, record: Request | Frame, api_date: str) -> Deprecation:
    return Deprecation(
        kind=retirement.kind,
        name=retirement.name,
        venue=venue.name,
        since=date.fromisoformat(retirement.since) if retirement.since else None,
        until=date.fromisoformat(retirement.until),
        is_gone=retirement.until <= _day(venue, api_date),
        advice=retirement.advice,
        uses=1,
        first=record,
    )


def _day(venue: Venue, api_date: str) -> str:
    """Return the day of an API date: the newest day for the API date `compat`, "" for a venue without API dates."""
    return venue.api_date(api_date).day or venue.api_date(LATEST).day or ""
