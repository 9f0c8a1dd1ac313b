"""The sandboxes of one server. On the shared port, the API key of a request selects the sandbox."""

import re
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice

from msgspec import Struct

from mockexchange.core.commands import AddKey
from mockexchange.core.exchange import Outcome
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import DEFAULT
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.plan import Plan
from mockexchange.store.log import Record

SANDBOXES_MAX = 1_000
"""The default limit of sandboxes in a server: an idle `golden` sandbox takes about 100 kB."""
NAMES_SHOWN_MAX = 20
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class SandboxError(Exception):
    """Raised if a sandbox cannot be created or found; `code` is for programs, `status` is an HTTP status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Slot(Struct):
    """A sandbox with the settings that a reset keeps: whether it has its own port, and its longest idle time."""

    sandbox: Sandbox
    has_own_port: bool = False
    idle_us_max: int | None = None


StoreFresh = Callable[[Sandbox, Slot], Awaitable[object]]


class Sandboxes:
    """The sandboxes of a server by name.

    On the shared port the API key of a request selects the sandbox; a request with an unknown key goes to `default`.
    """

    def __init__(self, count_max: int | None = None) -> None:
        self._count_max = count_max
        self._slots: dict[str, Slot] = {}
        self._by_key: dict[str, Sandbox] = {}

    def __iter__(self) -> Iterator[Slot]:
        return iter(list(self._slots.values()))

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def count_max(self) -> int:
        """The largest number of sandboxes that the server may have at the same time."""
        return self._count_max or SANDBOXES_MAX

    def get(self, name: str) -> Slot:
        """Return the slot of a sandbox by name, and restart its idle time. Raises SandboxError if it is unknown."""
        slot = self._slots.get(name)
        if slot is None:
            known = ", ".join(islice(self._slots, NAMES_SHOWN_MAX)) or "none"
            raise SandboxError(404, "unknown_sandbox", f"no sandbox {name!r}; known: {known}")
        slot.sandbox.touched_at = slot.sandbox.options.host()
        return slot

    def find(self, name: str) -> Sandbox | None:
        """Return a sandbox by name, without an effect on its idle time; None if it is unknown."""
        slot = self._slots.get(name)
        return None if slot is None else slot.sandbox

    async def caught_up(self, name: str) -> Sandbox:
        """Return a sandbox by name after running the due steps of its script. Raises SandboxError, or SandboxBroken."""
        sandbox = await self.inspectable(name)
        sandbox.require_working()
        return sandbox

    async def inspectable(self, name: str) -> Sandbox:
        """Return a sandbox as `caught_up` does, but without an error if it is broken: its log and journal can be read.

        Raises SandboxError.
        """
        sandbox = self.get(name).sandbox
        if sandbox.has_due:
            await sandbox.run_due()
            sandbox = self.get(name).sandbox
        return sandbox

    def route(self, key_id: str | None) -> Sandbox:
        """Return the sandbox that answers a request with this key id on the shared port."""
        sandbox = self._by_key.get(key_id or "")
        return self._slots[DEFAULT].sandbox if sandbox is None else sandbox

    def new_name(self) -> str:
        """Return the first free name of sandbox-1, sandbox-2 and so on."""
        number = next(number for number in range(1, self.count_max + 2) if f"sandbox-{number}" not in self._slots)
        return f"sandbox-{number}"

    def require_room(self, name: str) -> None:
        """Raise SandboxError unless the name is valid and free, and the server has room for another sandbox."""
        if not NAME.fullmatch(name):
            message = f"name {name[:80]!r}: expected letters, digits, dots, dashes and underscores, at most 64"
            raise SandboxError(400, "bad_name", message)
        if name in self._slots:
            raise SandboxError(409, "name_in_use", f"a sandbox {name!r} exists already")
        if len(self._slots) >= self.count_max:
            raise SandboxError(409, "too_many_sandboxes", f"at most {self.count_max} sandboxes: delete one first")

    def add(self, slot: Slot) -> None:
        """Add a sandbox. Raises SandboxError if one of its key ids is in use on the shared port."""
        self.require_room(slot.sandbox.name)
        if not slot.has_own_port:
            self.require_free_keys(slot.sandbox)
            self._route_keys(slot.sandbox)
        self._slots[slot.sandbox.name] = slot

    def require_removable(self, name: str) -> Slot:
        """Return the slot of a sandbox that can be removed. Raises SandboxError if it is `default` or unknown."""
        slot = self.get(name)
        if name == DEFAULT:
            raise SandboxError(409, "default_sandbox", "the default sandbox stays; reset it instead")
        return slot

    def remove(self, name: str) -> Slot:
        slot = self.require_removable(name)
        del self._slots[name]
        self._forget_keys(slot.sandbox)
        return slot

    async def reset(self, name: str, plan: Plan | None = None, store: StoreFresh | None = None) -> Sandbox:
        """Replace a sandbox by a new one with the same name and keys, made from its scenario or from `plan`.

        `store` is called to store the new sandbox in place of the old one. If it raises, or after ScenarioError, the
        old sandbox is still in place.
        """
        slot = self.get(name)
        old = slot.sandbox
        pool = old.pool if plan is None else old.pool.for_others(old.plan.keys, plan.keys)
        fresh = await open_sandbox(plan or old.plan, old.options, pool=pool)
        if store is not None and self._slots.get(name) is slot:
            await store(fresh, slot)
        if self._slots.get(name) is not slot:
            raise SandboxError(404, "unknown_sandbox", f"the sandbox {name!r} was deleted meanwhile")
        self._forget_keys(slot.sandbox)
        slot.sandbox.close("reset")
        slot.sandbox = fresh
        if not slot.has_own_port:
            self._route_keys(fresh)
        return fresh

    def follow(self, slot: Slot) -> None:
        """Add a copy of a sandbox that another process writes, in place of one with the same name."""
        replaced = self._slots.get(slot.sandbox.name)
        if replaced:
            self.unfollow(replaced.sandbox)
        self._slots[slot.sandbox.name] = slot
        self._route_keys(slot.sandbox)

    def unfollow(self, sandbox: Sandbox) -> None:
        """Remove the copy of a sandbox that the writing process deleted, unless another sandbox has taken its name."""
        slot = self._slots.get(sandbox.name)
        if slot and slot.sandbox is sandbox:
            del self._slots[sandbox.name]
            self._forget_keys(sandbox)
            sandbox.close("deleted")

    def _route_keys(self, sandbox: Sandbox) -> None:
        """Route requests with the sandbox's keys to it, also with those that are added later."""
        name = sandbox.name

        def note_key(record: Record, outcome: Outcome) -> None:
            if isinstance(record.command, AddKey):
                self._index_keys(self._slots[name].sandbox)

        self._index_keys(sandbox)
        sandbox.observers.append(note_key)

    def _index_keys(self, sandbox: Sandbox) -> None:
        """Route requests with the sandbox's keys to it, except keys that another sandbox has too."""
        for key in sandbox.keys:
            self._by_key.setdefault(key.key_id, sandbox)

    def expired(self, host_at: int) -> list[str]:
        """Return the names of the sandboxes that were idle for longer than their limit."""
        return [
            slot.sandbox.name
            for slot in self._slots.values()
            if slot.idle_us_max is not None and host_at - slot.sandbox.touched_at > slot.idle_us_max
        ]

    def _forget_keys(self, sandbox: Sandbox) -> None:
        self._by_key = {key_id: owner for key_id, owner in self._by_key.items() if owner is not sandbox}

    def require_free_keys(self, sandbox: Sandbox) -> None:
        """Raise SandboxError if a key id of a sandbox is in use on the shared port."""
        for key in sandbox.keys:
            if key.key_id in self._by_key:
                owner = self._by_key[key.key_id].name
                message = f"key id {key.key_id} is in use by sandbox {owner!r}: ask for an own port (port: 0)"
                raise SandboxError(409, "key_in_use", message)
