"""Connects to the database of a store, and turns the driver's errors into advice for users."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from mockexchange.store.log import LogUnavailable
from mockexchange.store.postgres.url import PostgresUrl
from mockexchange.store.stores import StoreError

Connection = psycopg.Connection[tuple[Any, ...]]
VERSION_MIN = 140_000
"""The oldest supported version of PostgreSQL (14), the first with all of SETTINGS."""
NAME_BYTES_MAX = 63
"""The longest `application_name`, in bytes; PostgreSQL cuts longer ones."""
DEFAULTS: dict[str, str | int] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "target_session_attrs": "read-write",
}
"""Connection parameters that the URL leaves out: a dead host is noticed within seconds, and a standby is refused."""
SETTINGS = {
    # a bound of the database would end a statement whose outcome is then to be found out
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    # by default the lock of a machine that is gone is kept for two hours
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
NOT_RUNNING = "start PostgreSQL, or correct the host and the port"
ADVICE = {
    "password authentication failed": "correct the user and the password (PGPASSWORD, or a password file)",
    "no password supplied": "give the password (PGPASSWORD, or a password file)",
    "no pg_hba.conf entry": "allow this user and this address in pg_hba.conf",
    "Peer authentication failed": "give the user of PostgreSQL that belongs to this one, or a host and a password",
    "role": "create the user, or give another one",
    "database": "create the database, or give another one",
    "Connection refused": NOT_RUNNING,
    "No such file or directory": NOT_RUNNING,
    "starting up": "wait until PostgreSQL has started",
    "shutting down": NOT_RUNNING,
    "resolve": "correct the host",
    "could not translate host name": "correct the host",
    "timeout expired": "correct the host and the port, or let this machine through to it",
    "too many": "raise max_connections, or end other connections",
    "session is read-only": "give the primary: this is a standby",
    "is not read-write": "give the primary: this is a standby",
}
"""Advice for errors of a new connection: the first entry applies whose words are in the message."""
REASONS: tuple[tuple[type[psycopg.Error], str], ...] = (
    (errors.DiskFull, "the database's disk is full: free some space there"),
    (errors.ReadOnlySqlTransaction, "the database is read-only: give the primary"),
    (
        errors.InsufficientPrivilege,
        "the user may not do this ({}): have an administrator run `create schema mockexchange authorization USER`",
    ),
    (errors.UndefinedTable, "a table is missing ({}): restore a copy of the database, or give another one"),
    (errors.UndefinedColumn, "a table was changed ({}): restore a copy of the database, or give another one"),
)


def connect(url: PostgresUrl, durability: str = "full") -> Connection:
    """Connect to a database in autocommit mode. Raises StoreError.

    The connection may be used in any thread, by one at a time.
    """
    try:
        given = conninfo_to_dict(url.text)
    except psycopg.Error as error:
        raise StoreError(f"{url.shown}: it is no URL of PostgreSQL: {url.without_secrets(str(error))}") from None
    settings: dict[str, Any] = {**DEFAULTS, "application_name": own_name(), **given}
    try:
        connection = psycopg.connect(**settings, autocommit=True)
    except psycopg.Error as error:
        text = url.without_secrets(str(error))
        raise StoreError(f"{url.shown}: {text}: {advice_for(text)}") from None
    try:
        _prepare(url, connection, is_lazy=durability == "normal")
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(url: PostgresUrl, connection: Connection, *, is_lazy: bool) -> None:
    """Set what holds for a connection; `is_lazy`: a commit does not wait for the disk. Raises StoreError."""
    found = connection.info.server_version
    if found < VERSION_MIN:
        expected = f"expected PostgreSQL {VERSION_MIN // 10_000} or later, found {found // 10_000}"
        raise StoreError(f"{url.shown}: {expected}: give another server")
    statement = (
        "select set_config('synchronous_commit', %s, false) where %s or current_setting('synchronous_commit') = 'off'"
    )
    with explained(url):
        each = "select set_config(name, value, false) from unnest(%s::text[], %s::text[]) as given (name, value)"
        connection.execute(each, ([*SETTINGS], [*SETTINGS.values()]))
        connection.execute(statement, ("off" if is_lazy else "on", is_lazy))


def own_name() -> str:
    """Return the `application_name` of this process, by which administrators and other servers recognize it."""
    return f"mockexchange {os.getpid()}@{socket.gethostname()}".encode()[:NAME_BYTES_MAX].decode(errors="ignore")


def advice_for(text: str) -> str:
    """Return a sentence about what the user can do; `text` is the error of a new connection."""
    found = (advice for words, advice in ADVICE.items() if words in text)
    return next(found, "correct the URL, or the rights of its user")


def reason_of(url: PostgresUrl, error: psycopg.Error) -> str:
    """Return a sentence about an error of a statement: its meaning, and what the user can do."""
    text = url.without_secrets(str(error))
    reason = next((reason for kind, reason in REASONS if isinstance(error, kind)), None)
    if reason is not None:
        return reason.format(text)
    return f"{text}: see the log of PostgreSQL" if text else type(error).__name__


@contextmanager
def explained(url: PostgresUrl) -> Iterator[None]:
    """Turn errors of SQL statements in the `with` block into StoreError with advice."""
    try:
        yield
    except psycopg.Error as error:
        raise StoreError(f"{url.shown}: {reason_of(url, error)}") from None


@contextmanager
def explained_reads(url: PostgresUrl) -> Iterator[None]:
    """Turn errors of reads from the database in the `with` block into LogUnavailable with advice."""
    try:
        yield
    except psycopg.Error as error:
        raise LogUnavailable(f"{url.shown}: the log cannot be read: {reason_of(url, error)}") from None
