"""The sandboxes of one server. On the shared port, the API key of a request selects the sandbox."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from itertools import islice

from msgspec import Struct, field

from mockexchange.core.commands import AddKey
from mockexchange.core.exchange import Outcome
from mockexchange.sandbox.interface import KeyInUse, SandboxError
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import DEFAULT
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.plan import Plan
from mockexchange.store.log import Record

SANDBOXES_MAX = 1_000
"""The default limit of sandboxes in a server: an idle `golden` sandbox takes about 100 kB."""
NAMES_SHOWN_MAX = 20
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Slot(Struct):
    """A sandbox with the settings that a reset keeps: whether it has its own port, and its longest idle time."""

    sandbox: Sandbox
    has_own_port: bool = False
    idle_us_max: int | None = None
    replacing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while the sandbox is replaced or deleted: the store and the server must agree on which came last."""


StoreFresh = Callable[[Sandbox, Slot], Awaitable[object]]
DeleteStored = Callable[[Sandbox], Awaitable[object]]


class Sandboxes:
    """The sandboxes of a server by name.

    On the shared port the API key of a request selects the sandbox; a request with an unknown key goes to `default`.
    """

    def __init__(self, count_max: int | None = None) -> None:
        self._count_max = count_max
        self._slots: dict[str, Slot] = {}
        self._by_key: dict[str, Sandbox] = {}
        """The sandboxes by the ids of their keys on the shared port; a key that was removed still leads to its one."""
        self._coming: dict[str, Slot] = {}
        """The sandboxes that are being stored: their names and keys are taken already."""
        self._claims: list[tuple[str, Sandbox]] = []
        """The ids of keys whose commands are being stored, with the sandboxes that they are for."""

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
        taken = self._slots.keys() | self._coming
        number = next(number for number in range(1, len(taken) + 2) if f"sandbox-{number}" not in taken)
        return f"sandbox-{number}"

    def require_room(self, name: str) -> None:
        """Raise SandboxError unless the name is valid and free, and the server has room for another sandbox."""
        if not NAME.fullmatch(name):
            message = f"name {name[:80]!r}: expected letters, digits, dots, dashes and underscores, at most 64"
            raise SandboxError(400, "bad_name", message)
        taken = self._slots.keys() | self._coming
        if name in taken:
            broken = self._slots[name].sandbox.broken if name in self._slots else None
            message = f"a sandbox {name!r} exists already" + (f"; {broken}" if broken else "")
            raise SandboxError(409, "name_in_use", message)
        if len(taken) >= self.count_max:
            raise SandboxError(409, "too_many_sandboxes", f"at most {self.count_max} sandboxes: delete one first")

    @contextmanager
    def coming(self, slot: Slot) -> Iterator[None]:
        """Keep the name and the keys of a new sandbox for it until the end of the block, which stores the sandbox.

        Raises SandboxError, before the block, if the name or a key id on the shared port is in use.
        """
        self.require_room(slot.sandbox.name)
        self._require_free_keys(slot)
        with self._announced(slot):
            yield

    @contextmanager
    def _announced(self, slot: Slot) -> Iterator[None]:
        self._coming[slot.sandbox.name] = slot
        try:
            yield
        finally:
            self._coming.pop(slot.sandbox.name, None)

    def add(self, slot: Slot) -> None:
        """Add a sandbox. Raises SandboxError if its name, or one of its key ids on the shared port, is in use."""
        self.require_room(slot.sandbox.name)
        self._require_free_keys(slot)
        self._slots[slot.sandbox.name] = slot
        if not slot.has_own_port:
            self._route_keys(slot.sandbox)

    def restore(self, slot: Slot) -> str | None:
        """Add a sandbox that a store has; it is set aside if it has a key id of another one, or if there is no room.

        Return the reason for which it is set aside, for whoever may see all sandboxes; None if it is not.
        """
        sandbox = slot.sandbox
        reason = sandbox.aside.reason if sandbox.aside else None
        try:
            if reason is None and len(self._slots) >= self.count_max:
                raise SandboxError(409, "too_many_sandboxes", f"the server has room for {self.count_max} sandboxes")
            if reason is None:
                self._require_free_keys(slot)
        except SandboxError as error:
            sandbox.set_aside(str(error))
            reason = error.naming(f"sandbox {error.owner!r}") if isinstance(error, KeyInUse) else str(error)
        self._slots[sandbox.name] = slot
        if not slot.has_own_port and reason is None:
            self._route_keys(sandbox)
        return reason

    def keep_keys_of_set_aside(self) -> None:
        """Route requests with the keys of sandboxes that are set aside to them, after all others are restored.

        So clients are told the reason, and no other sandbox gets these keys.
        """
        for slot in self._slots.values():
            if slot.sandbox.aside and not slot.has_own_port:
                for key_id in {*slot.sandbox.aside.keys, *(key.key_id for key in slot.sandbox.keys)}:
                    self._route_key(key_id, slot.sandbox)

    async def delete(self, name: str, delete_stored: DeleteStored | None = None) -> Sandbox:
        """Remove a sandbox, and return it. Raises SandboxError if it is `default` or unknown.

        `delete_stored` is called to delete it from the store. If it raises, the sandbox is still in place.
        """
        slot = self.get(name)
        if name == DEFAULT:
            raise SandboxError(409, "default_sandbox", "the default sandbox stays; reset it instead")
        async with self._replacing(slot):
            if delete_stored is not None:
                await delete_stored(slot.sandbox)
            del self._slots[name]
        self._forget_keys(slot.sandbox)
        slot.sandbox.close("deleted")
        return slot.sandbox

    @asynccontextmanager
    async def _replacing(self, slot: Slot) -> AsyncIterator[None]:
        """Keep others from replacing or deleting a sandbox in the block. Raises SandboxError if it was deleted."""
        async with slot.replacing:
            name = slot.sandbox.name
            if self._slots.get(name) is not slot:
                raise SandboxError(404, "unknown_sandbox", f"the sandbox {name!r} was deleted meanwhile")
            yield

    async def reset(self, name: str, plan: Plan | None = None, store: StoreFresh | None = None) -> Sandbox:
        """Replace a sandbox by a new one with the same name and keys, made from its scenario or from `plan`.

        `store` is called to store the new sandbox in place of the old one. If it raises, or after ScenarioError or
        SandboxError, the old sandbox is still in place.
        """
        slot = self.get(name)
        old = slot.sandbox
        if plan is None and old.aside and not old.aside.has_scenario:
            advice = f"stop the server and use `mockexchange store delete STORE {name}`"
            message = (
                f"the scenario of sandbox {name!r} cannot be read, so it cannot begin anew: delete it, or {advice}"
            )
            raise SandboxError(409, "no_scenario", message)
        pool = old.pool if plan is None else old.pool.for_others(old.plan.keys, plan.keys)
        fresh = await open_sandbox(plan or replace(old.plan, now=None), old.options, pool=pool)
        async with self._replacing(slot):
            renewed = Slot(fresh, slot.has_own_port)
            self._require_free_keys(renewed)
            if store is not None:
                with self._announced(renewed):
                    await store(fresh, slot)
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
        for key in slot.sandbox.keys:
            owner = self._owner_of(key.key_id)
            if owner is not None:  # the writing process has set one of them aside, and answers for both
                for sandbox in (owner, slot.sandbox):
                    sandbox.set_aside(f"it shares the key id {key.key_id} with another sandbox")
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
                self._note_added(self._slots[name].sandbox, record.command.key_id)

        for key in sandbox.keys:
            self._route_key(key.key_id, sandbox)
        sandbox.observers.append(note_key)
        sandbox.claim_key = lambda key_id: self._claim(self._slots[name].sandbox, key_id)

    def _route_key(self, key_id: str, sandbox: Sandbox) -> None:
        """Route requests with a key to a sandbox, unless another sandbox has the key too."""
        if self._owner_of(key_id) is None:
            self._by_key[key_id] = sandbox

    def _claim(self, sandbox: Sandbox, key_id: str) -> None:
        """Keep a key id for the sandbox that is about to log its command. Raises KeyInUse.

        A log in memory is appended to at once. With any other one, another sandbox must not get the key meanwhile; a
        claim whose command was never stored is void as soon as its sandbox stores nothing any more.
        """
        self._claims = [one for one in self._claims if one[1].writer.is_storing]
        owner = self._owner_of(key_id, besides=sandbox)
        if owner is not None:
            raise KeyInUse(key_id, owner.name)
        if sandbox.writer.memory is None:
            self._claims.append((key_id, sandbox))

    def _note_added(self, sandbox: Sandbox, key_id: str) -> None:
        """Route requests with a key to the sandbox that has it from now on, unless its command was refused."""
        if (key_id, sandbox) in self._claims:
            self._claims.remove((key_id, sandbox))
        if sandbox.key_of(key_id) is not None:
            self._route_key(key_id, sandbox)

    def _owner_of(self, key_id: str, besides: Sandbox | None = None) -> Sandbox | None:
        """Return the sandbox that has a key on the shared port, or is about to get it; None if there is none."""
        routed = self._by_key.get(key_id)
        if routed is None and not self._coming and not self._claims:
            return None
        having = [slot.sandbox for slot in self._coming.values() if not slot.has_own_port]
        having += [routed] if routed is not None else []
        having = [sandbox for sandbox in having if _has_key(sandbox, key_id)]
        having += [sandbox for claimed, sandbox in self._claims if claimed == key_id]
        return next((sandbox for sandbox in having if sandbox is not besides), None)

    def _require_free_keys(self, slot: Slot) -> None:
        """Raise KeyInUse if a sandbox of another name has a key id of this one, unless this one has its own port."""
        for key in () if slot.has_own_port else slot.sandbox.keys:
            owner = self._owner_of(key.key_id, besides=self.find(slot.sandbox.name))
            if owner is not None and owner.name != slot.sandbox.name:
                raise KeyInUse(key.key_id, owner.name)

    def expired(self, host_at: int) -> list[str]:
        """Return the names of the sandboxes that were idle for longer than their limit."""
        return [
            slot.sandbox.name
            for slot in self._slots.values()
            if slot.idle_us_max is not None
            and not slot.sandbox.aside
            and host_at - slot.sandbox.touched_at > slot.idle_us_max
        ]

    def _forget_keys(self, sandbox: Sandbox) -> None:
        self._by_key = {key_id: owner for key_id, owner in self._by_key.items() if owner is not sandbox}


def _has_key(sandbox: Sandbox, key_id: str) -> bool:
    """Return whether a sandbox has a key; one that is set aside has all that its log adds."""
    return sandbox.key_of(key_id) is not None or (sandbox.aside is not None and key_id in sandbox.aside.keys)
