"""The tables of a store in its database, their version, and the lock that only one server can have."""

from typing import NamedTuple

import psycopg

from mockexchange.store.checksums import sandbox_checksum
from mockexchange.store.postgres.connection import Connection, explained
from mockexchange.store.postgres.url import PostgresUrl
from mockexchange.store.stores import UPGRADABLE, VERSION, SandboxRow, StoreError

SCHEMA = "mockexchange"
LOCK = 0x6D6F636B65786368
"""The number of the advisory lock that the writing server of a database holds."""
TABLES = frozenset({"store", "sandbox", "record"})
STATEMENTS = """
create schema if not exists mockexchange;
create table mockexchange.store (
    version integer not null,
    owner uuid not null
);
create table mockexchange.sandbox (
    id bigint generated always as identity primary key,
    name text not null unique,
    header bytea not null,
    description bytea not null,
    crc bigint not null default 0
);
create table mockexchange.record (
    sandbox bigint not null references mockexchange.sandbox on delete cascade,
    seq bigint not null,
    nonce text not null,
    body bytea not null,
    crc bigint not null,
    primary key (sandbox, seq)
);
"""
HOME = """
create table if not exists mockexchange.home (
    is_only boolean primary key default true check (is_only),
    owner uuid not null,
    address text not null,
    version text not null,
    beat bigint not null,
    is_released boolean not null
)
"""
"""The statement that creates the table with the server that writes (the home), if several servers share a database."""
TAKE_HOME = (
    "insert into mockexchange.home values (true, %s, %s, %s, 0, false) on conflict (is_only) do update"
    " set owner = excluded.owner, address = excluded.address, version = excluded.version, beat = home.beat + 1,"
    " is_released = false"
)
HOLDERS = (
    "select pid from pg_locks where locktype = 'advisory' and granted and objsubid = 1"
    " and (classid::bigint << 32) + objid::bigint = %s"
    " and database = (select oid from pg_database where datname = current_database())"
)
"""The query for the backends (sessions) that hold the lock."""
END = (
    "select pg_terminate_backend(pid, %s) from pg_stat_activity"
    " where pid = %s and application_name = current_setting('application_name')"
)
END_MS = 2_000
"""The longest wait for a backend to end, in milliseconds."""
OTHER = "another server uses it ({}): stop that one, or give another database"
OVERTAKEN = "another server has used the store meanwhile: restart this server, which reads it anew"


class StoreInUse(StoreError):
    """Raised if another server holds the lock of the database."""


class Home(NamedTuple):
    """A server that shares its database with others: its address and version, which they read while it writes."""

    address: str
    """HOST:PORT, at which the other servers reach it."""
    version: str


def claim_database(url: PostgresUrl, connection: Connection, owner: str, home: Home | None = None) -> None:
    """Lock a database as this server's store, and create the tables if it is empty.

    `home` is given if the server shares the database with others, and is stored for them to read. Raises StoreError;
    then nothing has changed.
    """
    with explained(url):
        lock(url, connection)
        if not tables_of(connection):
            with connection.transaction():
                # `if not exists` wants the right to create schemas even if the schema exists
                exists = connection.execute("select to_regnamespace(%s) is not null", (SCHEMA,)).fetchone() == (True,)
                connection.execute(STATEMENTS.partition(";")[2] if exists else STATEMENTS)
                connection.execute("insert into mockexchange.store values (%s, %s)", (VERSION, owner))
        require_ours(url, connection)
        with connection.transaction():
            _upgrade(connection)
            connection.execute("update mockexchange.store set owner = %s", (owner,))
            if home:
                connection.execute(HOME)
                connection.execute(TAKE_HOME, (owner, *home))


def _upgrade(connection: Connection) -> None:
    """Add checksums to the sandboxes of a database of the older version."""
    if _version(connection) != UPGRADABLE:
        return
    rows = sandbox_rows(connection)
    connection.execute("alter table mockexchange.sandbox add column crc bigint not null default 0")
    for row in rows:
        crc = sandbox_checksum(*row[:4])
        connection.execute("update mockexchange.sandbox set crc = %s where id = %s", (crc, row[0]))
    connection.execute("update mockexchange.store set version = %s", (VERSION,))


def sandbox_rows(connection: Connection) -> list[SandboxRow]:
    """Return the rows of all sandboxes in the order of their creation."""
    crc = "null" if _version(connection) == UPGRADABLE else "crc"
    count = "(select coalesce(max(seq), 0) from mockexchange.record where sandbox = sandbox.id)"
    name = "convert_to(name, 'UTF8')"
    columns = f"id, {name}, header, description, {crc}, {count}"
    return connection.execute(f"select {columns} from mockexchange.sandbox order by id").fetchall()  # noqa: S608  # of constants


def claim_database_again(url: PostgresUrl, connection: Connection, owner: str, lost: int) -> None:
    """Lock the store again after a lost connection.

    `lost` is the process id of the lost connection in the database, which is ended if it still exists. Raises
    StoreError if another server uses the store, or has used it since.
    """
    with explained(url):
        connection.execute(f"{END} and pid in ({HOLDERS})", (END_MS, lost, LOCK))
        lock(url, connection)
        require_ours(url, connection)
        [[found]] = connection.execute("select owner::text from mockexchange.store").fetchall()
        if found != owner:
            raise StoreError(f"{url.shown}: {OVERTAKEN}")


def unlock(connection: Connection) -> None:
    """Release the lock that only one server of a database can have."""
    connection.execute("select pg_advisory_unlock(%s)", (LOCK,))


def lock(url: PostgresUrl, connection: Connection) -> None:
    """Take the lock that only one server of a database can have; it ends with the connection. Raises StoreInUse."""
    if connection.execute("select pg_try_advisory_lock(%s)", (LOCK,)).fetchone() == (True,):
        return
    names = "select application_name, coalesce(host(client_addr), 'local') from pg_stat_activity"
    found = connection.execute(f"{names} where pid in ({HOLDERS})", (LOCK,)).fetchone()
    holder = "its name is hidden from this user" if found is None else f"{found[0]}, {found[1]}"
    raise StoreInUse(f"{url.shown}: {OTHER.format(holder)}")


def tables_of(connection: Connection) -> set[str]:
    """Return the names of the tables and views in the schema `mockexchange`."""
    statement = (
        "select relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace"
        " where nspname = %s and relkind in ('r', 'p', 'v', 'm', 'f')"
    )
    return {str(name) for (name,) in connection.execute(statement, (SCHEMA,))}


def require_ours(url: PostgresUrl, connection: Connection) -> None:
    """Raise StoreError unless a database has a complete store of a version that this code reads or upgrades."""
    tables = tables_of(connection)
    if not tables:
        expected = "expected the database of `serve --store postgresql://...`"
        raise StoreError(f"{url.shown}: no store is there: {expected}")
    version = _version(connection) if "store" in tables else None
    if version is None:
        other = f"the schema mockexchange has tables of another program ({', '.join(sorted(tables)[:5])})"
        raise StoreError(f"{url.shown}: {other}: give another database")
    if version not in {VERSION, UPGRADABLE}:
        newer = "install a newer mockexchange" if version > VERSION else "start it with the mockexchange that wrote it"
        raise StoreError(f"{url.shown}: it is a store of version {version}, this mockexchange reads {VERSION}: {newer}")
    if not tables >= TABLES:
        missing = ", ".join(sorted(TABLES - tables))
        raise StoreError(f"{url.shown}: tables are missing ({missing}): restore a copy of the database")


def _version(connection: Connection) -> int | None:
    """Return the version of the store; None if the table is another program's."""
    try:
        rows = connection.execute("select version::integer, owner::uuid from mockexchange.store").fetchall()
    except (psycopg.errors.UndefinedColumn, psycopg.errors.DataException, psycopg.errors.CannotCoerce):
        return None
    return int(rows[0][0]) if len(rows) == 1 else None
