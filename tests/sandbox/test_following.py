"""Following a log that another one writes: strict reads, whatever the log and the positions take, in any order."""

import asyncio
from collections.abc import Mapping
from random import Random
from typing import Any, cast

import pytest

from mockexchange.core.commands import Deposit
from mockexchange.core.exchange import Outcome
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.sandbox import following, reopening
from mockexchange.sandbox.following import Barrier, Follower
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.reopening import describe, follow_sandbox
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.sandboxes import Sandboxes
from mockexchange.scenario.loader import load_text
from mockexchange.store.log import Log, LogUnavailable, Record
from mockexchange.store.stores import StoredSandbox
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import SMALL
from tests.helpers.unsteady_log import UnsteadyLog

ID = 5


def pay(micros: int) -> Deposit:
    return Deposit(subaccount_ref=SubaccountRef("alice", "0"), amount_micros=micros)


class Published:
    """Positions that take some turns to be read, and have no mark, as those of a database."""

    mark: int | None = None

    def __init__(self, seed: int) -> None:
        self.heads: dict[int, int] = {}
        self._random = Random(seed)

    async def read(self) -> Mapping[int, int]:
        for _ in range(self._random.randrange(3)):
            await asyncio.sleep(0)
        heads = dict(self.heads)
        for _ in range(self._random.randrange(3)):
            await asyncio.sleep(0)
        return heads


class Store:
    """A store with one sandbox, of which the log is the writer's."""

    def __init__(self, sandbox: Sandbox, log: UnsteadyLog) -> None:
        self._name, self._description, self._log = sandbox.name, describe(sandbox), log
        self.id = ID

    def stored(self) -> list[StoredSandbox]:
        return [StoredSandbox(self.id, self._name, self._log.header, self._description, 0)]

    def log_of(self, stored: StoredSandbox) -> Log:
        return cast(Log, self._log.below)


async def followed(seed: int) -> tuple[Sandbox, Published, Follower, Sandboxes]:
    writer = await open_sandbox(load_text(SMALL), SandboxOptions(clock="paused"))
    log = UnsteadyLog(writer.log, seed)
    store = Store(writer, log)
    writer.use_log(cast(Log, log))
    published, sandboxes = Published(seed), Sandboxes()

    def publish(record: Record, outcome: Outcome) -> None:
        published.heads[ID] = record.sequence

    writer.observers.append(publish)
    published.heads[ID] = writer.exchange.state.sequence
    return writer, published, Follower(store, published, sandboxes, lambda id_, sandbox: None), sandboxes


@each_row("seed", range(4))
def test_a_read_has_all_that_was_answered_before_it_and_no_read_goes_back(seed: int) -> None:
    async def life() -> None:
        writer, published, follower, sandboxes = await followed(seed)
        newest = 0

        async def write() -> None:
            for number in range(1, 20):
                await writer.submit(pay(number))

        async def read() -> None:
            nonlocal newest
            for _ in range(20):
                before = max(published.heads[ID], newest)
                await follower.catch_up()
                found = sandboxes.route(None).exchange.state.sequence
                assert before <= found <= published.heads[ID], "neither late nor ahead of the writer"
                newest = found

        await asyncio.gather(*(write() for _ in range(3)), *(read() for _ in range(3)))
        await follower.catch_up()
        assert sandboxes.route(None).exchange.state.sequence == writer.exchange.state.sequence
        assert list(sandboxes.route(None).log) == list(writer.log)

    asyncio.run(life())


def test_a_sandbox_that_is_withdrawn_is_gone_and_one_that_comes_back_is_opened() -> None:
    async def life() -> None:
        _, published, follower, sandboxes = await followed(1)
        await follower.catch_up()
        assert len(sandboxes) == 1
        head = published.heads.pop(ID)
        await follower.catch_up()
        assert len(sandboxes) == 0
        published.heads[ID] = head
        await follower.catch_up()
        assert follower.id_of(sandboxes.route(None)) == ID

    asyncio.run(life())


def test_the_default_sandbox_answers_until_the_copy_that_replaces_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads that need not be new do not wait for it."""

    async def life() -> None:
        _, published, follower, sandboxes = await followed(1)
        await follower.catch_up()
        before, found = sandboxes.route(None), list[Sandbox]()

        async def follow_and_look(*arguments: Any) -> Sandbox:
            made = await follow_sandbox(*arguments)
            found.append(sandboxes.route(None))
            return made

        monkeypatch.setattr(following, "follow_sandbox", follow_and_look)
        cast(Store, follower._store).id = ID + 1
        published.heads[ID + 1] = published.heads.pop(ID)
        await follower.catch_up()
        assert found == [before]
        assert follower.id_of(sandboxes.route(None)) == ID + 1
        assert len(sandboxes) == 1

    asyncio.run(life())


def test_requests_share_the_run_that_begins_after_them() -> None:
    async def life() -> None:
        begun = 0

        async def run() -> None:
            nonlocal begun
            begun += 1
            await asyncio.sleep(0)

        barrier = Barrier(run)
        await asyncio.gather(*(barrier.wait() for _ in range(9)))
        assert begun == 1
        first = asyncio.create_task(barrier.wait())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert begun == 2
        await asyncio.gather(first, barrier.wait(), barrier.wait())
        assert begun == 3, "a run that had begun already is not enough"

    asyncio.run(life())


def test_a_run_that_fails_fails_for_all_and_the_next_one_is_another() -> None:
    async def life() -> None:
        outcomes = [LogUnavailable("gone"), None]

        async def run() -> None:
            if (error := outcomes.pop(0)) is not None:
                raise error

        barrier = Barrier(run)
        found = await asyncio.gather(barrier.wait(), barrier.wait(), return_exceptions=True)
        assert [type(one) for one in found] == [LogUnavailable] * 2
        await barrier.wait()

    asyncio.run(life())


def test_a_record_that_cannot_be_applied_stops_one_copy_and_no_follower(monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy is made anew once; while that fails too, the process that writes answers for the sandbox."""

    async def life() -> None:
        writer, published, follower, sandboxes = await followed(1)
        await follower.catch_up()

        def fail(*_: object) -> None:
            raise RuntimeError("of another version")

        with monkeypatch.context() as patch:
            patch.setattr(reopening, "_apply", fail)
            await writer.submit(pay(1))
            await follower.catch_up()
            assert "RuntimeError: of another version" in str(sandboxes.route(None).broken)
            await follower.catch_up()
            assert follower.sandbox_of(ID) is sandboxes.route(None)
        assert sandboxes.route(None).broken
        published.heads[ID + 1] = published.heads.pop(ID)
        cast(Store, follower._store).id = ID + 1
        await follower.catch_up()
        assert sandboxes.route(None).broken is None
        assert sandboxes.route(None).exchange.state.sequence == writer.exchange.state.sequence

    asyncio.run(life())
