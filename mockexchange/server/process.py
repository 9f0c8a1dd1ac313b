"""Runs a server: opens the default sandbox and the main port, writes the ready file, and stops gracefully."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from mockexchange.runtime.ready_file import RunDirectory, remove_ready_file, write_ready_file
from mockexchange.sandbox.opening import Progress
from mockexchange.sandbox.options import DEFAULT, SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.sandboxes import Sandboxes
from mockexchange.scenario.plan import Plan
from mockexchange.scenario.requested_files import ScenarioFiles
from mockexchange.server.control.access import Tokens
from mockexchange.server.control.on_demand import ControlOnDemand
from mockexchange.server.operating_system import allow_many_files, signals_set
from mockexchange.server.ready_content import describe_accounts, ready_content
from mockexchange.server.reload import Reloader
from mockexchange.server.serve_options import ServeOptions, new_token
from mockexchange.server.server_state import ServerState
from mockexchange.server.tls.certificate_names import names_for


async def run_server(
    plan: Plan,
    sandbox_options: SandboxOptions,
    options: ServeOptions,
    announce: Callable[[dict[str, Any]], None],
    progress: Progress | None = None,
) -> None:
    """Serve until a signal asks to stop.

    `announce` is called with the ready file's content once the server accepts requests.
    """
    stopping = asyncio.Event()
    allow_many_files()
    with signals_set(stopping):
        async with Server(plan, sandbox_options, options, progress) as server:
            announce(server.ready)
            await stopping.wait()


class Server:
    """A running server, as an asynchronous context manager; `ready` is the content of its ready file."""

    def __init__(
        self, plan: Plan, sandbox_options: SandboxOptions, options: ServeOptions, progress: Progress | None = None
    ) -> None:
        self.plan, self.sandbox_options, self.options, self.progress = plan, sandbox_options, options, progress
        self.server_state = ServerState(
            options.host,
            public_url=options.public_url,
            has_deflate=options.has_deflate,
            inspector=options.inspector,
            overlay=options.overlay,
            scenario_files=ScenarioFiles(options.scenario_dir),
            on_sandbox=options.on_sandbox,
            sandboxes=Sandboxes(options.sharing.sandboxes_max),
            quotas=options.sharing.quotas,
            ttl_us=options.sharing.ttl_us,
            tokens=options.hidden,
        )
        self.token = options.token or new_token()
        self._tokens = Tokens(self.token, options.sharing.tokens, options.hidden)
        first_worker = None
        if options.shared:
            from mockexchange.server.workers.first_worker import FirstWorker  # only for several workers

            first_worker = FirstWorker(options.shared, self.server_state)
        self._first_worker = first_worker
        self.ready: dict[str, Any] = {}
        self._run_directory: RunDirectory | None = None
        self._reloading: asyncio.Task[None] | None = None
        self._closing = ExitStack()

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
        audit = self._closing.enter_context(sharing.open_audit())
        hosts = [*options.allow_hosts, *options.tls_names]
        control = ControlOnDemand(self.server_state, self._tokens, hosts, lambda: self.ready, audit)
        if options.home_role:
            options.home_role.prepare(self.server_state)
        elif options.shared:
            self.server_state.use_sockets(options.shared.sockets[0], options.shared.control_socket)
        else:
            self.server_state.bind(options.port, sharing.control_port)
        if options.authority:
            names = names_for(options.host, options.tls_names, options.public_url)
            self.server_state.identity = options.authority.identity(names)
        sandbox = await self._default_sandbox()
        await self.server_state.listen(control)
        if self._first_worker:
            await self._first_worker.begin()
        if options.home_role:
            await options.home_role.listen_to_peers()
        self._run_directory = (
            options.shared.run_directory if options.shared else options.run_directory or RunDirectory()
        )
        date = sandbox.options.api_date.name
        pid = options.shared.pid if options.shared else None
        self.ready = ready_content(self.server_state, self.token, date, sandbox.credentials(), self._run_directory, pid)
        if options.authority:
            self.ready |= self._run_directory.write_authority(options.authority.certificate_pem)
        write_ready_file(options.ready_file, self.ready, self._run_directory.path)
        if options.reload:
            reload = options.reload
            reloader = Reloader(reload.scenario, self.plan, reload.load, self.put_in_place, reload.report)
            self._reloading = asyncio.get_running_loop().create_task(reloader.run())

    async def _default_sandbox(self) -> Sandbox:
        """Return the default sandbox: as it was, if the store has it, else a new one. Raises StoreError."""
        if self.options.home_role:
            self.server_state.persistence = self.options.home_role.persistence
            await self.server_state.restore()
        elif self.options.store:
            from mockexchange.server.persistence import Persistence  # only for a server with a store

            held = self.options.shared.lock.again() if self.options.shared else None
            self.server_state.persistence = Persistence.open(self.options.store, self.options.durability, held)
            await self.server_state.restore()
        if any(slot.sandbox.name == DEFAULT for slot in self.server_state.sandboxes):
            return self.server_state.sandboxes.get(DEFAULT).sandbox
        if self.options.make:
            return await self.server_state.add_sandbox(self.options.make, self.sandbox_options)
        return await self.server_state.open(self.plan, self.sandbox_options, progress=self.progress)

    async def put_in_place(self, plan: Plan) -> str | None:
        """Replace the default sandbox by one that is made from another scenario.

        Returns None, or a problem: the new scenario is served, but its keys or the ready file could not be written.
        Raises ScenarioError; then the old sandbox is still served.
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
        if self.ready and not self.options.run_directory:
            remove_ready_file(self.options.ready_file)
        if self._first_worker:
            self._first_worker.end()
        if self.options.home_role:
            self.options.home_role.leave_peers()
        await self.server_state.stop()
        if self._run_directory and not self._first_worker and not self.options.run_directory:
            self._run_directory.remove()
        self._closing.close()
