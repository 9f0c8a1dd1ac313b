"""Decides which of several servers on one database writes; it is called the home, and all others only read.

The home holds the lock of the database in its writing session, and changes a number twice a second (`beat`). If another
server sees by its own clock that the number has not changed for longer than a term, it takes over. It first ends the
database session of the home, so that nothing the former home has sent can be committed later. Then it makes itself the
store's owner, so that the former home cannot take the lock again. No clock is compared with another machine's. For a
term after the home sent a successful change of the number, no other server can become the home: during that time it may
answer reads from memory.
"""

import time
from contextlib import closing, suppress
from typing import NamedTuple

import psycopg

from mockexchange.store.postgres.connection import Connection, connect, explained
from mockexchange.store.postgres.postgres_store import PostgresStore
from mockexchange.store.postgres.schema import END_MS, HOLDERS, LOCK, Home, StoreInUse
from mockexchange.store.postgres.url import PostgresUrl
from mockexchange.store.stores import StoreError

TERM_S = 3.0
TAKE_AFTER_S = 4.0
"""The seconds after which a server that shows no sign of life is replaced as the one that writes.

Longer than a term.
"""
BEGIN_S_MAX = 3.0
"""The longest time that a server may hold the lock before it is known to write: it creates the tables meanwhile."""
HOLDER = f"(select min(pid) from ({HOLDERS}) as holder)"  # noqa: S608  # of constants
COLUMNS = "home.owner::text, address, home.version, beat, is_released, home.owner = store.owner"
LOOK = f"select {COLUMNS}, {HOLDER} from mockexchange.store cross join mockexchange.home"  # noqa: S608  # of constants
END_HOLDER = f"select pg_terminate_backend(pid, %s) from ({HOLDERS}) as holder where pid = %s"  # noqa: S608  # too
BEAT = "update mockexchange.home set beat = beat + 1 where owner = %s and %s = " + HOLDER  # noqa: S608  # of constants


def now_s() -> float:
    """Return the seconds of a clock that also runs while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


class HomeSeen(NamedTuple):
    """The entry of the home (the server that writes) in the database, as another server read it."""

    owner: str
    address: str
    """HOST:PORT, at which the other servers reach the server that writes."""
    version: str
    beat: int
    is_released: bool
    """Whether the server that wrote has ended properly and has given up its role."""
    is_owner: bool
    """Whether the server that writes still owns the store: false if a server without replicas has used it since."""
    holder: int | None
    """The process id of the database session that holds the lock; None if none holds it."""


class Election:
    """Finds out which server is the home (the one that writes), and makes this server the home if there is none.

    Only one thread at a time may use it, and not that of the event loop.
    """

    def __init__(self, url: PostgresUrl, durability: str, address: str, version: str) -> None:
        self._url, self._durability = url, durability
        self._own = Home(address, version)
        self._connection: Connection | None = None
        self.seen: HomeSeen | None = None
        self._since_s = self._began_s = now_s()
        """Since when nothing changed of what was seen."""

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def look(self) -> HomeSeen | None:
        """Read the entry of the home (the server that writes); None if there has never been one. Raises StoreError."""
        try:
            seen = self._look()
        except StoreError:
            self._since_s = now_s()  # the home has no database either: it gets time to come back
            raise
        if seen != self.seen:
            self._since_s = now_s()
        self.seen = seen
        return seen

    def become_home(self) -> PostgresStore | None:
        """Become the home (the server that writes) if there is none, or if its last `beat` is older than TAKE_AFTER_S.

        Returns the store, open for writing; None if another server is or may be the home. Raises StoreError.
        """
        seen = self.seen
        is_known_free = seen is None or (seen.is_released and seen.holder is None)
        if not is_known_free and now_s() - self._since_s < TAKE_AFTER_S:
            return None
        if seen is not None and seen.holder is not None:
            if not seen.is_owner:
                return None
            # End a session if it still holds the lock.
            with closing(connect(self._url)) as connection, explained(self._url):
                connection.execute(END_HOLDER, (END_MS, LOCK, seen.holder))
        try:
            return PostgresStore.open(self._url, self._durability, self._own)
        except StoreError as error:
            is_beginning = isinstance(error, StoreInUse) and now_s() - self._began_s < BEGIN_S_MAX
            if self.look() is None and not is_beginning:
                raise
            return None  # another server was quicker, or its end takes a while

    def _look(self) -> HomeSeen | None:
        if self._connection is None:
            self._connection = connect(self._url)
        try:
            with explained(self._url):
                found = self._connection.execute("select to_regclass('mockexchange.home') is not null").fetchone()
                if found != (True,):
                    return None
                row = self._connection.execute(LOOK, (LOCK,)).fetchone()
        except StoreError:
            self.close()
            raise
        return None if row is None else HomeSeen(*row)


class Term:
    """The time during which no server but this one can write to the database.

    Its SQL statements run in one thread at a time, and not in that of the event loop.
    """

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self._connection: Connection | None = None
        self._ends_s = 0.0
        self.is_lost = False
        """Whether another server has taken the store."""

    @property
    def is_valid(self) -> bool:
        """Return whether it is still certain that no other server can write to the database."""
        return now_s() < self._ends_s

    def renew(self) -> bool:
        """Extend the term from now on; return whether this server still has the lock of the database.

        Raises StoreError if that is unknown.
        """
        began_s = now_s()
        try:
            if self._connection is None:
                self._connection = connect(self._store.url, "normal")
            with explained(self._store.url):
                beat = self._connection.execute(BEAT, (self._store.owner, self._store.backend, LOCK))
                if beat.rowcount != 1:
                    owner = self._connection.execute("select owner::text from mockexchange.store").fetchone()
                    self.is_lost = owner != (self._store.owner,)
        except StoreError:
            self._close()
            raise
        if beat.rowcount == 1:
            self._ends_s = began_s + TERM_S
        return beat.rowcount == 1

    def end(self, *, is_released: bool) -> None:
        """End the time during which this server alone can write.

        With `is_released`, the store is closed, and another server may write at once.
        """
        self._ends_s = 0.0
        if is_released and self._connection is not None:
            statement = "update mockexchange.home set is_released = true where owner = %s"
            with suppress(psycopg.Error):  # then the others wait for the end of the term
                self._connection.execute(statement, (self._store.owner,))
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
