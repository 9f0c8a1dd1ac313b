"""Creates, deletes and opens again the sandboxes of a server in its store; `sandbox/writer.py` appends their commands.

A change is stored before any client sees it.
"""

from collections.abc import AsyncIterator, Awaitable
from typing import TYPE_CHECKING, TypeVar

from mockexchange.sandbox.interface import StoreUnavailable
from mockexchange.sandbox.options import Inspector
from mockexchange.sandbox.quotas import Quotas
from mockexchange.sandbox.reopening import Reopened, describe, reopened
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.store.log import LogConflict, LogUnavailable, OutcomeUnknown
from mockexchange.store.opening import Location, open_store
from mockexchange.store.stores import Store

if TYPE_CHECKING:
    from mockexchange.store.sqlite_store import StoreLock

Result = TypeVar("Result")


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

    def restored(self, inspector: Inspector | None, quotas: Quotas) -> AsyncIterator[Reopened]:
        """Open the stored sandboxes again; one that cannot be opened is set aside. Raises StoreError."""
        return reopened(self.store, inspector, quotas, has_own_ports=self.has_own_ports)


def id_of(sandbox: Sandbox) -> int | None:
    """Return the id of a sandbox in the store; None if the sandbox is not stored."""
    id_: int | None = getattr(sandbox.log, "id", None)  # a log in memory has none
    return id_


async def _available(work: Awaitable[Result]) -> Result:
    try:
        return await work
    except (LogUnavailable, OutcomeUnknown, LogConflict) as error:
        raise StoreUnavailable(str(error)) from None
