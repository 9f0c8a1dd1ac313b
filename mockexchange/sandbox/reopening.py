"""Stored sandboxes: the description that a store keeps, and opening a sandbox again from it and from its log.

One that cannot be opened is set aside with the reason, and the others serve. It is broken from its start: its name, its
port and its keys stay taken, requests to it are answered with the reason, and its log stays as it is, until it is reset
or deleted, or opened once the reason is gone.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from mockexchange.core.commands import AddKey, RemoveKey
from mockexchange.core.vocabulary import FeeRounding
from mockexchange.sandbox.clock import HostClock, Turns, host_now_us
from mockexchange.sandbox.interface import NO_OWN_PORTS, CommandFailed, SandboxBroken
from mockexchange.sandbox.options import DEFAULT, Beginning, Inspector, SandboxOptions
from mockexchange.sandbox.quotas import NO_QUOTAS, Quotas
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.fault_rules import FAULT
from mockexchange.scenario.instants import Now
from mockexchange.scenario.keys import KeyPool
from mockexchange.scenario.loader import load_source, load_text
from mockexchange.scenario.located_text import located_json
from mockexchange.scenario.plan import Plan, Source
from mockexchange.scenario.stubs import STUB
from mockexchange.store.codec import decode_record
from mockexchange.store.log import Log, LogError, LogUnavailable, Record
from mockexchange.store.stores import Row, StoredSandbox
from mockexchange.venues.keys.development_keys import KeyPair
from mockexchange.venues.registry import DEFAULT as DEFAULT_VENUE
from mockexchange.venues.registry import VENUES

REASON_CHARS_MAX = 400


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """The data that a restart of a sandbox needs besides its log.

    It does not contain key pairs that the scenario has in files.
    """

    created_by: str
    """The version of mockexchange that created the sandbox."""
    beginning: Beginning
    source: Source
    digest: str
    faults: list[str]
    """The faults of the scenario and of the request that created the sandbox, as JSON."""
    stubs: list[str]
    pairs: dict[str, tuple[str, str | None]]
    """Generated key pairs by name: public and private PEM text."""
    places: list[int]
    """The indexes of the generated key pairs in the pool of key pairs."""
    port: int | None = None
    """The sandbox's own port; None if the sandbox is on the shared port."""
    idle_us_max: int | None = None
    now: Now | msgspec.UnsetType = msgspec.UNSET
    """What the relative values of the scenario count from; not there if it has none, or if the clock has no say."""


def describe(sandbox: Sandbox, port: int | None = None, idle_us_max: int | None = None) -> bytes:
    """Return the description of a sandbox for its store, as JSON bytes."""
    plan, pool = sandbox.plan, sandbox.pool
    source = plan.source
    if source.file and Path(source.file).is_file():
        source = source._replace(file=str(Path(source.file).absolute()))
    in_files = {f"{pool.sandbox}/{spec.account}/{spec.name}" for spec in plan.keys if spec.private_path}
    description = Description(
        created_by=sandbox.log.header.version,
        beginning=sandbox.beginning,
        source=source,
        digest=plan.digest,
        faults=[rule.text for rule in plan.faults],
        stubs=[stub.written for stub in plan.stubs],
        pairs={name: (pair.public_pem, pair.private_pem) for name, pair in pool.drawn.items() if name not in in_files},
        places=sorted(pool.taken),
        port=port,
        idle_us_max=idle_us_max,
        now=plan.now or msgspec.UNSET,
    )
    return msgspec.json.encode(description)


def read_description(raw: bytes) -> Description:
    """Parse the description that `describe` wrote. Raises ScenarioError."""
    try:
        return msgspec.json.decode(raw, type=Description)
    except msgspec.MsgspecError as error:
        raise ScenarioError(f"its description cannot be read ({error}): use the version that wrote it") from None


async def follow_sandbox(
    name: str, description: Description, log: Log, until: int, inspector: Inspector | None = None
) -> Sandbox:
    """Open a copy of a sandbox that another process writes, in the state after record `until`.

    Nothing is triggered or journalled, now or later: the process that writes does it. Raises ScenarioError and
    LogError.
    """
    sandbox = new_sandbox(name, description, log, inspector)
    sandbox.script.is_restoring, sandbox.writer.replaces_failed = True, False
    await _apply_all(sandbox, log, description.beginning, until)
    await follow(sandbox, until)  # it raises if a record is missing
    return sandbox


def new_sandbox(
    name: str,
    description: Description,
    log: Log,
    inspector: Inspector | None,
    host: HostClock = host_now_us,
    quotas: Quotas = NO_QUOTAS,
) -> Sandbox:
    """Return the sandbox of a description, before the first record. Raises ScenarioError and ValueError."""
    plan = plan_of(description)
    header = log.header
    options = SandboxOptions(
        name=name,
        api_date=DEFAULT_VENUE.api_date(header.api_date),
        clock=header.clock,
        host=host,
        inspector=inspector,
        quotas=quotas,
    )
    pairs = {name: KeyPair(*pair) for name, pair in description.pairs.items()}
    pool = KeyPool(name, set(description.places), pairs)
    return Sandbox(plan, options, pool, rounding=FeeRounding(header.rounding))


def plan_of(description: Description) -> Plan:
    """Load the scenario of a stored sandbox again, and return its plan. Raises ScenarioError."""
    plan = load_source(description.source, description.digest, description.now or None)
    if [rule.text for rule in plan.faults] != description.faults:
        plan = replace(plan, faults=[FAULT.read(located_json(text, "", 0), "") for text in description.faults])
    if [stub.written for stub in plan.stubs] != description.stubs:
        plan = replace(plan, stubs=[STUB.read(located_json(text, "", 0), "") for text in description.stubs])
    return plan


def find_private_keys(sandbox: Sandbox) -> None:
    """Find the private halves of a sandbox's keys: among generated pairs, or in the files that the scenario names."""
    state = sandbox.exchange.state
    drawn: Mapping[str, KeyPair] = sandbox.pool.drawn
    by_public = {pair.public_pem: pair.private_pem for pair in drawn.values()}
    for spec in sandbox.plan.keys:
        if spec.private_path is not None:
            try:
                pair = sandbox.pool.pair_for(spec)
            except ScenarioError:
                continue  # a client that has the file can sign all the same
            by_public[pair.public_pem] = pair.private_pem
    sandbox.private_pems |= {
        key.key_id: by_public[key.public_key] for key in state.keys.values() if key.public_key in by_public
    }


# Applying a log again


async def restore(sandbox: Sandbox, log: Log, beginning: Beginning) -> None:
    """Apply the records of a stored log to a new sandbox, and append to that log from now on.

    The clock, faults, stubs and the script are then as after the last record. No script step is triggered, and nothing
    is journalled. Raises ScenarioError and LogError.
    """
    writer, script = sandbox.writer, sandbox.script
    writer.is_restoring = script.is_restoring = True
    await _apply_all(sandbox, log, beginning, None)
    writer.is_restoring = script.is_restoring = False
    sandbox.begin_quota()
    await writer.replace_failed()
    find_private_keys(sandbox)


async def follow(sandbox: Sandbox, until: int) -> None:
    """Apply the records that another process has written since the last call, up to the record number `until`.

    Raises LogError if one is missing.
    """
    turns, newest = Turns(), sandbox.exchange.state.sequence
    for record in sandbox.log.records(after=newest, count=until - newest):
        _apply(sandbox, record)
        await turns.pause()
    if sandbox.exchange.state.sequence < until:
        raise LogError(f"record {sandbox.exchange.state.sequence + 1} is missing")


async def _apply_all(sandbox: Sandbox, log: Log, beginning: Beginning, until: int | None) -> None:
    sandbox.use_log(log)
    sandbox.beginning, turns = beginning, Turns()
    for record in log.records(count=until):
        await turns.pause()
        if record.sequence == beginning.history + 1:  # the records before it are those of the scenario's history
            _begin_again(sandbox)
        _apply(sandbox, record)
    if sandbox.exchange.state.sequence <= beginning.history:
        _begin_again(sandbox)


def _begin_again(sandbox: Sandbox) -> None:
    """Start the clock, the scenario's faults and the script, as at the opening of the sandbox."""
    begun = sandbox.beginning
    sandbox.clock.set(begun.mode, begun.exchange_at, begun.host_at)
    sandbox.faults.begin_again(begun.history)
    sandbox.script.begin(begun.exchange_at)


def _apply(sandbox: Sandbox, record: Record) -> None:
    expected = sandbox.exchange.state.sequence + 1
    if record.sequence != expected:
        raise LogError(f"expected record {expected}, got {record.sequence}")
    sandbox.script.follow(record.at)
    with suppress(CommandFailed):  # it was taken back again
        sandbox.writer.apply(record)


# All sandboxes of a store


class RestorableStore(Protocol):
    """The interface of a store whose sandboxes are opened again."""

    def stored(self) -> Sequence[StoredSandbox]: ...
    def log_of(self, stored: StoredSandbox) -> Log: ...
    def rows(self, id_: int) -> Iterator[Row]: ...


class Reopened(NamedTuple):
    """A sandbox of a store, opened again or set aside; `description` is None if it could not be read."""

    stored: StoredSandbox
    sandbox: Sandbox
    description: Description | None


async def reopened(
    store: RestorableStore,
    inspector: Inspector | None = None,
    quotas: Quotas = NO_QUOTAS,
    *,
    has_own_ports: bool = True,
) -> AsyncIterator[Reopened]:
    """Open the sandboxes of a store and yield them: `default` first, so that none is before it, then the oldest first.

    Without `has_own_ports`, one with a port of its own is set aside. Raises StoreError if nothing can be read.
    """
    taken: set[str] = set()
    for stored in sorted(store.stored(), key=lambda one: one.name != DEFAULT):
        name = stored.name if stored.name not in taken else f"{stored.name}#{stored.id}"
        taken.add(name)
        yield await _reopened(store, stored._replace(name=name), inspector, quotas, has_own_ports)


async def _reopened(
    store: RestorableStore, stored: StoredSandbox, inspector: Inspector | None, quotas: Quotas, has_own_ports: bool
) -> Reopened:
    description, sandbox, log = None, None, store.log_of(stored)
    try:
        if stored.problem:
            raise LogError(stored.problem)
        description = read_description(stored.description)
        sandbox = new_sandbox(stored.name, description, log, inspector, quotas=quotas)
        await restore(sandbox, log, description.beginning)
        for account in sandbox.exchange.state.accounts.values():
            if account.venue and account.venue not in VENUES:
                raise LogError(f"its account {account.name!r} is of the venue {account.venue!r}, which is unknown here")
        if description.port is not None and not has_own_ports:
            raise LogError(NO_OWN_PORTS)
    except Exception as error:  # noqa: BLE001  # whatever a log holds, the others are opened
        has_scenario = sandbox is not None
        sandbox = sandbox or blank_sandbox(stored.name, log)
        sandbox.set_aside(reason_of(error), added_keys(store.rows(stored.id)), has_scenario=has_scenario)
    return Reopened(stored, sandbox, description)


def blank_sandbox(name: str, log: Log) -> Sandbox:
    """Return a sandbox without anything, in place of one of which even the beginning cannot be read."""
    sandbox = Sandbox(load_text("scenario: empty\n"), SandboxOptions(name=name))
    sandbox.use_log(log)
    return sandbox


def reason_of(error: Exception) -> str:
    """Return one line about the reason why a sandbox cannot be opened; an unexpected error is named by its type."""
    is_expected = isinstance(error, ValueError | LogUnavailable | SandboxBroken | ScenarioError)
    text = str(error) if is_expected else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:REASON_CHARS_MAX]


def added_keys(rows: Iterable[Row]) -> frozenset[str]:
    """Return the ids of the keys that a log adds, also of those behind a record that cannot be read."""
    found: set[str] = set()
    with suppress(LogUnavailable):
        for _, number, _, body, _ in rows:
            if type(body) is bytes and b"_key" in body:  # add_key or remove_key: others need no decoding
                with suppress(LogError):
                    command = decode_record(number, body).command
                    if isinstance(command, AddKey):
                        found.add(command.key_id)
                    elif isinstance(command, RemoveKey):
                        found.discard(command.key_id)
    return frozenset(found)
