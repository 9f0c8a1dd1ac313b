"""Applies request faults and stubs to a call on a stream, as far as frames permit.

A frame is sent whole or not at all. Effects on bytes in transit or on headers do not apply to it: they only add a
finding to the journal. The effects drop and reset end the connection.
"""

from collections.abc import Generator
from http import HTTPStatus
from typing import Any, NamedTuple, TypeAlias

from mockexchange.core.commands import Command
from mockexchange.core.exchange import Outcome
from mockexchange.faults.delivery import PLAIN, FaultyAnswer, FrameDelivery, Transport, delay
from mockexchange.scenario import fault_effects
from mockexchange.scenario.fault_effects import Effect
from mockexchange.venues.diagnosis.search import no_pause
from mockexchange.venues.frame import CalledOperation, Frame, PendingFrame
from mockexchange.venues.request import Answer, Pending, Request
from mockexchange.venues.session import Calls
from mockexchange.venues.venue import Venue

ERROR, RESULT = "error", "result"
"""Kinds of the frames that a fault or a stub makes in answer to a call."""


class CallReply(NamedTuple):
    """The reply to a call on a stream: `frame` is None if the call has no answer.

    `called` is the operation that the client called.
    """

    frame: Frame | None
    delivery: FrameDelivery = PLAIN
    stub: str | None = None
    called: CalledOperation | None = None
    pending: "PendingReply | None" = None
    """The remaining steps of a write, which return the complete reply; None if this reply is complete."""


PendingReply: TypeAlias = Generator[Command, Outcome, CallReply]


class SessionResponder:
    """Lets a stream's session answer a call in place of a venue, and keeps the frame with which it answered."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.frame: Frame | None = None
        self.was_called = False

    def answer(self, context: Any, request: Request, at: int, host_at: int) -> Answer:
        """Return the session's frame as an HTTP answer; the status is 204 if the session has no answer."""
        self.frame = frame = self.calls.answer(request, context, at, host_at)
        self.was_called = True
        if frame is None:
            return Answer(HTTPStatus.NO_CONTENT, b"")
        if frame.pending is not None:
            return Answer(HTTPStatus.OK, b"", pending=self._completed(frame.pending))
        return self._answer_of(frame)

    def _completed(self, pending: PendingFrame) -> Pending:
        self.frame = yield from pending
        return self._answer_of(self.frame)

    def _answer_of(self, frame: Frame) -> Answer:
        if frame.kind == ERROR:
            return Answer(HTTPStatus.BAD_REQUEST, frame.raw, diagnosis=frame.note)
        return Answer(HTTPStatus.OK, frame.raw, findings=[frame.note] if frame.note else [])


def reply_of(responder: SessionResponder, answer: Answer, venue: Venue) -> CallReply:
    """Return the reply to a call, made from the answer of the session, a fault or a stub.

    The reply to a request that changes the exchange is pending.
    """
    if answer.pending is not None:
        pending = _completed_reply(responder, answer.pending, venue)
        delivery = FrameDelivery(answer.fault or "")
        return CallReply(None, delivery, answer.stub, responder.calls.called, pending)
    called = None
    if responder.was_called:
        called = responder.calls.called
    elif answer.operation is not None and not venue.auth.refuses_caller(answer.status, answer.body):
        called = CalledOperation(answer.operation, answer.account)  # a fault or a stub answered
    if answer.fault is None and answer.stub is None:
        return CallReply(responder.frame, called=called)
    is_silent = responder.was_called and responder.frame is None and not answer.body
    frame = None if is_silent else frame_of(answer, responder.frame)
    delivery = PLAIN
    if isinstance(answer, FaultyAnswer):
        delivery = FrameDelivery(answer.fault or "", answer.delay_us, answer.end)
    return CallReply(frame, delivery, answer.stub, called)


def _completed_reply(responder: SessionResponder, pending: Pending, venue: Venue) -> PendingReply:
    return reply_of(responder, (yield from pending), venue)


def frame_of(answer: Answer, made: Frame | None = None) -> Frame:
    """Return an answer as a frame with its body as text; bytes that are not UTF-8 are dropped.

    `made` is the session's own frame.
    """
    diagnosis = answer.diagnose(no_pause) if answer.diagnose else answer.diagnosis
    note = "; ".join(text for text in (diagnosis, *answer.findings) if text)
    kind = made.kind if made else ERROR if answer.status >= HTTPStatus.BAD_REQUEST else RESULT
    raw = answer.body.decode(errors="ignore").encode()
    acknowledged, data = (made.acknowledged, made.data) if made else ((), ())
    return Frame(raw, kind, note=note, acknowledged=acknowledged, stub=answer.stub, data=data)


def _cut(reply: FaultyAnswer, effect: fault_effects.CutAfter, name: str) -> None:
    """Drop the whole frame, because a client never sees a part of a frame."""
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
    fault_effects.LostAnswer: _drop,
    fault_effects.LostRequest: _drop,
}
