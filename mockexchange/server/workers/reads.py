"""Keeps copies of sandboxes that another process writes, so that this process can answer reads from them."""

import asyncio
import math
from collections.abc import Callable
from itertools import count

from mockexchange.sandbox.following import FollowableStore, Follower
from mockexchange.sandbox.journal import Journal, JournalEntry
from mockexchange.sandbox.options import Inspector
from mockexchange.sandbox.port import LOGGER, RequestContext
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.sandboxes import Sandboxes
from mockexchange.scenario.errors import ScenarioError
from mockexchange.server.workers.mailbox import Answered, Message, RunDue
from mockexchange.store.heads import Heads
from mockexchange.store.log import LogError, LogUnavailable

FOLLOW_EVERY_S = 0.1
"""The interval at which a reader without requests applies new records, in seconds."""
DUE_S_MAX = 5.0
"""The seconds that a reader waits for due steps to be run; after that the writing process answers the request."""
Send = Callable[[Message], object]


class ReaderJournal(Journal):
    """The journal of a sandbox in a reader. It keeps no entries, since the writing process keeps them."""

    def __init__(self, id_: int, send: Send) -> None:
        super().__init__()
        self._id, self._send = id_, send

    def add(self, entry: JournalEntry, *, awaits_answer: bool = False) -> None:
        self.count += 1

    def close(self, entry: JournalEntry) -> None:
        entry.is_closed = True
        self._send(Answered(self._id, entry))


class Reads:
    """A reader's copies of sandboxes. Each has all acknowledged writes before a read is answered from it."""

    is_numbered = False

    def __init__(
        self,
        store: FollowableStore,
        heads: Heads,
        send: Send,
        hand_over: Callable[[bytes, int], None],
        inspector: Inspector | None = None,
        name: str = "",
    ) -> None:
        """`send` sends messages to the writing process; `name` is this process's name in messages for users."""
        self.sandboxes = Sandboxes()
        self.hand_over = hand_over
        """Gives a connection, with the bytes that were read of it, to the home."""
        self._send, self._name = send, name
        self.follower = Follower(store, heads, self.sandboxes, self._note_opened, inspector)
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[None]] = {}
        self._following: asyncio.Task[None] | None = None
        self.caught_up_s = -math.inf
        """The last time, on the loop's clock, whose acknowledged writes are surely in the copies."""
        self._trouble = ""

    def start(self) -> None:
        """Begin to apply new records of the logs at intervals."""
        self._following = asyncio.get_running_loop().create_task(self._keep_following())

    def stop(self) -> None:
        if self._following:
            self._following.cancel()

    def route(self, key_id: str | None) -> Sandbox:
        return self.sandboxes.route(key_id)

    async def sandbox_for(self, asked: RequestContext) -> Sandbox | None:
        """Return the sandbox that answers a request, after all acknowledged writes and the due steps of its script.

        None if this process cannot get it up to date.
        """
        if not self.follower.is_caught_up and not await self.catch_up():
            return None
        sandbox = self.route(asked.key_id)
        if asked.key_id and sandbox.key_of(asked.key_id) is None:
            return None  # the writing process may know it, of a sandbox that is set aside
        if sandbox.script.has_due:
            sandbox.script.follow(sandbox.clock.now())  # what is void leaves no record
            if sandbox.script.has_due:
                return await self._without_due(asked.key_id, sandbox)
        return sandbox

    async def _without_due(self, key_id: str | None, sandbox: Sandbox) -> Sandbox | None:
        """Have the home carry out what is due, and return the sandbox after it; None if it does not answer."""
        number = next(self._numbers)
        done = self._asked[number] = asyncio.get_running_loop().create_future()
        self._send(RunDue(self.follower.id_of(sandbox), number))
        try:
            async with asyncio.timeout(DUE_S_MAX):
                await done
        except TimeoutError:
            return None
        finally:
            del self._asked[number]
        return self.route(key_id) if await self.catch_up() else None

    def note_done(self, number: int) -> None:
        """Continue the request that waits for due steps, because the reply with this number came."""
        asked = self._asked.get(number)
        if asked is not None and not asked.done():
            asked.set_result(None)

    async def catch_up(self) -> bool:
        """Apply all records that the writing process has published; return whether that was possible."""
        began_s = asyncio.get_running_loop().time()
        try:
            await self.follower.catch_up()
        except (LogError, LogUnavailable, ScenarioError, ValueError) as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                LOGGER.warning("%s answers nothing itself: %s", self._name, error)
            return False
        self._trouble, self.caught_up_s = "", max(began_s, self.caught_up_s)
        return True

    async def _keep_following(self) -> None:
        while True:
            await asyncio.sleep(FOLLOW_EVERY_S)
            await self.catch_up()

    def _note_opened(self, id_: int, sandbox: Sandbox) -> None:
        sandbox.journal = ReaderJournal(id_, self._send)
