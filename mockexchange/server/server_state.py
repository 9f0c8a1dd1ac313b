"""Holds the sandboxes of a running server, their listening sockets, and their URLs."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from mockexchange.runtime.redaction import WholeSecrets
from mockexchange.sandbox.clock import host_now_us
from mockexchange.sandbox.interface import LOGGER, NO_OWN_PORTS, AnswerOverlay, SandboxError, StoreUnavailable
from mockexchange.sandbox.opening import Progress, open_sandbox
from mockexchange.sandbox.options import DEFAULT, Inspector, SandboxOptions
from mockexchange.sandbox.quotas import NO_QUOTAS, Quotas
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.sandboxes import Sandboxes, Slot
from mockexchange.scenario.plan import Plan
from mockexchange.scenario.requested_files import ScenarioFiles
from mockexchange.server.app import ControlListenerApp, ListenerApp, SandboxOf
from mockexchange.server.http import listener as listeners
from mockexchange.server.http.listener import LOOPBACK_NAMES, Listener
from mockexchange.server.http.rest_endpoint import DiagnosisWorker
from mockexchange.server.sandbox_secrets import SandboxSecrets
from mockexchange.server.script_timer import ScriptTimer
from mockexchange.server.tls.acceptor import Identity
from mockexchange.venues.registry import DEFAULT as DEFAULT_VENUE
from mockexchange.venues.registry import VENUES
from mockexchange.venues.venue import Venue

if TYPE_CHECKING:
    from mockexchange.server.persistence import Persistence  # only for a server with a store

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # compared with, never listened on

MakeSandbox = Callable[[SandboxOptions], Awaitable[Sandbox]]


class HomeRolePort(Protocol):
    """The interface of the home role: of several servers that share a database, the home is the one that writes."""

    persistence: "Persistence"

    def prepare(self, server_state: "ServerState") -> None:
        """Give the server its sockets and its application, before its sandboxes are opened."""
        ...

    async def listen_to_peers(self) -> None:
        """Accept connections from the other servers. The main port must be served already."""
        ...

    def leave_peers(self) -> None: ...


@dataclass(slots=True)
class ServerState:
    """The sandboxes and listening sockets of a server.

    `public_url` is the main port's URL for clients, by default its address. With `has_deflate`, streams are compressed
    if a client offers it. `inspector` checks the answers of all sandboxes. With `identity`, all ports serve TLS with
    its certificate.
    """

    host: str
    sandboxes: Sandboxes = field(default_factory=Sandboxes)
    diagnosis_worker: DiagnosisWorker = field(default_factory=DiagnosisWorker)
    ports: dict[str, Listener] = field(default_factory=dict)
    script_timers: dict[str, ScriptTimer] = field(default_factory=dict)
    main: Listener | None = None
    control: Listener | None = None
    """The listener of the control API; None if the main port serves it."""
    public_url: str | None = None
    has_deflate: bool = False
    inspector: Inspector | None = None
    overlay: AnswerOverlay | None = None
    """Adds the fields of a newer API document to the answers of all sandboxes."""
    quotas: Quotas = NO_QUOTAS
    """The quotas of each sandbox."""
    ttl_us: int | None = None
    """The idle time, in microseconds, after which sandboxes are deleted that were created without their own.

    None: never.
    """
    scenario_files: ScenarioFiles = field(default_factory=ScenarioFiles)
    """The scenario files that requests of other processes may name."""
    identity: Identity | None = None
    persistence: "Persistence | None" = None
    """The store of the sandboxes; None: they are lost when the server ends."""
    new_front: Callable[[SandboxOf, DiagnosisWorker, ASGIApp | None], ListenerApp] = ListenerApp
    """A function that makes the application of the main port."""
    on_sandbox: Callable[[Sandbox], object] | None = None
    """A function that is called with every sandbox after it is created, and again after a reset."""
    on_change: list[Callable[[str, Sandbox], object]] = field(default_factory=list)
    """Functions that are called with "made", "reset" or "deleted", and the sandbox."""
    on_stop: Callable[[], object] = lambda: None
    """A function that is called when the server begins to stop, before it waits for running requests."""
    tokens: WholeSecrets = field(default_factory=WholeSecrets)
    """The tokens of the control API, which views and diagnoses hide."""
    secrets: SandboxSecrets = field(init=False)
    """The secrets that views of this server hide."""
    _main_socket: socket.socket | None = None
    _control_socket: socket.socket | None = None

    def __post_init__(self) -> None:
        sandboxes = self.sandboxes
        self.secrets = SandboxSecrets(lambda: (slot.sandbox for slot in sandboxes), self.tokens)
        self.diagnosis_worker.hide = self.tokens.hide

    def bind(self, port: int, control_port: int | None = None) -> None:
        """Open the listening sockets, before scenarios are loaded.

        With `control_port`, the control API has a port of its own.

        Raises listener.PortInUse or OSError.
        """
        self._main_socket = listeners.bind(self.host, port)
        if control_port is not None:
            self._control_socket = listeners.bind(self.host, control_port)

    def use_sockets(self, main: socket.socket, control: socket.socket | None) -> None:
        """Use these listening sockets, which are open already, in place of those that `bind` would open."""
        self._main_socket, self._control_socket = main, control

    async def listen(self, control: ASGIApp) -> None:
        """Accept connections on the main port, and on the control API's own port if there is one.

        The default sandbox must exist already.
        """
        assert self._main_socket is not None, "bind first"
        front = self.new_front(self.sandboxes.route, self.diagnosis_worker, None if self._control_socket else control)
        self.main = self._listening(front, self._main_socket)
        await self.main.start()
        if self._control_socket:
            apart = ControlListenerApp(self.sandboxes.route, self.diagnosis_worker, control)
            self.control = self._listening(apart, self._control_socket)
            await self.control.start()

    async def open(
        self,
        plan: Plan,
        options: SandboxOptions,
        port: int | None = None,
        idle_us_max: int | None = None,
        progress: Progress | None = None,
    ) -> Sandbox:
        """Create a sandbox, on its own port if `port` is given (0: any free one).

        If that fails, nothing has changed.
        """
        return await self.add_sandbox(partial(open_sandbox, plan, progress=progress), options, port, idle_us_max)

    async def add_sandbox(
        self, make: MakeSandbox, options: SandboxOptions, port: int | None = None, idle_us_max: int | None = None
    ) -> Sandbox:
        """Add a sandbox as `open` does, but let `make` open it with the completed options."""
        await self.drop_expired()
        self.sandboxes.require_room(options.name)
        if port is not None and self.persistence and not self.persistence.has_own_ports:
            raise SandboxError(409, "port_unusable", f"{NO_OWN_PORTS}: leave `port` out")
        if idle_us_max is None and options.name != DEFAULT:
            idle_us_max = self.ttl_us
        sandbox = await make(replace(options, inspector=self.inspector, quotas=self.quotas))
        slot = Slot(sandbox, has_own_port=port is not None, idle_us_max=idle_us_max)
        listener = None if port is None else self._listener(slot, port)
        try:
            with self.sandboxes.coming(slot):
                if self.persistence:
                    await self.persistence.create(sandbox, _port_of(listener), slot.idle_us_max)
            self.sandboxes.add(slot)
        except (SandboxError, StoreUnavailable):
            if listener:
                listener.sock.close()
            raise
        await self._add(slot, listener)
        return sandbox

    async def _add(self, slot: Slot, listener: Listener | None) -> None:
        self._take_in(slot.sandbox)
        self._note_change("made", slot.sandbox)
        if listener:
            await listener.start()
            self.ports[slot.sandbox.name] = listener

    async def restore(self) -> None:
        """Open the stored sandboxes again; one that cannot be opened is set aside, with a warning. Raises StoreError.

        A sandbox whose own port is in use by now gets a free one.
        """
        if self.persistence is None:
            return
        async for _, sandbox, description in self.persistence.restored(self.inspector, self.quotas):
            port = description.port if description and self.persistence.has_own_ports else None
            slot = Slot(sandbox, port is not None, description.idle_us_max if description else None)
            reason = self.sandboxes.restore(slot)
            listener = None
            if port is not None:
                try:
                    listener = self._listener(slot, port)
                except (OSError, listeners.PortInUse):
                    listener = self._listener(slot, 0)
                    LOGGER.warning("sandbox %s: port %d is in use, it has %d now", sandbox.name, port, listener.port)
            await self._add(slot, listener)
            if reason is not None:
                store = self.persistence.store.shown
                LOGGER.warning(
                    "sandbox %s is set aside: %s: see `mockexchange store check %s`", sandbox.name, reason, store
                )
        self.sandboxes.keep_keys_of_set_aside()

    async def reset(self, name: str, plan: Plan | None = None) -> Sandbox:
        """Replace a sandbox by a new one with the same keys and ports, made from `plan` or from its own scenario.

        Raises SandboxError or ScenarioError; then nothing has changed.
        """
        sandbox = await self.sandboxes.reset(name, plan, self._replace if self.persistence else None)
        self.script_timers.pop(name).stop()
        self._take_in(sandbox)
        self._note_change("reset", sandbox)
        return sandbox

    async def _replace(self, fresh: Sandbox, slot: Slot) -> None:
        assert self.persistence is not None, "only called with one"
        listener = self.ports.get(fresh.name)
        await self.persistence.create(fresh, _port_of(listener), slot.idle_us_max, slot.sandbox)

    def _take_in(self, sandbox: Sandbox) -> None:
        sandbox.overlay = self.overlay
        self.script_timers[sandbox.name] = ScriptTimer(sandbox)
        if self.on_sandbox:
            self.on_sandbox(sandbox)

    async def delete(self, name: str) -> None:
        sandbox = await self.sandboxes.delete(name, self.persistence.delete if self.persistence else None)
        self._note_change("deleted", sandbox)
        self.script_timers.pop(name).stop()
        listener = self.ports.pop(name, None)
        if listener:
            await listener.stop()

    def _note_change(self, change: str, sandbox: Sandbox) -> None:
        for observer in self.on_change:
            observer(change, sandbox)

    async def drop_expired(self) -> None:
        """Delete the sandboxes that were idle for longer than their `expires_after`."""
        for name in self.sandboxes.expired(host_now_us()):
            try:
                await self.delete(name)
            except SandboxError as error:
                if error.status != 404:
                    raise  # otherwise somebody else has deleted it meanwhile

    async def stop(self) -> None:
        """Stop all ports at the same time; each waits for its running requests."""
        self.on_stop()
        for ticker in self.script_timers.values():
            ticker.stop()
        for slot in self.sandboxes:
            slot.sandbox.close("stopped")
        listening = [self.main, self.control, *self.ports.values()]
        await asyncio.gather(*(listener.stop() for listener in listening if listener))
        for sock in (self._main_socket, self._control_socket):
            if sock:
                sock.close()
        self.diagnosis_worker.close()
        if self.persistence:
            self.persistence.store.close()

    def origin(self, name: str = DEFAULT) -> str:
        """Return scheme, host and port of a sandbox, as clients reach it.

        For a sandbox with its own port, the host is that of `public_url` if other machines can reach the port.
        """
        if not self.public_url:
            return self.local_origin(name)
        if name not in self.ports:
            return self.public_url.rstrip("/")
        if self.host in LOOPBACK_NAMES:
            return self.local_origin(name)
        return self._origin(urlsplit(self.public_url).hostname or "", self.ports[name].port)

    def local_origin(self, name: str = DEFAULT) -> str:
        """Return scheme, host and port of a sandbox for clients on this machine.

        The host is the loopback address if the server listens on all addresses.
        """
        return self._origin_of(self.ports.get(name) or self.main)

    def control_origin(self) -> str:
        """Return scheme, host and port of the control API for clients on this machine."""
        return self._origin_of(self.control or self.main)

    def _origin_of(self, listener: Listener | None) -> str:
        assert listener is not None, "asked for a URL before listening"
        return self._origin(EVERYWHERE.get(listener.host, listener.host), listener.port)

    def _origin(self, host: str, port: int) -> str:
        scheme = "https" if self.identity else "http"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

    def base_url(self, name: str = DEFAULT, venue: Venue = DEFAULT_VENUE) -> str:
        return self.origin(name) + venue.prefix

    def ws_url(self, name: str = DEFAULT, venue: Venue = DEFAULT_VENUE) -> str:
        return self.origin(name).replace("http", "ws", 1) + venue.stream.paths[0]

    def urls(self, name: str = DEFAULT) -> dict[str, dict[str, str]]:
        """Return the URLs of a sandbox, by the venue's name."""
        origin = self.origin(name)
        ws_origin = origin.replace("http", "ws", 1)
        return {
            venue.name: {"base_url": origin + venue.prefix, "ws_url": ws_origin + venue.stream.paths[0]}
            for venue in VENUES.values()
        }

    def _listener(self, slot: Slot, port: int) -> Listener:
        front = ListenerApp(lambda key_id: slot.sandbox, self.diagnosis_worker, None)  # also after a reset
        return self._listening(front, listeners.bind(self.host, port))

    def _listening(self, front: ListenerApp, sock: socket.socket) -> Listener:
        return Listener(front, sock, has_deflate=self.has_deflate, identity=self.identity)


def _port_of(listener: Listener | None) -> int | None:
    return None if listener is None else listener.port
