"""Files that are no store, of another version, in use, damaged or full: one clear error, and nothing is overwritten."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from mockexchange.store import sqlite_store
from mockexchange.store.log import Header, LogError, LogUnavailable, OutcomeUnknown, Record
from mockexchange.store.sqlite_store import SqliteLog, SqliteReader, SqliteStore, compact, damages, open_reader
from mockexchange.store.stores import StoreError
from tests.helpers.rows import each_row
from tests.store.test_logs import HEADER, record, records


def run_sql(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def text_file(path: Path) -> None:
    path.write_text("scenario: demo\n" * 100)


def other_database(path: Path) -> None:
    run_sql(path, "create table mine (x)")


def newer(path: Path) -> None:
    SqliteStore.open(path).close()
    run_sql(path, "pragma user_version = 3")


def older(path: Path) -> None:
    SqliteStore.open(path).close()
    run_sql(path, "pragma user_version = 0")


@each_row(
    ("make", "message"),
    [
        (text_file, "it is no SQLite database: give another file"),
        (other_database, "it is the database of another program: give another file"),
        (newer, "it is a store of version 3, this mockexchange reads 2: install a newer mockexchange"),
        (older, "it is a store of version 0, this mockexchange reads 2: start it with the mockexchange that wrote it"),
    ],
)
def test_another_file_is_refused_and_stays_as_it_is(tmp_path: Path, make: Callable[[Path], None], message: str) -> None:
    path = tmp_path / "mock.db"
    make(path)
    before = path.read_bytes()
    with pytest.raises(StoreError) as refused:
        SqliteStore.open(path)
    assert str(refused.value) == f"{path}: {message}"
    assert path.read_bytes() == before
    with pytest.raises(StoreError):
        open_reader(path)


def test_an_empty_file_becomes_a_store_that_others_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    store = SqliteStore.open(path)
    assert (path.stat().st_mode & 0o777, store.stored()) == (0o600, [])
    with pytest.raises(StoreError, match="another server uses it"):
        SqliteStore.open(path)
    with pytest.raises(StoreError, match="another server uses it"):
        compact(path)
    store.close()
    SqliteStore.open(path).close()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file or directory"):
        SqliteStore.open(tmp_path / "none" / "mock.db")
    with pytest.raises(StoreError, match="no such file"):
        open_reader(tmp_path / "none.db")


async def with_log(path: Path) -> tuple[SqliteStore, SqliteLog]:
    store = SqliteStore.open(path)
    return store, await store.create("default", HEADER, b"{}", records(1, 3))


@each_row(
    ("disturb", "mend", "message"),
    [
        ("pragma max_page_count = 1", "pragma max_page_count = 100000", "the disk is full: free some space"),
        ("pragma query_only = 1", "pragma query_only = 0", "the file is read-only: make it writable"),
    ],
)
def test_what_cannot_be_written_is_refused_while_reads_go_on(
    tmp_path: Path, disturb: str, mend: str, message: str
) -> None:
    async def life() -> None:
        store, log = await with_log(tmp_path / "mock.db")
        store.writer.execute(disturb)
        for _ in range(2):
            with pytest.raises(LogUnavailable, match=message):
                await log.append([record(4, "y" * 100_000)], "a")
        assert (list(log), len(log)) == (records(1, 3), 3)
        store.writer.execute(mend)
        await log.append([record(4)], "b")
        assert list(log) == records(1, 4)
        store.close()

    asyncio.run(life())


def test_a_file_that_another_program_locks_is_waited_for_and_then_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_store, "BUSY_MS", 1)

    async def life() -> None:
        path = tmp_path / "mock.db"
        store, log = await with_log(path)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("begin immediate")
        with pytest.raises(LogUnavailable, match="another program has locked the file"):
            await log.append([record(4)], "a")
        assert list(log) == records(1, 3)
        other.close()
        await log.append([record(4)], "a")
        store.close()

    asyncio.run(life())


def test_a_file_that_was_removed_is_not_written_to(tmp_path: Path) -> None:
    async def life() -> None:
        store, log = await with_log(tmp_path / "mock.db")
        (tmp_path / "mock.db").rename(tmp_path / "old.db")
        with pytest.raises(LogUnavailable, match="the file was removed or replaced: restart the server"):
            await log.append([record(4)], "a")
        store.close()

    asyncio.run(life())


class FailingCommits:
    """A connection whose commits take place and report an error of the disk."""

    in_transaction = False

    def __init__(self, below: sqlite3.Connection) -> None:
        self.below = below
        self.executemany = below.executemany

    def execute(self, statement: str, values: Any = ()) -> object:
        done = self.below.execute(statement, values)
        if statement == "commit":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error
        return done


def test_an_error_of_the_disk_in_a_commit_leaves_the_outcome_unknown(tmp_path: Path) -> None:
    async def life() -> None:
        store, log = await with_log(tmp_path / "mock.db")
        below, store.writer = store.writer, cast("sqlite3.Connection", FailingCommits(store.writer))
        with pytest.raises(OutcomeUnknown, match="the disk reports an error"):
            await log.append([record(4)], "a")
        store.writer = below
        await log.append([record(4)], "a")
        assert list(log) == records(1, 4)
        store.close()

    asyncio.run(life())


@each_row(
    ("statement", "message"),
    [
        ("delete from record where seq = 2", "record 2 is missing"),
        ("update record set body = replace(body, 'x', 'y') where seq = 2", "record 2 is damaged"),
        ("update record set seq = 20 where seq = 3", "record 3 is missing"),
    ],
)
def test_a_hole_and_a_changed_record_are_found(tmp_path: Path, statement: str, message: str) -> None:
    async def life() -> None:
        path = tmp_path / "mock.db"
        store, log = await with_log(path)
        run_sql(path, statement)
        with pytest.raises(LogError, match=message):
            list(log)
        store.close()

    asyncio.run(life())


def write_records(path: Path, count: int) -> None:
    async def write() -> None:
        store = SqliteStore.open(path)
        await store.create("default", HEADER, b"{}", records(1, count))
        store.close()

    asyncio.run(write())


def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    write_records(path, 2_000)
    with open_connection(path) as reader:
        assert damages(reader) == []
    content = bytearray(path.read_bytes())
    content[5 * 4096 : 6 * 4096] = bytes(4096)
    path.write_bytes(content)
    with open_connection(path) as reader:
        assert damages(reader) != []


def test_no_changed_bit_and_no_missing_end_changes_a_record(tmp_path: Path) -> None:
    """Reading a damaged file is an error that has its reason, or gives what was written."""
    path = tmp_path / "mock.db"
    write_records(path, 300)
    whole, random, refused = path.read_bytes(), Random(7), 0
    damaged = [whole[: len(whole) * part // 4] for part in (1, 2, 3)]
    header, name = whole.find(b'"scenario"'), whole.find(b"default{")
    for place in (*range(name, name + 9), *range(header, header + 20), *random.choices(range(len(whole)), k=100)):
        changed = bytearray(whole)
        changed[place] ^= 1 << random.randrange(8)
        damaged.append(bytes(changed))
    for content in damaged:
        path.write_bytes(content)
        before = path.read_bytes()
        try:
            read = read_everything(path)
        except (StoreError, LogError, LogUnavailable):
            assert path.read_bytes() == before
            refused += 1
        else:
            assert read == ("default", HEADER, b"{}", records(1, 300))
    assert refused > 40


def read_everything(path: Path) -> tuple[str, Header, bytes, list[Record]]:
    with closing(SqliteStore.open(path)) as store:
        [stored] = store.stored()
        if stored.problem:
            raise LogError(stored.problem)
        return stored.name, stored.header, stored.description, list(store.log_of(stored))


def make_older(path: Path) -> None:
    """Make the file one of version 1, whose sandboxes have no checksums."""
    run_sql(path, "alter table sandbox drop column crc", "pragma user_version = 1")


def test_a_file_of_version_1_is_read_and_a_server_adds_checksums(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    write_records(path, 3)
    make_older(path)
    before = path.read_bytes()
    with closing(SqliteReader(path)) as reader:
        assert [one.name for one in reader.stored()] == ["default"]
    assert path.read_bytes() == before
    run_sql(path, "update sandbox set header = '{'")
    with closing(SqliteStore.open(path)) as store:
        assert "its header cannot be read" in store.stored()[0].problem
    path.write_bytes(before)
    for _ in range(2):
        assert read_everything(path) == ("default", HEADER, b"{}", records(1, 3))
    run_sql(path, "update sandbox set name = 'Default'")
    with pytest.raises(LogError, match="it is damaged: the checksum of its options does not match"):
        read_everything(path)


class open_connection:  # noqa: N801  # used as a function
    def __init__(self, path: Path) -> None:
        self.connection = open_reader(path)

    def __enter__(self) -> sqlite3.Connection:
        return self.connection

    def __exit__(self, *_: object) -> None:
        self.connection.close()


def test_the_room_of_deleted_sandboxes_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"

    async def life() -> None:
        store = SqliteStore.open(path)
        log = await store.create("default", HEADER, b"{}", records(1, 3_000))
        await store.delete(log.id)
        store.close()

    asyncio.run(life())
    before = path.stat().st_size
    compact(path)
    assert path.stat().st_size < before / 4
