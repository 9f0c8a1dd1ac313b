"""What a scenario says, as settings, keys, and commands with their times. Nothing is executed here.

Without times a history is a millisecond apart from `start`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.instants import format_instant, parse_instant
from mockexchange.core.vocabulary import PRIMARY_BOOK, AccountKind, BookRef, FeeRounding
from mockexchange.scenario import script_markets
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.faults import Rule
from mockexchange.scenario.kinds import INSTANT_MAX
from mockexchange.scenario.script import Entry
from mockexchange.scenario.script_accounts import require_accounts
from mockexchange.scenario.source import Located
from mockexchange.scenario.steps import STEPS, Step
from mockexchange.venues.kalshi.settings import Settings

START_DEFAULT = parse_instant("2025-11-03T00:00:00Z")
HISTORY_STEP_US = 1_000
KEY_DEFAULT = "main"
READ_AND_WRITE = ("read", "write")
STREAM_SETTINGS = {
    "repeat": "stream_repeat",
    "anonymous": "stream_anonymous",
    "origin": "stream_origin",
    "connections": "stream_connections",
    "empty_side": "stream_empty_side",
    "answer_numbers": "stream_answer_numbers",
    "position_fee_cost": "stream_position_fee_cost",
    "heartbeat": "stream_heartbeat_us",
    "pong": "stream_pong_us",
    "outbox": "stream_outbox_bytes",
}
"""The scenario's words under `stream`, and the venue's settings."""


@dataclass(frozen=True, slots=True)
class KeySpec:
    """A key that the scenario wants: given in files (paths beside the scenario), or to be drawn from the pool."""

    account: str
    name: str
    key_id: str | None = None
    algorithm: str = "rsa"
    public_path: Path | None = None
    private_path: Path | None = None
    scopes: tuple[str, ...] = READ_AND_WRITE
    book: str | None = None
    api_date: str | None = None
    node: Located | None = field(default=None, compare=False)


class Timed(NamedTuple):
    """A command, its instant in microseconds, and where it stands in the scenario."""

    at: int
    command: Command
    node: Located | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a scenario says. `steps` may be read from the file anew each time they are iterated."""

    name: str
    title: str
    seed: int
    start: int
    archived_before: int
    """What was last touched before this instant is history."""
    rounding: FeeRounding
    settings: Settings
    digest: str
    setup: list[Timed]
    keys: list[KeySpec]
    steps: Iterable[Timed]
    script: list[Entry] = field(default_factory=list)
    """What happens while it runs."""
    faults: list[Rule] = field(default_factory=list)


def make_plan(values: dict[str, Any], history: Iterable[Step], digest: str, file: str) -> Plan:
    """Turn what the schema read into a plan. Raises ScenarioError where values contradict each other."""
    start = START_DEFAULT if values["start"] is None else values["start"]
    return Plan(
        name=values["scenario"],
        title=values["title"],
        seed=values["seed"],
        start=start,
        archived_before=start if (cutoff := values["historical"].get("cutoff")) is None else cutoff,
        rounding=values["fees"].get("rounding") or FeeRounding.GRID,
        settings=_settings(values),
        digest=digest,
        setup=[Timed(start, command, node) for command, node in _setup(values)],
        keys=[spec for name, account in values["accounts"].items() for spec in _keys(name, account, file)],
        steps=_History(history, start),
        script=values["script"],
        faults=values["faults"],
    )


def require_markets(values: dict[str, Any]) -> None:
    """Refuse a word on an event of which there never is a market: its name is misspelt. Raises ScenarioError."""
    steps: list[Step] = values["history"]
    later = {step.command.event for step in steps if isinstance(step.command, commands.ListMarket)}
    known = later | {market["event"] for market in values["markets"].values()}
    for name, event in values["events"].items():
        if name not in known:
            node: Located = event["_node"]
            message = f"expected the event of a market, got {name!r}{did_you_mean(name, known)}"
            raise ScenarioError(message, node.file, node.line, "events")


def require_script(values: dict[str, Any]) -> None:
    """Refuse a script that names an account or a market there never is. Raises ScenarioError."""
    steps: list[Step] = values["history"]
    opened = {step.command.account for step in steps if isinstance(step.command, commands.OpenAccount)}
    require_accounts(values["script"], {*values["accounts"], *opened})
    listed = {step.command.market for step in steps if isinstance(step.command, commands.ListMarket)}
    script_markets.require_markets(values["script"], {*values["markets"], *listed})


@dataclass(frozen=True, slots=True)
class _History:
    """Steps with their instants."""

    steps: Iterable[Step]
    start: int

    def __iter__(self) -> Iterator[Timed]:
        last: int | None = None
        for step in self.steps:
            earliest, at = self.start if last is None else last, self._instant_of(step, last)
            if not earliest <= at < INSTANT_MAX:
                raise _out_of_order(step, at, earliest)
            yield Timed(at, step.command, step.node)
            last = at

    def _instant_of(self, step: Step, last: int | None) -> int:
        if step.at is not None:
            return step.at
        if step.after_us is not None:
            return (self.start if last is None else last) + step.after_us
        return self.start if last is None else last + HISTORY_STEP_US


def _out_of_order(step: Step, at: int, earliest: int) -> ScenarioError:
    node = step.node
    if at >= INSTANT_MAX:
        return ScenarioError(f"expected an instant before {format_instant(INSTANT_MAX)}", node.file, node.line)
    message = f"expected {format_instant(earliest)} or later, got {format_instant(at)}: a history is in order of time"
    return ScenarioError(message, node.file, node.line_of("at"), "at")


def _setup(values: dict[str, Any]) -> Iterator[tuple[Command, Located]]:
    for name, series in values["series"].items():
        yield _listed("series", {"series": name, **series}, f"series.{name}")
    for name, event in values["events"].items():
        yield _listed("event", {"event": name, **event}, f"events.{name}")
    for name, account in values["accounts"].items():
        yield from _account(name, account)
    for name, market in values["markets"].items():
        yield _listed("market", {"market": name, **market}, f"markets.{name}")
        if market["book"] is not None:
            yield _listed("orderbook", {"market": name, **market["book"]}, f"markets.{name}.book")


def _listed(kind: str, values: dict[str, Any], path: str) -> tuple[Command, Located]:
    """What the step of this kind would be, from values that may have keys of the top level besides."""
    step, node = STEPS[kind], values["_node"]
    try:
        return step.build({key: value for key, value in values.items() if key in step.names}), node
    except ValueError as error:
        raise ScenarioError(str(error), node.file, node.line, path) from None


def _account(name: str, account: dict[str, Any]) -> Iterator[tuple[Command, Located]]:
    node: Located = account["_node"]
    books = _books(name, account)
    yield _listed("account", {"account": name, **account}, f"accounts.{name}")
    if account["cash"]:
        yield commands.Deposit(purse=BookRef(name), amount_micros=account["cash"]), node
    for book, spec in books.items():
        yield commands.OpenBook(account=name, book=book, book_id=spec.get("subtrader_id") or ""), spec["_node"]
        if spec["cash"]:
            yield commands.Deposit(purse=BookRef(name, book), amount_micros=spec["cash"]), spec["_node"]


def _books(name: str, account: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The books an account has beside its primary one, by name."""
    kind: AccountKind = account["kind"]
    own, foreign = ("subtraders", "subaccounts") if kind is AccountKind.FCM else ("subaccounts", "subtraders")
    if account[foreign]:
        raise _wrong(account, foreign, f"expected {own}, got {foreign}: this account is of kind {kind}", name)
    books = {str(book): spec for book, spec in account[own].items()}
    if PRIMARY_BOOK in books:
        message = f"expected another name than {PRIMARY_BOOK!r}, which is the account's own book: its cash is `cash`"
        raise _wrong(account, own, message, name)
    if kind is AccountKind.FCM:
        _check_subtrader_ids(name, account)
    return books


def _check_subtrader_ids(name: str, account: dict[str, Any]) -> None:
    """An id given verbatim begins with the account's (`{account_id}_{suffix}`, venue docs of 2026); each is its own."""
    prefix = f"{account['account_id'] or name}_"
    owners: dict[str, str] = {}
    for subtrader, spec in account["subtraders"].items():
        wire_id = spec["subtrader_id"] or prefix + subtrader
        path = f"accounts.{name}.subtraders.{subtrader}.subtrader_id"
        node: Located = spec["_node"]
        if not wire_id.startswith(prefix):
            message = f"expected an id that begins with {prefix!r}, got {wire_id!r}"
            raise ScenarioError(message, node.file, node.line_of("subtrader_id"), path)
        if wire_id in owners:
            message = f"expected an id of its own, got {wire_id!r}, which is that of {owners[wire_id]!r}"
            raise ScenarioError(message, node.file, node.line_of("subtrader_id"), path)
        owners[wire_id] = subtrader


def _keys(name: str, account: dict[str, Any], file: str) -> Iterator[KeySpec]:
    if account["keys"] is None:
        yield KeySpec(name, KEY_DEFAULT, node=account["_node"])
        return
    for key, spec in account["keys"].items():
        yield _key(name, key, account, spec, file)


def _key(name: str, key: str, account: dict[str, Any], spec: dict[str, Any], file: str) -> KeySpec:
    path = f"{name}.keys.{key}"
    return KeySpec(
        account=name,
        name=key,
        key_id=spec["key_id"],
        algorithm=_algorithm(spec, path),
        public_path=_beside(file, spec["public_key"]),
        private_path=_beside(file, spec["private_key"]),
        scopes=READ_AND_WRITE if spec["scopes"] is None else tuple(spec["scopes"]),
        book=_bound_book(account, spec, path),
        api_date=spec["api_date"],
        node=spec["_node"],
    )


def _algorithm(spec: dict[str, Any], path: str) -> str:
    """What to draw; a file brings its own algorithm."""
    sources = [name for name in ("algorithm", "public_key", "private_key") if spec[name] is not None]
    if len(sources) > 1:
        raise _wrong(spec, sources[-1], f"expected one of {', '.join(sources)}: the file says the rest", path)
    return spec["algorithm"] or "rsa"


def _bound_book(account: dict[str, Any], spec: dict[str, Any], path: str) -> str | None:
    if spec["subaccount"] is not None and spec["subtrader"] is not None:
        raise _wrong(spec, "subtrader", "expected subaccount or subtrader, got both", path)
    books = [PRIMARY_BOOK, *map(str, account["subaccounts"]), *account["subtraders"]]
    for kind in ("subaccount", "subtrader"):
        book = None if spec[kind] is None else str(spec[kind])
        if book is not None and book not in books:
            message = f"expected a book of the account ({', '.join(books)}), got {book!r}"
            raise _wrong(spec, kind, message, f"{path}.{kind}")
        if book is not None:
            return book
    return None


def _wrong(values: dict[str, Any], key: str, message: str, path: str) -> ScenarioError:
    node: Located = values["_node"]
    return ScenarioError(message, node.file, node.line_of(key), f"accounts.{path}")


def _beside(file: str, name: str | None) -> Path | None:
    return None if name is None else Path(file).parent / name


def _settings(values: dict[str, Any]) -> Settings:
    auth, fcm = values["auth"], values["fcm"]
    given = {
        "auth_mode": auth.get("mode"),
        "auth_clock": auth.get("clock"),
        "auth_salt": auth.get("salt"),
        "window_past_us": auth.get("past"),
        "window_future_us": auth.get("future"),
        "plain_member": fcm.get("plain_member"),
        "strict_cursors": values["strict_cursors"],
        "settlement_counts": values["settlements"].get("counts"),
        **{setting: values["stream"].get(key) for key, setting in STREAM_SETTINGS.items()},
    }
    return Settings(**{name: value for name, value in given.items() if value is not None})
