"""What faults and literal answers make of one call of a stream: what they make of a request, as far as a frame can.

A frame is whole or not there: what is done to bytes on their way, to a head or to its headers finds nothing to do here,
and says so. Of ways to end there are the two of a connection.
"""

from http import HTTPStatus
from typing import Any, NamedTuple

from mockexchange.faults.delivery import Transport, delay
from mockexchange.faults.faulty_answer import PLAIN, FaultyAnswer, FrameDelivery
from mockexchange.scenario import fault_effects
from mockexchange.scenario.fault_effects import Effect
from mockexchange.venues.diagnosis.search import no_pause
from mockexchange.venues.frame import Asked, Frame
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.session import Calls
from mockexchange.venues.venue import Venue

ERROR, RESULT = "error", "result"
"""What journals call frames that answer a call, where no session has said it."""


class CallReply(NamedTuple):
    """`frame` is None where nothing is answered; `asked` is what there was an answer to."""

    frame: Frame | None
    passage: FrameDelivery = PLAIN
    stub: str | None = None
    asked: Asked | None = None


class SessionResponder:
    """Asks a session as a venue is asked, and keeps the frame that it answered with."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.frame: Frame | None = None
        self.was_asked = False

    def answer(self, context: Any, request: Request, at: int, host_at: int) -> Answer:
        """Its frame as an answer over HTTP; one without content where it answers nothing."""
        self.frame = frame = self.calls.answer(request, context, at, host_at)
        self.was_asked = True
        if frame is None:
            return Answer(HTTPStatus.NO_CONTENT, b"")
        if frame.kind == ERROR:
            return Answer(HTTPStatus.BAD_REQUEST, frame.raw, diagnosis=frame.note)
        return Answer(HTTPStatus.OK, frame.raw, findings=[frame.note] if frame.note else [])


def reply_of(asking: SessionResponder, answer: Answer, venue: Venue) -> CallReply:
    """The reply that an answer to a call is, whoever made it."""
    asked = asking.calls.asked if asking.was_asked else _asked(answer, venue)
    if answer.fault is None and answer.stub is None:
        return CallReply(asking.frame, asked=asked)
    is_silent = asking.was_asked and asking.frame is None and not answer.body
    frame = None if is_silent else frame_of(answer, asking.frame)
    return CallReply(frame, _passage(answer), answer.stub, asked)


def frame_of(answer: Answer, made: Frame | None = None) -> Frame:
    """An answer as a frame of text, which is UTF-8: what is not is left out. `made` is what the session has made."""
    diagnosis = answer.diagnose(no_pause) if answer.diagnose else answer.diagnosis
    note = "; ".join(words for words in (diagnosis, *answer.findings) if words)
    kind = made.kind if made else ERROR if answer.status >= HTTPStatus.BAD_REQUEST else RESULT
    raw = answer.body.decode(errors="ignore").encode()
    return Frame(raw, kind, note=note, acknowledged=made.acknowledged if made else (), stub=answer.stub)


def _asked(answer: Answer, venue: Venue) -> Asked | None:
    """What was asked for of whoever answered in the session's place; nothing where that is a refusal of who asks."""
    if answer.operation is None or venue.auth.refuses_caller(answer.status, answer.body):
        return None
    return Asked(answer.operation, answer.account)


def _passage(answer: Answer) -> FrameDelivery:
    if not isinstance(answer, FaultyAnswer):
        return PLAIN
    return FrameDelivery(answer.fault or "", answer.delay_us, answer.end)


def _cut(reply: FaultyAnswer, effect: fault_effects.CutAfter, name: str) -> None:
    """No client shows a part of a frame: what is cut off is the frame."""
    if effect.size_bytes < len(reply.body):
        reply.end = "cut"
        reply.diagnosis = f"the fault {name} closed the connection within the answer"
    else:
        reply.findings.append(f"the fault {name} found nothing to cut off this answer")


def _drop(reply: FaultyAnswer, effect: Effect, name: str) -> None:
    reply.end, reply.diagnosis = "drop", f"the fault {name} closed the connection: no answer"


def _reset(reply: FaultyAnswer, effect: Effect, name: str) -> None:
    reply.end, reply.diagnosis = "reset", f"the fault {name} reset the connection: no answer"


def _trickle(reply: FaultyAnswer, effect: fault_effects.Trickle, name: str) -> None:
    reply.findings.append(f"the fault {name} found nothing to slow down: a frame comes whole")


def _type(reply: FaultyAnswer, effect: fault_effects.Body | fault_effects.ContentType, name: str) -> None:
    if not isinstance(effect, fault_effects.Body) or effect.content_type is not None:
        reply.findings.append(f"the fault {name} found no content type to set: a frame has none")


def _headers(reply: FaultyAnswer, effect: fault_effects.Status | fault_effects.RateLimit, name: str) -> None:
    if effect.headers:
        reply.findings.append(f"the fault {name} found no head for its headers: a frame has none")


IN_A_STREAM: Transport = {
    fault_effects.Status: _headers,
    fault_effects.RateLimit: _headers,
    fault_effects.Body: _type,
    fault_effects.ContentType: _type,
    fault_effects.Delay: delay,
    fault_effects.Trickle: _trickle,
    fault_effects.CutAfter: _cut,
    fault_effects.Drop: _drop,
    fault_effects.Reset: _reset,
}
