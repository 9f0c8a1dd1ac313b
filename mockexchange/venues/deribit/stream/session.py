"""Implements the session of one stream: logins, commands, heartbeats and the end of the stream."""

import json
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.deribit.authentication import TOKEN_PARAMETER, identify_token
from mockexchange.venues.deribit.catalogue import OPEN_STREAM, PREFIX, STREAM_PATH
from mockexchange.venues.deribit.context import DeribitContext, clock_of, date_of
from mockexchange.venues.deribit.errors import (
    INVALID_CREDENTIALS,
    INVALID_REQUEST,
    NOT_ALLOWED_STATUS,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    Rejected,
)
from mockexchange.venues.deribit.parameter_decoding import CappedRequest, cap_count, decode
from mockexchange.venues.deribit.resources.call import Caller, Operation, Write
from mockexchange.venues.deribit.resources.envelope import error_text, result_text
from mockexchange.venues.deribit.routes import carry_out, find, read_body, require_scope
from mockexchange.venues.deribit.signatures import AUTHORIZATION
from mockexchange.venues.deribit.stream.channels import BOOK, QUOTE, TICKER, Channel
from mockexchange.venues.deribit.stream.commands import COMMANDS, LOGOUT, CommandResult
from mockexchange.venues.deribit.stream.market_data import Market, MarketMessage
from mockexchange.venues.deribit.stream.subscriber import Subscriber
from mockexchange.venues.frame import CalledOperation, Frame, PendingFrame
from mockexchange.venues.jsonrpc.envelope import Envelope
from mockexchange.venues.jsonrpc.session import ChannelMessage, StreamRequest
from mockexchange.venues.request import Answer, Call, Request
from mockexchange.venues.session import Handshake, OpenCount

AUTH, TEST = "public/auth", "public/test"
CREDENTIALS = (TOKEN_PARAMETER, "client_id")
"""Parameters that carry credentials of a request itself; they take precedence over the stream's login."""
POLICY_VIOLATION = 1008
KINDS = {
    "public/subscribe": "subscribed",
    "private/subscribe": "subscribed",
    "public/unsubscribe": "unsubscribed",
    "private/unsubscribe": "unsubscribed",
    "public/unsubscribe_all": "unsubscribed",
    "private/unsubscribe_all": "unsubscribed",
}
"""Kinds of the frames that answer commands about subscriptions, by method. Other venues use the same kinds."""


class Session(Subscriber):
    """The session of one stream, which `shake_hands` below makes."""

    def __init__(self, context: DeribitContext, api_date: ApiDate, host_at: int) -> None:
        super().__init__(context, api_date, host_at)
        self._token: str | None = None
        """The access token of the last public/auth; it authenticates every later request."""

    def note_call(self, host_at: int) -> None:
        self.liveness.note_request(host_at)

    def request_of(self, raw: bytes) -> Call:
        """Return a command of the stream as the POST request that has the same effect.

        The request has the stream's access token, unless the command has credentials of its own.
        """
        is_anonymous = self._token is None or _has_credentials(raw)
        headers = () if is_anonymous else ((AUTHORIZATION, f"bearer {self._token}".encode()),)
        return Call("POST", PREFIX, "", headers, raw, STREAM_PATH)

    def read(self, request: Request) -> Envelope:
        envelope = read_body(request.body)
        if isinstance(request, CappedRequest):
            return replace(envelope, params=cap_count(envelope.params, request.rows_max))
        return envelope

    def carry_out(self, envelope: Envelope, request: StreamRequest[DeribitContext]) -> Frame | None:
        command_result = self._answer(envelope, request)
        if command_result is None:
            return None
        if not isinstance(command_result, CommandResult):
            return self.write(self._completed_write(command_result, request), request)
        raw = result_text(self.context, request.id, command_result.result, _clock(request))
        frame = request.frame(raw, KINDS.get(envelope.method or "", "result"), command_result.acknowledged)
        return frame._replace(data=tuple(self._first_frames(command_result.opened)))

    def frame_of(self, message: ChannelMessage | MarketMessage) -> Frame | None:
        """Return a message as a frame; None if the session is not subscribed to its channel.

        None also if the client has seen all that the message shows.
        """
        if not isinstance(message, MarketMessage):
            return super().frame_of(message)
        subscription = self.registry.by_name.get(message.channel)
        raw = subscription and self.market_data.frame(subscription.name, message.market, self.api_date)
        return Frame(raw, "subscription", subscription.channel, subscription.sid) if subscription and raw else None

    def _first_frames(self, opened: Iterable[Channel]) -> Iterator[Frame]:
        """Yield the first message of each new subscription to a public channel of an instrument.

        It is of the present, whatever the answer shows, and has the time of the last change [doc].
        """
        state = self.context.state
        for channel in dict.fromkeys(opened):
            if channel.family.name in (BOOK, QUOTE, TICKER) and channel.instrument is not None:
                self.market_data.forget(channel.name)
                derivative = state.derivatives.listed[channel.instrument]
                market = Market(state, derivative, derivative.updated_at or derivative.created_at)
                frame = self.frame_of(MarketMessage(channel.name, market))
                yield from [frame] if frame else ()

    def refuse(self, rejection: Rejected, request: StreamRequest[DeribitContext]) -> bytes:
        if rejection.code in (INVALID_CREDENTIALS, UNAUTHORIZED):
            self.called = None
        return error_text(self.context, request.id, rejection, _clock(request))

    def wake(self, at: int, host_at: int) -> list[Frame]:
        """Return the heartbeat that is due, or end a session that has been quiet for too long."""
        frames, self.ending = self.liveness.wake(host_at, self.ending)
        return frames

    def terminate(self, sid: int, code: int, at: int, why: str = "") -> Frame:
        """End the whole stream with the reason too_many_requests: the venue has no frame that ends one subscription.

        Raises KeyError if no subscription has that sid.
        """
        ended = self.registry.close(sid)
        self.ending = self.ending or (POLICY_VIOLATION, "too_many_requests")
        rejected = Rejected(TOO_MANY_REQUESTS, f"the stream was ended at {ended.name}{f': {why}' if why else ''}")
        raw = f'{{"jsonrpc":"2.0","error":{{"code":{rejected.code},"message":"{rejected.message}"}}}}'.encode()
        return Frame(raw, "error", ended.channel, note=rejected.explain())

    def _completed_write(self, write: Write, request: StreamRequest[DeribitContext]) -> PendingFrame:
        result = yield from write
        return request.frame(result_text(self.context, request.id, result, _clock(request)), "result")

    def _answer(self, envelope: Envelope, request: StreamRequest[DeribitContext]) -> CommandResult | Write | None:
        """Return the result of a request with its new subscriptions, or its write; None without an answer.

        Raises Rejected.
        """
        context, at, host_at, findings = request.context, request.at, request.host_at, request.findings
        operation = find(envelope.method or "")
        caller = self._caller(operation, envelope, request)
        self.called = CalledOperation(operation.name, caller.key.account if caller else None)
        command = COMMANDS.get(operation.name)
        if command is None:
            result = carry_out(context, operation, envelope.params, caller, at, host_at, findings=findings)
            if isinstance(result, bytes):
                return CommandResult(result.decode())
            if not isinstance(result, str):
                return self.disconnecting.noting(result)
            self._apply_result(operation, result, at, host_at)
            return CommandResult(result)
        if operation.is_private:
            require_scope(operation, caller)
        params = decode(operation.name, operation.parameters, envelope.params, self.api_date, findings)
        command_result = command(self, params, caller, findings)
        return None if operation.name == LOGOUT else command_result

    def _caller(
        self, operation: Operation, envelope: Envelope, request: StreamRequest[DeribitContext]
    ) -> Caller | None:
        """Return the caller of a request: a token among the parameters takes precedence over the stream's token."""
        token = envelope.params.get(TOKEN_PARAMETER, self._token)
        if token is None or not (operation.is_private or operation.name in COMMANDS):
            return None
        return identify_token(request.context, token, request.at, request.host_at)

    def _apply_result(self, operation: Operation, result: str, at: int, host_at: int) -> None:
        """Apply the effect of public/test and public/auth on the stream itself."""
        if operation.name == TEST:
            self.liveness.note_test()
        if operation.name == AUTH:
            self._token = json.loads(result)[TOKEN_PARAMETER]
            caller = identify_token(self.context, self._token, at, host_at)
            self.key = caller.key
            self.api_date = date_of(self.context, self.key)
            self.disconnecting.log_in(caller.subaccount_ref)


def _clock(request: StreamRequest[DeribitContext]) -> int:
    return clock_of(request.context.settings, request.at, request.host_at)


def _has_credentials(raw: bytes) -> bool:
    try:
        params = read_body(raw).params
    except Rejected:
        return False
    return any(name in params for name in CREDENTIALS)


# The handshake, which needs no credentials, because a client logs in later


SWITCHING_PROTOCOLS = 101


def shake_hands(
    context: DeribitContext, request: Request, at: int, host_at: int, open_count: OpenCount = lambda account: 0
) -> Handshake:
    """Answer the upgrade request of a stream at exchange time `at` and host time `host_at` (microseconds).

    Never raises.

    Credentials in its headers have no effect: a client logs in by public/auth, or by a token in each request [doc].
    """
    return Handshake(Answer(SWITCHING_PROTOCOLS, b"", OPEN_STREAM), Session(context, context.api_date, host_at))


def answer_plainly(context: DeribitContext, request: Request, at: int, host_at: int) -> Answer:
    """Answer a request to the stream's path that is not an upgrade to WebSocket; no source shows the venue's answer."""
    is_get = request.method == "GET"
    message = f"{STREAM_PATH} is a WebSocket: open it as ws://, by GET with Connection: Upgrade and Upgrade: websocket"
    rejected = Rejected(INVALID_REQUEST, message, message="Invalid Request")
    body = error_text(context, None, rejected, clock_of(context.settings, at, host_at))
    headers = () if is_get else ((b"allow", b"GET"),)
    return Answer(400 if is_get else NOT_ALLOWED_STATUS, body, OPEN_STREAM, headers=headers, diagnosis=message)
