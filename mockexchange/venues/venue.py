"""What the house knows of a venue: one value each, in the venue's own `venue.py`. Nothing else of it is imported.

Requests and commands come in as bytes and go out as bytes; times are microseconds, exchange time before host time.
"""

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

from mockexchange.core.events import Event
from mockexchange.core.model.accounts import Account, Key
from mockexchange.core.model.state import State
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.frame import Asked, Frame
from mockexchange.venues.request import Answer, Call, Request
from mockexchange.venues.retirement import Retirement


class VenueSettings(Protocol):
    """What every venue lets a scenario switch; each has more of its own. A frozen dataclass, of defaults as it is."""

    @property
    def auth_clock(self) -> str:
        """host or exchange: what signatures are held against."""
        ...

    @property
    def stream_heartbeat_us(self) -> int:
        """Of quiet before a Ping of the protocol; 0 for none."""
        ...

    @property
    def stream_pong_us(self) -> int: ...

    @property
    def stream_outbox_bytes(self) -> int: ...


class VenueContext(Protocol):
    """A venue's front over one exchange: what its answers are made from."""

    @property
    def state(self) -> State: ...

    @property
    def api_date(self) -> ApiDate: ...

    @property
    def settings(self) -> Any: ...


class Message(Protocol):
    """What happened, as one channel tells it."""

    @property
    def channel(self) -> str:
        """One of the names in `Session.channels`."""
        ...


class Subscription(Protocol):
    """One of a session's."""

    @property
    def sid(self) -> int:
        """Its number in the session, never used again; whether clients get to see it is the venue's matter."""
        ...

    @property
    def channel(self) -> str:
        """As scenarios know it."""
        ...

    @property
    def markets(self) -> Collection[str] | None:
        """What it is narrowed down to; None for everything."""
        ...


class Calls(Protocol):
    """A session whose commands are requests as over HTTP, for whoever answers them in its place, or has it answer
    otherwise than it would by itself. None of it raises."""

    @property
    def asked(self) -> Asked | None:
        """As of the session."""
        ...

    def request_of(self, raw: bytes) -> Call:
        """The request that a command amounts to; what the stream has proven stands for credentials."""
        ...

    def note_call(self, host_at: int) -> None:
        """A command came, whoever answers it: the client is there."""
        ...

    def answer(self, call: Request, context: Any, at: int, host_at: int) -> Frame | None:
        """Carry out a command as `receive` does, but from another context perhaps, at other times, or for fewer rows.

        None where there is no answer.
        """
        ...


class Session(Protocol):
    """One stream: commands in, frames out. It knows no socket and no clock, and never raises."""

    key: Key | None
    """Whose it is; None as long as nobody has said so."""
    api_date: ApiDate

    @property
    def context(self) -> VenueContext: ...

    @property
    def asked(self) -> Asked | None:
        """What the last `receive` was asked for; None where that was no operation, or was refused for who asked."""
        ...

    @property
    def calls(self) -> Calls | None:
        """The session as one that is asked as over HTTP; None where its commands are no requests."""
        ...

    @property
    def channels(self) -> Mapping[str, Subscription]:
        """What it is subscribed to, by the names that messages are published under."""
        ...

    @property
    def subscriptions(self) -> Mapping[int, Subscription]:
        """The same by sid."""
        ...

    @property
    def wakes_at(self) -> int | None:
        """The host time at which it wants `wake` to be called; None for never. It changes in `receive` and `wake`."""
        ...

    @property
    def ending(self) -> tuple[int, str] | None:
        """Close code and reason, once the session is to end: after the frames it returned have gone out."""
        ...

    def follows(self, channel: str) -> bool:
        """Whether it is subscribed to a channel, as scenarios know it."""
        ...

    def receive(self, raw: bytes, at: int, host_at: int) -> list[Frame]:
        """Carry out one command; return the answers, then the data that it asked for."""
        ...

    def wake(self, at: int, host_at: int) -> list[Frame]:
        """Do what time has come for; called at `wakes_at` or later."""
        ...

    def frame_of(self, message: Any) -> Frame | None:
        """The message as this session gets it; None where it is not subscribed, or may not see it."""
        ...

    def terminate(self, sid: int, code: int, why: str = "") -> Frame:
        """End a subscription. Raises KeyError where there is none."""
        ...

    def spell_literal(self, text: str, channel: str) -> str:
        """A literal frame of a scenario with "$sid" and "$seq" filled in."""
        ...

    def apply_recorded(self, raw: bytes, kind: str, channel: str) -> None:
        """A frame of a recording that the session did not make: take over the number it used, or what it ended.

        `kind` is literal, or error.
        """
        ...


@dataclass(slots=True)
class Handshake:
    """`session` is None where the answer is a refusal."""

    answer: Answer
    session: Any = None


def no_subtraders(account: Account) -> Mapping[str, str]:
    """What most venues have."""
    return {}


OpenCount = Callable[[str], int]
"""How many streams an account has open."""


def _is_unauthorized(status: int, body: bytes) -> bool:
    return status == HTTPStatus.UNAUTHORIZED


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """How a venue of shared secrets names and makes them, as functions of a text that is different for each key."""

    key_id_of: Callable[[str], str]
    secret_of: Callable[[str], str]
    check: Callable[[str], None]
    """Raises ValueError where a secret that a scenario gives is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A venue's wire as dated tables, for whoever asks what it was when."""

    aliases: Mapping[str, str]
    """Names of days, the oldest first."""
    first_day: str
    """Before it nothing is known."""
    sources: Mapping[str, str]
    """What the labels of rows stand for."""
    sections: Callable[[], Sequence[Any]]
    """Of title, rows, and a function that tells a row in words."""
    count_removed_fields: Callable[[], int]
    """How many keys compat still sends that the newest day has not."""
    retired_by_request: Callable[[str, str, str, bytes | None, ApiDate], Iterable[Retirement]]
    """(method, path, query, answer, day on which it was asked): what of them has an end."""
    retired_by_frame: Callable[[str, bytes, str], Iterable[Retirement]]
    """(direction, frame, kind): the same of a stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """`prefix` is that of its REST paths; `stream_paths` are whole, the first the one to tell clients."""

    name: str
    title: str
    """As its users write it."""
    prefix: str
    stream_paths: tuple[str, ...]
    headers: tuple[tuple[bytes, bytes], ...]
    """Of every answer that does not say otherwise."""

    open_context: Callable[[State, ApiDate, Any], Any]
    """A front over a state, as of a date, with settings."""
    settings: type
    """Its settings; called without arguments it makes the defaults."""
    api_date: Callable[[str], ApiDate]
    """Raises ValueError with the dates that there are."""
    date_of: Callable[[Any, Key | None], ApiDate]
    """What a key sees at a context."""

    claimed_key: Callable[[Request], str | None]
    """The id of the key that a request claims to be of; nothing of it is proven."""
    operation_of: Callable[[Any, Request], str | None]
    """(context, request): the operation that it asks for."""
    answer: Callable[[Any, Request, int, int], Answer]
    """(context, request, exchange time, host time). Never raises."""
    authenticate_only: Callable[[Any, Request, int, int, bool], Answer]
    """(context, request, exchange time, host time, whether it has to be signed even where the venue does not ask for
    that): who asks, whatever for, as an answer without a body; with a `refusal` and whole where that is not proven."""
    shake_hands: Callable[[Any, Request, int, int, OpenCount], Handshake]
    messages_of: Callable[[State, tuple[Event, ...], int, Any, Container[str]], Iterable[Any]]
    """(state, events, exchange time, settings, subscribed channels): what channels have to tell."""

    garbage_answer: Callable[[str, ApiDate], bytes]
    """The body of a 400 to bytes that were no HTTP, with the diagnosis."""
    outage_body: Callable[[int, str | None, ApiDate], bytes]
    """(status, shape, date): what stands in for an answer when a fault refuses; None is the shape of the day."""
    with_rows_max: Callable[[Request, int], Request]
    """The same request for pages of at most so many rows."""
    edit_legacy: Callable[[Any, str | None, Callable[[Any], Any] | None], bool]
    """(parsed body, operation, change): the fault `legacy`; whether there was anything to change."""

    operations: Sequence[str]
    """Their names, those of the handshake of its stream included."""
    paged_operations: Sequence[str]
    private: Mapping[str, str]
    """What faults match to find all that only a caller who says who it is gets: by a name, a condition of theirs."""
    channels: Sequence[str]
    """As scenarios know them."""
    quiet_channels: Sequence[str] = ()
    """Those of them that can be subscribed to and never tell anything."""
    open_stream: str
    """The operation that a handshake is."""
    scopes: Sequence[str]
    scopes_default: tuple[str, ...]
    subtrader_ids: Callable[[Account], Mapping[str, str]] = no_subtraders
    """By book, what clients call those of an account that trades for others."""
    secrets: Secrets | None = None
    """None where accounts sign with key pairs."""
    wire: Wire | None = None
    """None where no table of it is dated."""
    explain_offline: Callable[..., str] | None = None
    """Why a signature does not verify, "verifies" where it does. What it takes is what the venue signs with: a key pair
    (method, path, query, timestamp, signature, PEM), a secret (method, target, body, Authorization header, secret; or
    timestamp, nonce, signature, secret)."""
    switches: Mapping[str, Any] = field(default_factory=dict)
    """What a scenario may write under the venue's name: word to `venues.switches.Switch`."""
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What scenarios may write where the core passes a word on: tier, strike_type; currency, of cash by currencies."""
    refuses_caller: Callable[[int, bytes], bool] = _is_unauthorized
    """(status, body): whether an answer is a refusal of who asks, which proves nothing of what was asked."""
    answer_outage: Callable[[Any, Request, int, int, int], bytes] | None = None
    """(context, request, status, exchange time, host time): the outage's body with what it echoes of the request; None
    where that is nothing."""
    asked_of: Callable[[Request], tuple[str, Mapping[str, str]] | None] | None = None
    """The method of JSON-RPC that a request names, with its params as text; None where it names none, and of a venue
    without such methods."""
    wrap_result: Callable[[Any, Request, str, int, int], bytes] | None = None
    """(context, request, JSON of a result, exchange time, host time): the answer around it; None for no envelope."""
    too_many_status: int = HTTPStatus.TOO_MANY_REQUESTS
    """Of its refusal of who asks too often, whose body is the outage's of 429."""
