"""What faults do to one REST request: they are looked for before authentication, by the key that is claimed.

In this order, whatever the order of the rules: an answer in the exchange's place (status, rate_limit), or else the
exchange's own at another host time (clock_offset), from a fold that lags (stale), with another page size; then edits of
what is in the body (cursor, duplicate_row, legacy), of the body as a whole (body, truncate_json) and its type; then
what the server does to it on its way (delay, trickle, cut_after, drop, reset).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from mockexchange.faults.bodies import EDITS, edit_json, truncate, with_limit
from mockexchange.faults.disturbed import Disturbed
from mockexchange.faults.installed import Installed
from mockexchange.faults.lag import Lags
from mockexchange.faults.matching import Happening
from mockexchange.scenario import effects
from mockexchange.scenario.effects import Effect
from mockexchange.venues.kalshi import rest, signing
from mockexchange.venues.kalshi.desk import Desk, date_of
from mockexchange.venues.kalshi.outages import outage_body
from mockexchange.venues.kalshi.routes import match
from mockexchange.venues.request import Answer, Request

CONTENT_TYPE = b"content-type"
SUCCESS = 200
UNAUTHORIZED = 401
TOO_MANY_REQUESTS = 429


def happening_of(desk: Desk, request: Request, at: int, host_at: int) -> Happening:
    """What rules see of a request: nothing of it is proven yet."""
    key = desk.state.keys.get(signing.read_credentials(request).key_id or "")
    found = match(request.method, request.path, date_of(desk, key))
    return Happening(
        at,
        host_at,
        account=key.account if key else None,
        operation=found.operation.name if found else None,
        method=request.method,
        path=request.path,
    )


def error_answer(desk: Desk, request: Request, seen: Happening, name: str, error: effects.Status) -> Answer:
    """What the fault `name` answers in the exchange's place."""
    status, headers = error.status, error.headers
    key_id = signing.read_credentials(request).key_id
    api_date = date_of(desk, desk.state.keys.get(key_id or ""))
    return Answer(
        status,
        outage_body(status, error.shape, api_date),
        operation=seen.operation,
        account=seen.account,
        key_id=key_id,
        headers=tuple((header.lower().encode(), value.encode()) for header, value in headers.items()),
        diagnosis=f"the fault {name} answered {status}: the exchange was not asked",
    )


def blame(reply: Answer, one: Installed) -> None:
    """Say of a refusal that the clock was moved before it."""
    if reply.status == UNAUTHORIZED and reply.diagnosis:
        reply.diagnosis += (
            f" (the fault {one.name} moved the server's clock by {one.rule.given['then'][one.rule.kind]})"
        )


class Visit:
    """One request, and the rules that fire on it."""

    def __init__(self, desk: Desk, lags: Lags, request: Request, seen: Happening, fired: Sequence[Installed]) -> None:
        self._desk, self._lags, self._request, self._seen = desk, lags, request, seen
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

    def _disturb(self, reply: Answer) -> Disturbed:
        disturbed = Disturbed(**{name: getattr(reply, name) for name in Answer.__slots__})
        disturbed.fault = self._names
        self._edit(disturbed)
        disturbed.declared_bytes = len(disturbed.body)
        for kind, disturb in TRANSPORT.items():
            if kind in self._by_effect:
                disturb(disturbed, self._effect(kind), self._by_effect[kind].name)
        return disturbed

    def _effect(self, kind: type) -> Any:
        return self._by_effect[kind].rule.effect

    def _stand_in(self) -> Answer | None:
        """An answer in the place of the exchange's."""
        for kind in (effects.Status, effects.RateLimit):
            if kind in self._by_effect:
                return self._error(self._by_effect[kind].name, self._effect(kind))
        return None

    def _error(self, name: str, effect: effects.Status | effects.RateLimit) -> Answer:
        if isinstance(effect, effects.RateLimit):
            effect = effects.Status(TOO_MANY_REQUESTS, effect.shape, effect.headers)
        return error_answer(self._desk, self._request, self._seen, name, effect)

    def _exchange(self) -> Answer:
        """The exchange's answer, to a request and at a time that faults may have changed."""
        request, host_at = self._request, self._seen.host_at
        if effects.PageSize in self._by_effect:
            request = replace(request, query=with_limit(request, self._effect(effects.PageSize).rows))
        if effects.ClockOffset in self._by_effect:
            host_at += self._effect(effects.ClockOffset).offset_us
        is_stale = effects.Stale in self._by_effect
        reply = self._stale(request, host_at) if is_stale else rest.answer(self._desk, request, self._seen.at, host_at)
        if reply.status == UNAUTHORIZED and request is not self._request:  # explained by what was sent and signed
            reply = rest.answer(self._desk, self._request, self._seen.at, host_at)
        if effects.ClockOffset in self._by_effect:
            blame(reply, self._by_effect[effects.ClockOffset])
        return reply

    def _stale(self, request: Request, host_at: int) -> Answer:
        """Who has a key younger than the lag is answered from the present: a 401 would be another fault."""
        lag_us = self._effect(effects.Stale).lag_us
        at = self._seen.at - lag_us
        desk = self._lags.desk(lag_us, self._seen.at)
        if signing.read_credentials(request).key_id not in desk.state.keys:
            return rest.answer(self._desk, request, self._seen.at, host_at)
        is_on_exchange_time = self._desk.settings.auth_clock == "exchange"
        return rest.answer(desk, request, at, self._seen.at if is_on_exchange_time else host_at)

    def _edit(self, reply: Disturbed) -> None:
        for kind in EDITS:
            if kind in self._by_effect:
                self._edit_json(reply, self._by_effect[kind])
        if effects.Body in self._by_effect:
            effect: effects.Body = self._effect(effects.Body)
            reply.body = effect.text.encode()
            _set_type(reply, effect.content_type)
        if effects.TruncateJson in self._by_effect:
            reply.body = truncate(reply.body)
        if effects.ContentType in self._by_effect:
            _set_type(reply, self._effect(effects.ContentType).value)

    def _edit_json(self, reply: Disturbed, one: Installed) -> None:
        edited = None
        if reply.status == SUCCESS:
            edited = edit_json(reply.body, one.rule.effect, self._request, reply.operation)
        if edited is None:
            reply.findings.append(f"the fault {one.name} found nothing to edit in this answer")
        else:
            reply.body = edited


def _set_type(reply: Disturbed, content_type: str | None) -> None:
    if content_type is not None:
        others = [pair for pair in reply.headers if pair[0] != CONTENT_TYPE]
        reply.headers = (*others, (CONTENT_TYPE, content_type.encode()))


def _delay(reply: Disturbed, effect: effects.Delay, name: str) -> None:
    reply.delay_us = effect.delay_us


def _trickle(reply: Disturbed, effect: effects.Trickle, name: str) -> None:
    reply.bytes_per_second = effect.bytes_per_second


def _cut(reply: Disturbed, effect: effects.CutAfter, name: str) -> None:
    """The head tells the whole length; the journal keeps what goes out."""
    if effect.size_bytes < len(reply.body):
        reply.body, reply.end = reply.body[: effect.size_bytes], "cut"
    else:
        reply.findings.append(f"the fault {name} found nothing to cut off this answer")


def _drop(reply: Disturbed, effect: Effect, name: str) -> None:
    reply.status, reply.body, reply.end = 0, b"", "drop"
    reply.diagnosis, reply.diagnose = f"the fault {name} closed the connection: no answer", None


def _reset(reply: Disturbed, effect: Effect, name: str) -> None:
    _drop(reply, effect, name)
    reply.diagnosis, reply.end = f"the fault {name} reset the connection: no answer", "reset"


TRANSPORT: dict[type, Callable[[Disturbed, Any, str], None]] = {
    effects.Delay: _delay,
    effects.Trickle: _trickle,
    effects.CutAfter: _cut,
    effects.Drop: _drop,
    effects.Reset: _reset,
}
