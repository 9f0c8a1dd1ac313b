"""What an operation is, and what it is given: one request, authenticated and decoded."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mockexchange.core.model.accounts import Account, Key
from mockexchange.core.model.state import State
from mockexchange.venues.caches import Caches
from mockexchange.venues.dated import FOREVER, ApiDate, compile_envelope, compile_object
from mockexchange.venues.kalshi.catalogue import PREFIX, Life, life_of
from mockexchange.venues.kalshi.objects import OBJECTS
from mockexchange.venues.kalshi.parameters.decoding import QUERY_CHARS_CACHED_MAX
from mockexchange.venues.kalshi.settings import KalshiSettings

SURFACES_MAX = 4_096
"""Objects times API dates: some 60 of the one, and hardly more than a dozen of the other in one process."""
READ = ("read",)


@dataclass(slots=True)
class Call:
    """One request with its parameters decoded; `path_params` are those of the path, by name."""

    operation: "Operation"
    state: State
    settings: KalshiSettings
    caches: Caches
    api_date: ApiDate
    query: str
    params: dict[str, Any]
    path_params: dict[str, str]
    now: int
    findings: list[str]


@dataclass(slots=True)
class AccountCall(Call):
    """A call by somebody."""

    account: Account
    key: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`path` is the resource below the prefix, with its parameters in braces."""

    name: str
    path: str
    method: str = "GET"
    scopes: tuple[str, ...] = READ
    """Any of them will do, where a key is needed."""
    retired_since: str = FOREVER
    answer_table: str = ""
    """The object that answers, by the venue's name of it."""

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
        return self.retired_since != FOREVER and api_date.holds(self.retired_since)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOperation(Operation):
    """An operation about the caller's own account.

    `is_per_book`: a key restricted to a subaccount may call it and sees that book alone.
    """

    answer: Callable[[AccountCall], bytes]
    is_fcm_only: bool = False
    is_per_subaccount: bool = False
    empty: bytes | None = None
    """What a plain member gets of an FCM operation where the scenario says "empty"; None where nothing is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicOperation(Operation):
    """An operation that is the same for everybody; before `public_since` it needed a key all the same."""

    answer: Callable[[Call], bytes]
    public_since: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    """Of its own, beside those that every answer has."""

    def needs_key(self, api_date: ApiDate) -> bool:
        return not api_date.holds(self.public_since)


@lru_cache(maxsize=SURFACES_MAX)
def encoder(table: str, api_date: ApiDate) -> Callable[[Any], bytes]:
    """Return the function that writes a core value as `table`'s object of that day."""
    return compile_object(OBJECTS[table], api_date)


def write(call: Call, value: object) -> bytes:
    """The answer, all of it made of one value."""
    return encoder(call.operation.answer_table, call.api_date)(value)


@lru_cache(maxsize=SURFACES_MAX)
def _envelope(table: str, api_date: ApiDate) -> Callable[[Mapping[str, bytes]], bytes]:
    return compile_envelope(OBJECTS[table], api_date)


def write_parts(call: Call, parts: Mapping[str, bytes]) -> bytes:
    """The answer, made of JSON that is written already, by key."""
    return _envelope(call.operation.answer_table, call.api_date)(parts)


def cached_answer(call: Call, revision: int, make: Callable[[], bytes], *more: Hashable) -> bytes:
    """The answer, made anew only where `revision`, or what is named in `more`, is another than last time.

    `make` may depend on nothing else but the call's query, path and caller; what it tells as a finding is told once.
    """
    if len(call.query) > QUERY_CHARS_CACHED_MAX:
        return make()
    whose = (call.account.name, call.key.subaccount) if isinstance(call, AccountCall) else None
    key = (call.operation.name, whose, call.api_date.day, call.query, *call.path_params.values(), *more)
    return call.caches.pages.body(key, revision, make)


def exchange_indexes(call: Call) -> list[int]:
    """0 and every index that an event trades on. Cost: O(events)."""
    return sorted({0, *(event.exchange_index for event in call.state.events.values())})
