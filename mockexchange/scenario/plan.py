"""The plan of a scenario: its settings, keys, and commands with their times. Making a plan executes nothing.

Steps of a history without a time are one millisecond apart, beginning at `start`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, TypeVar

from msgspec import Struct, structs

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.instants import MICROSECONDS_PER_DAY, format_instant
from mockexchange.core.model.markets import TRADING_US, MarketDetails
from mockexchange.core.model.order_rules import OrderRules
from mockexchange.core.vocabulary import FeeRounding
from mockexchange.scenario.accounts import KeySpec, keys_of, open_account, step_command
from mockexchange.scenario.error_collection import ANY, Name, note_left_out, note_or_raise
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.fault_rules import Rule, rules_of_lags
from mockexchange.scenario.instants import START_DEFAULT, Counting, Now, begins_now
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.script_entries import ScriptEntry, require_accounts, require_known
from mockexchange.scenario.settings import rules_of, settings_of
from mockexchange.scenario.steps import Step
from mockexchange.scenario.stubs import Stub
from mockexchange.scenario.value_types import INSTANT_MAX

RSA_PAIRS_MAX = 32_640
"""The RSA key pairs that the package provides; any further one would be generated, which takes 20 to 50 ms."""

HISTORY_STEP_US = 1_000
CLOSING_COMMANDS = (commands.CloseMarket, commands.DetermineMarket, commands.SettleMarket, commands.FinalizeMarket)
"""Commands after which a market is no longer open."""

Item = TypeVar("Item")


class TimedCommand(NamedTuple):
    """A command with its time in microseconds; `node` is its parsed text with file and line, for errors."""

    at: int
    command: Command
    node: Located | None


class PlanCache(Struct):
    """Results of earlier executions of a plan's history; copies of the plan made by `replace` share them."""

    fields_read: dict[str, Any] | None = None
    """The fields of the plan as it was read, of which copies may change some; None if it cannot be read again."""
    plays: int = 0
    snapshot: Any = None
    """A `sandbox.history_cache.Snapshot` of the exchange after the history; None if none was made."""


class Source(NamedTuple):
    """The text of a scenario, or the path of a JSON lines file, from which a plan can be read again."""

    kind: str
    """What `content` is: "text" or "object" (a scenario), or "lines" (a path)."""
    content: str
    file: str = ""
    """The file that the text came from; paths of key files are relative to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A scenario after it was read: settings, keys, history, script, faults and stubs.

    A long history is not in memory: each iteration over `steps` reads its file again.
    """

    name: str
    title: str
    seed: int
    start: int
    archived_before: int
    """Rows last updated before this instant (microseconds) are archived."""
    rounding: FeeRounding | None
    """The rounding of fees; None if the API date of a sandbox decides."""
    order_rules: OrderRules
    settings: dict[str, Any]
    """The settings of each venue, by its name."""
    digest: str
    setup: list[TimedCommand]
    keys: list[KeySpec]
    steps: Iterable[TimedCommand]
    script: list[ScriptEntry] = field(default_factory=list)
    """Steps that run after the clock begins."""
    faults: list[Rule] = field(default_factory=list)
    stubs: list[Stub] = field(default_factory=list)
    """Stubs that are installed when the clock begins."""
    frames: str = "after"
    """When the frames of a write are sent: "after" its answer, "before" it, or "random", which the seed decides."""
    counts_in_us: int = 0
    """The unit in which values count from now: a day if only close times that are not given do, else a second.

    0 if neither another kind of clock nor another instant would make another plan.
    """
    begins_now: bool = False
    """Whether `start` counts from the wall clock, under a paused or scaled clock, too."""
    now: Now | None = None
    """What the relative values count from in one sandbox; None for the plan of no sandbox, or without such values."""
    source: Source = field(default=Source("text", "scenario: empty"), compare=False, repr=False)
    cache: PlanCache = field(default_factory=PlanCache, compare=False, repr=False)

    @property
    def is_in_memory(self) -> bool:
        """Whether the steps are in memory, so that every execution of the history has the same ones."""
        return isinstance(self.steps.steps if isinstance(self.steps, History) else self.steps, list)


class Document(Struct, frozen=True):
    """The values of a scenario by section, and its history; `unread` are the names in the parts that cannot be read."""

    values: dict[str, Any]
    history: Iterable[Step]
    unread: frozenset[Name] = frozenset()

    def known(self, kind: str, names: Iterable[str]) -> set[str] | None:
        """Return names of a kind with those in the parts that cannot be read, or None if these may be any."""
        unread = {name for other, name in self.unread if other == kind}
        return None if ANY in unread else {*names, *unread}


def make_plan(
    values: dict[str, Any], history: Iterable[Step], digest: str, node: Located, counting: Counting, now: Now | None
) -> Plan:
    """Return the plan of a scenario. `values` are its values as the schema read them from `node`, `history` its steps.

    Under a real clock a market without `open` and `close` that is open after the history closes a year after now. If
    nothing else counts from now, it is a year after the beginning of the day, so that the sandboxes of a day are alike.

    Raises ScenarioError if they contradict each other.
    """
    start = START_DEFAULT if values["start"] is None else values["start"]
    listed = history if isinstance(history, list) else ()  # a long history is not read twice
    closed = {step.command.market for step in listed if isinstance(step.command, CLOSING_COMMANDS)}
    setup = [TimedCommand(start, _with_close_time(command, closed, counting), node) for command, node in _setup(values)]
    return Plan(
        name=values["scenario"],
        title=values["title"],
        seed=values["seed"],
        start=start,
        archived_before=start if (cutoff := values["historical"].get("cutoff")) is None else cutoff,
        rounding=values["fees"].get("rounding"),
        order_rules=rules_of(values["orders"]),
        frames=values["orders"].get("frames", "after"),
        settings=settings_of(values),
        digest=digest,
        setup=setup,
        keys=_keys(values["accounts"], node),
        steps=History(history, start),
        script=values["script"],
        faults=[*rules_of_lags(values["lag"]), *values["faults"]],
        stubs=values["stubs"],
        counts_in_us=counting.unit_us,
        begins_now=begins_now(node.value.get("start") if isinstance(node.value, dict) else None),
        now=now,
    )


def _keys(accounts: dict[str, Any], node: Located) -> list[KeySpec]:
    """Return the keys of all accounts. Raises ScenarioError if they need more pairs than there are."""
    keys = [
        spec
        for name, account in accounts.items()
        for spec in _collected("account", name, keys_of(name, account, node.file))
    ]
    count = sum(spec.takes_pair for spec in keys)
    if count > RSA_PAIRS_MAX:
        message = f"expected at most {RSA_PAIRS_MAX:,} accounts and keys that take an RSA pair, got {count:,}"
        raise ScenarioError(f"{message}: give others a key {{algorithm: ed25519}}", node.file, node.line_of("accounts"))
    return keys


def _with_close_time(command: Command, closed: set[str], counting: Counting) -> Command:
    """Return a command; if it lists a market without times that stays open, with a close time under a real clock.

    Other clocks leave it without: it shows a year after its listing, and nothing closes it.
    """
    if not isinstance(command, commands.ListMarket) or command.market in closed:
        return command
    details = command.details or MarketDetails()
    if details.open_at is not None or details.close_at is not None:
        return command
    counting.unit_us = counting.unit_us or MICROSECONDS_PER_DAY
    if not counting.now.is_real:
        return command
    return structs.replace(command, details=structs.replace(details, close_at=counting.now.at + TRADING_US))


def with_fields_noted(plan: Plan) -> Plan:
    """Return a plan that knows its fields as they were read, so that another reading keeps what copies change."""
    names = {each.name for each in fields(plan)} - {"cache", "now", "source"}
    plan.cache.fields_read = {name: getattr(plan, name) for name in names}
    return plan


def require_markets(document: Document) -> None:
    """Raise ScenarioError if an event has no market, because its name is then probably misspelt."""
    values = document.values
    steps: list[Step] = values["history"]
    later = {step.command.event for step in steps if isinstance(step.command, commands.ListMarket)}
    known = document.known("event", later | {market["event"] for market in values["markets"].values()})
    for name, event in values["events"].items():
        if known is not None and name not in known:
            node: Located = event["_node"]
            message = f"expected the event of a market, got {name!r}{did_you_mean(name, known)}"
            note_or_raise(ScenarioError(message, node.file, node.line, "events"))


def require_script(document: Document) -> None:
    """Raise ScenarioError if the script names an account or a market that never exists."""
    values = document.values
    script, steps = values["script"], [step.command for step in values["history"]]
    accounts = {command.account for command in steps if isinstance(command, commands.OpenAccount)}
    markets = {command.market for command in steps if isinstance(command, commands.ListMarket)}
    derivatives = {command.terms.name for command in steps if isinstance(command, commands.ListDerivative)}
    if (known := document.known("account", {*values["accounts"], *accounts})) is not None:
        require_accounts(script, known)
    if (known := document.known("market", {*values["markets"], *markets})) is not None:
        require_known(script, "market", known)
    if (known := document.known("instrument", {*values["instruments"], *derivatives})) is not None:
        require_known(script, "instrument", known)


class History(Struct, frozen=True):
    """The commands of a history's steps, each with its time; the first is at `start` if it has none."""

    steps: Iterable[Step]
    start: int

    def __iter__(self) -> Iterator[TimedCommand]:
        last: int | None = None
        for step in self.steps:
            earliest = self.start if last is None else last
            if step.at is not None:
                at = step.at
            elif step.after_us is not None:
                at = earliest + step.after_us
            else:
                at = self.start if last is None else last + HISTORY_STEP_US
            if at >= INSTANT_MAX:
                message = f"expected an instant before {format_instant(INSTANT_MAX)}"
                note_or_raise(ScenarioError(message, step.node.file, step.node.line))
                at = earliest
            elif at < earliest:
                wanted, got = format_instant(earliest), format_instant(at)
                message = f"expected {wanted} or later, got {got}: a history is in order of time"
                note_or_raise(ScenarioError(message, step.node.file, step.node.line_of("at"), "at"))
                at = earliest
            yield TimedCommand(at, step.command, step.node)
            last = at


def _setup(values: dict[str, Any]) -> Iterator[tuple[Command, Located | None]]:
    for name, price in values["indexes"].items():
        yield commands.SetIndex(index=name, price=price), None
    for kind, section in (("instrument", "instruments"), ("series", "series"), ("event", "events")):
        for name, given in values[section].items():
            yield from _collected(kind, name, _step(kind, name, given, f"{section}.{name}"))
    for name, account in values["accounts"].items():
        yield from _collected("account", name, open_account(name, account))
    for name, market in values["markets"].items():
        yield from _collected("market", name, _list_market(name, market))


def _step(kind: str, name: str, given: dict[str, Any], path: str) -> Iterator[tuple[Command, Located]]:
    yield step_command(kind, {kind: name, **given}, path)


def _list_market(name: str, market: dict[str, Any]) -> Iterator[tuple[Command, Located]]:
    yield step_command("market", {"market": name, **market}, f"markets.{name}")
    if market["book"] is not None:
        yield step_command("orderbook", {"market": name, **market["book"]}, f"markets.{name}.book")


def _collected(kind: str, name: str, items: Iterator[Item]) -> Iterator[Item]:
    """Yield items of a thing of this kind and name, and collect the error that ends them, if errors are collected."""
    try:
        yield from items
    except ScenarioError as error:
        note_or_raise(error)
        note_left_out([(kind, name)])
