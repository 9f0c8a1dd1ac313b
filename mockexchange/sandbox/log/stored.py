"""Writes the description of a sandbox for its store, and opens a stored sandbox again after a restart."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from mockexchange.sandbox.clock import HostClock, host_now_us
from mockexchange.sandbox.inspector import Inspector
from mockexchange.sandbox.log.restoring import begin_following, restore
from mockexchange.sandbox.options import Beginning, SandboxOptions
from mockexchange.sandbox.quotas import NO_QUOTAS, Quotas
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.fault_rules import FAULT
from mockexchange.scenario.instants import Now
from mockexchange.scenario.keys import KeyPool
from mockexchange.scenario.loader import load_source
from mockexchange.scenario.located_text import located_json
from mockexchange.scenario.plan import Plan, Source
from mockexchange.scenario.stubs import STUB
from mockexchange.store.log import Log
from mockexchange.venues.keys.development_keys import KeyPair
from mockexchange.venues.registry import DEFAULT


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
    in_files = {f"{pool.sandbox}/{spec.account}/{spec.name}" for spec in plan.keys if spec.private_path}
    description = Description(
        created_by=sandbox.log.header.version,
        beginning=sandbox.beginning,
        source=_absolute(plan.source),
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


async def restore_sandbox(
    name: str,
    description: Description,
    log: Log,
    inspector: Inspector | None = None,
    host: HostClock = host_now_us,
    quotas: Quotas = NO_QUOTAS,
) -> Sandbox:
    """Open a stored sandbox again, as it was after the last record of its log. Raises ScenarioError and LogError."""
    sandbox = new_sandbox(name, description, log, inspector, host, quotas)
    await restore(sandbox, log, description.beginning)
    find_private_keys(sandbox)
    return sandbox


async def follow_sandbox(
    name: str, description: Description, log: Log, until: int, inspector: Inspector | None = None
) -> Sandbox:
    """Open a copy of a sandbox that another process writes, in the state after record `until`.

    Raises ScenarioError and LogError.
    """
    sandbox = new_sandbox(name, description, log, inspector)
    await begin_following(sandbox, log, description.beginning, until)
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
        api_date=DEFAULT.api_date(header.api_date),
        clock=header.clock,
        host=host,
        inspector=inspector,
        quotas=quotas,
    )
    pairs = {name: KeyPair(*pair) for name, pair in description.pairs.items()}
    return Sandbox(plan, options, KeyPool(name, set(description.places), pairs))


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


def _absolute(source: Source) -> Source:
    """Return a source with the absolute path of its file, if there is one."""
    path = Path(source.file)
    return source._replace(file=str(path.absolute())) if source.file and path.is_file() else source
