"""Writes the sandboxes of a server to its store. A change is stored before any client sees it."""

from collections.abc import AsyncIterator, Awaitable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from mockexchange.sandbox.inspector import Inspector
from mockexchange.sandbox.log.stored import describe, read_description, restore_sandbox
from mockexchange.sandbox.port import StoreUnavailable
from mockexchange.sandbox.quotas import Quotas
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.sandboxes import Slot
from mockexchange.scenario.errors import ScenarioError
from mockexchange.store.codec import LogError
from mockexchange.store.log import LogConflict, LogUnavailable, OutcomeUnknown
from mockexchange.store.opening import Location, open_store
from mockexchange.store.stores import Store, StoredSandbox, StoreError

if TYPE_CHECKING:
    from mockexchange.store.sqlite_file import StoreLock

Result = TypeVar("Result")
NO_OWN_PORTS = "a sandbox of servers that share a database has no port of its own: leave `port` out"


class Restored(NamedTuple):
    """A sandbox that was opened again from the store. `port` is its own port, None if it has none."""

    slot: Slot
    port: int | None


class Persistence:
    """Creates, replaces and deletes the sandboxes of one server in its store (a file or a database)."""

    def __init__(self, store: Store, *, has_own_ports: bool = True) -> None:
        self.store = store
        self.has_own_ports = has_own_ports
        """Whether a sandbox may have a port of its own; not if other servers follow, which could not serve it."""

    @classmethod
    def open(cls, location: Location, durability: str, held: "StoreLock | None" = None) -> "Persistence":
        """Open a store, or create it. Raises StoreError.

        `held` is the lock of the store's file, if this process holds it already.
        """
        return cls(open_store(location, durability, held))

    async def create(
        self, sandbox: Sandbox, port: int | None, idle_us_max: int | None, replaced: Sandbox | None = None
    ) -> None:
        """Store a new sandbox, in place of `replaced` if given, and write its later commands to the store too.

        Raises StoreUnavailable.
        """
        description = describe(sandbox, port, idle_us_max)
        old = None if replaced is None else id_of(replaced)
        records = list(sandbox.log)
        creation = self.store.create(sandbox.name, sandbox.log.header, description, records, old)
        sandbox.use_log(await _available(creation))

    async def delete(self, sandbox: Sandbox) -> None:
        """Delete a sandbox from the store. Raises StoreUnavailable; then it is still in the store."""
        id_ = id_of(sandbox)
        if id_ is not None:
            await _available(self.store.delete(id_))

    async def restored(self, inspector: Inspector | None, quotas: Quotas) -> AsyncIterator[Restored]:
        """Open the stored sandboxes again and yield them, the oldest first. Raises StoreError."""
        for stored in self.store.stored():
            yield await self._restored(stored, inspector, quotas)

    async def _restored(self, stored: StoredSandbox, inspector: Inspector | None, quotas: Quotas) -> Restored:
        try:
            description = read_description(stored.description)
            log = self.store.log_of(stored)
            sandbox = await restore_sandbox(stored.name, description, log, inspector, quotas=quotas)
        except (ScenarioError, LogError, LogUnavailable, ValueError) as error:
            name = self.store.shown
            advice = f"see `mockexchange store check {name}`; nothing was changed"
            raise StoreError(f"{name}: sandbox {stored.name!r} cannot be opened: {error}: {advice}") from None
        if description.port is not None and not self.has_own_ports:
            where = f"{self.store.shown}: sandbox {stored.name!r}"
            raise StoreError(f"{where}: {NO_OWN_PORTS}, or delete it with a server without --replica")
        slot = Slot(sandbox, has_own_port=description.port is not None, idle_us_max=description.idle_us_max)
        return Restored(slot, description.port)


def id_of(sandbox: Sandbox) -> int | None:
    """Return the id of a sandbox in the store; None if the sandbox is not stored."""
    id_: int | None = getattr(sandbox.log, "id", None)  # a log in memory has none
    return id_


async def _available(work: Awaitable[Result]) -> Result:
    try:
        return await work
    except (LogUnavailable, OutcomeUnknown, LogConflict) as error:
        raise StoreUnavailable(str(error)) from None
