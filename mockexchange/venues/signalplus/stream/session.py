"""Implements the session of one stream of SignalPlus: its methods, its subscriptions and how they end."""

from mockexchange.core.model.accounts import Key
from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT, SubaccountRef
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.frame import CalledOperation, Frame
from mockexchange.venues.jsonrpc.envelope import Envelope, spell
from mockexchange.venues.jsonrpc.session import JsonRpcSession, StreamRequest
from mockexchange.venues.quoting import quote
from mockexchange.venues.request import Answer, Call, Request
from mockexchange.venues.session import Handshake, OpenCount
from mockexchange.venues.signalplus.authentication import authenticate
from mockexchange.venues.signalplus.catalogue import OPEN_STREAM, PREFIX, PRIVATE_PATH
from mockexchange.venues.signalplus.context import SignalPlusContext, date_of, key_of
from mockexchange.venues.signalplus.errors import Rejected, Situation, body_of, error_body, reject
from mockexchange.venues.signalplus.fault_bodies import OUTAGES
from mockexchange.venues.signalplus.resources import CONNECT, SUBSCRIBE, UNSUBSCRIBE
from mockexchange.venues.signalplus.resources.call import Operation
from mockexchange.venues.signalplus.routes import call_of, find, read, result_body
from mockexchange.venues.signalplus.signatures import KEY_HEADER, claimed_key
from mockexchange.venues.signalplus.stream.feed import CHANGES, FORM, is_channel

CONNECTED = b"200"
"""The result of the method `connect`, as in another section of the venue's API.

The handshake has authenticated already.
"""
UNAVAILABLE = OUTAGES[503]
CHANNEL_CHARS_MAX = 80
FINDINGS_MAX = 5


class Session(JsonRpcSession[SignalPlusContext, Rejected]):
    """The session of one stream, which `shake_hands` below makes."""

    rejection_type = Rejected

    def __init__(
        self,
        context: SignalPlusContext,
        key: Key,
        api_date: ApiDate,
        *,
        path: str = "",
        is_for_subscriptions: bool = True,
    ) -> None:
        super().__init__(context, key, api_date)
        self._caller = key
        self._path = path
        self._subaccount_ref = SubaccountRef(key.account, key.subaccount or PRIMARY_SUBACCOUNT)
        self._is_for_subscriptions = is_for_subscriptions

    def request_of(self, raw: bytes) -> Call:
        """Return a command of the stream as the POST request that has the same effect.

        The key of the stream makes the request.
        """
        header = f"Bearer {self._caller.key_id}".encode("latin-1", "replace")
        return Call("POST", PREFIX, "", ((KEY_HEADER, header),), raw, self._path)

    def read(self, request: Request) -> Envelope:
        return read(request.body)

    def carry_out(self, envelope: Envelope, request: StreamRequest[SignalPlusContext]) -> Frame:
        operation = find(envelope.method or "")
        self.called = CalledOperation(operation.name)
        self._require_path(operation)
        call = call_of(request.context, operation, envelope, self._caller, self.api_date, request.findings)
        if operation.name == SUBSCRIBE:
            return self._subscribe(request, call.params["channels"])
        if operation.name == UNSUBSCRIBE:
            return self._unsubscribe(request, call.params["channels"])
        result = CONNECTED if operation.name == CONNECT or operation.answer is None else operation.answer(call)
        return request.frame(result_body(request.id, result), "result")

    def refuse(self, rejection: Rejected, request: StreamRequest[SignalPlusContext]) -> bytes:
        return body_of(rejection, request.id, self.api_date)

    def terminate(self, sid: int, code: int, at: int, why: str = "") -> Frame:
        """End every subscription of the stream with an error frame, which names no subscription [choice].

        Raises KeyError if no subscription has that sid.
        """
        ended = self.subscriptions[sid]
        note = f"every subscription was ended{f': {why}' if why else ''}"
        self.registry.clear()
        return Frame(error_body(UNAVAILABLE.code, UNAVAILABLE.message), "error", ended.channel, sid, note)

    def apply_recorded(self, raw: bytes, kind: str, channel: str) -> None:
        """End every subscription after a recorded channel error that this session did not make itself."""
        if kind == "error" and channel:
            self.registry.clear()

    def _require_path(self, operation: Operation) -> None:
        if operation.name in (SUBSCRIBE, UNSUBSCRIBE) and not self._is_for_subscriptions:
            message = "subscriptions are made at /ws/private, and here nowhere else (streams: apart)"
            raise Rejected(Situation.UNKNOWN_METHOD, message)

    def _subscribe(self, request: StreamRequest[SignalPlusContext], names: tuple[str, ...]) -> Frame:
        """Subscribe to channels; the result lists those that exist."""
        known = list(dict.fromkeys(name for name in names if is_channel(name)))
        request.findings += _unknown_channels(names)
        for name in known:
            self.registry.open(name, CHANGES, self._subaccount_ref)
        body = result_body(request.id, _spell_names(known))
        return request.frame(body, "subscribed", (CHANGES,) if known else ())

    def _unsubscribe(self, request: StreamRequest[SignalPlusContext], names: tuple[str, ...]) -> Frame:
        known = [name for name in dict.fromkeys(names) if name in self.channels]
        for name in known:
            self.registry.close(self.channels[name].sid)
        request.findings += [
            f"there is no subscription to {quote(name, CHANNEL_CHARS_MAX)}"
            for name in names[:FINDINGS_MAX]
            if name not in known
        ]
        return request.frame(result_body(request.id, _spell_names(known)), "unsubscribed")


def _unknown_channels(names: tuple[str, ...]) -> list[str]:
    unknown = [name for name in names if not is_channel(name)]
    return [
        f"no channel is called {quote(name, CHANNEL_CHARS_MAX)}: expected {FORM}" for name in unknown[:FINDINGS_MAX]
    ]


def _spell_names(names: list[str]) -> bytes:
    return b"[%b]" % ",".join(map(spell, names)).encode()


# The handshake, whose headers or query have the four values of a signed request [doc, sister]
#
# The page has two paths: one to connect to, one for private subscriptions. It leaves open which methods each answers.


SWITCHING_PROTOCOLS = 101


def shake_hands(
    context: SignalPlusContext, request: Request, at: int, host_at: int, open_count: OpenCount
) -> Handshake:
    """Answer an upgrade request at exchange time `at` and host time `host_at` (microseconds). Never raises.

    The venue's limit of open streams is unknown; the mock has none.
    """
    answer, api_date = _new_answer(context, request)
    try:
        key = _authenticate(context, request, at, host_at, answer)
    except Rejected as rejected:
        reject(answer, rejected, None, api_date)
        return Handshake(answer)
    answer.status = SWITCHING_PROTOCOLS
    is_for_subscriptions = context.settings.stream_paths == "alike" or request.path.startswith(PRIVATE_PATH)
    session = Session(context, key, api_date, path=request.path, is_for_subscriptions=is_for_subscriptions)
    return Handshake(answer, session)


def answer_plainly(context: SignalPlusContext, request: Request, at: int, host_at: int) -> Answer:
    """Answer a request to a stream's path that is not an upgrade to WebSocket, after checking its credentials."""
    answer, api_date = _new_answer(context, request)
    try:
        _authenticate(context, request, at, host_at, answer)
        message = f"{request.path} is a WebSocket: open it as ws://, or send Upgrade: websocket and Connection: Upgrade"
        raise Rejected(Situation.NO_STREAM, message)
    except Rejected as rejected:
        reject(answer, rejected, None, api_date)
    return answer


def _new_answer(context: SignalPlusContext, request: Request) -> tuple[Answer, ApiDate]:
    return Answer(500, b"", OPEN_STREAM), date_of(context, key_of(context.state, claimed_key(request) or ""))


def _authenticate(context: SignalPlusContext, request: Request, at: int, host_at: int, answer: Answer) -> Key:
    return authenticate(context, request, at, host_at, answer, with_query=True)
