"""One stream session: a client's requests in, frames out; no socket, no event loop, no clock of its own."""

import json
from dataclasses import replace

from mockexchange.venues.dated import ApiDate
from mockexchange.venues.deribit.authentication import TOKEN_PARAMETER, identify_token
from mockexchange.venues.deribit.catalogue import PREFIX, STREAM_PATH
from mockexchange.venues.deribit.context import DeribitContext, clock_of, date_of
from mockexchange.venues.deribit.errors import (
    BODY_BYTES_MAX,
    INVALID_CREDENTIALS,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    Rejected,
    rejected_of,
    too_large,
)
from mockexchange.venues.deribit.objects.envelope import error_text, result_text
from mockexchange.venues.deribit.operations.call import Caller, Operation
from mockexchange.venues.deribit.parameters.decoding import Capped, capped, decode
from mockexchange.venues.deribit.routes import carry_out, find, require_scope
from mockexchange.venues.deribit.signing import AUTHORIZATION
from mockexchange.venues.deribit.stream.commands import COMMANDS, LOGOUT, Answered
from mockexchange.venues.deribit.stream.subscriber import Subscriber
from mockexchange.venues.diagnosis.search import no_pause
from mockexchange.venues.frame import Asked, Frame
from mockexchange.venues.jsonrpc.envelope import Envelope, Malformed, read_envelope
from mockexchange.venues.request import Call, Request

AUTH, TEST = "public/auth", "public/test"
CLAIMS = (TOKEN_PARAMETER, "client_id")
"""Parameters by which a call says itself whose it is, whosever the stream is."""
POLICY_VIOLATION = 1008
KINDS = {
    "public/subscribe": "subscribed",
    "private/subscribe": "subscribed",
    "public/unsubscribe": "unsubscribed",
    "private/unsubscribe": "unsubscribed",
    "public/unsubscribe_all": "unsubscribed",
    "private/unsubscribe_all": "unsubscribed",
}
"""Of answers about subscriptions, by method: as those of other venues are called."""


class Session(Subscriber):
    """Made by `handshake.shake_hands`. Not sent by itself: its owner sends the frames that it returns, in order."""

    def __init__(self, context: DeribitContext, api_date: ApiDate, host_at: int) -> None:
        super().__init__(context, api_date, host_at)
        self._token: str | None = None
        """Sent along with every request, as it were, once public/auth has given one."""
        self.asked: Asked | None = None

    def receive(self, raw: bytes, at: int, host_at: int) -> list[Frame]:
        """Answer one request (text or binary, whole) at exchange time `at` and host time `host_at`, microseconds.

        Never raises, whatever the bytes are.
        """
        self.note_call(host_at)
        frame = self._reply_to(raw, None, self.context, at, host_at)
        return [frame] if frame else []

    @property
    def calls(self) -> "Session":
        """Every command is a call."""
        return self

    def note_call(self, host_at: int) -> None:
        """A command came, whoever answers it."""
        self.liveness.note_request(host_at)

    def request_of(self, raw: bytes) -> Call:
        """A command as a POST, with the stream's token where it has none of its own."""
        is_anonymous = self._token is None or _claims(raw)
        headers = () if is_anonymous else ((AUTHORIZATION, f"bearer {self._token}".encode()),)
        return Call("POST", PREFIX, "", headers, raw, STREAM_PATH)

    def answer(self, call: Request, context: DeribitContext, at: int, host_at: int) -> Frame | None:
        """Carry out a command, reading from another context perhaps; what it changes of the stream is as of now."""
        rows_max = call.rows_max if isinstance(call, Capped) else None
        return self._reply_to(call.body, rows_max, context, at, host_at)

    def _reply_to(
        self, raw: bytes, rows_max: int | None, context: DeribitContext, at: int, host_at: int
    ) -> Frame | None:
        us_in, id_text = clock_of(context.settings, at, host_at), None
        self.asked = None
        findings: list[str] = []
        try:
            if len(raw) > BODY_BYTES_MAX:
                raise too_large()
            envelope = read_envelope(raw)
            id_text = envelope.id
            if rows_max is not None:
                envelope = replace(envelope, params=capped(envelope.params, rows_max))
            answered = self._answer(envelope, context, at, host_at, findings)
        except Malformed as malformed:
            return self._refuse(malformed.id, rejected_of(malformed), us_in, findings)
        except Rejected as rejected:
            return self._refuse(id_text, rejected, us_in, findings)
        if answered is None:
            return None
        result, acknowledged = answered
        raw_answer = result_text(self.context, id_text, result, us_in)
        kind = KINDS.get(envelope.method or "", "result")
        return Frame(raw_answer, kind, note="; ".join(findings), acknowledged=acknowledged)

    def wake(self, at: int, host_at: int) -> list[Frame]:
        """Send the heartbeat that is due, or end a session that is quiet for too long."""
        frames, self.ending = self.liveness.wake(host_at, self.ending)
        return frames

    def terminate(self, sid: int, code: int, why: str = "") -> Frame:
        """End the stream: the venue has no word for the end of one subscription, but one for too much, and closes then.

        Raises KeyError where there is no such subscription.
        """
        ended = self.registry.close(sid)
        self.ending = self.ending or (POLICY_VIOLATION, "too_many_requests")
        rejected = Rejected(TOO_MANY_REQUESTS, f"the stream was ended at {ended.name}{f': {why}' if why else ''}")
        raw = f'{{"jsonrpc":"2.0","error":{{"code":{rejected.code},"message":"{rejected.message}"}}}}'.encode()
        return Frame(raw, "error", ended.channel, note=str(rejected.diagnosis))

    def apply_recorded(self, raw: bytes, kind: str, channel: str) -> None:
        """There are no numbers that a frame which this did not make could use up."""

    def spell_literal(self, text: str, channel: str) -> str:
        """Nothing has to be filled in: there are no sids on this wire."""
        return text

    def _answer(
        self, envelope: Envelope, context: DeribitContext, at: int, host_at: int, findings: list[str]
    ) -> Answered | None:
        """The JSON of a result and what is subscribed to by it; None where there is no answer. Raises Rejected."""
        operation = find(envelope.method or "")
        caller = self._caller(operation, envelope, context, at, host_at)
        self.asked = Asked(operation.name, caller.key.account if caller else None)
        command = COMMANDS.get(operation.name)
        if command is None:
            result = carry_out(context, operation, envelope.params, caller, at, host_at, findings=findings)
            self._follow(operation, result, at, host_at)
            return Answered(result)
        if operation.is_private:
            require_scope(operation, caller)
        params = decode(operation.name, operation.parameters, envelope.params, self.api_date, findings)
        answered = command(self, params, caller, findings)
        return None if operation.name == LOGOUT else answered

    def _caller(
        self, operation: Operation, envelope: Envelope, context: DeribitContext, at: int, host_at: int
    ) -> Caller | None:
        """Who asks: the token among the parameters counts more than that of the stream."""
        token = envelope.params.get(TOKEN_PARAMETER, self._token)
        is_needed = operation.is_private or operation.name in COMMANDS
        return identify_token(context, token, at, host_at) if is_needed and token is not None else None

    def _follow(self, operation: Operation, result: str, at: int, host_at: int) -> None:
        """Take over what an answer means for the stream itself."""
        if operation.name == TEST:
            self.liveness.note_test()
        if operation.name == AUTH:
            self._token = json.loads(result)[TOKEN_PARAMETER]
            self.key = identify_token(self.context, self._token, at, host_at).key
            self.api_date = date_of(self.context, self.key)

    def _refuse(self, id_text: str | None, rejected: Rejected, us_in: int, findings: list[str]) -> Frame:
        if rejected.code in (INVALID_CREDENTIALS, UNAUTHORIZED):
            self.asked = None
        raw = error_text(self.context, id_text, rejected, us_in)
        words = rejected.diagnosis if isinstance(rejected.diagnosis, str) else rejected.diagnosis(no_pause)
        return Frame(raw, "error", note="; ".join([words, *findings]))


def _claims(raw: bytes) -> bool:
    """Whether a command says itself whose it is."""
    try:
        params = read_envelope(raw).params if len(raw) <= BODY_BYTES_MAX else {}
    except Malformed:
        return False
    return any(name in params for name in CLAIMS)
