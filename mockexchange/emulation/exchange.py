"""Starts the sandbox of `mockexchange run`: on its own port, with its control API, in the event loop of the run."""

import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mockexchange.clients.published import AccountKey
from mockexchange.emulation.tcp_listener import HOST
from mockexchange.faults.preset_rules import with_presets
from mockexchange.runtime.ready_file import SPARE, RunDirectory, default_ready_file, remove_ready_file, write_ready_file
from mockexchange.sandbox.credentials import Credential
from mockexchange.sandbox.options import DEFAULT, SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_scenario
from mockexchange.server.control.access import Tokens
from mockexchange.server.control.app import control_app
from mockexchange.server.operating_system import allow_many_files
from mockexchange.server.ready_content import ready_content
from mockexchange.server.server_state import ServerState
from mockexchange.venues.dated_fields import ApiDate


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The sandbox of a run. `accounts` has each account by name, with the path of its key file ("" if it has none)."""

    sandbox: Sandbox
    port: int
    origin: str
    """The URL before all paths; the control API is below it at /_mock."""
    token: str
    ready_file: Path
    venues: Mapping[str, Mapping[str, str]]
    accounts: Mapping[str, tuple[AccountKey, str]]
    count_elsewhere: Callable[[], int]
    """Returns the number of requests to other sandboxes than this one, of those that were deleted or reset too."""


class OtherRequests:
    """Counts the requests to all sandboxes of a server but the present `default`, which its journal has."""

    def __init__(self, server_state: ServerState) -> None:
        self._sandboxes: dict[str, Sandbox] = {}
        self._ended = 0
        server_state.on_change.append(self._note)

    def _note(self, change: str, sandbox: Sandbox) -> None:
        before = self._sandboxes.pop(sandbox.name, None)
        if before is not None and before is not sandbox:
            self._ended += _count(before)
        elif change == "deleted":
            self._ended += _count(sandbox)
        if change != "deleted":
            self._sandboxes[sandbox.name] = sandbox

    def count(self) -> int:
        return self._ended + sum(_count(one) for name, one in self._sandboxes.items() if name != DEFAULT)


def _count(sandbox: Sandbox) -> int:
    return sum(sandbox.journal.counters.requests.values())


@asynccontextmanager
async def exchange(
    scenario: str, api_date: ApiDate, clock: str = "real", chaos: Sequence[str] = ()
) -> AsyncIterator[Exchange]:
    """Run a new sandbox until the end of the `async with` block, its keys in files. Raises ScenarioError.

    `chaos` are names of fault presets. Other commands find this sandbox by its ready file, and by default if no other
    server runs.
    """
    plan = with_presets(load_scenario(scenario), chaos)
    allow_many_files()
    server_state, token = ServerState(HOST), secrets.token_urlsafe(24)
    control = control_app(server_state, Tokens(token, hidden=server_state.tokens), [], dict)
    files = RunDirectory()
    try:
        server_state.bind(0)
        others = OtherRequests(server_state)
        sandbox = await server_state.open(plan, SandboxOptions(api_date=api_date, clock=clock))
        await server_state.listen(control)
        credentials = sandbox.credentials()
        ready, ready_file = (
            ready_content(server_state, token, api_date.name, credentials, files),
            files.path / "ready.json",
        )
        write_ready_file(ready_file, ready)
        write_ready_file(files.path / SPARE, ready)
        assert server_state.main is not None, "it listens"
        yield Exchange(
            sandbox=sandbox,
            port=server_state.main.port,
            origin=server_state.local_origin(),
            token=token,
            ready_file=ready_file,
            venues=server_state.urls(),
            count_elsewhere=others.count,
            accounts=_accounts(credentials, {row["name"]: row["private_key_path"] or "" for row in ready["accounts"]}),
        )
    finally:
        files.remove()
        remove_ready_file(default_ready_file())  # which a server that ended may have passed on
        await server_state.stop()


def _accounts(credentials: list[Credential], paths: Mapping[str, str]) -> dict[str, tuple[AccountKey, str]]:
    """Return every account with its first key."""
    found: dict[str, tuple[AccountKey, str]] = {}
    for one in credentials:
        read = None if one.private_pem is None else partial(str, one.private_pem)
        holder = AccountKey(one.account, one.venue, one.key_id, read, one.secret)
        found.setdefault(one.account, (holder, paths[one.account]))
    return found
