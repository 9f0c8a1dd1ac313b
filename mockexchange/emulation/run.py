"""Runs a program against a new sandbox, and records the real hosts that it tried to reach."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from mockexchange.clients.own_variables import read_dotenv
from mockexchange.clients.published import CLIENT_SETUPS, GENERIC
from mockexchange.emulation.child_process import Program
from mockexchange.emulation.environment import TrustFiles, for_program, origins_of, pointing, proxied, trusting
from mockexchange.emulation.exchange import Exchange, exchange
from mockexchange.emulation.hosts import EMULATED
from mockexchange.emulation.injection import Injection, write_injection
from mockexchange.emulation.proxy import Proxy, ticket_of
from mockexchange.emulation.signals import SignalForwarder
from mockexchange.emulation.tcp_listener import StreamPair, TcpListener, connect_locally, join
from mockexchange.emulation.upstream_proxy import find_upstream
from mockexchange.guard import DIALS_KEPT_MAX, Dial
from mockexchange.guard.child import DIAL, NODE, PYTHON
from mockexchange.runtime.trust import bundle
from mockexchange.sandbox.journal import FrameEntry, JournalEntry
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.tls.certificates import Authority
from mockexchange.venues.dated_fields import ApiDate

LOCAL, DEMO = "local", "demo"
MODES = (LOCAL, DEMO)
STOP, REFUSE = "stop", "refuse"
ON_REAL_HOST = (STOP, REFUSE)
"""What happens after a refused connection to a real host: the program is ended, or may continue."""
REFUSED = 3
"""The exit code if the program tried to reach a real venue, whatever the program's own exit code is."""
PATIENCE_S = 2.0
"""The seconds that a program has to end by itself after a refused connection; then it is ended."""
PATH_CHARS_MAX = 250
"""The most characters of a word of the command that may be the path of a program beside which a `.env` file is."""
LOOK_S = 0.05
"""The interval, in seconds, of reading the report file, to which the guarded processes append lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """The settings of a run.

    `mode` is one of MODES, `environment` the user's; the others are options of the command.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    mode: str = LOCAL
    client: str = GENERIC
    scenario: str = "demo"
    api_date: ApiDate
    account: str | None = None
    clock: str = "real"
    chaos: tuple[str, ...] = ()
    """Names of fault presets."""
    on_real_host: str = STOP
    """What happens after a refused connection to a real host, one of ON_REAL_HOST."""
    patience_s: float = PATIENCE_S


@dataclass(slots=True)
class RunResult:
    """The result of a run: the program's exit `code`, and the `requests` and `frames` of the sandbox's journal."""

    settings: RunSettings
    code: int = 0
    seconds: float = 0.0
    was_ended: bool = False
    """Whether the program continued after a refused connection to a real host, and was ended."""
    guarded: set[str] = field(default_factory=set)
    """The kinds of the program's processes that loaded the guard: "python", "node"."""
    proxied: int = 0
    """The number of requests to the proxy."""
    changed: str = ""
    """What the program's environment has in place of the user's own variables."""
    elsewhere: int = 0
    """The number of requests to sandboxes that the program made here, and to the first one before a reset."""
    dials: list[Dial] = field(default_factory=list)
    requests: list[JournalEntry] = field(default_factory=list)
    frames: list[FrameEntry] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        return REFUSED if self.dials else self.code


async def run(
    settings: RunSettings, announce: Callable[[Exchange, str], None] = lambda here, changed: None
) -> RunResult:
    """Run a program to its end.

    `announce` is called with the sandbox when that is ready, and with what the program's environment has in place of
    the user's own variables.

    Before the program starts, ScenarioError, clients.UnusableAccount, WrongProxy or CannotStart may be raised.
    """
    ran, relay = RunResult(settings), SignalForwarder()
    async with AsyncExitStack() as stack:
        stack.enter_context(relay.taking())
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="mockexchange-run-")))
        here = await stack.enter_async_context(
            exchange(settings.scenario, settings.api_date, settings.clock, settings.chaos)
        )
        notes = DialLog(ran, here.sandbox)
        injection = write_injection(directory)
        environment = await stack.enter_async_context(_surroundings(settings, here, injection, notes))
        began_s = time.monotonic()
        try:
            await relay.raise_if_signaled()
            announce(here, ran.changed)
            program = await Program.start(settings.command, environment)
            relay.hand_to(program)
            await _see_through(program, settings, injection, notes)
        finally:
            ran.seconds = time.monotonic() - began_s
            ran.requests = [entry for entry in notes.journal if entry.method != DialLog.METHOD]
            ran.frames = list(notes.journal.frames)
            ran.elsewhere = here.count_elsewhere()
    return ran


class DialLog:
    """Records attempts to reach real hosts, in the result of the run and in the sandbox's journal."""

    METHOD = "DIAL"
    """The method by which the journal shows an attempt to reach a real host; no client can send it."""

    def __init__(self, ran: RunResult, sandbox: Sandbox) -> None:
        self.ran, self.journal, self._sandbox = ran, sandbox.journal, sandbox
        self._begun = b""
        self.refused = asyncio.Event()
        """Set when the first dial is refused."""

    def note_dial(self, dial: Dial) -> None:
        if len(self.ran.dials) < DIALS_KEPT_MAX:
            self.ran.dials.append(dial)
        self._sandbox.note_unroutable(
            method=self.METHOD,
            target=f"{dial.host}:{dial.port}" if dial.port else dial.host,
            diagnosis=f"refused: {dial}",
        )
        self.refused.set()

    def count(self) -> None:
        """Count a request to the proxy."""
        self.ran.proxied += 1

    def read(self, data: bytes) -> None:
        """Parse new bytes of the report file, to which guarded processes append lines.

        An incomplete line waits for its rest.
        """
        *lines, self._begun = (self._begun + data).split(b"\n")
        for line in lines:
            self._read_line(line)

    def _read_line(self, line: bytes) -> None:
        """Process a line of the report. Lines that no guard wrote are ignored: a child may write to any file."""
        try:
            report = json.loads(line)
            kind, fields = report["kind"], report["words"]
        except (ValueError, KeyError, TypeError):
            return
        if kind in (PYTHON, NODE):
            self.ran.guarded.add(kind)
        elif kind == DIAL and set(fields) == set(Dial._fields):
            self.note_dial(Dial(**fields))


@asynccontextmanager
async def _surroundings(
    settings: RunSettings, here: Exchange, injection: Injection, notes: DialLog
) -> AsyncIterator[dict[str, str]]:
    """Run the listeners of a run and return the environment that leads the program to them."""
    is_demo = settings.mode == DEMO
    names = EMULATED if is_demo else frozenset()
    authority = Authority.make()
    async with AsyncExitStack() as stack:
        front = await stack.enter_async_context(
            TcpListener(partial(_pass_on, here.port), authority.server_context(sorted(EMULATED)))
        )
        upstream, password = find_upstream(settings.environment), secrets.token_urlsafe(24)
        asked = Proxy(names, here.port, front.port, notes.note_dial, upstream, ticket_of(password), notes.count)
        proxy = await stack.enter_async_context(TcpListener(asked.serve))
        certificate, whole = injection.directory.parent / "authority.crt", injection.directory.parent / "bundle.crt"
        certificate.write_text(authority.certificate_pem, encoding="ascii")
        whole.write_text(bundle(authority.certificate_pem), encoding="utf-8")
        trust = TrustFiles(str(certificate), str(whole))
        environment, notes.ran.changed = _pointed(settings, here)
        environment |= proxied(proxy.port, password, settings.environment)
        if is_demo:
            environment |= trusting(trust, settings.environment, injection.directory.parent)
        yield environment | injection.variables(names, front.port, trust.bundle, settings.environment)


async def _pass_on(port: int, client: StreamPair) -> None:
    """Forward a connection of the TLS listener to the sandbox."""
    await join(client, await connect_locally(port))


def _pointed(settings: RunSettings, here: Exchange) -> tuple[dict[str, str], str]:
    """Return the variables that point the program to the sandbox, and a line about those of the user's that differ."""
    is_demo = settings.mode == DEMO
    found = pointing(settings.client, settings.account, here.accounts, here.venues, is_demo=is_demo)
    folders = [Path.cwd(), *(Path(word).parent for word in settings.command if len(word) < PATH_CHARS_MAX)]
    origins = origins_of(CLIENT_SETUPS, here.origin, is_demo=is_demo)
    emulated = EMULATED if is_demo else frozenset()
    program = for_program(settings.environment, read_dotenv(dict.fromkeys(folders)), found, origins, emulated)
    own = {
        "MOCKEXCHANGE_URL": here.origin,
        "MOCKEXCHANGE_TOKEN": here.token,
        "MOCKEXCHANGE_READY_FILE": str(here.ready_file),
    }
    return program.variables | own, program.changed


async def _see_through(program: Program, settings: RunSettings, injection: Injection, notes: DialLog) -> None:
    """Wait for the program's end, which a refused dial may cause."""
    async with AsyncExitStack() as stack:
        if settings.on_real_host == STOP:
            await stack.enter_async_context(_ended_when_refused(program, settings.patience_s, notes))
        with _followed(injection.report, notes):
            notes.ran.code = await program.wait()


@asynccontextmanager
async def _ended_when_refused(program: Program, patience_s: float, notes: DialLog) -> AsyncIterator[None]:
    ending = asyncio.create_task(_end_when_refused(program, patience_s, notes))
    try:
        yield
    finally:
        ending.cancel()
        with suppress(asyncio.CancelledError):
            await ending


async def _end_when_refused(program: Program, patience_s: float, notes: DialLog) -> None:
    await notes.refused.wait()
    await asyncio.sleep(patience_s)
    notes.ran.was_ended = True
    await program.end()


@contextmanager
def _followed(report: Path, notes: DialLog) -> Iterator[None]:
    """Process the children's report while the block runs, and the rest of the report at the block's end."""
    with report.open("rb") as file:
        looking = asyncio.create_task(_look(file, notes))
        try:
            yield
        finally:
            looking.cancel()
            notes.read(file.read())


async def _look(file: IO[bytes], notes: DialLog) -> None:
    while True:
        notes.read(file.read())
        await asyncio.sleep(LOOK_S)
