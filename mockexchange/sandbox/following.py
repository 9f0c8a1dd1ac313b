"""Keeps copies of sandboxes that another process writes, so that this process can answer reads from them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from mockexchange.sandbox.interface import LOGGER
from mockexchange.sandbox.options import DEFAULT, Inspector
from mockexchange.sandbox.reopening import blank_sandbox, follow, follow_sandbox, read_description, reason_of
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.sandboxes import Sandboxes, Slot
from mockexchange.store.heads import SET_ASIDE, Heads
from mockexchange.store.log import Log, LogError, LogUnavailable
from mockexchange.store.stores import StoredSandbox


class FollowableStore(Protocol):
    """The interface of a store that another process writes and this process reads."""

    def stored(self) -> Sequence[StoredSandbox]:
        """Return the stored sandboxes in the order of their creation. Raises LogUnavailable."""
        ...

    def log_of(self, stored: StoredSandbox) -> Log: ...


class Barrier:
    """Runs one function for several waiting callers at once: each waits for a run that began after its call."""

    def __init__(self, run: Callable[[], Awaitable[object]]) -> None:
        self._run = run
        self._next: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    async def wait(self) -> None:
        """Wait for the end of a run of the function that begins after this call. Raises the exception of the run."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_task(self._go())
        await asyncio.shield(self._next)

    async def _go(self) -> None:
        async with self._turn:
            self._next = None  # who asks from now on needs another run
            await self._run()


class Follower:
    """Keeps a copy of each sandbox of a store that another process writes.

    Before an answer, `settle` applies the records that were published before the request.
    """

    def __init__(
        self,
        store: FollowableStore,
        heads: Heads,
        sandboxes: Sandboxes,
        opened: Callable[[int, Sandbox], object],
        inspector: Inspector | None = None,
    ) -> None:
        self._store, self._heads, self._sandboxes, self._inspector = store, heads, sandboxes, inspector
        self._opened = opened
        """Called with the id and the sandbox before any request sees it."""
        self._by_id: dict[int, Sandbox] = {}
        self._again: set[int] = set()
        """The ids of the sandboxes whose copies are to be made anew."""
        self._mark: int | None = None
        self._barrier = Barrier(self._follow)

    @property
    def is_caught_up(self) -> bool:
        """Whether the copies have all records that the writing process has published."""
        return self._mark is not None and self._heads.mark == self._mark

    async def catch_up(self) -> None:
        """Apply the records that the writing process has published since the last call.

        Raises LogUnavailable, LogError and ScenarioError.
        """
        if not self.is_caught_up:
            await self._barrier.wait()

    def id_of(self, sandbox: Sandbox) -> int:
        """Return the id of a sandbox in the store."""
        return next(id_ for id_, one in self._by_id.items() if one is sandbox)

    def items(self) -> list[tuple[int, Sandbox]]:
        """Return the copies with their ids in the store."""
        return list(self._by_id.items())

    def sandbox_of(self, id_: int) -> Sandbox | None:
        """Return the copy of the sandbox with an id; None if there is none."""
        return self._by_id.get(id_)

    def open_again(self, id_: int) -> None:
        """Let the next catching up make a new copy of a sandbox from its log, in place of the one that is there."""
        self._again.add(id_)

    async def _follow(self) -> None:
        mark = self._heads.mark
        heads = await self._heads.read()
        gone = [self._by_id.pop(id_) for id_ in list(self._by_id) if id_ not in heads]
        self._again &= heads.keys()
        for sandbox in gone:
            if sandbox.name != DEFAULT:
                self._sandboxes.unfollow(sandbox)
        if self._again or len(self._by_id) < len(heads):
            for stored in self._store.stored():  # one that was replaced meanwhile is not in the store any more
                if stored.id in heads and (stored.id not in self._by_id or stored.id in self._again):
                    self._again.discard(stored.id)
                    sandbox = await self._copy_of(stored, heads[stored.id])
                    self._opened(stored.id, sandbox)
                    self._sandboxes.follow(Slot(sandbox))
                    self._by_id[stored.id] = sandbox
        for sandbox in gone:  # the default one is replaced by a reset, and answers until then
            self._sandboxes.unfollow(sandbox)
        for id_, sandbox in list(self._by_id.items()):
            if not sandbox.broken and sandbox.exchange.state.sequence < heads[id_]:
                await self._follow_one(id_, sandbox, heads[id_])
        self._mark = mark

    async def _follow_one(self, id_: int, sandbox: Sandbox, until: int) -> None:
        """Apply the new records of a sandbox. Raises LogUnavailable.

        A copy that cannot apply one answers nothing from then on, and is made anew, once.
        """
        try:
            await follow(sandbox, until)
        except LogUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  # the others are followed all the same
            LOGGER.warning("sandbox %s cannot be followed here, and is read again: %s", sandbox.name, reason_of(error))
            sandbox.set_aside(reason_of(error))
            self.open_again(id_)

    async def _copy_of(self, stored: StoredSandbox, head: int) -> Sandbox:
        """Return a copy of a sandbox. One that cannot be made is broken, so that the writing process answers for it.

        Raises LogUnavailable.
        """
        log = self._store.log_of(stored)
        try:
            if stored.problem or head == SET_ASIDE:
                raise LogError(stored.problem or "the writing process could not open it")
            description = read_description(stored.description)
            return await follow_sandbox(stored.name, description, log, head, self._inspector)
        except LogUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  # the others are followed all the same
            LOGGER.warning("sandbox %s cannot be followed here: %s", stored.name, reason_of(error))
            copy = blank_sandbox(stored.name, log)
            copy.set_aside(reason_of(error), has_scenario=False)
            return copy
