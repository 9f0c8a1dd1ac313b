"""The type that describes a venue: its names, its dates, and its functions, grouped by subject.

Each venue's `venue.py` defines one; the rest of the package knows a venue by this value alone. Requests and commands
come in as bytes, answers and frames go out as bytes; times are microseconds, exchange time before host time.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, TypeAlias, TypeVar

from mockexchange.core.events import Event
from mockexchange.core.model.accounts import Account, Key
from mockexchange.core.model.state import State
from mockexchange.venues.data_tables import DataTable
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.retirement import Retirement
from mockexchange.venues.session import ContextT, Handshake, Message, OpenCount, VenueSettings
from mockexchange.venues.switches import Switch
from mockexchange.venues.wire_diff import Section

SettingsT = TypeVar("SettingsT", bound=VenueSettings)
MessageT = TypeVar("MessageT", bound=Message)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestApi(Generic[ContextT]):
    """The venue's operations over HTTP."""

    headers: tuple[tuple[bytes, bytes], ...]
    """Headers of every answer that does not set them itself."""
    operations: Sequence[str]
    """Names of all operations, including the handshake of the stream."""
    paged_operations: Sequence[str] = ()
    """Operations that answer in pages."""
    operation_of: Callable[[ContextT, Request], str | None]
    """Return the name of the operation that a request is for."""
    answer: Callable[[ContextT, Request, int, int], Answer]
    """Answer a request: (context, request, exchange time, host time). Never raises."""
    authenticate_only: Callable[[ContextT, Request, int, int, bool], Answer]
    """Verify the credentials of a request for any operation: (context, request, exchange time, host time, whether a
    signature is required even where the venue does not require one). The result is an answer without a body, or a
    whole one with a `refusal` if the credentials are not valid."""
    malformed_body: Callable[[str, ApiDate], bytes]
    """Return the body of a 400 for bytes that are no HTTP: (diagnosis, date)."""
    counts_requests: Callable[[ContextT], bool] | None = None
    """Return whether answers depend on how many requests came before. None for a venue where none does."""
    share_limits: Callable[[ContextT, ContextT], None] | None = None
    """Let requests of the second context count against the rate limits of the first. None for a venue without."""
    rpc_call_of: Callable[[Request], tuple[str, Mapping[str, str]] | None] | None = None
    """Return the JSON-RPC method of a request, with its params as text; None if it names none. The field is None for a
    venue without JSON-RPC."""
    wrap_result: Callable[[ContextT, Request, str, int, int], bytes] | None = None
    """Return the envelope around a result: (context, request, JSON of the result, exchange time, host time). None for
    a venue without envelopes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamApi(Generic[ContextT, SettingsT, MessageT]):
    """The venue's WebSocket streams."""

    paths: tuple[str, ...]
    """Whole paths; the first is the one that is shown to users."""
    open_operation: str
    """Name of the operation that a handshake is."""
    shake_hands: Callable[[ContextT, Request, int, int, OpenCount], Handshake]
    """Answer an upgrade: (context, request, exchange time, host time, number of open streams by account)."""
    messages_of: Callable[[State, tuple[Event, ...], int, SettingsT, Container[str]], Iterable[MessageT]]
    """Return the messages for events: (state, events, exchange time, settings, subscribed channels)."""
    channels: Sequence[str]
    """Names of the channels in scenarios."""
    quiet_channels: Sequence[str] = ()
    """Channels that can be subscribed to and never have messages."""


def _is_unauthorized(status: int, body: bytes) -> bool:
    return status == HTTPStatus.UNAUTHORIZED


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Key ids and shared secrets, as functions of a text that is different for each key."""

    key_id_of: Callable[[str], str]
    secret_of: Callable[[str], str]
    check: Callable[[str], None]
    """Raise ValueError for a secret of a scenario that is not valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """Keys, scopes and signatures."""

    scopes: Sequence[str]
    scopes_default: tuple[str, ...]
    claimed_key: Callable[[Request], str | None]
    """Return the key id that a request names, which nothing proves yet."""
    refuses_caller: Callable[[int, bytes], bool] = _is_unauthorized
    """Return whether an answer (status, body) refuses the caller, so that nothing is known about the operation."""
    secrets: Secrets | None = None
    """None if accounts sign with key pairs."""
    explain_offline: Callable[..., str] | None = None
    """Explain why a signature does not verify; "verifies" if it does. The arguments are what the venue signs with: a
    key pair (method, path, query, timestamp, signature, PEM), a secret (method, target, body, Authorization header,
    secret; or timestamp, nonce, signature, secret)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioOptions(Generic[SettingsT]):
    """The parts of a scenario that are different for each venue."""

    settings: type[SettingsT]
    """Class of the settings; called without arguments it makes the defaults."""
    switches: Mapping[str, Switch] = field(default_factory=dict)
    """Keys that a scenario may write below the venue's name."""
    data: Mapping[str, DataTable] = field(default_factory=dict)
    """Tables of objects that a scenario may write below the venue's name."""
    vocabulary: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Allowed values of fields that the core passes on: tier, strike_type; currency, of cash by currencies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultAnswers(Generic[ContextT]):
    """The venue's answers as faults change or replace them."""

    outage_body: Callable[[int, str | None, ApiDate], bytes]
    """Return the body of a fault's error: (status, shape, date); shape None is the shape of the date."""
    answer_outage: Callable[[ContextT, Request, int, int, int], bytes] | None = None
    """Return the same body with the parts that repeat the request: (context, request, status, exchange time, host
    time). The field is None for a venue whose errors repeat nothing."""
    too_many_status: int = HTTPStatus.TOO_MANY_REQUESTS
    """Status of the rate limit's refusal, which has the body of the outage 429."""
    with_rows_max: Callable[[Request, int], Request]
    """Return the same request for pages of at most so many rows."""
    edit_legacy: Callable[[object, str | None, Callable[[Any], Any] | None], bool]
    """Carry out the fault `legacy`: (parsed body, operation, change). Return whether there was a field to change."""
    private_conditions: Mapping[str, str]
    """Conditions of faults that match all operations with credentials, by the name of a preset."""
    lagging_reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Operations that a replica answers, by the kind of read, for the scenario key `lag`."""
    reads_of_lag: tuple[str, ...] = ()
    """Operations that answer the time as of which those reads are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireTables:
    """The venue's wire as dated tables, for differences between two dates and for deprecations."""

    aliases: Mapping[str, str]
    """Names of days, the oldest first."""
    first_day: str
    """First day on which the wire is known."""
    sources: Mapping[str, str]
    """Meaning of the source labels of rows."""
    sections: Callable[[], Sequence[Section]]
    count_removed_fields: Callable[[], int]
    """Return how many keys compat still sends that the newest day does not have."""
    retired_by_request: Callable[[str, str, str, bytes | None, ApiDate], Iterable[Retirement]]
    """Return the retirements that a request meets: (method, path, query, answer, day of the request)."""
    retired_by_frame: Callable[[str, bytes, str], Iterable[Retirement]]
    """Return the retirements that a frame of a stream meets: (direction, frame, kind)."""


def no_subtraders(account: Account) -> Mapping[str, str]:
    """Return no ids: most venues have no subtraders."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueDefinition(Generic[ContextT, SettingsT, MessageT]):
    """A venue with its own types of context, settings and messages."""

    name: str
    title: str
    """The name as the venue's users write it."""
    prefix: str
    """Prefix of the REST paths."""

    api_date: Callable[[str], ApiDate]
    """Parse an API date. Raises ValueError with the known dates."""
    open_context: Callable[[State, ApiDate, SettingsT], ContextT]
    """Return a context over a state, as of a date, with settings."""
    date_of: Callable[[ContextT, Key | None], ApiDate]
    """Return the API date that a key sees."""
    subtrader_ids: Callable[[Account], Mapping[str, str]] = no_subtraders
    """Return the ids that clients use for the subtraders of an account, by subaccount."""

    rest: RestApi[ContextT]
    stream: StreamApi[ContextT, SettingsT, MessageT]
    auth: Authentication
    scenario: ScenarioOptions[SettingsT]
    faults: FaultAnswers[ContextT]
    wire: WireTables | None = None
    """None if no table of the venue is dated."""


Venue: TypeAlias = VenueDefinition[Any, Any, Any]
"""Any venue: its functions are given only contexts, settings and messages that the same venue made."""
