"""Reads the data from which a fork is made, from a running sandbox or from the lines of an exported log."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from mockexchange.core.vocabulary import FeeRounding
from mockexchange.replay.log_replay import settings_of
from mockexchange.sandbox.clock import parse_mode
from mockexchange.sandbox.forks.exported_log import read_origin
from mockexchange.sandbox.log.stored import Description, plan_of
from mockexchange.sandbox.options import Beginning
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.keys import KeyPool
from mockexchange.scenario.loader import load_text
from mockexchange.scenario.plan import Plan, PlanCache
from mockexchange.store.codec import read_log
from mockexchange.store.log import Header, LogError, Record
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.registry import DEFAULT, VENUES

NO_ORIGIN = "the log has no origin, so the script of its scenario does not go on"
FILES_OF_KEYS = "the scenario has keys in files, which a log that is sent may not name, so its script does not go on"
FILE_OF_SCENARIO = "the scenario is a file of JSON lines, so its script does not go on"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkSource:
    """The data from which a fork is made: the source's scenario plan, commands, key pairs and clock."""

    plan: Plan
    api_date: ApiDate
    clock: str
    """The clock mode with which the source was created."""
    records: Iterable[Record]
    pool: KeyPool
    beginning: Beginning | None = None
    """The start of the source's clock; None if it is not known."""
    private_pems: dict[str, str | None] = field(default_factory=dict)
    ends_at: int | None = None
    """The exchange time of a running source; None for an exported log, which ends with its last command."""
    problem: str = ""
    """The reason why the fork has no script; empty if it has the script of its scenario."""


def source_of(sandbox: Sandbox) -> ForkSource:
    """Return the data for a fork of a running sandbox, as of now; later commands of the sandbox are not included."""
    pool = KeyPool(sandbox.pool.sandbox, set(sandbox.pool.taken), dict(sandbox.pool.drawn))
    return ForkSource(
        plan=sandbox.plan,
        api_date=sandbox.options.api_date,
        clock=sandbox.options.clock,
        records=sandbox.log.records(count=sandbox.exchange.state.sequence),
        pool=pool,
        beginning=sandbox.beginning,
        private_pems=dict(sandbox.private_pems),
        ends_at=sandbox.clock.now(),
    )


def read_source(lines: Iterable[bytes], *, is_sent: bool = False) -> ForkSource:
    """Parse an exported log into the data for a fork. Raises LogError.

    `is_sent` means that another process has sent the log: then the files that it names are not read.
    """
    rest = iter(lines)
    first = next(rest, b"")
    header, records = read_log(chain([first], rest) if first else ())
    origin = read_origin(first)
    plan, problem = _plan_of(header, origin, is_sent=is_sent)
    pool = KeyPool(header.sandbox)
    for spec in plan.keys:
        if spec.private_path is None and spec.public_path is None:
            pool.pair_for(spec)
    try:
        api_date = DEFAULT.api_date(header.api_date)
        parse_mode(header.clock)
    except ValueError as error:
        raise LogError(f"line 1: {error}") from None
    return ForkSource(
        plan=plan,
        api_date=api_date,
        clock=header.clock,
        records=_in_sequence(records),
        pool=pool,
        beginning=origin.beginning if origin else None,
        problem=problem,
    )


def _plan_of(header: Header, origin: Description | None, *, is_sent: bool) -> tuple[Plan, str]:
    """Return the plan of a log, and the reason if its scenario cannot be read."""
    if origin is None:
        return _bare_plan(header), NO_ORIGIN
    if is_sent and origin.source.kind == "lines":
        return _bare_plan(header), FILE_OF_SCENARIO
    try:
        plan = plan_of(origin)
    except (ScenarioError, ValueError) as error:
        return _bare_plan(header), f"its scenario cannot be read, so its script does not go on: {error}"
    if is_sent and any(spec.private_path or spec.public_path for spec in plan.keys):
        return _bare_plan(header), FILES_OF_KEYS
    return plan, ""


def _bare_plan(header: Header) -> Plan:
    """Return the plan of a log without its scenario: the same rules, and no keys, script, faults or stubs."""
    empty = load_text("scenario: empty\n")
    try:
        rounding = FeeRounding(header.rounding)
        settings = {name: venue.scenario.settings(**settings_of(venue, header)) for name, venue in VENUES.items()}
    except (TypeError, ValueError) as error:
        raise LogError(f"line 1: {error}") from None
    return replace(
        empty,
        name=header.scenario,
        title="",
        seed=header.seed,
        archived_before=header.archived_before,
        rounding=rounding,
        order_rules=header.orders,
        settings=settings,
        digest=header.scenario_hash,
        keys=[],
        cache=PlanCache(),
    )


def _in_sequence(records: Iterator[Record]) -> Iterator[Record]:
    """Yield records. Raises LogError unless they are numbered from 1 on, in order of time."""
    last_at = 0
    for expected, record in enumerate(records, start=1):
        if record.sequence != expected:
            raise LogError(f"expected command {expected}, got {record.sequence}: the log has a gap")
        if record.at < last_at:
            raise LogError(f"command {expected} is earlier than the one before it")
        last_at = record.at
        yield record
