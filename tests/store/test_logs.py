"""The contract of a log, for the one in memory and those in SQLite and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mockexchange.core.commands import Note
from mockexchange.core.vocabulary import FeeRounding
from mockexchange.sandbox.options import SandboxOptions, new_log
from mockexchange.scenario.loader import load_text
from mockexchange.store.log import Header, Log, LogConflict, LogEnded, Record
from mockexchange.store.memory_log import MemoryLog
from mockexchange.store.opening import open_store
from mockexchange.store.stores import Store
from tests.helpers.postgres import PostgresServer

HEADER: Header = new_log(load_text("scenario: empty"), SandboxOptions(), FeeRounding.GRID).header
Opened = Callable[[], Any]


def record(number: int, text: str = "x") -> Record:
    return Record(number, number, Note(subject="s", text=text))


def records(first: int, last: int, text: str = "x") -> list[Record]:
    return [record(number, text) for number in range(first, last + 1)]


def open_engine(engine: str, request: pytest.FixtureRequest, folder: Path) -> Store:
    if engine == "sqlite":
        return open_store(folder / "mock.db", "normal")
    server: PostgresServer = request.getfixturevalue("postgres")
    return open_store(server.url)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """A context with an empty log."""

    @asynccontextmanager
    async def memory() -> AsyncIterator[Log]:
        yield MemoryLog(HEADER)

    @asynccontextmanager
    async def stored() -> AsyncIterator[Log]:
        store = open_engine(request.param, request, tmp_path)
        try:
            yield await store.create("default", HEADER, b"{}", [])
        finally:
            store.close()

    return memory if request.param == "memory" else stored


def test_records_come_back_in_order(opened: Opened) -> None:
    async def life() -> None:
        async with opened() as log:
            assert (len(log), list(log)) == (0, [])
            await log.append(records(1, 2), "a")
            await log.append(records(3, 3), "b")
            assert list(log) == list(log.records()) == records(1, 3)
            assert (len(log), log.header) == (3, HEADER)

    asyncio.run(life())


def test_a_tail_and_a_part_are_read(opened: Opened) -> None:
    async def life() -> None:
        async with opened() as log:
            await log.append(records(1, 9), "a")
            assert list(log.records(after=7)) == records(8, 9)
            assert list(log.records(after=2, count=3)) == records(3, 5)
            assert list(log.records(count=0)) == list(log.records(after=9)) == []

    asyncio.run(life())


@pytest.mark.parametrize("first", [1, 2, 4])
def test_an_append_of_another_writer_or_with_a_hole_is_a_conflict(opened: Opened, first: int) -> None:
    async def life() -> None:
        async with opened() as log:
            await log.append(records(1, 2), "theirs")
            with pytest.raises(LogConflict):
                await log.append(records(first, first + 1, "mine"), "ours")
            assert list(log) == records(1, 2)

    asyncio.run(life())


def test_a_repeated_append_changes_nothing(opened: Opened) -> None:
    async def life() -> None:
        async with opened() as log:
            for _ in range(2):
                await log.append(records(1, 3), "a")
            await log.append(records(4, 4), "b")
            await log.append(records(1, 3), "a")
            assert list(log) == records(1, 4)

    asyncio.run(life())


def test_a_failed_command_is_replaced(opened: Opened) -> None:
    async def life() -> None:
        async with opened() as log:
            await log.append(records(1, 3), "a")
            await log.replace(record(2, "failed"))
            assert list(log) == [record(1), record(2, "failed"), record(3)]

    asyncio.run(life())


def test_appends_at_once_are_all_there(opened: Opened) -> None:
    """Of ten that want the same number, one gets it."""

    async def life() -> None:
        async with opened() as log:
            tries = [log.append([record(1, str(number))], str(number)) for number in range(10)]
            ends = await asyncio.gather(*tries, return_exceptions=True)
            assert sorted(type(end).__name__ for end in ends) == ["LogConflict"] * 9 + ["NoneType"]
            [found] = log
            assert ends[int(found.command.text)] is None

    asyncio.run(life())


def test_a_long_log_is_read_page_by_page(opened: Opened) -> None:
    async def life() -> None:
        async with opened() as log:
            await log.append(records(1, 20_000), "a")
            assert sum(one.sequence for one in log) == 200_010_000
            assert [one.sequence for one in log.records(after=19_998)] == [19_999, 20_000]

    asyncio.run(life())


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_log_is_read_anew_from_its_store(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    async def life() -> None:
        store = open_engine(engine, request, tmp_path)
        log = await store.create("default", HEADER, b"{}", records(1, 2))
        await log.append(records(3, 2_500), "a")
        await log.replace(record(2, "failed"))
        [stored] = store.stored()
        assert (stored.name, stored.header, stored.description, stored.commands) == ("default", HEADER, b"{}", 2_500)
        again = store.log_of(stored)
        assert len(again) == 2_500
        assert list(again) == list(log) == [record(1), record(2, "failed"), *records(3, 2_500)]
        store.close()

    asyncio.run(life())


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_nothing_is_appended_to_a_deleted_log(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    async def life() -> None:
        store = open_engine(engine, request, tmp_path)
        log = await store.create("default", HEADER, b"{}", records(1, 2))
        other = await store.create("default", HEADER, b"{}", records(1, 1), replaced=log.id)
        with pytest.raises(LogEnded):
            await log.append(records(3, 3), "a")
        assert (len(list(log)), len(list(other)), [one.name for one in store.stored()]) == (0, 1, ["default"])
        [still] = store.stored()
        await store.delete(other.id)
        with pytest.raises(LogEnded):
            await store.log_of(still).append(records(2, 2), "a")
        assert store.stored() == []
        store.close()

    asyncio.run(life())
