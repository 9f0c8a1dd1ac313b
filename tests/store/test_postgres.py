"""Databases that cannot be used, that are lost in the middle, or that two servers use: one clear error each."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import msgspec
import psycopg
import pytest

from mockexchange.store.log import LogError, LogUnavailable, OutcomeUnknown
from mockexchange.store.opening import open_reader, open_store
from mockexchange.store.postgres import connection, postgres_store
from mockexchange.store.postgres.postgres_store import PostgresLog, PostgresStore
from mockexchange.store.postgres.schema import StoreInUse
from mockexchange.store.postgres.url import PostgresUrl
from mockexchange.store.stores import StoreError
from tests.helpers.patience import wait_until
from tests.helpers.postgres import GUARDED, PASSWORD, PostgresServer
from tests.store.test_logs import HEADER, record, records

SCHEMA = "create schema mockexchange"
Life = Callable[[PostgresStore, PostgresLog], Coroutine[Any, Any, None]]


@asynccontextmanager
async def opened(server: PostgresServer, durability: str = "full") -> AsyncIterator[tuple[PostgresStore, PostgresLog]]:
    """Yield a store with a log of three records."""
    store = PostgresStore.open(server.url, durability)
    try:
        yield store, await store.create("default", HEADER, b"{}", records(1, 3))
    finally:
        store.close()


def refusal_of(url: PostgresUrl) -> str:
    with pytest.raises(StoreError) as refused:
        open_store(url)
    assert str(refused.value).startswith(f"{url.shown}: ")
    return str(refused.value).removeprefix(f"{url.shown}: ")


def test_an_old_server_is_refused(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "VERSION_MIN", 990_000)
    assert "expected PostgreSQL 99 or later, found 1" in refusal_of(postgres.url)


@pytest.mark.parametrize(
    ("user", "password", "database", "message"),
    [
        ("mock", "", "none", "create the database, or give another one"),
        ("stranger", "", "postgres", "create the user, or give another one"),
        (GUARDED, "", "postgres", "give the password (PGPASSWORD, or a password file)"),
        (GUARDED, "wrong", "postgres", "correct the user and the password (PGPASSWORD, or a password file)"),
        (
            GUARDED,
            quote(PASSWORD, safe=""),
            "postgres",
            "have an administrator run `create schema mockexchange authorization USER`",
        ),
    ],
)
def test_who_may_not_is_refused(
    postgres: PostgresServer, user: str, password: str, database: str, message: str
) -> None:
    refusal = refusal_of(postgres.url_of(user, password, database))
    assert refusal.endswith(message)
    assert password == "" or password not in refusal
    assert PASSWORD not in refusal


def test_a_schema_that_an_administrator_made_is_enough(postgres: PostgresServer) -> None:
    postgres.run_sql(f"{SCHEMA} authorization {GUARDED}")
    open_store(postgres.url_of(GUARDED, quote(PASSWORD, safe=""))).close()
    assert open_reader(postgres.url).stored() == []


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (
            f"{SCHEMA}; create table mockexchange.mine (x int)",
            "the schema mockexchange has tables of another program (mine): give another database",
        ),
        (
            f"{SCHEMA}; create table mockexchange.store (version text)",
            "the schema mockexchange has tables of another program (store): give another database",
        ),
        (
            f"{SCHEMA}; create table mockexchange.store as select 3 as version, gen_random_uuid() as owner",
            "it is a store of version 3, this mockexchange reads 2: install a newer mockexchange",
        ),
        (
            f"{SCHEMA}; create table mockexchange.store as select 0 as version, gen_random_uuid() as owner",
            "it is a store of version 0, this mockexchange reads 2: start it with the mockexchange that wrote it",
        ),
        (
            f"{SCHEMA}; create table mockexchange.store as select 1 as version, gen_random_uuid() as owner",
            "tables are missing (record, sandbox): restore a copy of the database",
        ),
    ],
)
def test_another_database_is_refused_and_stays_as_it_is(
    postgres: PostgresServer, statements: str, message: str
) -> None:
    postgres.run_sql(statements)
    [table] = postgres.run_sql("select relname from pg_class where relnamespace = 'mockexchange'::regnamespace")
    rows = postgres.run_sql(f"select * from mockexchange.{table[0]}")
    assert refusal_of(postgres.url) == message
    with pytest.raises(StoreError):
        open_reader(postgres.url)
    assert postgres.run_sql(f"select * from mockexchange.{table[0]}") == rows


def test_an_empty_database_is_no_store_for_a_reader(postgres: PostgresServer) -> None:
    with pytest.raises(StoreError, match="no store is there: expected the database of `serve --store"):
        open_reader(postgres.url)


def test_a_second_server_is_refused_and_a_reader_is_not(postgres: PostgresServer) -> None:
    store = open_store(postgres.url)
    assert refusal_of(postgres.url).startswith("another server uses it (mockexchange ")
    with pytest.raises(StoreError, match="another server uses it"):
        postgres_store.compact(postgres.url)
    assert open_reader(postgres.url).stored() == []
    store.close()
    open_store(postgres.url).close()


# --- in the middle


def test_the_next_server_need_not_wait_for_the_end_of_a_connection(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_store(postgres.url)
    assert isinstance(first, PostgresStore)
    connection_of_first = first._connection
    with monkeypatch.context() as patched:
        patched.setattr(type(connection_of_first), "close", lambda _: None)
        first.close()
    assert not connection_of_first.closed
    open_store(postgres.url).close()
    connection_of_first.close()


def test_a_server_that_is_gone_holds_writes_alone_and_is_found_again(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_store, "RECONNECT_PAUSE_S", 0.0)

    async def life() -> None:
        async with opened(postgres) as (store, log):
            postgres.stop()
            try:
                with pytest.raises(OutcomeUnknown):
                    await log.append(records(4, 4), "a")
                for _ in range(2):
                    with pytest.raises(LogUnavailable, match=f"^{re.escape(postgres.url.shown)}: .*start PostgreSQL"):
                        await log.append(records(4, 4), "a")
                with pytest.raises(LogUnavailable):
                    await asyncio.gather(log.append(records(4, 4), "a"), log.replace(record(1)))
                assert (list(log), len(log)) == (records(1, 3), 3)
                with pytest.raises(LogUnavailable):
                    list(store.rows(log.id))
            finally:
                postgres.start()
            await log.append(records(4, 4), "a")
            assert list(log) == list(store.log_of(store.stored()[0])) == records(1, 4)

    asyncio.run(life())


def test_after_a_failed_attempt_the_next_waits(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_store, "RECONNECT_PAUSE_S", 1e9)
    attempts: list[object] = []

    def refuse(*given: object) -> None:
        attempts.append(given)
        raise StoreError("away")

    async def life() -> None:
        async with opened(postgres) as (store, log):
            store._connection.close()
            monkeypatch.setattr(postgres_store, "connect", refuse)
            for _ in range(3):
                with pytest.raises(LogUnavailable, match="away"):
                    await log.append(records(4, 4), "a")

    asyncio.run(life())
    assert len(attempts) == 1


def test_a_lost_connection_leaves_the_outcome_unknown_until_the_append_is_repeated(postgres: PostgresServer) -> None:
    async def life() -> None:
        async with opened(postgres) as (_, log):
            postgres.run_sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name ~ '^mocke'")
            with pytest.raises(OutcomeUnknown, match="terminating connection"):
                await log.append(records(4, 4), "a")
            for _ in range(2):
                await log.append(records(4, 4), "a")
            assert list(log) == records(1, 4)

    asyncio.run(life())


@pytest.mark.skipif(sys.platform != "linux", reason="the processes of connections are found in /proc")
def test_a_server_that_does_not_answer_is_not_waited_for(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def life() -> None:
        async with opened(postgres) as (store, log):
            monkeypatch.setattr(postgres_store, "ANSWER_S", 0.02)
            with postgres.paused():
                for _ in range(2):
                    with pytest.raises(OutcomeUnknown, match="did not answer within 0 seconds"):
                        await log.append(records(4, 4), "a")
                assert list(log) == records(1, 3)
            monkeypatch.setattr(postgres_store, "ANSWER_S", 10.0)
            await log.append(records(4, 4), "a")
            await log.append(records(5, 5), "b")
            assert list(log) == list(store.log_of(store.stored()[0])) == records(1, 5)

    asyncio.run(life())


def test_the_lock_of_a_connection_that_the_database_still_believes_in_is_taken_back(postgres: PostgresServer) -> None:
    """A network that lost the connection: this side knows it first."""

    async def life() -> None:
        async with opened(postgres) as (store, log):
            believed, store._connection = store._connection, psycopg.connect(postgres.url.text)
            store._connection.close()
            await log.append(records(4, 4), "a")
            with pytest.raises(psycopg.errors.AdminShutdown):
                believed.execute("select 1")
            believed.close()

    asyncio.run(life())


def test_a_server_that_was_overtaken_writes_no_more(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lost its connection, and with it the lock; another server took the store in between."""
    monkeypatch.setattr(postgres_store, "RECONNECT_PAUSE_S", 0.0)

    def free_store() -> PostgresStore | None:
        try:
            return PostgresStore.open(postgres.url)
        except StoreInUse:  # the database has not noticed yet that the connection ended
            return None

    async def life() -> None:
        async with opened(postgres) as (store, log):
            store._connection.close()
            second = wait_until(free_store)
            assert second is not None
            with pytest.raises(LogUnavailable, match="another server uses it"):
                await log.append(records(4, 4), "a")
            [stored] = second.stored()
            await second.log_of(stored).append(records(4, 5, "theirs"), "b")
            second.close()
            with pytest.raises(LogUnavailable, match="another server has used the store meanwhile: restart this"):
                await log.append(records(4, 4), "a")
            assert list(second.log_of(stored)) == [*records(1, 3), *records(4, 5, "theirs")]

    asyncio.run(life())


class Refusing:
    """A work that fails as the database does for reasons that a test cannot make."""

    def __init__(self, error: type[psycopg.Error]) -> None:
        self.error = error

    def __call__(self, connection: object) -> None:
        raise self.error("its words")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (psycopg.errors.DiskFull, "the database's disk is full: free some space there"),
        (psycopg.errors.ReadOnlySqlTransaction, "the database is read-only: give the primary"),
        (psycopg.errors.UndefinedTable, "a table is missing \\(its words\\): restore a copy"),
        (psycopg.errors.DeadlockDetected, "its words: see the log of PostgreSQL"),
    ],
)
def test_what_cannot_be_written_is_refused(postgres: PostgresServer, error: type[psycopg.Error], message: str) -> None:
    async def life() -> None:
        async with opened(postgres) as (store, log):
            for is_one_statement in (True, False):
                with pytest.raises(LogUnavailable, match=message):
                    await store.in_transaction(Refusing(error), is_one_statement=is_one_statement)
            await log.append(records(4, 4), "a")

    asyncio.run(life())


def test_rights_that_were_taken_away_are_named(postgres: PostgresServer) -> None:
    async def life() -> None:
        async with opened(postgres) as (store, log):
            store._connection.execute("set default_transaction_read_only = on")
            with pytest.raises(LogUnavailable, match="the database is read-only"):
                await log.append(records(4, 4), "a")
            store._connection.execute(f"set default_transaction_read_only = off; set role {GUARDED}")
            with pytest.raises(LogUnavailable, match="permission denied"):
                await log.append(records(4, 4), "a")
            assert list(log) == records(1, 3)

    asyncio.run(life())


def test_appends_of_several_sandboxes_share_a_transaction_and_fail_alone(postgres: PostgresServer) -> None:
    async def life() -> None:
        async with opened(postgres) as (store, log):
            other = await store.create("other", HEADER, b"{}", [])
            ends = await asyncio.gather(
                log.append(records(4, 4), "a"),
                other.append(records(1, 2), "b"),
                log.append(records(9, 9), "c"),
                return_exceptions=True,
            )
            assert [type(end).__name__ for end in ends] == ["NoneType", "NoneType", "LogConflict"]
            assert (list(log), list(other)) == (records(1, 4), records(1, 2))

    asyncio.run(life())


@pytest.mark.parametrize(("durability", "setting"), [("full", "on"), ("normal", "off")])
def test_durability_is_a_setting_of_the_connection(postgres: PostgresServer, durability: str, setting: str) -> None:
    async def life() -> None:
        async with opened(postgres, durability) as (store, _):
            assert store._connection.execute("show synchronous_commit").fetchall() == [(setting,)]
            assert store._connection.execute("show statement_timeout").fetchall() == [("0",)]

    asyncio.run(life())


# --- damage


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("delete from mockexchange.record where seq = 2", "record 2 is missing"),
        ("update mockexchange.record set body = 'x' where seq = 2", "record 2 is damaged"),
        ("update mockexchange.record set seq = 20 where seq = 3", "record 3 is missing"),
    ],
)
def test_a_hole_and_a_changed_record_are_found(postgres: PostgresServer, statement: str, message: str) -> None:
    async def life() -> None:
        async with opened(postgres) as (store, _):
            postgres.run_sql(statement)
            with pytest.raises(LogError, match=message):
                list(store.log_of(store.stored()[0]))

    asyncio.run(life())


def test_a_header_that_cannot_be_read_and_lost_keys_are_named(postgres: PostgresServer) -> None:
    async def life() -> None:
        async with opened(postgres):
            reader = open_reader(postgres.url)
            assert reader.damages() == []
            postgres.run_sql("alter table mockexchange.record drop constraint record_pkey")
            assert reader.damages() == ["table record has lost its primary key"]
            postgres.run_sql("update mockexchange.sandbox set name = 'Default'")
            assert "it is damaged: the checksum of its options" in reader.stored()[0].problem

    asyncio.run(life())


def test_a_database_of_version_1_is_read_and_a_server_adds_checksums(postgres: PostgresServer) -> None:
    async def life() -> None:
        async with opened(postgres):
            pass
        older = "alter table mockexchange.sandbox drop column crc; update mockexchange.store set version = 1"
        postgres.run_sql(older)
        assert [one.name for one in open_reader(postgres.url).stored()] == ["default"]
        postgres.run_sql("update mockexchange.sandbox set header = '{}'")
        assert "its header cannot be read" in open_reader(postgres.url).stored()[0].problem
        header = msgspec.json.encode(HEADER).decode()
        postgres.run_sql(f"update mockexchange.sandbox set header = convert_to('{header}', 'UTF8')")
        for _ in range(2):
            store = open_store(postgres.url)
            [stored] = store.stored()
            assert (stored.header, list(store.log_of(stored))) == (HEADER, records(1, 3))
            store.close()
        postgres.run_sql("update mockexchange.sandbox set description = 'x'")
        assert "it is damaged" in open_reader(postgres.url).stored()[0].problem

    asyncio.run(life())
