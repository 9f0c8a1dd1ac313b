"""A server process: default sandbox, main port, ready file, and a graceful end."""

import asyncio
import os
import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mockexchange.runtime.ready_file import RunDirectory, remove_ready_file, write_ready_file
from mockexchange.sandbox.credentials import Credential
from mockexchange.sandbox.inspector import Inspector
from mockexchange.sandbox.opening import Progress
from mockexchange.sandbox.options import DEFAULT, SandboxOptions
from mockexchange.sandbox.quotas import NO_QUOTAS, Quotas
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.sandboxes import Sandboxes
from mockexchange.scenario.files import ScenarioFiles
from mockexchange.scenario.loader import Plan
from mockexchange.server.control.audit import AuditFile
from mockexchange.server.control.routes import control_app
from mockexchange.server.control.tokens import NamedToken, Tokens
from mockexchange.server.open_files import allow_many_files
from mockexchange.server.persistence import Persistence
from mockexchange.server.reload import Reloaded, Reloader
from mockexchange.server.server_state import ServerState
from mockexchange.server.tls.certificate_names import names_for
from mockexchange.store.sqlite_store import SqliteStore

if TYPE_CHECKING:
    from mockexchange.server.tls.certificates import Authority  # it takes a while to import, and is needed only for TLS

STOP_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name)
)


class Sharing(NamedTuple):
    """How several people share a server."""

    tokens: tuple[NamedToken, ...] = ()
    """Further tokens of the control API, with their roles."""
    audit: Path | None = None
    """The file that gets a line for each request to the control API that changes something."""
    control_port: int | None = None
    """The port of the control API; None if it is on the main port."""
    sandboxes_max: int | None = None
    """The largest number of sandboxes; None: that of `sandboxes`."""
    ttl_us: int | None = None
    """Idle time after which sandboxes are deleted that were created without one."""
    quotas: Quotas = NO_QUOTAS
    """The quotas of each sandbox."""


NOT_SHARED = Sharing()


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
    authority: "Authority | None" = None
    """Serve TLS on every port with a certificate of this authority."""
    reload: "Reload | None" = None
    on_sandbox: Callable[[Sandbox], object] | None = None
    """Called with every sandbox after it is created, and again after a reset."""
    scenario_dir: Path | None = None
    """The folder with the scenario files that the control API may load."""
    store: Path | None = None
    """The SQLite file with the sandboxes; None if they end with the server."""
    durability: str = "full"
    """Against what an answered write is safe: `full` a loss of power, `normal` the end of the process."""
    tls_names: tuple[str, ...] = ()
    """Further names of the server, beside this machine's names and addresses."""


@dataclass(frozen=True, slots=True)
class Reload:
    """The settings of a reload, which starts the scenario anew when one of its files changes: see `reload.Reloader`."""

    scenario: Path
    load: Callable[[], Plan]
    report: Callable[[Reloaded], object]


async def run_server(
    plan: Plan,
    sandbox_options: SandboxOptions,
    options: ServeOptions,
    announce: Callable[[dict[str, Any]], None],
    progress: Progress | None = None,
) -> None:
    """Serve until a signal asks to stop; `announce` is called with the ready file's content once all is ready."""
    stopping = asyncio.Event()
    allow_many_files()
    with _signals_set(stopping):
        async with Server(plan, sandbox_options, options, progress) as server:
            announce(server.ready)
            await stopping.wait()


class Server:
    """The running server as an asynchronous context; `ready` is the content of the ready file."""

    def __init__(
        self, plan: Plan, sandbox_options: SandboxOptions, options: ServeOptions, progress: Progress | None = None
    ) -> None:
        self.plan, self.sandbox_options, self.options, self.progress = plan, sandbox_options, options, progress
        self.server_state = ServerState(
            options.host,
            public_url=options.public_url,
            has_deflate=options.has_deflate,
            inspector=options.inspector,
            scenario_files=ScenarioFiles(options.scenario_dir),
            on_sandbox=options.on_sandbox,
            sandboxes=Sandboxes(options.sharing.sandboxes_max),
            quotas=options.sharing.quotas,
            ttl_us=options.sharing.ttl_us,
        )
        self.token = options.token or secrets.token_urlsafe(24)
        self.ready: dict[str, Any] = {}
        self._run_directory: RunDirectory | None = None
        self._reloading: asyncio.Task[None] | None = None
        self._audit: AuditFile | None = None

    async def __aenter__(self) -> "Server":
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._stop()

    async def _start(self) -> None:
        options = self.options
        sharing = options.sharing
        self._audit = AuditFile(sharing.audit) if sharing.audit else None
        tokens = Tokens(self.token, sharing.tokens)
        hosts = [*options.allow_hosts, *options.tls_names]
        control = control_app(self.server_state, tokens, hosts, lambda: self.ready, self._audit)
        self.server_state.bind(options.port, sharing.control_port)
        if options.authority:
            names = names_for(options.host, options.tls_names, options.public_url)
            self.server_state.identity = options.authority.identity(names)
        sandbox = await self._default_sandbox()
        await self.server_state.listen(control)
        self._run_directory = RunDirectory()
        date = sandbox.options.api_date.name
        self.ready = describe(self.server_state, self.token, date, sandbox.credentials(), self._run_directory)
        if options.authority:
            self.ready |= self._run_directory.write_authority(options.authority.certificate_pem)
        write_ready_file(options.ready_file, self.ready, self._run_directory.path)
        if options.reload:
            self._reloading = asyncio.get_running_loop().create_task(self._reloader(options.reload).run())

    async def _default_sandbox(self) -> Sandbox:
        """Return the default sandbox: as it was, if the store has it, else a new one. Raises StoreError."""
        if self.options.store:
            self.server_state.persistence = Persistence(SqliteStore.open(self.options.store, self.options.durability))
            await self.server_state.restore()
        if any(slot.sandbox.name == DEFAULT for slot in self.server_state.sandboxes):
            return self.server_state.sandboxes.get(DEFAULT).sandbox
        return await self.server_state.open(self.plan, self.sandbox_options, progress=self.progress)

    def _reloader(self, reload: Reload) -> Reloader:
        return Reloader(reload.scenario, self.plan, reload.load, self.put_in_place, reload.report)

    async def put_in_place(self, plan: Plan) -> str | None:
        """Replace the default sandbox with one of another scenario. If this raises ScenarioError, the old one stays.

        Returns a problem if the scenario is served but its keys or the ready file could not be written.
        """
        sandbox = await self.server_state.reset(DEFAULT, plan)
        assert self._run_directory is not None, "asked before the server was ready"
        try:
            self.ready["accounts"] = describe_accounts(sandbox.credentials(), self._run_directory)
            write_ready_file(self.options.ready_file, self.ready, self._run_directory.path)
        except OSError as error:
            return f"the ready file still tells of the accounts before: {error}"
        return None

    async def _stop(self) -> None:
        if self._reloading:
            self._reloading.cancel()
            await asyncio.gather(self._reloading, return_exceptions=True)
        if self.ready:
            remove_ready_file(self.options.ready_file)
        await self.server_state.stop()
        if self._run_directory:
            self._run_directory.remove()
        if self._audit:
            self._audit.close()


def describe(
    server_state: ServerState, token: str, api_date: str, credentials: list[Credential], run_directory: RunDirectory
) -> dict[str, Any]:
    """Return the content of the ready file of a server without TLS. Writes the key files."""
    return {
        "pid": os.getpid(),
        "control_url": f"{server_state.control_origin()}/_mock",
        "control_token": token,
        "api_date": api_date,
        "ca_cert": None,
        "ca_bundle": None,
        "venues": server_state.urls(),
        "accounts": describe_accounts(credentials, run_directory),
    }


def describe_accounts(credentials: list[Credential], run_directory: RunDirectory) -> list[dict[str, Any]]:
    """Return an entry per account, with its first key; all keys are listed under `keys`. Writes the key files."""
    accounts: dict[str, dict[str, Any]] = {}
    for one in credentials:
        path = run_directory.write_key(one)
        key = {
            "key": one.key,
            "key_id": one.key_id,
            "private_key_path": str(path) if path else None,
            "secret": one.secret,
        }
        account = accounts.setdefault(
            one.account,
            {
                "name": one.account,
                "kind": one.kind.value,
                "venue": one.venue,
                "key_id": key["key_id"],
                "private_key_path": key["private_key_path"],
                "secret": key["secret"],
                "subtraders": one.subtraders,
                "keys": [],
            },
        )
        account["keys"].append(key)
    return list(accounts.values())


@contextmanager
def _signals_set(stopping: asyncio.Event) -> Iterator[None]:
    """Set an event at each signal to stop; restore the handlers afterwards, which the loop of uvloop does not."""
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    for number in STOP_SIGNALS:
        _on_signal(number, stopping)
    try:
        yield
    finally:
        for number, handler in before.items():
            with suppress(NotImplementedError):  # Windows
                asyncio.get_running_loop().remove_signal_handler(number)
            if handler is not None:  # None: set by a library that is not written in Python
                signal.signal(number, handler)


def _on_signal(number: int, stopping: asyncio.Event) -> None:
    """Stop at a signal, unless it is ignored, as SIGHUP below `nohup`."""
    if signal.getsignal(number) is signal.SIG_IGN:
        return
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(number, stopping.set)
    except NotImplementedError:  # Windows
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopping.set))
