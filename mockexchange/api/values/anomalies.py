"""Finds requests and frames that look wrong, except those that a fault or a stub made so on purpose."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from mockexchange.api.values.records import Frame, Request
from mockexchange.server.control.streams import NOTE as ON_DEMAND
from mockexchange.venues.request import RATE_LIMIT_FINDING

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
