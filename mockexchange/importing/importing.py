"""An import from its recording to a verified scenario."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

from mockexchange.importing.comparison import EXPLAINED, INSTANT, ORDER, UNEXPLAINED, shape_of
from mockexchange.importing.recorded_answers import Recorded, RecordedAnswer, WrongRecording, read_answers
from mockexchange.importing.scenario_text import text_of
from mockexchange.importing.verification import Emulated, Verified, plan_of, verify
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import Plan
from mockexchange.venues.dated import COMPAT, ApiDate
from mockexchange.venues.registry import venue_of

REFUSALS_MAX = 20
"""Steps that are left out; with more of them the rows are not what they seem."""
SAMPLE_MAX = 3
"""Answers of each path by which the API date is found."""
ROUNDS_MAX = 3
KINDS = (EXPLAINED, ORDER, INSTANT, UNEXPLAINED)


@dataclass(slots=True)
class Imported:
    """A scenario, and how it explains the recording that it was made of."""

    recorded: Recorded
    text: str
    api_date: ApiDate
    verified: list[Verified]
    refusals: list[str] = field(default_factory=list)
    unread: list[tuple[RecordedAnswer, str]] = field(default_factory=list)

    def counts(self) -> Counter[str]:
        return Counter(one.comparison.kind for one in self.verified)

    @property
    def is_explained(self) -> bool:
        return not self.counts()[UNEXPLAINED] and not self.refusals and not self.unread


def import_recording(path: Path, api_date: str | None = None) -> Imported:
    """Make a scenario of a recording; the date is found if none is given. Raises WrongRecording and OSError."""
    recorded = read_answers(path)
    importer = _importer_of(recorded)
    facts = importer.facts_of(recorded.bodies())
    first = min(answer.at for answer in recorded.answers)
    scenario = importer.scenario_of(facts, _name(path), first)
    venue = venue_of(recorded.venue)
    scenario, refusals = _without_unreadable(scenario)
    date = venue.api_date(api_date) if api_date else _date_of(scenario, recorded)
    scenario = _solved(importer, scenario, facts, recorded, date)
    text = text_of(scenario)
    verified, refused = verify(plan_of(text), recorded, recorded.answers, date)
    in_order = sorted(verified, key=lambda one: one.answer.line)
    return Imported(recorded, text, date, in_order, [*refusals, *refused], facts.unread)


def _importer_of(recorded: Recorded) -> Any:
    try:
        return import_module(f"{__package__}.{recorded.venue}.importer")
    except ModuleNotFoundError:
        title = venue_of(recorded.venue).title
        raise WrongRecording(f"{recorded.path}: rows of {title} cannot be made steps yet") from None


def _without_unreadable(scenario: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a scenario without the steps that no scenario can have, and why each was left out."""
    refusals: list[str] = []
    while True:
        text = text_of(scenario)
        first = text.partition("\nhistory:")[0].count("\n") + 3
        try:
            list(plan_of(text).steps)
        except ScenarioError as error:
            place = error.line - first
            if not 0 <= place < len(scenario["history"]) or len(refusals) == REFUSALS_MAX:
                raise
            refusals.append(f"{scenario['history'][place]}: {error.message}")
            kept = [step for number, step in enumerate(scenario["history"]) if number != place]
            scenario = {**scenario, "history": kept}
        else:
            return scenario, refusals


def _name(path: Path) -> str:
    name = "".join(char if char.isalnum() or char in "-_" else "-" for char in path.name.partition(".")[0])
    return name or "imported"


def _date_of(scenario: dict[str, Any], recorded: Recorded) -> ApiDate:
    """Return the date at which most answers have the recorded shape; of equal dates the newest."""
    venue = venue_of(recorded.venue)
    sample = _sample(recorded.answers)
    wanted = [shape_of(_parsed(recorded.text_of(answer))) for answer in sample]
    dates = [venue.api_date(alias) for alias in (*(venue.wire.aliases if venue.wire else ()), COMPAT)]
    plan = plan_of(text_of(scenario))
    fitting = [asyncio.run(_fitting(plan, recorded.venue, sample, wanted, date)) for date in dates]
    return max(zip(fitting, dates, strict=True), key=lambda pair: (pair[0], pair[1].day or ""))[1]


async def _fitting(
    plan: Plan, venue: str, sample: Sequence[RecordedAnswer], wanted: Sequence[Any], date: ApiDate
) -> int:
    emulated = await Emulated.open(plan, venue, date)
    fitting = 0
    for answer, shape in sorted(zip(sample, wanted, strict=True), key=lambda pair: pair[0].at):
        await emulated.advance(answer.at)
        status, body = emulated.ask(answer.target, answer.at)
        fitting += status == 200 and shape_of(_parsed(body)) == shape
    return fitting


def _sample(answers: Sequence[RecordedAnswer]) -> list[RecordedAnswer]:
    seen = Counter[str]()
    found = []
    for answer in answers:
        seen[answer.path] += 1
        if seen[answer.path] <= SAMPLE_MAX and "cursor=" not in answer.query:
            found.append(answer)
    return found


def _solved(importer: Any, scenario: dict[str, Any], facts: Any, recorded: Recorded, date: ApiDate) -> dict[str, Any]:
    """Return the scenario with the opening deposit that gives the first recorded balance."""
    balances = importer.balances_of(facts)
    cash: dict[int, Decimal] = {}
    for _ in range(ROUNDS_MAX if balances else 0):
        found = importer.with_cash(scenario, cash)
        missing = asyncio.run(_missing(importer, plan_of(text_of(found)), recorded, balances[0], date))
        if not any(missing.values()):
            break
        cash = {index: cash.get(index, Decimal(0)) + amount for index, amount in missing.items()}
    solved: dict[str, Any] = importer.with_cash(scenario, cash)
    return solved


async def _missing(
    importer: Any, plan: Plan, recorded: Recorded, balance: RecordedAnswer, date: ApiDate
) -> dict[int, Decimal]:
    emulated = await Emulated.open(plan, recorded.venue, date)
    await emulated.advance(balance.at)
    status, body = emulated.ask(balance.target, balance.at)
    found: dict[int, Decimal] = importer.cash_missing(recorded.text_of(balance), body) if status == 200 else {}
    return found


def _parsed(text: str) -> Any:
    return json.loads(text)
