"""Applies faults to one request. Rules are matched before authentication, by the claimed key.

Effects apply in this order, independent of the order of the rules. First, an error replaces the answer of the exchange
(status, rate_limit, unknown_outcome) or the request is lost (lost_request), or else the exchange answers at another
host time (clock_offset), from a lagging state (stale) or with another page size. Then the body is edited: its fields
(`bodies.EDITS`), the whole body (body, truncate_json) and its content type. Then the delivery faults apply (delay,
trickle, cut_after, drop, reset, lost_answer). A call on a stream counts as a request too: the session of the stream
answers it, and the answer is delivered as a frame.
"""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from mockexchange.core.model.accounts import Key
from mockexchange.faults.bodies import EDITS, edit_json, truncate
from mockexchange.faults.delivery import NOT_ASKED, OVER_HTTP, FaultyAnswer, Transport
from mockexchange.faults.rule_firing import FaultSubject, InstalledRule
from mockexchange.faults.stale_state import LaggingExchanges
from mockexchange.scenario import fault_effects
from mockexchange.venues.request import Answer, Call, Pending, Request
from mockexchange.venues.session import VenueContext
from mockexchange.venues.venue import Venue

CONTENT_TYPE = b"content-type"
WITH_BODY = (200, 201)
SUCCESSES = (*WITH_BODY, 204)
TOO_MANY_REQUESTS = 429
UNAVAILABLE = 503


Answering = Callable[[Request, int, int], Answer | None]
Ask = Callable[[Any, Request, int, int], Answer]
"""A function that answers a request: (context, request, exchange time, host time)."""


class RequestTarget(Struct, frozen=True):
    """The objects that answer a request: the venue with its context, or the stubs that may answer instead.

    `stub_answer` returns None if no stub matches. For a call on a stream, `ask` answers with the session of the stream
    instead of the venue's `answer`.
    """

    venue: Venue
    context: VenueContext
    key_id: str | None
    stub_answer: Answering = lambda request, at, host_at: None
    ask: Ask | None = None
    transport: Transport = field(default_factory=lambda: OVER_HTTP)

    @property
    def claimed_key(self) -> Key | None:
        """The key that the request names, not authenticated yet; None if there is no such key."""
        return _key_of(self.context, self.key_id)

    def answer(self, request: Request, at: int, host_at: int, context: VenueContext | None = None) -> Answer:
        ask = self.ask or self.venue.rest.answer
        return ask(context or self.context, request, at, host_at)


def _key_of(context: VenueContext, key_id: str | None) -> Key | None:
    return context.state.keys.get(key_id or "") or context.state.secret_keys.get(key_id or "")


def subject_of(target: RequestTarget, request: Request, at: int, host_at: int) -> FaultSubject:
    """Return the properties of a request that the conditions of rules compare. The request is not authenticated yet."""
    key = target.claimed_key
    return FaultSubject(
        at,
        host_at,
        account=key.account if key else None,
        operation=target.venue.rest.operation_of(target.context, request),
        method=request.method,
        path=request.stream_path if isinstance(request, Call) else request.path,
    )


def error_answer(
    target: RequestTarget,
    request: Request,
    subject: FaultSubject,
    name: str,
    error: fault_effects.Status,
    status: int | None = None,
) -> Answer:
    """Return the error that the fault `name` sends in place of an answer; `status` replaces the status of `error`."""
    status, headers = status or error.status, error.headers
    venue, context = target.venue, target.context
    if venue.faults.answer_outage:
        body = venue.faults.answer_outage(context, request, error.status, subject.at, subject.host_at)
    else:
        body = venue.faults.outage_body(error.status, error.shape, venue.date_of(context, target.claimed_key))
    return Answer(
        status,
        body,
        operation=subject.operation,
        account=subject.account,
        key_id=target.key_id,
        headers=tuple((header.lower().encode(), value.encode()) for header, value in headers.items()),
        diagnosis=f"the fault {name} answered {status}: {NOT_ASKED}",
    )


def note_clock_offset(venue: Venue, reply: Answer, one: InstalledRule) -> None:
    """Add to the diagnosis of a refused authentication that a fault moved the server's clock."""
    if venue.auth.refuses_caller(reply.status, reply.body) and reply.diagnosis:
        reply.diagnosis += (
            f" (the fault {one.name} moved the server's clock by {one.rule.given['then'][one.rule.kind]})"
        )


class FaultedRequest:
    """A request together with the faults that fire on it."""

    def __init__(
        self,
        target: RequestTarget,
        lags: LaggingExchanges,
        request: Request,
        subject: FaultSubject,
        fired: Sequence[InstalledRule],
    ) -> None:
        self._target, self._lags, self._request, self._subject = target, lags, request, subject
        self._by_effect = {type(one.rule.effect): one for one in fired}
        self._names = ", ".join(one.name for one in fired)
        self.untouched = b""
        """The body of the exchange's own answer; empty if the exchange did not answer."""

    def answer(self) -> Answer:
        """Return the answer to the request with all faults applied.

        For a request that changes the exchange, the answer is pending, and faults apply once it is complete.
        """
        reply = self._error_instead()
        if reply is None:
            reply = self._answer_of_exchange()
            self.untouched = reply.body
        if not self._by_effect:
            return reply
        if reply.pending is None:
            return self._apply_effects(reply)
        return replace(reply, pending=self._completed(reply.pending), fault=self._names)

    def _completed(self, pending: Pending) -> Pending:
        return self._apply_effects((yield from pending))

    def _apply_effects(self, reply: Answer) -> FaultyAnswer:
        if fault_effects.UnknownOutcome in self._by_effect and reply.status in SUCCESSES:
            reply = self._unknown_outcome("the request was carried out")
        faulty = FaultyAnswer(**{name: getattr(reply, name) for name in Answer.__struct_fields__})
        faulty.fault = self._names
        self._edit(faulty)
        faulty.declared_bytes = len(faulty.body)
        for kind, carry in self._target.transport.items():
            if kind in self._by_effect:
                carry(faulty, self._effect(kind), self._by_effect[kind].name)
        return faulty

    def _effect(self, kind: type) -> Any:
        return self._by_effect[kind].rule.effect

    def _error_instead(self) -> Answer | None:
        """Return the error that a fault answers instead of the exchange; None if no fired fault does."""
        for kind in (fault_effects.Status, fault_effects.RateLimit):
            if kind in self._by_effect:
                return self._error(self._by_effect[kind].name, self._effect(kind))
        if fault_effects.LostRequest in self._by_effect:
            subject = self._subject
            return Answer(0, b"", operation=subject.operation, account=subject.account, key_id=self._target.key_id)
        one = self._by_effect.get(fault_effects.UnknownOutcome)
        if one and not one.draws(self._effect(fault_effects.UnknownOutcome).carried_out_ppm):
            return self._unknown_outcome(NOT_ASKED)
        return None

    def _unknown_outcome(self, what: str) -> Answer:
        name = self._by_effect[fault_effects.UnknownOutcome].name
        error = self._error(name, fault_effects.Status(UNAVAILABLE))
        error.diagnosis = f"the fault {name} answered {UNAVAILABLE}: {what}"
        return error

    def _error(self, name: str, effect: fault_effects.Status | fault_effects.RateLimit) -> Answer:
        if not isinstance(effect, fault_effects.RateLimit):
            return error_answer(self._target, self._request, self._subject, name, effect)
        error = fault_effects.Status(TOO_MANY_REQUESTS, effect.shape, effect.headers)
        return error_answer(
            self._target, self._request, self._subject, name, error, self._target.venue.faults.too_many_status
        )

    def _answer_of_exchange(self) -> Answer:
        """Return the answer of the exchange or of a stub, at a time that faults may have changed."""
        request, host_at, target = self._request, self._subject.host_at, self._target
        offset = self._by_effect.get(fault_effects.ClockOffset)
        if offset:
            host_at += self._effect(fault_effects.ClockOffset).offset_us
        reply = target.stub_answer(request, self._subject.at, host_at) or self._answer_of_venue(host_at)
        if offset:
            note_clock_offset(target.venue, reply, offset)
        return reply

    def _answer_of_venue(self, host_at: int) -> Answer:
        request, target = self._request, self._target
        if fault_effects.PageSize in self._by_effect:
            request = target.venue.faults.with_rows_max(request, self._effect(fault_effects.PageSize).rows)
        is_stale = fault_effects.Stale in self._by_effect
        reply: Answer = (
            self._answer_of_the_past(request, host_at)
            if is_stale
            else target.answer(request, self._subject.at, host_at)
        )
        is_refused = target.venue.auth.refuses_caller(reply.status, reply.body) and request is not self._request
        if is_refused or (is_stale and reply.pending is not None):
            # A refusal is explained by what was sent and signed, and a write never sees old data.
            reply = target.answer(self._request, self._subject.at, host_at)
        return reply

    def _answer_of_the_past(self, request: Request, host_at: int) -> Answer:
        """Answer from the lagging exchange. Requests with a key that it does not know yet get a current answer."""
        lag_us, target = self._effect(fault_effects.Stale).lag_us, self._target
        at = self._subject.at - lag_us
        context = self._lags.context(target.venue, lag_us, self._subject.at)
        if target.key_id and _key_of(context, target.key_id) is None:
            return target.answer(request, self._subject.at, host_at)
        is_on_exchange_time = target.context.settings.auth_clock == "exchange"
        return target.answer(request, at, self._subject.at if is_on_exchange_time else host_at, context)

    def _edit(self, reply: FaultyAnswer) -> None:
        for one in (self._by_effect[kind] for kind in EDITS if kind in self._by_effect):
            edited = None
            if reply.status in WITH_BODY:
                try:
                    edited = edit_json(reply.body, one.rule.effect, self._request, reply.operation)
                except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
                    if reply.stub is None:  # a stub may have any body
                        raise
            if edited is None:
                reply.findings.append(f"the fault {one.name} found nothing to edit in this answer")
            else:
                reply.body = edited
        if fault_effects.Body in self._by_effect:
            effect: fault_effects.Body = self._effect(fault_effects.Body)
            replace_body(reply, effect.text, effect.content_type)
        if fault_effects.TruncateJson in self._by_effect:
            reply.body = truncate(reply.body)
        if fault_effects.ContentType in self._by_effect:
            replace_body(reply, None, self._effect(fault_effects.ContentType).value)


def replace_body(reply: Answer, text: str | None, content_type: str | None) -> None:
    """Set the body and the content type of an answer; None keeps them."""
    if text is not None:
        reply.body = text.encode()
    if content_type is not None:
        others = [pair for pair in reply.headers if pair[0] != CONTENT_TYPE]
        reply.headers = (*others, (CONTENT_TYPE, content_type.encode()))
