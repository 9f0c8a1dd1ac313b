"""Runs one of several servers on a database: the home, which writes, or one that reads what the home writes."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from mockexchange.sandbox.interface import LOGGER
from mockexchange.sandbox.opening import Progress
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.plan import Plan
from mockexchange.server.http.listener import bind
from mockexchange.server.operating_system import allow_many_files, signals_set
from mockexchange.server.process import Server
from mockexchange.server.replicas.follower_role import FollowerRole
from mockexchange.server.replicas.forwarding import Forwarder, HomeAddress
from mockexchange.server.replicas.home_role import HomeRole, bind_peers
from mockexchange.server.replicas.peers import Address
from mockexchange.server.serve_options import STRICT, ServeOptions
from mockexchange.store.log import LogUnavailable, OutcomeUnknown
from mockexchange.store.postgres.election import Election
from mockexchange.store.postgres.postgres_store import PostgresStore
from mockexchange.store.postgres.url import PostgresUrl
from mockexchange.store.stores import StoreError
from mockexchange.version import __version__

LOOK_EVERY_S = 0.5
BEAT_EVERY_S = 0.5
Result = TypeVar("Result")


async def run_replica(
    address: Address,
    plan: Plan,
    sandbox_options: SandboxOptions,
    options: ServeOptions,
    announce: Callable[[dict[str, Any]], None],
    progress: Progress | None = None,
) -> None:
    """Serve as `run_server` does, beside other servers on the same database. They reach this one at `address`."""
    stopping = asyncio.Event()
    allow_many_files()
    with signals_set(stopping):
        async with Replica(address, plan, sandbox_options, options, progress) as replica:
            announce(replica.ready)
            await replica.run_until(stopping)


class Replica:
    """A running server, as an asynchronous context manager; `ready` is the content of its ready file."""

    def __init__(
        self,
        address: Address,
        plan: Plan,
        sandbox_options: SandboxOptions,
        options: ServeOptions,
        progress: Progress | None = None,
    ) -> None:
        assert isinstance(options.store, PostgresUrl)
        assert options.token is not None
        self._plan, self._sandbox_options, self._options, self._progress = plan, sandbox_options, options, progress
        self._address = address
        self._home = HomeAddress(options.token)
        self._forwarder = Forwarder(self._home)
        """Has connections that wait for a home also while this server becomes it."""
        self._election = Election(options.store, options.durability, str(address), __version__)
        self._thread = ThreadPoolExecutor(1, "election")
        self._stopping = asyncio.Event()
        self.ready: dict[str, Any] = {}
        self._is_ready = asyncio.Event()
        self.home_role: HomeRole | None = None
        """The place of the home, while this server has it."""
        self._sock: socket.socket
        self._task: asyncio.Task[None]
        self._trouble = ""

    async def __aenter__(self) -> "Replica":
        self._sock = bind(self._options.host, self._options.port)
        bind_peers(self._options.host, self._address).close()  # now, and not in the middle of the night
        self._task = asyncio.get_running_loop().create_task(self._run())
        ready = asyncio.get_running_loop().create_task(self._is_ready.wait())
        await asyncio.wait((self._task, ready), return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._task.done():
            self._close()
            self._task.result()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._stopping.set()
        try:
            await self._task
        finally:
            self._close()

    async def run_until(self, stopping: asyncio.Event) -> None:
        """Wait until the event is set. Raises an exception if the server cannot continue before."""
        stop = asyncio.get_running_loop().create_task(stopping.wait())
        await asyncio.wait((self._task, stop), return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()

    def _close(self) -> None:
        self._sock.close()
        self._thread.shutdown()
        self._election.close()

    async def _run(self) -> None:
        with self._options.keeping_files() as self._options:
            while not self._stopping.is_set():
                store = await self._follow()
                if store is not None:
                    await self._be_home(store)
            await self._forwarder.stop()

    async def _follow(self) -> PostgresStore | None:
        """Follow the home until this server is it, and return the store; None if the server stops."""
        follower: FollowerRole | None = None
        try:
            while not self._stopping.is_set():
                try:
                    seen = await self._in_thread(self._election.look)
                    store = await self._in_thread(self._election.become_home)
                    if store is not None:
                        return store
                    if seen is not None:
                        follower = follower or FollowerRole(
                            self._options, self._sock.dup(), self._home, self._forwarder
                        )
                        await follower.move(seen)
                        self._announce(follower.ready)
                    self._note("")
                except (StoreError, LogUnavailable) as error:
                    if not self._is_ready.is_set():
                        raise
                    self._note(str(error))
                await self._pause(LOOK_EVERY_S)
        finally:
            if follower is not None:
                await follower.stop()
        return None

    async def _be_home(self, store: PostgresStore) -> None:
        """Serve as the home until the server stops, or another one is the home."""
        LOGGER.info("this server is the home of %s", store.shown)
        home_role = HomeRole(store, self._sock.dup(), bind_peers(self._options.host, self._address), self._home.token)
        home_role.is_numbered = self._options.reads != STRICT
        self._home.now = self._address
        options = replace(self._options, home_role=home_role)
        beating = asyncio.get_running_loop().create_task(self._beat(home_role))
        stopping = asyncio.get_running_loop().create_task(self._stopping.wait())
        self.home_role = home_role
        try:
            async with Server(self._plan, self._sandbox_options, options, self._progress) as server:
                self._announce(server.ready)
                await asyncio.wait((beating, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.home_role = None
            beating.cancel()
            stopping.cancel()
            await asyncio.gather(beating, stopping, return_exceptions=True)
            store.close()
            await self._in_thread(lambda: home_role.term.end(is_released=not home_role.term.is_lost))
        if home_role.term.is_lost:
            LOGGER.warning("another server is the home of %s now: this one follows it", store.shown)

    async def _beat(self, home_role: HomeRole) -> None:
        """Renew the term until another server is the home."""
        while not home_role.term.is_lost:
            try:
                if not await self._in_thread(home_role.term.renew) and not home_role.term.is_lost:
                    with suppress(LogUnavailable, OutcomeUnknown):
                        await home_role.store.reconnect()
                self._note("")
            except StoreError as error:
                self._note(str(error))
            await asyncio.sleep(BEAT_EVERY_S)

    def _announce(self, ready: dict[str, Any]) -> None:
        if ready:
            self.ready = ready
            self._is_ready.set()

    def _note(self, trouble: str) -> None:
        """Log what is wrong with the database, once."""
        if trouble and trouble != self._trouble:
            LOGGER.warning("%s", trouble)
        self._trouble = trouble

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
