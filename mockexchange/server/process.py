"""A server process: default sandbox, main port, ready file, and a graceful end."""

import asyncio
import os
import secrets
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mockexchange.config import RunDirectory, remove_ready_file, write_ready_file
from mockexchange.inspection import Inspector
from mockexchange.sandbox import Credential, Progress, SandboxOptions
from mockexchange.scenario.loader import Plan
from mockexchange.server.control import control_app
from mockexchange.server.hub import Hub
from mockexchange.server.limits import allow_many_files

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    host: str
    port: int
    ready_file: Path
    public_url: str | None = None
    allow_hosts: list[str] = field(default_factory=list)
    token: str | None = None
    has_deflate: bool = False
    inspector: Inspector | None = None


async def run_server(
    plan: Plan,
    sandbox_options: SandboxOptions,
    options: ServeOptions,
    announce: Callable[[dict[str, Any]], None],
    progress: Progress | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; `announce` is called with the ready file's content once requests are answered."""
    stopping = asyncio.Event()
    allow_many_files()
    for number in STOP_SIGNALS:
        _on_signal(number, stopping)
    async with Server(plan, sandbox_options, options, progress) as server:
        announce(server.ready)
        await stopping.wait()


class Server:
    """The running server as an asynchronous context; `ready` is what the ready file says."""

    def __init__(
        self, plan: Plan, sandbox_options: SandboxOptions, options: ServeOptions, progress: Progress | None = None
    ) -> None:
        self.plan, self.sandbox_options, self.options, self.progress = plan, sandbox_options, options, progress
        self.hub = Hub(
            options.host,
            public_url=options.public_url,
            has_deflate=options.has_deflate,
            inspector=options.inspector,
        )
        self.token = options.token or secrets.token_urlsafe(24)
        self.ready: dict[str, Any] = {}
        self._run_directory: RunDirectory | None = None

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
        control = control_app(self.hub, self.token, self.options.allow_hosts, lambda: self.ready)
        self.hub.bind(self.options.port)
        sandbox = await self.hub.open(self.plan, self.sandbox_options, progress=self.progress)
        await self.hub.listen(control)
        self._run_directory = RunDirectory()
        self.ready = self._describe(sandbox.credentials(), self._run_directory)
        write_ready_file(self.options.ready_file, self.ready)

    async def _stop(self) -> None:
        if self.ready:
            remove_ready_file(self.options.ready_file)
        await self.hub.stop()
        if self._run_directory:
            self._run_directory.remove()

    def _describe(self, credentials: list[Credential], run_directory: RunDirectory) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "control_url": f"{self.hub.local_origin()}/_mock",
            "control_token": self.token,
            "api_date": self.sandbox_options.api_date.name,
            "ca_cert": None,
            "venues": {"kalshi": {"base_url": self.hub.base_url(), "ws_url": self.hub.ws_url()}},
            "accounts": describe_accounts(credentials, run_directory),
        }


def describe_accounts(credentials: list[Credential], run_directory: RunDirectory) -> list[dict[str, Any]]:
    """An entry an account, with its first key; further keys are listed under `keys`. Writes the key files."""
    accounts: dict[str, dict[str, Any]] = {}
    for one in credentials:
        path = run_directory.write_key(one)
        key = {"key": one.key, "key_id": one.key_id, "private_key_path": str(path) if path else None}
        account = accounts.setdefault(
            one.account,
            {
                "name": one.account,
                "kind": one.kind.value,
                "venue": "kalshi",
                "key_id": key["key_id"],
                "private_key_path": key["private_key_path"],
                "secret": None,
                "subtraders": one.subtraders,
                "keys": [],
            },
        )
        account["keys"].append(key)
    return list(accounts.values())


def _on_signal(number: int, stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(number, stopping.set)
    except NotImplementedError:  # Windows
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopping.set))
