"""A sandbox: one whole exchange with its log, its clock, its keys and its journal. The one mutable thing."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

from mockexchange import __version__
from mockexchange.core.commands import AddKey, Command
from mockexchange.core.events import Event
from mockexchange.core.exchange import Exchange, Outcome
from mockexchange.core.ids import derived_id
from mockexchange.core.model.accounts import Account, Key
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import AccountKind
from mockexchange.faults import Faults
from mockexchange.sandbox import snapshots
from mockexchange.sandbox.clock import ExchangeClock, HostClock, host_now_us
from mockexchange.sandbox.inspector import Inspector
from mockexchange.sandbox.journal import Journal, JournalEntry
from mockexchange.sandbox.script import Script
from mockexchange.sandbox.snapshots import Snapshot
from mockexchange.sandbox.streams import Streams
from mockexchange.sandbox.stubs import Stubs
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.keys import KeyPool
from mockexchange.scenario.loader import KeySpec, Plan, TimedCommand
from mockexchange.scenario.located_text import Located
from mockexchange.store.log import Cause, Header, Log, Record
from mockexchange.store.memory import MemoryLog
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.registry import DEFAULT as DEFAULT_VENUE
from mockexchange.venues.registry import VENUES, venue_at, venue_of
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.venue import Handshake, Venue

DEFAULT = "default"
PROGRESS_EVERY = 10_000
Progress = Callable[[int], None]
CommandObserver = Callable[[Record, Outcome], None]
"""Told of every command once it is carried out."""


class SandboxEnded(Exception):
    """The sandbox was reset, deleted or stopped while something was carried out in it: what was left of that is not."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What a client needs to be somebody here: a private key or a secret.

    `private_pem` is None where only the public half was given, and at a venue of shared secrets; `secret` elsewhere.
    """

    account: str
    key: str
    kind: AccountKind
    key_id: str
    private_pem: str | None
    subtraders: list[str]
    venue: str = DEFAULT_VENUE.name
    secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """`api_date` is what keys without one of their own see; `clock` is real, paused or a scale such as 10x."""

    name: str = DEFAULT
    api_date: ApiDate = ApiDate("compat", None)
    clock: str = "real"
    host: HostClock = host_now_us
    inspector: Inspector | None = None


class Sandbox:
    """Make one with `open_sandbox`; commands go in by `submit`, requests by `answer`."""

    def __init__(
        self, plan: Plan, options: SandboxOptions, pool: KeyPool | None = None, exchange: Exchange | None = None
    ) -> None:
        self.name = options.name
        self.options = options
        self.plan = plan
        self.exchange = exchange or Exchange(plan.seed, plan.rounding, plan.archived_before)
        self.log: Log = MemoryLog(_header(plan, options))
        self.clock = ExchangeClock(options.clock, plan.start, options.host)
        self.journal = Journal()
        self.contexts: dict[str, Any] = {
            name: venue.open_context(self.exchange.state, options.api_date, plan.settings[name])
            for name, venue in VENUES.items()
        }
        """The front of each venue, by its name."""
        self.context = self.contexts[DEFAULT_VENUE.name]
        self.pool = pool or KeyPool(options.name)
        self.private_pems: dict[str, str | None] = {}
        self.touched_at = options.host()
        self.streams = Streams(self.journal, self.moment, options.inspector)
        self.faults = Faults(self)
        self.stubs = Stubs(self)
        self.script = Script(self)
        self.streams.on_subscribed = lambda reader, channel: self.script.note_subscribed(reader.account, channel)
        self.streams.on_operation = self.script.note_operation
        self.observers: list[CommandObserver] = [self.script.note_command, self.faults.observe]
        self.closing: list[Callable[[str], object]] = []
        """Called with the reason (reset, deleted or stopped) when the sandbox ends."""
        self._ending: str | None = None

    def moment(self) -> tuple[int, int, int]:
        """Exchange time, host time and the length of the log: where an answer stands for a replay."""
        return self.clock.now(), self.options.host(), len(self.log)

    def update_call_hook(self) -> None:
        """Let calls of streams be looked at before their sessions are asked, where there is anything to look."""
        is_needed = self.faults.for_requests or self.stubs.installed
        self.streams.answer_call = self.faults.answer_call if is_needed else None

    async def submit(self, command: Command, at: int | None = None, cause: Cause | None = None) -> Outcome:
        """Append a command to the log and carry it out, at `at` or now. The only way in.

        What comes from outside has no cause, and finds everything done that was due before it. Raises SandboxEnded.
        """
        if cause is None:
            await self.run_due()
        self.require_open()
        effective = max(self.clock.now() if at is None else at, self.exchange.last_at)
        record = Record(self.exchange.state.sequence + 1, effective, command, cause)
        await self.log.append(record)
        outcome = self.exchange.execute(command, effective)
        for observe in tuple(self.observers):
            observe(record, outcome)
        if len(self.streams) and not isinstance(outcome, Refusal):
            self._publish(outcome, effective)
        return outcome

    def _publish(self, events: tuple[Event, ...], at: int) -> None:
        for name, channels in self.streams.channels:
            venue, settings = VENUES[name], self.contexts[name].settings
            self.streams.publish(venue.messages_of(self.exchange.state, events, at, settings, channels), venue)

    async def run_due(self) -> None:
        """Carry out what the script has to do by now."""
        if self.script.has_due:
            await self.script.run_due()

    async def advance(self, duration_us: int) -> None:
        """Move exchange time through everything that is due on the way.

        Raises ValueError on a duration that cannot be, ScriptOverrun where too much is due (time stands there then),
        and SandboxEnded.
        """
        try:
            await self.script.advance(duration_us)
        finally:
            self.script.on_change()
        self.require_open()

    async def run_clock(self, mode: str) -> None:
        """Let exchange time run otherwise, through everything that is due where it is put forward.

        Raises ValueError on an unknown mode, ScriptOverrun, the mode being as it was, and SandboxEnded.
        """
        try:
            await self.script.run_to(self.options.host() if mode == "real" else self.clock.now())
            self.clock.run(mode)
        finally:
            self.script.on_change()
        self.require_open()

    def host_delay_us(self) -> int | None:
        """How long the host has to wait for the next step; None while there is none, or time stands."""
        next_at = self.script.next_at
        return None if next_at is None else self.clock.host_delay_us(next_at)

    def close(self, reason: str) -> None:
        """The sandbox ends: its streams and its script do, what is under way, and whoever waits for something of it."""
        self._ending = reason
        self.streams.close_all()
        self.script.end()
        for end in tuple(self.closing):
            end(reason)

    def require_open(self) -> None:
        """Raise SandboxEnded unless the sandbox goes on."""
        if self._ending:
            raise SandboxEnded(f"the sandbox was {self._ending} before all was done")

    def api_date_of(self, venue: Venue, key_id: str | None) -> ApiDate:
        """Return the API date that a venue speaks to a key."""
        return venue.date_of(self.contexts[venue.name], self.key_of(key_id or ""))

    def key_of(self, key_id: str) -> Key | None:
        """The key of that id, with a public key or a secret."""
        state = self.exchange.state
        return state.keys.get(key_id) or state.secret_keys.get(key_id)

    @property
    def keys(self) -> list[Key]:
        """All there are: those with a public key, then those with a secret, each in the order in which they came."""
        state = self.exchange.state
        return list(chain(state.keys.values(), state.secret_keys.values()))

    def shake_hands(self, request: Request) -> tuple[Handshake, JournalEntry]:
        """Answer the upgrade of a stream and journal it."""
        at, host_at, position = self.moment()
        self.touched_at = host_at
        venue = venue_at(request.path)
        context = self.contexts[venue.name]

        def ask(host_at: int) -> Handshake:
            return venue.shake_hands(context, request, at, host_at, self.streams.count_of)

        is_plain = not self.faults.for_handshakes
        handshake = ask(host_at) if is_plain else self.faults.shake_hands(request, at, host_at, ask)
        return handshake, self._note(venue, request, handshake.answer, at, host_at, position)

    def answer(self, request: Request) -> tuple[Answer, JournalEntry]:
        """Answer one request now and journal it; the caller fills in what is known only later."""
        at, host_at, position = self.moment()
        self.touched_at = host_at
        venue = venue_at(request.path)
        if self.faults.for_requests:
            answer = self.faults.answer(request, at, host_at)
        else:
            answer = self._answer(venue, request, at, host_at)
        entry = self._note(venue, request, answer, at, host_at, position)
        self.script.note_request(entry)
        return answer, entry

    def _answer(self, venue: Venue, request: Request, at: int, host_at: int) -> Answer:
        """By a stub where there is one for it, else by the venue."""
        context = self.contexts[venue.name]
        stubbed = self.stubs.answer(venue, context, request, at, host_at) if self.stubs.installed else None
        return stubbed or venue.answer(context, request, at, host_at)

    def _note(
        self, venue: Venue, request: Request, answer: Answer, at: int, host_at: int, position: int
    ) -> JournalEntry:
        entry = JournalEntry(
            self.journal.count + 1,
            at,
            host_at,
            position,
            request.method,
            request.target,
            request.headers,
            request.body,
            answer.status,
            answer.body,
            answer.operation,
            answer.account,
            answer.key_id,
            0,
            answer.diagnosis,
            answer.findings,
            fault=answer.fault,
            stub=answer.stub,
            venue=venue.name,
            refusal=answer.refusal,
        )
        self.journal.add(entry)
        return entry

    def credentials(self) -> list[Credential]:
        return [self._credential_of(key, self.exchange.state.accounts[key.account]) for key in self.keys]

    def _credential_of(self, key: Key, account: Account) -> Credential:
        venue = venue_of(account.venue)
        return Credential(
            account=key.account,
            key=key.name,
            kind=account.kind,
            key_id=key.key_id,
            private_pem=self.private_pems.get(key.key_id),
            subtraders=list(venue.subtrader_ids(account).values()),
            venue=venue.name,
            secret=key.secret or None,
        )


async def open_sandbox(
    plan: Plan, options: SandboxOptions, progress: Progress | None = None, pool: KeyPool | None = None
) -> Sandbox:
    """Build a sandbox from a scenario. Raises ScenarioError, with the place, where a command of it is refused.

    The clock begins after the last instant of the history. `progress` is told now and then how many steps are done;
    `pool` holds the key pairs of the sandbox this one replaces.
    """
    kept = snapshots.kept_for(plan)
    sandbox = Sandbox(plan, options, pool, kept.exchange() if kept else None)
    if kept:
        await _take_up(sandbox, kept)
    else:
        await _play(sandbox, progress)
        snapshots.note_played(plan, sandbox.exchange, sandbox.log)
    begins = max(plan.start, sandbox.exchange.last_at)
    sandbox.clock = ExchangeClock(options.clock, begins, options.host)
    await sandbox.faults.begin()
    await sandbox.stubs.begin()
    sandbox.script.begin(sandbox.clock.now() if options.clock == "real" else begins)
    await sandbox.run_due()
    return sandbox


async def _play(sandbox: Sandbox, progress: Progress | None) -> None:
    """Carry out all that the scenario says of the time before the clock begins."""
    for timed in sandbox.plan.setup:
        await _carry_out(sandbox, timed)
    await _add_keys(sandbox)
    for done, timed in enumerate(sandbox.plan.steps, start=1):
        await _carry_out(sandbox, timed, f"history[{done - 1}]")
        if progress and done % PROGRESS_EVERY == 0:
            progress(done)


async def _take_up(sandbox: Sandbox, kept: Snapshot) -> None:
    """Add what the copy of an exchange lacks: the log, and the keys where they stand in it."""
    exchange = sandbox.exchange
    ends_at, sequence = exchange.last_at, exchange.state.sequence
    exchange.last_at, exchange.state.sequence = sandbox.plan.start, len(kept.before_keys)
    await _append(sandbox.log, kept.before_keys)
    await _add_keys(sandbox)
    await _append(sandbox.log, kept.after_keys)
    exchange.last_at, exchange.state.sequence = ends_at, sequence


async def _append(log: Log, records: Iterable[Record]) -> None:
    for record in records:
        await log.append(record)


async def _carry_out(sandbox: Sandbox, timed: TimedCommand, path: str = "") -> None:
    outcome = await sandbox.submit(timed.command, timed.at)
    if isinstance(outcome, Refusal):
        raise _refused(outcome, timed.node, path)


async def _add_keys(sandbox: Sandbox) -> None:
    for spec in sandbox.plan.keys:
        command = _key_command(sandbox, spec)
        outcome = await sandbox.submit(command, sandbox.plan.start)
        if isinstance(outcome, Refusal):
            raise _refused(outcome, spec.node)


def _key_command(sandbox: Sandbox, spec: KeySpec) -> AddKey:
    """Generated key ids and secrets are functions of the names, so that they are the same in every run."""
    names = (sandbox.name, spec.account, spec.name)
    secrets = venue_of(sandbox.exchange.state.accounts[spec.account].venue).secrets
    public_key = secret = ""
    if secrets:
        seed = "/".join(names)
        key_id = spec.key_id or secrets.key_id_of(seed)
        secret = spec.secret or secrets.secret_of(seed)
    else:
        pair = sandbox.pool.pair_for(spec)
        key_id = spec.key_id or derived_id("key", *names)
        public_key = pair.public_pem
        sandbox.private_pems[key_id] = pair.private_pem
    return AddKey(
        account=spec.account,
        key=spec.name,
        key_id=key_id,
        public_key=public_key,
        scopes=spec.scopes,
        subaccount=spec.subaccount,
        api_date=spec.api_date,
        secret=secret,
    )


def _logged_settings(plan: Plan) -> dict[str, Any]:
    """All of the default venue's, and under their names those of others that are not wholly the defaults."""
    settings = {name: asdict(given) for name, given in plan.settings.items() if given != VENUES[name].settings()}
    settings.pop(DEFAULT_VENUE.name, None)
    return {**asdict(plan.settings[DEFAULT_VENUE.name]), **settings}


def _refused(refusal: Refusal, node: Located | None, path: str = "") -> ScenarioError:
    """By file and line; a scenario that is no file has the path of the step alone."""
    file, line = (node.file, node.line) if node else ("", 0)
    return ScenarioError(f"{refusal.code}: {refusal.message}", file, line, "" if file else path)


def _header(plan: Plan, options: SandboxOptions) -> Header:
    return Header(
        version=__version__,
        sandbox=options.name,
        scenario=plan.name,
        scenario_hash=plan.digest,
        seed=plan.seed,
        api_date=options.api_date.name,
        clock=options.clock,
        rounding=plan.rounding.value,
        archived_before=plan.archived_before,
        settings=_logged_settings(plan),
    )
