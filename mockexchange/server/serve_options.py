"""Defines the options of a server process, which `mockexchange serve` reads from the command line."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from mockexchange.runtime.ready_file import RunDirectory, remove_ready_file
from mockexchange.runtime.redaction import WholeSecrets
from mockexchange.sandbox.interface import AnswerOverlay
from mockexchange.sandbox.options import Inspector
from mockexchange.sandbox.quotas import NO_QUOTAS, Quotas
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.plan import Plan
from mockexchange.server.control.access import NamedToken
from mockexchange.server.reload import Reloaded
from mockexchange.server.server_state import HomeRolePort, MakeSandbox
from mockexchange.store.opening import Location

if TYPE_CHECKING:
    from mockexchange.server.control.audit import AuditFile  # it imports Starlette
    from mockexchange.server.tls.certificates import Authority  # it takes a while to import, and is needed only for TLS
    from mockexchange.server.workers.shared_by_workers import SharedByWorkers  # only for several workers

STRICT, SESSION, ANY = "strict", "session", "any"
READS = (STRICT, SESSION, ANY)
"""How new a read is at a server that does not write (`serve --reads`): it has all acknowledged writes; those whose
numbers the client sends; or it promises nothing."""


class Sharing(NamedTuple):
    """Options for a server that several people share: tokens, the audit file, and limits."""

    tokens: tuple[NamedToken, ...] = ()
    """Further tokens of the control API, with their roles."""
    audit: Path | None = None
    """The file that gets a line for each request to the control API that changes something."""
    control_port: int | None = None
    """The port of the control API; None if it is on the main port."""
    sandboxes_max: int | None = None
    """The largest number of sandboxes; None: the default, `SANDBOXES_MAX`."""
    ttl_us: int | None = None
    """The idle time, in microseconds, after which sandboxes are deleted that were created without their own."""
    quotas: Quotas = NO_QUOTAS
    """The quotas of each sandbox."""

    def open_audit(self) -> "AbstractContextManager[AuditFile | None]":
        """Open the audit file, until the block ends; yield None without one. Raises OSError."""
        if self.audit is None:
            return nullcontext()
        from mockexchange.server.control.audit import AuditFile

        return closing(AuditFile(self.audit))


NOT_SHARED = Sharing()


class WorkersOptions(NamedTuple):
    """The options of a server that are needed before its worker processes are started."""

    workers: int
    host: str
    port: int
    ready_file: Path
    store: Location | None
    token: str | None
    control_port: int | None
    sandboxes_max: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    host: str
    port: int
    ready_file: Path
    public_url: str | None = None
    allow_hosts: list[str] = field(default_factory=list)
    token: str | None = None
    sharing: Sharing = NOT_SHARED
    has_deflate: bool = False
    inspector: Inspector | None = None
    overlay: AnswerOverlay | None = None
    """Adds the fields of a newer API document to answers."""
    authority: "Authority | None" = None
    """The authority that signs certificates for TLS on every port; None: no TLS."""
    reload: "Reload | None" = None
    on_sandbox: Callable[[Sandbox], object] | None = None
    """A function that is called with every sandbox after it is created, and again after a reset."""
    scenario_dir: Path | None = None
    """The folder with the scenario files that the control API may load."""
    store: Location | None = None
    """The SQLite file or the PostgreSQL database with the sandboxes; None: they are lost when the server ends."""
    durability: str = "full"
    """What an answered write survives: `full` a loss of power, `normal` only the end of the process."""
    make: MakeSandbox | None = None
    """A function that opens the default sandbox; None: it is opened from the scenario."""
    tls_names: tuple[str, ...] = ()
    """Further names in the server's certificate, beside this machine's names and addresses."""
    shared: "SharedByWorkers | None" = None
    """What this process shares with the other workers, if it is the first of several."""
    reads: str = STRICT
    """What a read of a server that follows another one contains, one of READS."""
    home_role: HomeRolePort | None = None
    """The role of the home (the server that writes), if this server has that role among several on one database."""
    hidden: WholeSecrets = field(default_factory=WholeSecrets)
    """The tokens of the control API, which views and the log hide. The server adds them."""
    run_directory: RunDirectory | None = None
    """The folder for keys and the ready file of a process that serves in several roles, one after the other.

    The process keeps both until it ends, since clients go on to use them. None: the server makes and removes them.
    """

    @contextmanager
    def keeping_files(self) -> "Iterator[ServeOptions]":
        """Yield these options with a folder for keys that is removed, as the ready file is, when the block ends.

        Raises OSError.
        """
        directory = RunDirectory()
        try:
            yield replace(self, run_directory=directory)
        finally:
            remove_ready_file(self.ready_file)
            directory.remove()


class Reload(Struct, frozen=True):
    """The options of `serve --reload`, which starts the scenario again when a file changes: see `reload.Reloader`."""

    scenario: Path
    load: Callable[[], Plan]
    report: Callable[[Reloaded], object]


def new_token() -> str:
    """Return a new random token for the control API."""
    return secrets.token_urlsafe(24)
