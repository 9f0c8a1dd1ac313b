"""`mockexchange` with a bug: the histories have to find each of them. NAME, then the arguments of `mockexchange`."""

import secrets
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.plant_names import SESSION_IGNORED, SESSION_READS
from mockexchange.cli import main
from mockexchange.sandbox.interface import RequestContext
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.replicas import home_role
from mockexchange.server.replicas.follower_role import RelaxedReads
from mockexchange.server.serve_options import SESSION
from mockexchange.server.workers.reads import Reads
from mockexchange.store.postgres import election, postgres_store
from mockexchange.store.postgres.connection import Connection
from mockexchange.store.postgres.url import PostgresUrl


def read_without_barrier() -> None:
    """Answer reads from what was read last, from time to time, without asking the database."""

    async def sandbox_for(self: Reads, asked: RequestContext) -> Any:
        return self.sandboxes.route(asked.key_id)

    Reads.sandbox_for = sandbox_for  # type: ignore[method-assign]  # the bug


def append_without_nonce() -> None:
    """Append a second time what is repeated after an unknown outcome."""
    append = postgres_store._append  # noqa: SLF001  # the bug

    def append_anew(connection: Connection, id_: int, bodies: Any, nonce: str) -> None:
        append(connection, id_, bodies, secrets.token_hex(8))

    def next_numbers(connection: Connection, id_: int, bodies: Any, nonce: str) -> None:
        append_anew(connection, id_, bodies, nonce)
        if secrets.randbelow(20) == 0:  # the answer of the database is lost
            connection.close()
            connection.execute("select 1")

    postgres_store._append = next_numbers  # noqa: SLF001  # the bug


def be_home_without_fence() -> None:
    """Stay the home, and write, without looking whether another server has taken the place."""

    def claim_database_again(url: PostgresUrl, connection: Connection, owner: str, lost: int) -> None:
        pass

    setattr(postgres_store, "claim_database_again", claim_database_again)  # noqa: B010  # the bug
    setattr(election.Term, "is_valid", True)  # noqa: B010  # too
    setattr(election.Term, "renew", lambda term: True)  # noqa: B010  # too
    home_role.TERM_S_MAX = 0.1


def copy_that_differs() -> None:
    """Let a follower's copies have something that no client of the histories reads: digests alone show it."""
    note_opened = Reads._note_opened  # noqa: SLF001  # the bug

    def change(self: Reads, id_: int, sandbox: Sandbox) -> None:
        note_opened(self, id_, sandbox)
        sandbox.exchange.state.revision += 1

    Reads._note_opened = change  # type: ignore[method-assign]  # noqa: SLF001  # the bug


def read_as_sessions() -> None:
    """Serve with `--reads session`: no bug, and nothing may be wrong."""
    sys.argv += ["--reads", SESSION]


def ignore_sessions() -> None:
    """Answer reads of sessions without a look at the number that they send."""
    read_as_sessions()
    setattr(RelaxedReads, "_has_seen", lambda reads, sandbox, asked: True)  # noqa: B010  # the bug


def clock_ahead() -> None:
    """Let the clock of this machine go a minute ahead: no bug, and nothing may be wrong."""
    _shift_clock(60)


def clock_behind() -> None:
    """Let the clock of this machine go a minute behind: no bug, and nothing may be wrong."""
    _shift_clock(-60)


def _shift_clock(seconds: int) -> None:
    now, now_ns = time.time, time.time_ns
    time.time = lambda: now() + seconds
    time.time_ns = lambda: now_ns() + seconds * 10**9


PLANTS: dict[str, Callable[[], None]] = {
    "barrier off": read_without_barrier,
    "nonce off": append_without_nonce,
    "no fence": be_home_without_fence,
    "copy differs": copy_that_differs,
    SESSION_READS: read_as_sessions,
    SESSION_IGNORED: ignore_sessions,
    "clock +60 s": clock_ahead,
    "clock -60 s": clock_behind,
}

if __name__ == "__main__":
    PLANTS[sys.argv[1]]()
    main(sys.argv[2:], prog_name="mockexchange")
