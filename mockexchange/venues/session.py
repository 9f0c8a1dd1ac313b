"""The interfaces of a venue's stream sessions, and the outcome of a handshake.

Commands and frames are bytes; times are microseconds, exchange time before host time.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from msgspec import Struct

from mockexchange.core.commands import Command
from mockexchange.core.model.accounts import Key
from mockexchange.core.model.state import State
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.frame import CalledOperation, Frame
from mockexchange.venues.request import Answer, Call, Request


class VenueSettings(Protocol):
    """The settings that every venue has, besides its own. Implementations are frozen Structs with defaults."""

    @property
    def auth_clock(self) -> str:
        """Name of the clock that signed timestamps are compared with: host or exchange."""
        ...

    @property
    def stream_heartbeat_us(self) -> int:
        """Silence after which the server sends a WebSocket Ping; 0 for no Pings."""
        ...

    @property
    def stream_pong_us(self) -> int: ...

    @property
    def stream_outbox_bytes(self) -> int: ...


class VenueContext(Protocol):
    """One venue's view of a sandbox: the state of the exchange, the API date, and the venue's settings."""

    @property
    def state(self) -> State: ...

    @property
    def api_date(self) -> ApiDate: ...

    @property
    def settings(self) -> VenueSettings: ...


class Message(Protocol):
    """One message of a channel, before each session encodes it as a frame."""

    @property
    def channel(self) -> str:
        """Name of the message's channel, one of the keys of `StreamSession.channels`."""
        ...


ContextT = TypeVar("ContextT", bound=VenueContext)
ContextT_contra = TypeVar("ContextT_contra", bound=VenueContext, contravariant=True)
MessageT_contra = TypeVar("MessageT_contra", bound=Message, contravariant=True)


class Subscription(Protocol):
    """A session's subscription to one channel."""

    @property
    def sid(self) -> int:
        """Number of the subscription in its session, never used again; not every venue sends it to clients."""
        ...

    @property
    def channel(self) -> str:
        """The name of the subscription's channel in scenarios."""
        ...

    @property
    def markets(self) -> Collection[str] | None:
        """The markets to which the subscription is limited; None for all markets."""
        ...


class SessionCalls(Protocol[ContextT_contra]):
    """A session whose commands have the form of requests too, so that faults and stubs can answer them.

    No method raises.
    """

    @property
    def called(self) -> CalledOperation | None:
        """The operation that the last command called, as `StreamSession.called` returns it."""
        ...

    def request_of(self, raw: bytes) -> Call:
        """Return a command of the stream as the request that has the same effect.

        It has the session's verified key in place of credentials.
        """
        ...

    def note_call(self, host_at: int) -> None:
        """Record that the client has sent a command, which shows that it is alive.

        This is called also if a fault or a stub answers the command.
        """
        ...

    def answer(self, call: Request, context: ContextT_contra, at: int, host_at: int) -> Frame | None:
        """Carry out a command as `receive` does, but with the given context, times and page size.

        Return None if the command has no answer.
        """
        ...


class StreamSession(Protocol[ContextT, MessageT_contra]):
    """One stream of a client: it takes commands and returns frames. It has no socket and no clock, and never raises."""

    key: Key | None
    """The client's key; None until the client has identified itself."""
    api_date: ApiDate

    @property
    def context(self) -> ContextT: ...

    @property
    def called(self) -> CalledOperation | None:
        """The name of the operation that the last command called.

        None if the command called no operation, or its credentials were refused.
        """
        ...

    @property
    def calls(self) -> SessionCalls[ContextT] | None:
        """The session as `SessionCalls`; None if its commands do not have the form of requests."""
        ...

    @property
    def channels(self) -> Mapping[str, Subscription]:
        """The session's subscriptions by the names under which messages are published."""
        ...

    @property
    def subscriptions(self) -> Mapping[int, Subscription]:
        """The session's subscriptions by sid."""
        ...

    @property
    def wakes_at(self) -> int | None:
        """Host time at which `wake` has to be called; None for never. `receive` and `wake` change it."""
        ...

    @property
    def ending(self) -> tuple[int, str] | None:
        """The close code and the reason, if the session has to end after the frames that it returned; else None."""
        ...

    @property
    def parting_commands(self) -> Sequence[Command]:
        """Commands to execute when the stream ends."""
        ...

    def follows(self, channel: str) -> bool:
        """Return whether the session is subscribed to a channel, given by its name in scenarios."""
        ...

    def receive(self, raw: bytes, at: int, host_at: int) -> list[Frame]:
        """Carry out one command; return the answers, then the data that the command requested."""
        ...

    def wake(self, at: int, host_at: int) -> list[Frame]:
        """Return the frames that are due at this time; called at `wakes_at` or later."""
        ...

    def frame_of(self, message: MessageT_contra) -> Frame | None:
        """Return the message as a frame; None if the session has no subscription for it or may not see it."""
        ...

    def terminate(self, sid: int, code: int, at: int, why: str = "") -> Frame:
        """End a subscription at an exchange time; return the frame that informs the client.

        Raises KeyError for an unknown sid.
        """
        ...

    def fill_placeholders(self, text: str, channel: str) -> str:
        """Return a text of a scenario, which is to be sent as a frame, with its "$sid" and "$seq" filled in."""
        ...

    def apply_recorded(self, raw: bytes, kind: str, channel: str) -> None:
        """Apply the effect of a recorded frame that the session did not make.

        The frame can use up a sequence number or end a subscription. `kind` is "literal" or "error".
        """
        ...


Calls: TypeAlias = SessionCalls[Any]
Session: TypeAlias = StreamSession[Any, Any]
"""A session of any venue. It must be given only contexts and messages of its own venue."""


class Handshake(Struct):
    """The answer to an upgrade request, and the session that the request opened; `session` is None after a refusal."""

    answer: Answer
    session: Session | None = None


OpenCount = Callable[[str], int]
"""A function that returns the number of open streams of an account, by the account's name."""
