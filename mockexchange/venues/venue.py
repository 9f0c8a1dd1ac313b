"""The type that describes a venue by values and functions, grouped by subject, such as REST and streams.

Each venue's `venue.py` defines one such value, and the rest of the package uses nothing else of the venue. Requests and
commands come in as bytes, answers and frames go out as bytes; times are microseconds, exchange time before host time.
"""

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Generic, TypeAlias, TypeVar

from msgspec import Struct, field

from mockexchange.core.events import Event
from mockexchange.core.model.accounts import Account, Key
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import FeeRounding
from mockexchange.venues.data_tables import DataTable
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.retirement import Retirement
from mockexchange.venues.session import ContextT, Handshake, Message, OpenCount, VenueSettings
from mockexchange.venues.switches import Switch
from mockexchange.venues.wire_diff import Section

SettingsT = TypeVar("SettingsT", bound=VenueSettings)
MessageT = TypeVar("MessageT", bound=Message)


class RestApi(Struct, Generic[ContextT], frozen=True, kw_only=True):
    """The functions of a venue that answer HTTP requests, and the names of its operations."""

    headers: tuple[tuple[bytes, bytes], ...]
    """Headers that every answer gets unless it sets them itself."""
    operations: Sequence[str]
    """Names of all operations, including the stream's handshake."""
    paged_operations: Sequence[str] = ()
    """Names of the operations whose answers are pages of a list."""
    operation_of: Callable[[ContextT, Request], str | None]
    """Return the name of the operation that a request is for; None if it is unknown."""
    answer: Callable[[ContextT, Request, int, int], Answer]
    """Answer a request: (context, request, exchange time, host time). Never raises."""
    authenticate_only: Callable[[ContextT, Request, int, int, bool], Answer]
    """Verify the credentials of a request for any operation: (context, request, exchange time, host time, whether a
    signature is required even where the venue does not require one). The result is an answer without a body, or a
    whole one with a `refusal` if the credentials are not valid."""
    malformed_body: Callable[[str, ApiDate], bytes]
    """Return the body of a 400 for bytes that are not HTTP: (diagnosis, API date)."""
    counts_requests: Callable[[ContextT], bool] | None = None
    """Return whether answers depend on how many requests came before. None for a venue where they never do."""
    share_limits: Callable[[ContextT, ContextT], None] | None = None
    """Let requests of the second context count against the rate limits of the first.

    None for a venue without limits.
    """
    rpc_call_of: Callable[[Request], tuple[str, Mapping[str, str]] | None] | None = None
    """Return the JSON-RPC method of a request, with its params as text; None if it names none. The field is None for a
    venue without JSON-RPC."""
    wrap_result: Callable[[ContextT, Request, str, int, int], bytes] | None = None
    """Return the envelope around a result: (context, request, JSON of the result, exchange time, host time). None for
    a venue without envelopes."""


class StreamApi(Struct, Generic[ContextT, SettingsT, MessageT], frozen=True, kw_only=True):
    """The functions of a venue that open and serve WebSocket streams, and the names of its channels."""

    paths: tuple[str, ...]
    """Whole paths that open streams; users are shown the first."""
    open_operation: str
    """Name under which a handshake counts as an operation."""
    shake_hands: Callable[[ContextT, Request, int, int, OpenCount], Handshake]
    """Answer an upgrade request: (context, request, exchange time, host time, number of open streams by account)."""
    messages_of: Callable[[State, tuple[Event, ...], int, SettingsT, Container[str]], Iterable[MessageT]]
    """Return the messages for a command's events: (state, events, exchange time, settings, subscribed channels)."""
    channels: Sequence[str]
    """Names of the channels, as scenarios write them."""
    quiet_channels: Sequence[str] = ()
    """Names of the channels that can be subscribed to but never send a message."""
    public_channels: Sequence[str] = ()
    """Names of the channels whose messages depend on other participants."""


def _is_unauthorized(status: int, body: bytes) -> bool:
    return status == HTTPStatus.UNAUTHORIZED


class Secrets(Struct, frozen=True, kw_only=True):
    """The functions of a venue that generate key ids and shared secrets, from a text that is different for each key."""

    key_id_of: Callable[[str], str]
    secret_of: Callable[[str], str]
    check: Callable[[str], None]
    """Raise ValueError for a secret that a scenario gives and the venue would not accept."""


class Authentication(Struct, frozen=True, kw_only=True):
    """The keys and scopes of a venue, and the functions that find and explain a request's key."""

    scopes: Sequence[str]
    scopes_default: tuple[str, ...]
    claimed_key: Callable[[Request], str | None]
    """Return the key id that a request names, which is not verified yet; None without one."""
    refuses_caller: Callable[[int, bytes], bool] = _is_unauthorized
    """Return whether an answer (status, body) refuses the credentials, so that it shows nothing about the operation."""
    secrets: Secrets | None = None
    """How secrets are generated; None if accounts sign with key pairs."""
    explain_offline: Callable[..., str] | None = None
    """Explain why a signature does not verify; "verifies" if it does. The arguments are what the venue signs with: a
    key pair (method, path, query, timestamp, signature, PEM), a secret (method, target, body, Authorization header,
    secret; or timestamp, nonce, signature, secret)."""


class ScenarioOptions(Struct, Generic[SettingsT], frozen=True, kw_only=True):
    """The parts of a scenario that depend on the venue, such as its settings and its data tables."""

    settings: type[SettingsT]
    """Class of the venue's settings; without arguments it returns the defaults."""
    switches: Mapping[str, Switch] = field(default_factory=dict)
    """Settings that a scenario may change under the venue's name, by key."""
    data: Mapping[str, DataTable] = field(default_factory=dict)
    """Tables of objects that a scenario may give under the venue's name."""
    vocabulary: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Allowed values of fields that the core does not interpret: tier, strike_type, and the currency of cash."""


class FaultAnswers(Struct, Generic[ContextT], frozen=True, kw_only=True):
    """The functions by which faults change or replace a venue's answers."""

    outage_body: Callable[[int, str | None, ApiDate], bytes]
    """Return the body of an error that a fault sends: (status, shape, API date); shape None is the venue's own."""
    answer_outage: Callable[[ContextT, Request, int, int, int], bytes] | None = None
    """Return such a body with the parts that repeat the request: (context, request, status, exchange time, host time).

    None for a venue whose errors repeat nothing.
    """
    too_many_status: int = HTTPStatus.TOO_MANY_REQUESTS
    """Status of a refusal by the rate limit, whose body is that of the status 429."""
    with_rows_max: Callable[[Request, int], Request]
    """Return the same request with a page size of at most this many rows."""
    edit_legacy: Callable[[object, str | None, Callable[[Any], Any] | None], bool]
    """Carry out the fault `legacy`: (parsed body, operation, change). Return whether the body has a legacy field."""
    private_conditions: Mapping[str, str]
    """Conditions, one per line of a preset with `$private`, that together match all operations with credentials."""
    lagging_reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Operations that a replica answers, by the kind of read, for the key `lag` of a scenario."""
    reads_of_lag: tuple[str, ...] = ()
    """Operations that answer the time of the state that the lagging reads show."""


class WireTables(Struct, frozen=True, kw_only=True):
    """The venue's API as tables of dated rows, for comparing two API dates and for finding retired parts."""

    aliases: Mapping[str, str]
    """Named API dates with their days, the oldest first."""
    first_day: str
    """First day on which the venue's API is known."""
    sources: Mapping[str, str]
    """Meaning of the labels by which rows name their sources."""
    sections: Callable[[], Sequence[Section]]
    count_removed_fields: Callable[[], int]
    """Return the number of keys that `compat` still sends although the newest day does not have them."""
    retired_by_request: Callable[[str, str, str, bytes | None, ApiDate], Iterable[Retirement]]
    """Return the retired parts that a request uses: (method, path, query, answer, day of the request)."""
    retired_by_frame: Callable[[str, bytes, str], Iterable[Retirement]]
    """Return the retired parts that a frame of a stream uses: (direction, frame, kind)."""
    known_operations: Callable[[], Collection[str]] = tuple
    """Return the operations that the venue is known to have, emulated or not, such as "GET /fills"."""


def no_subtraders(account: Account) -> Mapping[str, str]:
    """Return an empty mapping of subtrader ids, for venues without subtraders."""
    return {}


def rounding_of_2026(date: ApiDate) -> FeeRounding:
    """Return the rounding of 2026 at every date, for venues that never changed it."""
    return FeeRounding.GRID


class VenueDefinition(Struct, Generic[ContextT, SettingsT, MessageT], frozen=True, kw_only=True):
    """A venue: its names, dates and functions, with its own types of context, settings and messages."""

    name: str
    title: str
    """The venue's name as its users write it."""
    prefix: str
    """Prefix of the venue's REST paths."""

    api_date: Callable[[str], ApiDate]
    """Parse an API date. Raises ValueError, with the known dates, for one that is not known."""
    open_context: Callable[[State, ApiDate, SettingsT], ContextT]
    """Return the context for a state, an API date and settings."""
    date_of: Callable[[ContextT, Key | None], ApiDate]
    """Return the API date at which a key is served."""
    fee_rounding: Callable[[ApiDate], FeeRounding] = rounding_of_2026
    """Return how fees are rounded at an API date, where no scenario says it."""
    subtrader_ids: Callable[[Account], Mapping[str, str]] = no_subtraders
    """Return the ids that clients use for the subtraders of an account, by subaccount."""

    rest: RestApi[ContextT]
    stream: StreamApi[ContextT, SettingsT, MessageT]
    auth: Authentication
    scenario: ScenarioOptions[SettingsT]
    faults: FaultAnswers[ContextT]
    wire: WireTables | None = None
    """The venue's tables by date; None if it has none."""


Venue: TypeAlias = VenueDefinition[Any, Any, Any]
"""Any venue. Its functions must be given only contexts, settings and messages that the same venue made."""
