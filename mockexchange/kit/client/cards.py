"""Reads cards: tests of clients, each a numbered YAML file about one behaviour that a client has to cope with.

A card says what the exchange does before each task, and what the adapter or the command has to do.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from mockexchange.core.commands import Command
from mockexchange.kit.client.rules import RULES
from mockexchange.named_files import read_file
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.fault_rules import CHANNEL_NAMES, FAULTS, OPERATION_NAMES, Rule
from mockexchange.scenario.located_text import Located, read_yaml
from mockexchange.scenario.script_entries import SCRIPT, ScriptEntry
from mockexchange.scenario.steps import API_DATE, STEP
from mockexchange.scenario.stubs import STUBS, Stub
from mockexchange.scenario.value_types import (
    BOOLEAN,
    DURATION,
    NAME,
    TEXT,
    ListOf,
    MapOf,
    Record,
    Scalar,
    choice,
    integer,
    matching,
    may,
    must,
)

# Tasks of cards


READS = ("positions", "event_positions", "balance", "fills", "orders", "settlements", "listen", "book")
PLACE, TRADE, CANCEL, AMEND, BATCH = "place", "trade", "cancel", "amend", "batch"
ORDER_TASKS = (PLACE, CANCEL, AMEND, BATCH, TRADE)
"""The tasks that change orders."""
TASKS = (*READS, *ORDER_TASKS)
"""The tasks that adapters carry out."""
PLACED, REFUSED, UNKNOWN, CANCELED, AMENDED = "placed", "refused", "unknown", "canceled", "amended"
RESULTS = (PLACED, CANCELED, AMENDED, REFUSED, UNKNOWN)
"""What a client may report to its user about a change of an order."""
SWITCHES = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a test card. Before it, exchange time advances by `advance_us`, and the steps `before` are executed.

    `allowed_results` lists what the client may report about a change of an order; if empty, it may report anything
    true.
    """

    name: str
    arguments: dict[str, Any]
    before: tuple[Command, ...] = ()
    advance_us: int = 0
    allowed_results: tuple[str, ...] = ()

    @property
    def changes_orders(self) -> bool:
        return self.name in ORDER_TASKS


def choice_of(known: Iterable[str], what: str) -> Scalar:
    """Return the type of a scalar in a test card that accepts only the words in `known`.

    `what` describes these words in errors.
    """
    words = {word: word for word in known}

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return Scalar(what, parse, {"enum": list(words)}, tuple(words))


TASK = Record(
    {
        "name": must(choice_of(TASKS, "a task such as positions")),
        "arguments": may(MapOf(TEXT), {}),
        "orders": may(ListOf(MapOf(TEXT, expected="the arguments of an order"), "a list of orders"), []),
        "before": may(ListOf(STEP, "a list of steps"), []),
        "advance": may(DURATION, 0),
        "told": may(ListOf(choice({word: word for word in RESULTS})), []),
    }
)


def task_of(values: dict[str, Any]) -> Task:
    """Return the task that a test card describes, from values that `TASK` has parsed."""
    name = values["name"]
    convert = _order_argument if name in ORDER_TASKS else _argument
    arguments = {key: convert(key, text) for key, text in values["arguments"].items()}
    if values["orders"]:
        arguments["orders"] = [{key: convert(key, text) for key, text in order.items()} for order in values["orders"]]
    before = tuple(step.command for step in values["before"])
    return Task(name, arguments, before, values["advance"], tuple(values["told"]))


def _order_argument(name: str, text: str) -> Any:
    """Convert an argument of an order, whose amounts stay text, as money always does."""
    return _argument(name, text) if name == "seconds" else SWITCHES.get(text, text)


def _argument(name: str, text: str) -> Any:
    """Convert an argument to text, a number or, for plural names, a list (from "a,b")."""
    if name.endswith("s") and name != "seconds":
        return text.split(",")
    if re.fullmatch("[0-9]+", text):
        return int(text)
    return float(text) if re.fullmatch(r"[0-9]+\.[0-9]+", text) else text


# Cards


KIT = Path(str(files("mockexchange.kit")))
BUILTIN_CARDS = KIT / "client" / "cards"
"""The folder of the default venue's test cards."""
PAGE = "docs/verify-client.md"
REQUESTS_MAX = 10_000
MICROSECONDS = 1_000_000
SECONDS_DEFAULT_US = 5 * MICROSECONDS
BY_HAND = "by hand"
"""The value of `pages` in the reply to `hello` of a client that leaves cursors to its user."""
NOT = "!"
"""The prefix of a test card's number in --cards that excludes the card."""
NUMBER = matching("a number such as R07 or S12", re.compile("[A-Z][0-9]{2,3}"))
FUZZ = "fuzz"
JUDGES = ("account", "dates", "poison", "floats", FUZZ)
"""The checks that need more than one task of an adapter."""
SLOW_S = 30.0
ADVICE_NONE, ADVICE_ON_ERROR, ADVICE_ONLY = "", "error", "all"
ADVICE = choice({"true": ADVICE_ONLY, "false": ADVICE_NONE, "error": ADVICE_ON_ERROR})


class CardError(ValueError):
    """Raised for an invalid or unknown test card. The message has the place and what was expected."""


SPAN = Record({"min": may(integer(0, REQUESTS_MAX), 0), "max": may(integer(0, REQUESTS_MAX), REQUESTS_MAX)})
ROW = MapOf(TEXT, expected="a row: names and what they are")
NEEDS = Record(
    {
        "operation": may(choice_of(OPERATION_NAMES, "an operation such as GetPositions")),
        "channel": may(choice_of(CHANNEL_NAMES, "a channel such as market_positions")),
        "stream": may(BOOLEAN, False),
        "positions": may(SPAN),
        "method": may(choice_of(("POST", "PUT", "DELETE"), "a method such as POST")),
    }
)
SKIP_WHEN = Record(
    {
        "before": may(API_DATE, ""),
        "from": may(API_DATE, ""),
        "pages": may(choice({BY_HAND: BY_HAND}), ""),
        "reconciling": may(choice({BY_HAND: BY_HAND}), ""),
        "sequence": may(choice({BY_HAND: BY_HAND}), ""),
    }
)
SEE = Record(
    {
        "rules": may(ListOf(choice_of(RULES, "a rule over traffic")), []),
        "unless_told": may(ListOf(choice_of(RULES, "a rule over traffic")), []),
        "requests": may(SPAN),
        "streams": may(SPAN),
        "pause": may(DURATION, 0),
        "answer": may(choice({word: word for word in ("rows", "error", "either")}), "either"),
        "rows": may(ListOf(ROW, "a list of rows")),
        "complete": may(BOOLEAN, False),
        "status": may(BOOLEAN, False),
        "private": may(BOOLEAN, False),
        "words": may(ROW, {}),
        "count": may(SPAN),
        "holds": may(ListOf(ROW, "a list of rows"), []),
        "last": may(ROW),
        "once": may(NAME, ""),
        "exact": may(BOOLEAN, False),
    }
)
CARD = Record(
    {
        "card": must(NUMBER),
        "title": must(TEXT),
        "says": must(TEXT),
        "place": may(TEXT, ""),
        "needs": may(NEEDS, NEEDS.read(Located({}), "")),
        "skip_when": may(SKIP_WHEN, SKIP_WHEN.read(Located({}), "")),
        "scenario": may(NAME, ""),
        "account": may(NAME, ""),
        "api_date": may(API_DATE, ""),
        "signatures": may(choice({"checked": True, "unchecked": False}), False),
        "faults": may(FAULTS, []),
        "script": may(SCRIPT, []),
        "stubs": may(STUBS, []),
        "task": may(TASK),
        "tasks": may(ListOf(TASK, "a list of tasks"), []),
        "probe": may(choice_of(ORDER_TASKS, "a task that changes orders"), ""),
        "seconds": may(DURATION, SECONDS_DEFAULT_US),
        "advice": may(ADVICE, ADVICE_NONE),
        "only": may(choice({"adapters": True}), False),
        "judge": may(choice_of(JUDGES, ", ".join(JUDGES)), ""),
        "see": may(SEE, SEE.read(Located({}), "")),
    }
)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a client's command must do in a run without faults, so that its traffic can decide the test card."""

    operation: str | None
    channel: str | None
    stream: bool
    method: str | None
    positions: tuple[int, int] | None = None
    """The smallest and largest number of positions that the account must have.

    Missing ones are added; with more, the built-in account is used.
    """

    @property
    def has_stream(self) -> bool:
        return self.stream or self.channel is not None


@dataclass(frozen=True, slots=True)
class Expectations:
    """What a test card expects of a client (its key `see`).

    Bounds are inclusive; `rows` is None if any rows are right.
    """

    rules: tuple[str, ...]
    unless_told: tuple[str, ...]
    """Rules that are left out if the client reports an error."""
    requests: tuple[int, int] | None
    streams: tuple[int, int] | None
    pause: float
    """The shortest time in seconds between the first request and the next."""
    answer: str
    rows: list[dict[str, str]] | None
    complete: bool
    """Whether the reported rows have to be all positions that the exchange lists."""
    count: tuple[int, int] | None
    """Bounds of the number of rows."""
    holds: list[dict[str, str]]
    last: dict[str, str] | None
    once: str
    exact: bool
    status: bool
    """Whether a reported error must have the HTTP status of the last answer to its task."""
    private: bool
    """Whether output, log and reply must be free of the private key and of signatures."""
    words: dict[str, str]
    """Allowed words by name: a row may have such a name only with this word or null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One test of a client. If `scenario`, `account` or `api_date` is empty, the value of the whole run applies.

    `is_checking_signatures` is false on most cards, so that a client that signs wrongly fails one card and not all.
    """

    number: str
    title: str
    description: str
    place: str
    needs: Needs
    before: str
    """The first API date to which the test card applies."""
    until: str
    """The first API date to which the test card no longer applies."""
    pages: str
    """`by hand` if the test card does not apply to clients that leave pages to their user."""
    reconciling: str
    """`by hand` if the test card does not apply to clients whose user reads what the stream has missed."""
    sequence: str
    """`by hand` if the test card does not apply to clients that leave sequence numbers to their user."""
    scenario: str
    account: str
    api_date: str
    is_checking_signatures: bool
    faults: list[Rule]
    script: list[ScriptEntry]
    stubs: list[Stub]
    """Stubs; in their headers ELSEWHERE stands for the sandbox under another host name."""
    tasks: tuple[Task, ...]
    """The tasks that an adapter is sent, one after the other."""
    probe: str
    """The order task that this card tests without faults; other cards with that task need it to work."""
    seconds: float
    advice: str
    """Which findings are mere notes that do not fail the card: all, those about an error instead of rows, or none."""
    is_for_adapters: bool
    """Whether the test card can be decided only with an adapter."""
    judge: str
    see: Expectations

    @property
    def task(self) -> Task | None:
        """Return the first task; None if the test card has no task."""
        return self.tasks[0] if self.tasks else None

    @property
    def changes_orders(self) -> bool:
        return any(task.changes_orders for task in self.tasks)

    @property
    def is_survey_only(self) -> bool:
        """Return whether the first run without faults decides the test card, so that it needs no run of its own."""
        return not (self.tasks or self.judge or self.faults or self.script or self.stubs)

    @property
    def is_slow(self) -> bool:
        """Return whether the test card may take much longer than others."""
        return self.judge == FUZZ or self.seconds > SLOW_S

    @property
    def expects_only_success(self) -> bool:
        """Return whether the test card expects only that its task succeeds. A failing task then fails the card."""
        see = self.see
        is_expecting_more = see.rows is not None or see.holds or see.last or self.changes_orders
        return not (self.faults or self.script or self.stubs or is_expecting_more or self.scenario)


def load_cards(more: Path | None = None, *, builtin: Path = BUILTIN_CARDS) -> list[Card]:
    """Read the built-in test cards of a venue and the cards in a directory, sorted by number. Raises CardError."""
    if more and more.exists() and not more.is_dir():
        raise CardError(f"{more}: expected a directory with cards, found a file")
    own = sorted(more.glob("*.yaml")) if more else []
    if more and not own:
        raise CardError(f"{more}: expected cards, found no file there that ends in .yaml")
    found: dict[str, tuple[Path, Card]] = {}
    for path in (*sorted(builtin.rglob("*.yaml")), *own):
        card = read_card(path)
        if card.number in found:
            raise CardError(f"{path}: the number {card.number} is taken by {found[card.number][0]}")
        found[card.number] = (path, card)
    return [found[number][1] for number in sorted(found)]


def read_card(path: Path) -> Card:
    """Read one test card from its file. Raises CardError with file and line."""
    try:
        return card_of(read_yaml(read_file(path).decode(), str(path)))
    except (ScenarioError, UnicodeDecodeError) as error:
        raise CardError(str(error).replace(": expected a scenario, got", ": expected a card, got")) from None
    except OSError as error:
        raise CardError(f"{path}: cannot be read: {error.strerror}") from None


def card_of(node: Located) -> Card:
    """Build a test card from YAML. Raises ScenarioError with file and line."""
    values = CARD.read(node, "")
    number, see = values["card"], _see(values["see"])
    tasks = tuple(task_of(given) for given in _tasks_given(values, node))
    _require_something_to_see(values, tasks, node)
    return Card(
        number=number,
        title=values["title"],
        description=values["says"],
        place=values["place"] or (f"{PAGE}#{number.lower()}" if _is_ours(node) else f"{node.file}:{node.line}"),
        needs=Needs(**{**values["needs"], "positions": _span(values["needs"]["positions"])}),
        before=values["skip_when"]["before"],
        until=values["skip_when"]["from"],
        pages=values["skip_when"]["pages"],
        reconciling=values["skip_when"]["reconciling"],
        sequence=values["skip_when"]["sequence"],
        scenario=values["scenario"],
        account=values["account"],
        api_date=values["api_date"],
        is_checking_signatures=values["signatures"],
        faults=values["faults"],
        script=values["script"],
        stubs=values["stubs"],
        tasks=tasks,
        probe=values["probe"],
        seconds=values["seconds"] / MICROSECONDS,
        advice=values["advice"],
        is_for_adapters=values["only"] or bool(values["judge"]) or not _is_seen_of_commands(see),
        judge=values["judge"],
        see=see,
    )


def _is_ours(node: Located) -> bool:
    """Return whether a card is built in, so that the documentation describes it."""
    return Path(node.file).is_relative_to(KIT)


def _see(values: dict[str, Any]) -> Expectations:
    spans = {name: _span(values[name]) for name in ("requests", "streams", "count")}
    names = {name: tuple(values[name]) for name in ("rules", "unless_told")}
    return Expectations(**{**values, **spans, **names, "pause": values["pause"] / MICROSECONDS})


def _tasks_given(values: dict[str, Any], node: Located) -> list[dict[str, Any]]:
    if values["task"] and values["tasks"]:
        raise ScenarioError("expected `task` or `tasks`, got both", node.file, node.line_of("tasks"))
    return [values["task"]] if values["task"] else values["tasks"]


def _require_something_to_see(values: dict[str, Any], tasks: Sequence[Task], node: Located) -> None:
    is_judged = values["judge"] or any(task.changes_orders for task in tasks)
    if not is_judged and not node_has(node, "see"):
        raise ScenarioError("expected the key 'see', which is missing: nothing would be judged", node.file, node.line)
    if not tasks and not values["judge"] and not values["see"]["rules"]:
        raise ScenarioError("expected rules under `see`: without a task nothing else can be seen", node.file, node.line)


def node_has(node: Located, key: str) -> bool:
    return isinstance(node.value, dict) and key in node.value


def _is_seen_of_commands(see: Expectations) -> bool:
    """Return whether the traffic or exit code of a command can show something that the card expects."""
    return bool(see.rules or see.requests or see.streams or see.pause or see.private or see.answer == "rows")


def _span(read: dict[str, int] | None) -> tuple[int, int] | None:
    return None if read is None else (read["min"], read["max"])


def select_cards(cards: list[Card], wanted: Iterable[str]) -> list[Card]:
    """Return the test cards that match patterns: numbers, or prefixes with a star such as "S*".

    A pattern with a leading "!" excludes cards. Raises CardError if a pattern matches none.
    """
    given = [text.split(",") for text in wanted]
    words = [word.strip() for text in given for word in text if word.strip()]
    if given and not words:
        raise CardError("expected numbers of cards such as R07,S* or !R71: --list-cards shows those that there are")
    for word in words:
        if not any(_fits(card, word.removeprefix(NOT)) for card in cards):
            raise CardError(f"no card {word.removeprefix(NOT)!r}: --list-cards shows those that there are")
    included = [word for word in words if not word.startswith(NOT)] or ["*"]
    left_out = [word.removeprefix(NOT) for word in words if word.startswith(NOT)]
    return [card for card in cards if _fits_any(card, included) and not _fits_any(card, left_out)]


def _fits_any(card: Card, words: Iterable[str]) -> bool:
    return any(_fits(card, word) for word in words)


def _fits(card: Card, word: str) -> bool:
    return card.number.startswith(word[:-1].upper()) if word.endswith("*") else card.number == word.upper()
