"""The types of an operation, and of a call of it: one request, authenticated and decoded."""

from collections.abc import Callable, Generator, Hashable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from msgspec import Struct, field

from mockexchange.core.commands import Command
from mockexchange.core.exchange import Outcome
from mockexchange.core.model.accounts import Account, Key
from mockexchange.core.model.state import State
from mockexchange.venues.caches import Caches
from mockexchange.venues.data_tables import Data
from mockexchange.venues.dated_fields import ALWAYS, FOREVER, ApiDate, compile_envelope, compile_object
from mockexchange.venues.kalshi.catalogue import PREFIX, Life, life_of
from mockexchange.venues.kalshi.resources.bodies import Body
from mockexchange.venues.kalshi.resources.fields import OBJECTS
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.settings import KalshiSettings

SURFACES_MAX = 4_096
"""Largest number of cached encoders; there are some 60 objects times hardly more than a dozen API dates."""

QUERY_CHARS_CACHED_MAX = 512
"""Longest query whose parameters, and whose answer, are cached."""

READ = ("read",)


class Call(Struct):
    """One request with its parameters decoded; `path_params` are the parameters in the path, by name."""

    operation: "Operation"
    state: State
    settings: KalshiSettings
    caches: Caches
    api_date: ApiDate
    query: str
    params: dict[str, Any]
    path_params: dict[str, str]
    at: int
    findings: list[str]
    data: Data


class AccountCall(Call):
    """A call of an operation by a caller with a verified key."""

    account: Account
    key: Key
    body: Mapping[str, Any]
    """The decoded body of a write; empty for an operation without a body."""
    ahead: list[Command] = field(default_factory=list)
    """The commands of a batch, which its function adds before it yields the first: see `Answer.ahead`."""


Write: TypeAlias = Generator[Command, Outcome, bytes]
"""The steps of a write: yields commands, receives their outcomes, returns the body of the answer.

It may raise Rejected.
"""


def undocumented_body(call: AccountCall) -> bytes:
    """Return the body of a successful write whose documents describe none.

    No recorded body is known. Clients that parse every answer but a 204 fail at an empty one, and none fails at `{}`.
    """
    return b"{}" if call.settings.undocumented_bodies == "object" else b""


class Operation(Struct, frozen=True, kw_only=True):
    """One operation of the venue; `path` is the resource below the prefix, with its parameters in braces."""

    name: str
    path: str
    method: str = "GET"
    scopes: tuple[str, ...] = READ
    """Scopes of which a key needs at least one to call the operation."""
    parameters: tuple[Parameter, ...] = ()
    """Parameters of the query, each with the API dates that have it."""
    body: Body | None = None
    """Body of the request; None if the operation reads none."""
    retired_since: str = FOREVER
    answer_table: str = ""
    """Name of the answer's object in the venue's documents, which is also the name of its table."""
    is_fcm_only: bool = False
    empty: bytes | None = None
    """Answer of an FCM operation to a plain member if the scenario sets "empty"; None if there is no empty answer."""

    @property
    def is_write(self) -> bool:
        return self.method != "GET"

    @property
    def full_path(self) -> str:
        return PREFIX + self.path

    @property
    def life(self) -> Life:
        return life_of(self.method, self.path)

    def is_retired(self, api_date: ApiDate) -> bool:
        """Return whether the venue no longer has the operation at an API date; always False at the date `compat`."""
        return api_date.is_day_from(self.retired_since)

    def admits_restricted(self, api_date: ApiDate) -> bool:
        """Return whether a key restricted to a subaccount may call the operation at an API date."""
        return True


class AccountOperation(Operation, frozen=True, kw_only=True, eq=True):
    """An operation about the caller's own account.

    If `is_per_subaccount` is true, a key restricted to a subaccount may call the operation from the day
    `per_subaccount_since` on, and sees only that subaccount.
    """

    answer: Callable[[AccountCall], bytes]
    is_per_subaccount: bool = False
    per_subaccount_since: str = ALWAYS

    def admits_restricted(self, api_date: ApiDate) -> bool:
        return self.is_per_subaccount and api_date.holds(self.per_subaccount_since)


class WriteOperation(Operation, frozen=True, kw_only=True, eq=True):
    """An operation that changes the caller's account.

    From the day `per_subaccount_since` on, a key restricted to a subaccount may call the operation; None: it never may.
    """

    carry_out: Callable[[AccountCall], Write]
    status: int = 200
    """HTTP status of the answer if the write succeeds."""
    per_subaccount_since: str | None = None

    def admits_restricted(self, api_date: ApiDate) -> bool:
        return self.per_subaccount_since is not None and api_date.holds(self.per_subaccount_since)


class PublicOperation(Operation, frozen=True, kw_only=True, eq=True):
    """An operation with the same answer for every caller. Before `public_since`, callers needed a key."""

    answer: Callable[[Call], bytes]
    public_since: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    """Headers of the operation's answer in addition to those that every answer has."""

    def needs_key(self, api_date: ApiDate) -> bool:
        return not api_date.holds(self.public_since)


@lru_cache(maxsize=SURFACES_MAX)
def encoder(table: str, api_date: ApiDate) -> Callable[[Any], bytes]:
    """Return the function that writes a core value as the JSON object of this table at an API date."""
    return compile_object(OBJECTS[table], api_date)


def write(call: Call, value: object) -> bytes:
    """Return the JSON body of the answer to a call; `value` has what the table of the operation's answer reads."""
    return encoder(call.operation.answer_table, call.api_date)(value)


@lru_cache(maxsize=SURFACES_MAX)
def _envelope(table: str, api_date: ApiDate) -> Callable[[Mapping[str, bytes]], bytes]:
    return compile_envelope(OBJECTS[table], api_date)


def write_parts(call: Call, parts: Mapping[str, bytes]) -> bytes:
    """Return the JSON body of the answer to a call, joined from encoded JSON values by key."""
    return _envelope(call.operation.answer_table, call.api_date)(parts)


def cached_answer(call: Call, revision: int, make: Callable[[], bytes], *more: Hashable) -> bytes:
    """Return the cached answer to an earlier, equal call; without one, or if `revision` or `more` changed, call `make`.

    The result of `make` may depend on nothing else but the call's query, path and caller. An answer for which `make`
    reports findings is not cached, so that every request gets them.
    """
    if len(call.query) > QUERY_CHARS_CACHED_MAX:
        return make()
    whose = (call.account.name, call.key.subaccount) if isinstance(call, AccountCall) else None
    key = (call.operation.name, whose, call.api_date.day, call.query, *call.path_params.values(), *more)
    kept = call.caches.pages.find(key, revision)
    if kept is not None:
        return kept
    findings_before = len(call.findings)
    body = make()
    if len(call.findings) == findings_before:
        call.caches.pages.keep(key, revision, body)
    return body


def exchange_indexes(call: Call) -> list[int]:
    """Return the shards in use, by their exchange index: 0 and that of every event. Cost: O(events)."""
    return sorted({0, *(event.exchange_index for event in call.state.events.values())})
