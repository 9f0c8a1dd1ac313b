"""One stream session: a client's requests in, answers and notifications out; no socket, no clock of its own."""

from typing import NamedTuple

from mockexchange.core.model.accounts import Key
from mockexchange.core.vocabulary import PRIMARY_BOOK
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.diagnosis.search import no_pause
from mockexchange.venues.frame import Asked, Frame
from mockexchange.venues.jsonrpc.envelope import Envelope, spell
from mockexchange.venues.quoting import quote
from mockexchange.venues.request import Call, Request
from mockexchange.venues.signalplus.catalogue import PREFIX
from mockexchange.venues.signalplus.context import SignalPlusContext
from mockexchange.venues.signalplus.errors import Rejected, Situation, body_of, error_body
from mockexchange.venues.signalplus.operations import CONNECT, SUBSCRIBE, UNSUBSCRIBE
from mockexchange.venues.signalplus.operations.call import Operation
from mockexchange.venues.signalplus.outages import OUTAGES
from mockexchange.venues.signalplus.routes import Unread, call_of, find, read, result_body
from mockexchange.venues.signalplus.signing import KEY_HEADER
from mockexchange.venues.signalplus.stream.channels import CHANGES, FORM, is_channel
from mockexchange.venues.signalplus.stream.messages import Message

CONNECTED = b"200"
"""The result of `connect` in a sister section; who is connected at all has been let in by the handshake."""
UNAVAILABLE = OUTAGES[503]
CHANNEL_CHARS_MAX = 80


class Subscription(NamedTuple):
    """`name` is the channel's whole name, `channel` the one that scenarios know it by."""

    sid: int
    name: str
    channel: str = CHANGES
    markets: None = None


class Session:
    """Made by `handshake.shake_hands`. Not sent by itself: its owner sends the frames that it returns, in order."""

    wakes_at: int | None = None
    ending: tuple[int, str] | None = None

    def __init__(
        self,
        context: SignalPlusContext,
        key: Key,
        api_date: ApiDate,
        *,
        path: str = "",
        is_for_subscriptions: bool = True,
    ) -> None:
        self.context, self.api_date = context, api_date
        self.key: Key | None = key
        self.channels: dict[str, Subscription] = {}
        self.subscriptions: dict[int, Subscription] = {}
        self.asked: Asked | None = None
        self._caller = key
        self._path = path
        self._purse = (key.account, key.book or PRIMARY_BOOK)
        self._is_for_subscriptions = is_for_subscriptions
        self._last_sid = 0

    def follows(self, channel: str) -> bool:
        return channel == CHANGES and bool(self.channels)

    def receive(self, raw: bytes, at: int, host_at: int) -> list[Frame]:
        """Carry out one request at exchange time `at` and host time `host_at`, microseconds. Never raises."""
        return [self._reply_to(raw, self.context)]

    @property
    def calls(self) -> "Session":
        """Every command is a call."""
        return self

    def note_call(self, host_at: int) -> None:
        """Nothing comes of a client that is quiet."""

    def request_of(self, raw: bytes) -> Call:
        """A command as a POST by the key that opened the stream."""
        header = f"Bearer {self._caller.key_id}".encode("latin-1", "replace")
        return Call("POST", PREFIX, "", ((KEY_HEADER, header),), raw, self._path)

    def answer(self, call: Request, context: SignalPlusContext, at: int, host_at: int) -> Frame:
        """Carry out a command, reading from another context perhaps."""
        return self._reply_to(call.body, context)

    def _reply_to(self, raw: bytes, context: SignalPlusContext) -> Frame:
        rid: str | None = None
        self.asked = None
        try:
            envelope = read(raw)
            rid = envelope.id
            return self._carry_out(envelope, context)
        except Unread as unread:
            return self._error(unread.rejected, unread.rid)
        except Rejected as rejected:
            return self._error(rejected, rid)

    def wake(self, at: int, host_at: int) -> list[Frame]:
        """There is nothing that it does by itself."""
        return []

    def frame_of(self, message: Message) -> Frame | None:
        """The message as this session gets it; None where it is not subscribed, or of another's book."""
        subscription = self.channels.get(message.channel)
        if subscription is None or message.change.purse != self._purse:
            return None
        return Frame(message.change.frame(self.api_date), "subscription", CHANGES, subscription.sid)

    def terminate(self, sid: int, code: int, why: str = "") -> Frame:
        """End every subscription with an error that names none [choice]. Raises KeyError where there is no such one."""
        ended = self.subscriptions[sid]
        note = f"every subscription was ended{f': {why}' if why else ''}"
        self._forget()
        return Frame(error_body(UNAVAILABLE.code, UNAVAILABLE.message), "error", ended.channel, sid, note)

    def apply_recorded(self, raw: bytes, kind: str, channel: str) -> None:
        """A frame went out that the session did not make: an error of a channel ends every subscription."""
        if kind == "error" and channel:
            self._forget()

    def spell_literal(self, text: str, channel: str) -> str:
        """Notifications have no numbers to fill in."""
        return text

    def _carry_out(self, envelope: Envelope, context: SignalPlusContext) -> Frame:
        findings: list[str] = []
        operation = find(envelope.method or "")
        self.asked = Asked(operation.name)
        self._require_path(operation)
        call = call_of(context, operation, envelope, self._caller, self.api_date, findings)
        if operation.name == SUBSCRIBE:
            return self._subscribe(envelope.id, call.params["channels"], findings)
        if operation.name == UNSUBSCRIBE:
            return self._unsubscribe(envelope.id, call.params["channels"], findings)
        result = CONNECTED if operation.name == CONNECT or operation.answer is None else operation.answer(call)
        return _answer(envelope.id, result, "result", findings)

    def _require_path(self, operation: Operation) -> None:
        if operation.name in (SUBSCRIBE, UNSUBSCRIBE) and not self._is_for_subscriptions:
            words = "subscriptions are made at /ws/private, and here nowhere else (streams: apart)"
            raise Rejected(Situation.UNKNOWN_METHOD, words)

    def _subscribe(self, rid: str | None, names: tuple[str, ...], findings: list[str]) -> Frame:
        """The result says which channels there are subscriptions to; names of none are missing from it."""
        known = list(dict.fromkeys(name for name in names if is_channel(name)))
        findings += _unknown(names)
        for name in known:
            if name not in self.channels:
                self._last_sid += 1
                self.channels[name] = self.subscriptions[self._last_sid] = Subscription(self._last_sid, name)
        frame = _answer(rid, _spell_names(known), "subscribed", findings)
        return frame._replace(acknowledged=(CHANGES,)) if known else frame

    def _unsubscribe(self, rid: str | None, names: tuple[str, ...], findings: list[str]) -> Frame:
        known = [name for name in dict.fromkeys(names) if name in self.channels]
        for name in known:
            del self.subscriptions[self.channels.pop(name).sid]
        findings += [
            f"there is no subscription to {quote(name, CHANNEL_CHARS_MAX)}" for name in names[:5] if name not in known
        ]
        return _answer(rid, _spell_names(known), "unsubscribed", findings)

    def _forget(self) -> None:
        self.channels.clear()
        self.subscriptions.clear()

    def _error(self, rejected: Rejected, rid: str | None) -> Frame:
        found = rejected.diagnosis
        note = found if isinstance(found, str) else found(no_pause)
        return Frame(body_of(rejected, rid, self.api_date), "error", note=note)


def _unknown(names: tuple[str, ...]) -> list[str]:
    odd = [name for name in names if not is_channel(name)]
    return [f"no channel is called {quote(name, CHANNEL_CHARS_MAX)}: expected {FORM}" for name in odd[:5]]


def _spell_names(names: list[str]) -> bytes:
    return b"[%b]" % ",".join(map(spell, names)).encode()


def _answer(rid: str | None, result: bytes, kind: str, findings: list[str]) -> Frame:
    return Frame(result_body(rid, result), kind, note="; ".join(findings))
