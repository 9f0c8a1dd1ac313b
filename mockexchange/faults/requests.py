"""What faults do to one request: they are looked for before authentication, by the key that is claimed.

In this order, whatever the order of the rules: an answer in the exchange's place (status, rate_limit), or else the
exchange's own at another host time (clock_offset), from a fold that lags (stale), with another page size; then edits of
what is in the body (cursor, duplicate_row, legacy), of the body as a whole (body, truncate_json) and its type; then
what the server does to it on its way (delay, trickle, cut_after, drop, reset).

A call of a stream is such a request too; there its session answers, and the frame of the answer is what goes its way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mockexchange.core.model.accounts import Key
from mockexchange.faults.bodies import EDITS, edit_json, truncate
from mockexchange.faults.delivery import OVER_HTTP, Transport
from mockexchange.faults.faulty_answer import FaultyAnswer
from mockexchange.faults.installed_rule import InstalledRule
from mockexchange.faults.matching import FaultSubject
from mockexchange.faults.stale_state import LaggingExchanges
from mockexchange.scenario import fault_effects
from mockexchange.scenario.fault_effects import Effect
from mockexchange.venues.request import Answer, Call, Request
from mockexchange.venues.session import VenueContext
from mockexchange.venues.venue import Venue

CONTENT_TYPE = b"content-type"
SUCCESS = 200
TOO_MANY_REQUESTS = 429


Answering = Callable[[Request, int, int], Answer | None]
Ask = Callable[[Any, Request, int, int], Answer]
"""(context, request, exchange time, host time)"""


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """A venue and its context in one sandbox, and what answers in the venue's stead where it has an answer.

    `ask` is how the venue is asked from a context: in a stream by its session, else by the venue's own `answer`.
    """

    venue: Venue
    context: VenueContext
    stand_in: Answering = lambda request, at, host_at: None
    ask: Ask | None = None
    transport: Transport = field(default_factory=lambda: OVER_HTTP)

    def claimed_key(self, request: Request) -> Key | None:
        """The key that a request claims to be of, where there is one; nothing of it is proven yet."""
        return _key_of(self.context, self.venue.auth.claimed_key(request))

    def answer(self, request: Request, at: int, host_at: int, context: VenueContext | None = None) -> Answer:
        ask = self.ask or self.venue.rest.answer
        return ask(context or self.context, request, at, host_at)


def _key_of(context: VenueContext, key_id: str | None) -> Key | None:
    return context.state.keys.get(key_id or "") or context.state.secret_keys.get(key_id or "")


def subject_of(front: RequestTarget, request: Request, at: int, host_at: int) -> FaultSubject:
    """What rules see of a request: nothing of it is proven yet."""
    key = front.claimed_key(request)
    return FaultSubject(
        at,
        host_at,
        account=key.account if key else None,
        operation=front.venue.rest.operation_of(front.context, request),
        method=request.method,
        path=request.stream_path if isinstance(request, Call) else request.path,
    )


def error_answer(
    front: RequestTarget,
    request: Request,
    seen: FaultSubject,
    name: str,
    error: fault_effects.Status,
    status: int | None = None,
) -> Answer:
    """What the fault `name` answers in the exchange's place, with `status` where the venue has one of its own."""
    status, headers, venue = status or error.status, error.headers, front.venue
    return Answer(
        status,
        _outage_body(front, request, seen, error),
        operation=seen.operation,
        account=seen.account,
        key_id=venue.auth.claimed_key(request),
        headers=tuple((header.lower().encode(), value.encode()) for header, value in headers.items()),
        diagnosis=f"the fault {name} answered {status}: the exchange was not asked",
    )


def _outage_body(front: RequestTarget, request: Request, seen: FaultSubject, error: fault_effects.Status) -> bytes:
    venue, context = front.venue, front.context
    if venue.faults.answer_outage:
        return venue.faults.answer_outage(context, request, error.status, seen.at, seen.host_at)
    return venue.faults.outage_body(error.status, error.shape, venue.date_of(context, front.claimed_key(request)))


def note_clock_offset(venue: Venue, reply: Answer, one: InstalledRule) -> None:
    """Say of a refusal that the clock was moved before it."""
    if venue.auth.refuses_caller(reply.status, reply.body) and reply.diagnosis:
        reply.diagnosis += (
            f" (the fault {one.name} moved the server's clock by {one.rule.given['then'][one.rule.kind]})"
        )


class FaultedRequest:
    """One request, and the rules that fire on it."""

    def __init__(
        self,
        front: RequestTarget,
        lags: LaggingExchanges,
        request: Request,
        seen: FaultSubject,
        fired: Sequence[InstalledRule],
    ) -> None:
        self._front, self._lags, self._request, self._seen = front, lags, request, seen
        self._by_effect = {type(one.rule.effect): one for one in fired}
        self._names = ", ".join(one.name for one in fired)
        self.untouched = b""
        """The body as the exchange made it, where it was asked."""

    def answer(self) -> Answer:
        """Answer the request as the faults have it."""
        reply = self._stand_in()
        if reply is None:
            reply = self._exchange()
            self.untouched = reply.body
        return self._disturb(reply) if self._by_effect else reply

    def _disturb(self, reply: Answer) -> FaultyAnswer:
        disturbed = FaultyAnswer(**{name: getattr(reply, name) for name in Answer.__slots__})
        disturbed.fault = self._names
        self._edit(disturbed)
        disturbed.declared_bytes = len(disturbed.body)
        for kind, carry in self._front.transport.items():
            if kind in self._by_effect:
                carry(disturbed, self._effect(kind), self._by_effect[kind].name)
        return disturbed

    def _effect(self, kind: type) -> Any:
        return self._by_effect[kind].rule.effect

    def _stand_in(self) -> Answer | None:
        """An answer in the place of the exchange's."""
        for kind in (fault_effects.Status, fault_effects.RateLimit):
            if kind in self._by_effect:
                return self._error(self._by_effect[kind].name, self._effect(kind))
        return None

    def _error(self, name: str, effect: fault_effects.Status | fault_effects.RateLimit) -> Answer:
        if not isinstance(effect, fault_effects.RateLimit):
            return error_answer(self._front, self._request, self._seen, name, effect)
        error = fault_effects.Status(TOO_MANY_REQUESTS, effect.shape, effect.headers)
        return error_answer(
            self._front, self._request, self._seen, name, error, self._front.venue.faults.too_many_status
        )

    def _exchange(self) -> Answer:
        """The exchange's answer, or a literal one, to a request and at a time that faults may have changed."""
        request, host_at, front = self._request, self._seen.host_at, self._front
        offset = self._by_effect.get(fault_effects.ClockOffset)
        if offset:
            host_at += self._effect(fault_effects.ClockOffset).offset_us
        reply = front.stand_in(request, self._seen.at, host_at) or self._venue(host_at)
        if offset:
            note_clock_offset(front.venue, reply, offset)
        return reply

    def _venue(self, host_at: int) -> Answer:
        request, front = self._request, self._front
        if fault_effects.PageSize in self._by_effect:
            request = front.venue.faults.with_rows_max(request, self._effect(fault_effects.PageSize).rows)
        is_stale = fault_effects.Stale in self._by_effect
        reply: Answer = self._stale(request, host_at) if is_stale else front.answer(request, self._seen.at, host_at)
        if (
            front.venue.auth.refuses_caller(reply.status, reply.body) and request is not self._request
        ):  # explained by what was sent and signed
            reply = front.answer(self._request, self._seen.at, host_at)
        return reply

    def _stale(self, request: Request, host_at: int) -> Answer:
        """Who has a key younger than the lag is answered from the present: a refusal would be another fault."""
        lag_us, front = self._effect(fault_effects.Stale).lag_us, self._front
        at = self._seen.at - lag_us
        context = self._lags.context(front.venue, lag_us, self._seen.at)
        if _key_of(context, front.venue.auth.claimed_key(request)) is None:
            return front.answer(request, self._seen.at, host_at)
        is_on_exchange_time = front.context.settings.auth_clock == "exchange"
        return front.answer(request, at, self._seen.at if is_on_exchange_time else host_at, context)

    def _edit(self, reply: FaultyAnswer) -> None:
        for kind in EDITS:
            if kind in self._by_effect:
                self._edit_json(reply, self._by_effect[kind])
        if fault_effects.Body in self._by_effect:
            effect: fault_effects.Body = self._effect(fault_effects.Body)
            reply.body = effect.text.encode()
            _set_type(reply, effect.content_type)
        if fault_effects.TruncateJson in self._by_effect:
            reply.body = truncate(reply.body)
        if fault_effects.ContentType in self._by_effect:
            _set_type(reply, self._effect(fault_effects.ContentType).value)

    def _edit_json(self, reply: FaultyAnswer, one: InstalledRule) -> None:
        edited = None
        if reply.status == SUCCESS:
            edited = self._edited(reply, one.rule.effect)
        if edited is None:
            reply.findings.append(f"the fault {one.name} found nothing to edit in this answer")
        else:
            reply.body = edited

    def _edited(self, reply: FaultyAnswer, effect: Effect) -> bytes | None:
        try:
            return edit_json(reply.body, effect, self._request, reply.operation)
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
            if reply.stub is None:
                raise
            return None  # a literal answer may be anything


def _set_type(reply: FaultyAnswer, content_type: str | None) -> None:
    if content_type is not None:
        others = [pair for pair in reply.headers if pair[0] != CONTENT_TYPE]
        reply.headers = (*others, (CONTENT_TYPE, content_type.encode()))
