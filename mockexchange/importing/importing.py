"""Imports a recording: makes a scenario, finds the API date, computes the cash to begin with, and compares answers."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from mockexchange.core.instants import format_instant
from mockexchange.importing.comparison import BY_STUB, EXPLAINED, INSTANT, NOT_JUDGED, ORDER, UNEXPLAINED, shape_of
from mockexchange.importing.derivatives.importer import DerivativesImporter
from mockexchange.importing.recorded_answers import Problem, Recorded, RecordedAnswer, WrongRecording, read_answers
from mockexchange.importing.scenario_text import text_of
from mockexchange.importing.stream_verification import verify_streams
from mockexchange.importing.stubs_of_rest import stubs_of
from mockexchange.importing.verification import Emulated, Verified, plan_of, plan_of_scenario, verify
from mockexchange.recording.read_errors import reason_of
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.plan import Plan
from mockexchange.venues.dated_fields import COMPAT, ApiDate
from mockexchange.venues.registry import VENUES, venue_of

NOT_UNDERSTOOD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""Errors of rows that lack a field or have an unexpected value in it."""
REFUSALS_MAX = 20
"""The most steps that are left out because no scenario can have them; with one more the import fails."""
SAMPLE_MAX = 3
"""The number of answers of each path that are used to find the API date."""
KINDS = (EXPLAINED, ORDER, INSTANT, BY_STUB, NOT_JUDGED, UNEXPLAINED)


class Balances(NamedTuple):
    """The first recorded balances, and how much of the account a venue's importer found in the recording."""

    first: list[RecordedAnswer]
    extent: Any


@dataclass(slots=True)
class Imported:
    """The scenario made from a recording, and how well it reproduces the recorded answers."""

    recorded: Recorded
    text: str
    api_date: ApiDate
    verified: list[Verified]
    refusals: list[str] = field(default_factory=list)
    unread: list[tuple[RecordedAnswer, str]] = field(default_factory=list)
    streams: list[Verified] = field(default_factory=list)
    """Comparisons of the frames of streams."""
    exported: list[Verified] = field(default_factory=list)
    """Comparisons of the rows of an export with the recorded ones."""
    export_problems: list[Problem] = field(default_factory=list)

    def counts(self) -> Counter[str]:
        return Counter(one.comparison.kind for one in [*self.verified, *self.streams, *self.exported])

    @property
    def is_explained(self) -> bool:
        is_torn = bool(self.recorded.problems) and not self.recorded.answers
        is_read = not (self.unread or self.export_problems or is_torn)
        return is_read and not self.counts()[UNEXPLAINED] and not self.refusals


def import_recording(
    path: Path, api_date: str | None = None, *, stubs_rest: bool = False, export: Path | None = None
) -> Imported:
    """Make a scenario from a recording or a venue's CSV export.

    Without `api_date` the answers determine the date. With `stubs_rest`, stubs give the answers that the scenario does
    not reproduce. The rows of a CSV `export` are compared with the recorded ones. Raises WrongRecording, ScenarioError
    and OSError.
    """
    if exporter := _exporter_of(path):
        if export is not None:
            raise WrongRecording(f"{path} is an export itself: give a recording to compare {export} with")
        return _import_export(exporter, path, api_date)
    # Make a scenario from the answers of a recording, and compare them with the scenario's.
    recorded = read_answers(path)
    importer = _importer_of(recorded)
    scenario, balances, unread = _made(importer, recorded)
    known, refusals = venue_of(recorded.venue).api_date(api_date) if api_date else None, list[str]()
    try:
        date = known or _date_of(scenario, recorded)
        scenario, verified, refused = _solved(importer, scenario, balances, recorded, date)
    except ScenarioError:
        scenario, refusals = _without_unreadable(scenario)
        date = known or _date_of(scenario, recorded)
        scenario, verified, refused = _solved(importer, scenario, balances, recorded, date)
    stubs = stubs_of(recorded, verified) if stubs_rest else []
    if stubs:
        scenario = {**scenario, "stubs": stubs}
        verified, refused = verify(plan_of_scenario(scenario), recorded, recorded.answers, date)
    in_order = sorted(verified, key=lambda one: one.answer.line)
    streams = verify_streams(plan_of_scenario(scenario), recorded, date)
    found = Imported(recorded, text_of(scenario), date, in_order, [*refusals, *refused], unread, streams)
    if export is not None:
        _check_export(found, export)
    return found


def _check_export(found: Imported, export: Path) -> None:
    """Add the comparisons of an export's rows with the recorded ones. Raises WrongRecording."""
    venue = found.recorded.venue
    exporter = _exporter_of(export)
    if exporter is None or f".{venue}." not in exporter.__name__:
        raise WrongRecording(f"{export} is no CSV export of {venue}")
    facts = _importer_of(found.recorded).facts_of(found.recorded.bodies())
    checker = import_module(f"{__package__}.{venue}.csv_import")
    found.exported, found.export_problems = checker.check_export(export, facts)


def _made(importer: Any, recorded: Recorded) -> tuple[dict[str, Any], Balances, list[tuple[RecordedAnswer, str]]]:
    """Return the scenario of a recording, its balances, and what was not read; the rows are not held any longer."""
    first = min(answer.at for answer in recorded.answers)
    try:
        facts = importer.facts_of(recorded.bodies())
        from_frames = importer.add_frames(facts, recorded.streams.of(recorded.venue))
        scenario = importer.scenario_of(facts, _name(recorded.path), first)
    except NOT_UNDERSTOOD as error:
        raise WrongRecording(f"{recorded.path} has rows of an unknown form: {reason_of(error)}") from None
    recorded.assumed += facts.assumed
    recorded.from_frames += from_frames
    return scenario, Balances(importer.balances_of(facts), importer.extent_of(facts)), facts.unread


def _exporter_of(path: Path) -> Any:
    """Return the module of the venue whose export a CSV file is, None for another file."""
    for name in VENUES:
        with suppress(ModuleNotFoundError):
            module = import_module(f"{__package__}.{name}.csv_import")
            if module.is_export(path):
                return module
    return None


def _import_export(exporter: Any, path: Path, api_date: str | None) -> Imported:
    """Make a scenario of a CSV file, whose wire has no date: the newest is taken."""
    export = exporter.scenario_of_export(path, _name(path))
    venue = venue_of(export.recorded.venue)
    date = venue.api_date(api_date or tuple(venue.wire.aliases if venue.wire else (COMPAT,))[-1])
    scenario, refusals = _without_unreadable(export.scenario)
    text = text_of(scenario)
    verified, refused = asyncio.run(_verified_export(exporter, export, plan_of(text), date))
    return Imported(export.recorded, text, date, verified, [*refusals, *refused])


async def _verified_export(exporter: Any, export: Any, plan: Plan, date: ApiDate) -> tuple[list[Verified], list[str]]:
    emulated = await Emulated.open(plan, export.recorded.venue, date)
    await emulated.advance(export.last_at)
    return exporter.settlements_of(export, emulated), emulated.refusals


def _importer_of(recorded: Recorded) -> Any:
    try:
        return import_module(f"{__package__}.{recorded.venue}.importer")
    except ModuleNotFoundError:
        return DerivativesImporter(recorded.venue)


def _without_unreadable(scenario: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a scenario without the steps that no scenario can have, and why each was left out."""
    refusals: list[str] = []
    while True:
        plan, read = plan_of_scenario(scenario), 0
        try:
            for _ in plan.steps:
                read += 1
        except ScenarioError as error:
            place = error.line - 1
            if place != read or len(refusals) == REFUSALS_MAX:
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
    """Return the date at which most answers have the recorded shape.

    Of equal dates it is the newest one that is not after the recording, else the newest.
    """
    venue = venue_of(recorded.venue)
    sample = _sample(recorded.answers)
    wanted = [shape_of(_parsed(recorded.text_of(answer))) for answer in sample]
    dates = [venue.api_date(alias) for alias in (*(venue.wire.aliases if venue.wire else ()), COMPAT)]
    plan = plan_of_scenario(scenario)
    fitting = [asyncio.run(_fitting(plan, recorded.venue, sample, wanted, date)) for date in dates]
    until = format_instant(max(answer.at for answer in recorded.answers))
    return max(zip(fitting, dates, strict=True), key=lambda pair: (pair[0], *_preference(pair[1], until)))[1]


def _preference(date: ApiDate, until: str) -> tuple[bool, str]:
    """Return a key that sorts dates by their day: compat first, then those after `until`, then the others."""
    day = date.day or ""
    return "" < day <= until, day


async def _fitting(
    plan: Plan, venue: str, sample: Sequence[RecordedAnswer], wanted: Sequence[Any], date: ApiDate
) -> int:
    emulated = await Emulated.open(plan, venue, date)
    fitting = 0
    for answer, shape in sorted(zip(sample, wanted, strict=True), key=lambda pair: pair[0].at):
        await emulated.advance(answer.at)
        reply = emulated.ask(answer.target, answer.at, answer.method, answer.body)
        fitting += reply.status == 200 and shape_of(_parsed(reply.body)) == shape
    return fitting


def _sample(answers: Sequence[RecordedAnswer]) -> list[RecordedAnswer]:
    seen = Counter[str]()
    found = []
    for answer in answers:
        seen[answer.path] += 1
        if seen[answer.path] <= SAMPLE_MAX and "cursor=" not in answer.query:
            found.append(answer)
    return found


def _solved(
    importer: Any, scenario: dict[str, Any], balances: Balances, recorded: Recorded, date: ApiDate
) -> tuple[dict[str, Any], list[Verified], list[str]]:
    """Return the scenario with its opening cash and the recorded order books, verified."""
    solved, verified, refused = _with_cash(importer, scenario, balances, recorded, date)
    asked = [answer for answer in recorded.answers if importer.is_order_book(answer)]
    if not asked:
        return solved, verified, refused
    books: list[tuple[RecordedAnswer, str, str]] = []
    verify(plan_of_scenario(solved), recorded, asked, date, lambda *book: books.append(book))
    solved = importer.with_order_books(solved, books)
    return solved, *verify(plan_of_scenario(solved), recorded, recorded.answers, date)


def _with_cash(
    importer: Any, scenario: dict[str, Any], balances: Balances, recorded: Recorded, date: ApiDate
) -> tuple[dict[str, Any], list[Verified], list[str]]:
    """Return the scenario with the opening deposits that give the first recorded balances, verified.

    What cannot be paid in one round, such as a withdrawal, changes what is missing in the next one.
    """
    cash: dict[Any, Decimal] = {}
    missing: dict[Any, Decimal] = {}

    def note(answer: RecordedAnswer, wanted: str, answered: str) -> None:
        if answer in balances.first:
            found = importer.cash_missing(answer, wanted, answered)
            missing.update({key: amount for key, amount in found.items() if key not in missing})

    left = importer.rounds_max
    while True:
        missing.clear()
        solved: dict[str, Any] = importer.with_cash(scenario, cash, balances.extent)
        verified, refused = verify(plan_of_scenario(solved), recorded, recorded.answers, date, note)
        if not any(missing.values()) or not left:
            recorded.assumed += importer.cash_assumed(solved, balances.first)
            return solved, verified, refused
        cash |= {key: cash.get(key, Decimal(0)) + amount for key, amount in missing.items()}
        left -= 1


def _parsed(text: str) -> Any:
    return json.loads(text)
