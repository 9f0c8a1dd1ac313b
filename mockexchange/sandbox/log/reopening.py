"""Opens the sandboxes of a store again. One that cannot be opened is set aside with the reason, and the others serve.

A sandbox that is set aside is broken from its start: its name, its port and its keys stay taken, requests to it are
answered with the reason, and its log stays as it is, until it is reset or deleted, or opened once the reason is gone.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol

from mockexchange.core.commands import AddKey, RemoveKey
from mockexchange.sandbox.inspector import Inspector
from mockexchange.sandbox.log.restoring import restore
from mockexchange.sandbox.log.stored import Description, find_private_keys, new_sandbox, read_description
from mockexchange.sandbox.options import DEFAULT, SandboxOptions
from mockexchange.sandbox.port import NO_OWN_PORTS, SandboxBroken
from mockexchange.sandbox.quotas import NO_QUOTAS, Quotas
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import load_text
from mockexchange.store.codec import decode_record
from mockexchange.store.log import Log, LogError, LogUnavailable
from mockexchange.store.stores import Row, StoredSandbox
from mockexchange.venues.registry import VENUES

REASON_CHARS_MAX = 400


class RestorableStore(Protocol):
    """The interface of a store whose sandboxes are opened again."""

    def stored(self) -> Sequence[StoredSandbox]: ...
    def log_of(self, stored: StoredSandbox) -> Log: ...
    def rows(self, id_: int) -> Iterator[Row]: ...


class Reopened(NamedTuple):
    """A sandbox of a store, opened again or set aside; `description` is None if it could not be read."""

    stored: StoredSandbox
    sandbox: Sandbox
    description: Description | None


async def reopened(
    store: RestorableStore,
    inspector: Inspector | None = None,
    quotas: Quotas = NO_QUOTAS,
    *,
    has_own_ports: bool = True,
) -> AsyncIterator[Reopened]:
    """Open the sandboxes of a store and yield them: `default` first, so that none is before it, then the oldest first.

    Without `has_own_ports`, one with a port of its own is set aside. Raises StoreError if nothing can be read.
    """
    taken: set[str] = set()
    for stored in sorted(store.stored(), key=lambda one: one.name != DEFAULT):
        name = stored.name if stored.name not in taken else f"{stored.name}#{stored.id}"
        taken.add(name)
        yield await _reopened(store, stored._replace(name=name), inspector, quotas, has_own_ports)


async def _reopened(
    store: RestorableStore, stored: StoredSandbox, inspector: Inspector | None, quotas: Quotas, has_own_ports: bool
) -> Reopened:
    description, sandbox, log = None, None, store.log_of(stored)
    try:
        if stored.problem:
            raise LogError(stored.problem)
        description = read_description(stored.description)
        sandbox = new_sandbox(stored.name, description, log, inspector, quotas=quotas)
        sandbox.use_log(log)
        await restore(sandbox, log, description.beginning)
        find_private_keys(sandbox)
        for account in sandbox.exchange.state.accounts.values():
            if account.venue and account.venue not in VENUES:
                raise LogError(f"its account {account.name!r} is of the venue {account.venue!r}, which is unknown here")
        if description.port is not None and not has_own_ports:
            raise LogError(NO_OWN_PORTS)
    except Exception as error:  # noqa: BLE001  # whatever a log holds, the others are opened
        has_scenario = sandbox is not None
        sandbox = sandbox or blank_sandbox(stored.name, log)
        sandbox.set_aside(reason_of(error), added_keys(store.rows(stored.id)), has_scenario=has_scenario)
    return Reopened(stored, sandbox, description)


def blank_sandbox(name: str, log: Log) -> Sandbox:
    """Return a sandbox without anything, in place of one of which even the beginning cannot be read."""
    sandbox = Sandbox(load_text("scenario: empty\n"), SandboxOptions(name=name))
    sandbox.use_log(log)
    return sandbox


def reason_of(error: Exception) -> str:
    """Return one line about the reason why a sandbox cannot be opened; an unexpected error is named by its type."""
    is_expected = isinstance(error, ValueError | LogUnavailable | SandboxBroken | ScenarioError)
    text = str(error) if is_expected else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:REASON_CHARS_MAX]


def added_keys(rows: Iterable[Row]) -> frozenset[str]:
    """Return the ids of the keys that a log adds, also of those behind a record that cannot be read."""
    found: set[str] = set()
    with suppress(LogUnavailable):
        for _, number, _, body, _ in rows:
            if type(body) is bytes and b"_key" in body:
                with suppress(LogError):
                    command = decode_record(number, body).command
                    if isinstance(command, AddKey):
                        found.add(command.key_id)
                    elif isinstance(command, RemoveKey):
                        found.discard(command.key_id)
    return frozenset(found)
