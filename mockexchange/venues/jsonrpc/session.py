"""The subscriptions of one session. Faults and the journal identify them by a number `sid`, which clients never see."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Generic, NamedTuple, Protocol, Self, TypeVar

from msgspec import Struct, field

from mockexchange.core.commands import Command
from mockexchange.core.model.accounts import Key
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.frame import CalledOperation, Frame, PendingFrame
from mockexchange.venues.jsonrpc.envelope import Envelope, Rejection
from mockexchange.venues.request import Call, Request

# Subscriptions: faults and the journal identify them by a number `sid`, which clients never see


class Subscription(NamedTuple):
    """One subscription: the full name of its channel, and the channel's family, by which scenarios name it (`channel`).

    `subaccount_ref` is the subaccount that may see its messages; None for a client that is not logged in.
    """

    sid: int
    name: str
    channel: str
    markets: tuple[str, ...] | None
    subaccount_ref: SubaccountRef | None


class Subscriptions:
    """The subscriptions of a session by sid and by name, at most one for each name. A sid is never used again."""

    __slots__ = ("_last_sid", "by_name", "by_sid")

    def __init__(self) -> None:
        self.by_sid: dict[int, Subscription] = {}
        self.by_name: dict[str, Subscription] = {}
        self._last_sid = 0

    def open(
        self, name: str, channel: str, subaccount_ref: SubaccountRef | None, markets: tuple[str, ...] | None = None
    ) -> None:
        """Add a subscription; a subscription of the same name is replaced and keeps its sid."""
        known = self.by_name.get(name)
        if known is None:
            self._last_sid += 1
        sid = known.sid if known else self._last_sid
        self.by_sid[sid] = self.by_name[name] = Subscription(sid, name, channel, markets, subaccount_ref)

    def close(self, sid: int) -> Subscription:
        """Remove and return a subscription. Raises KeyError if no subscription has that sid."""
        subscription = self.by_sid.pop(sid)
        del self.by_name[subscription.name]
        return subscription

    def clear(self) -> None:
        self.by_sid.clear()
        self.by_name.clear()


# The session: a venue defines how a request is read, carried out and refused; envelopes, subscriptions and the delivery
# of messages are the same for all


C = TypeVar("C")
"""The type of the venue's context."""
R = TypeVar("R", bound=Rejection)
"""The type of the venue's rejection."""


class ChannelMessage(Protocol):
    """A notification on one channel; `subaccount_ref` is the subaccount that may see it."""

    @property
    def channel(self) -> str: ...

    @property
    def subaccount_ref(self) -> SubaccountRef: ...

    def frame(self, api_date: ApiDate) -> bytes: ...


class StreamRequest(Struct, Generic[C]):
    """One request on a stream, at exchange time `at` and host time `host_at` (microseconds).

    `context` is the venue's view of the sandbox that the request reads, which may differ from the session's.
    """

    request: Request
    context: C
    at: int
    host_at: int
    id: str | None = None
    findings: list[str] = field(default_factory=list)

    def frame(self, raw: bytes, kind: str, acknowledged: tuple[str, ...] = ()) -> Frame:
        """Return an answer as a frame whose note contains the request's findings."""
        return Frame(raw, kind, note="; ".join(self.findings), acknowledged=acknowledged)


class JsonRpcSession(ABC, Generic[C, R]):
    """One client's stream. `key` is None until the client logs in.

    The session sends nothing itself: the connection sends the frames that its methods return, in order.
    """

    rejection_type: type[R]

    def __init__(self, context: C, key: Key | None, api_date: ApiDate) -> None:
        self.context, self.key, self.api_date = context, key, api_date
        self.registry = Subscriptions()
        self.called: CalledOperation | None = None
        self.ending: tuple[int, str] | None = None

    @abstractmethod
    def read(self, request: Request) -> Envelope:
        """Parse a request. Raises the venue's rejection if it is malformed."""

    @abstractmethod
    def carry_out(self, envelope: Envelope, request: StreamRequest[C]) -> Frame | None:
        """Return the answer to a request; None if it has none. Raises the venue's rejection."""

    @abstractmethod
    def refuse(self, rejection: R, request: StreamRequest[C]) -> bytes:
        """Return the answer to a rejected request as bytes."""

    @abstractmethod
    def request_of(self, raw: bytes) -> Call:
        """Return a command of the stream as the POST request that has the same effect.

        The request has the credentials of the stream.
        """

    @abstractmethod
    def terminate(self, sid: int, code: int, at: int, why: str = "") -> Frame:
        """End a subscription. Raises KeyError if no subscription has that sid."""

    @property
    def wakes_at(self) -> int | None:
        """Host time of the next wake-up, in microseconds; None if there is none."""
        return None

    @property
    def channels(self) -> Mapping[str, Subscription]:
        return self.registry.by_name

    @property
    def subscriptions(self) -> Mapping[int, Subscription]:
        return self.registry.by_sid

    def follows(self, channel: str) -> bool:
        return any(subscription.channel == channel for subscription in self.channels.values())

    def frame_of(self, message: ChannelMessage) -> Frame | None:
        """Return a message as a frame; None if the session may not see it or is not subscribed to its channel."""
        subscription = self.registry.by_name.get(message.channel)
        if subscription is None or subscription.subaccount_ref != message.subaccount_ref:
            return None
        return Frame(message.frame(self.api_date), "subscription", subscription.channel, subscription.sid)

    def receive(self, raw: bytes, at: int, host_at: int) -> list[Frame]:
        """Answer one request (text or binary, whole) at exchange time `at` and host time `host_at` (microseconds).

        Never raises, on any bytes.
        """
        self.note_call(host_at)
        frame = self.answer(Request("POST", "", body=raw), self.context, at, host_at)
        return [frame, *frame.data] if frame else []

    @property
    def parting_commands(self) -> Sequence[Command]:
        """Return the commands to execute when the stream ends; none by default."""
        return ()

    @property
    def calls(self) -> Self:
        """The session itself as `SessionCalls`: each command of JSON-RPC has the form of a request."""
        return self

    def note_call(self, host_at: int) -> None:
        """Record that the client sent a command; no effect unless the venue ends silent streams."""

    def answer(self, call: Request, context: C, at: int, host_at: int) -> Frame | None:
        """Carry out a command with the given context and return its answer; None if it has none.

        Changes to the stream itself, such as subscriptions, apply at once.
        """
        self.called = None
        request = StreamRequest(call, context, at, host_at)
        try:
            envelope = self.read(call)
            request.id = envelope.id
            return self.carry_out(envelope, request)
        except self.rejection_type as rejection:
            return self._refused(rejection, request)

    def write(self, steps: PendingFrame, request: StreamRequest[C]) -> Frame:
        """Return a frame for a request that changes the exchange; its bytes follow once its commands are executed."""
        return Frame(b"", "", pending=self._completed(steps, request))

    def _completed(self, steps: PendingFrame, request: StreamRequest[C]) -> PendingFrame:
        try:
            return (yield from steps)
        except self.rejection_type as rejection:
            return self._refused(rejection, request)

    def _refused(self, rejection: R, request: StreamRequest[C]) -> Frame:
        request.id = request.id or rejection.request_id
        note = "; ".join([rejection.explain(), *request.findings])
        return Frame(self.refuse(rejection, request), "error", note=note)

    def wake(self, at: int, host_at: int) -> list[Frame]:
        """Return the frames that are due without a command; by default there are none."""
        return []

    def fill_placeholders(self, text: str, channel: str) -> str:
        """Return a stub's text unchanged, because notifications have no sequence numbers to fill in."""
        return text

    def apply_recorded(self, raw: bytes, kind: str, channel: str) -> None:
        """Do nothing, because notifications have no sequence numbers that a recorded frame could use up."""
