"""Makes a scenario from a Kalshi CSV export, and checks the scenario's settlements."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from mockexchange.core.instants import format_instant
from mockexchange.importing.comparison import EXPLAINED, UNEXPLAINED, Comparison, Difference
from mockexchange.importing.kalshi.amounts import CENTIS, centis_of, contracts
from mockexchange.importing.kalshi.csv_rows import CsvRow, is_export, read_export
from mockexchange.importing.kalshi.csv_steps import CsvSteps, steps_of
from mockexchange.importing.kalshi.facts import PORTFOLIO
from mockexchange.importing.kalshi.scenario import midnight_before
from mockexchange.importing.kalshi.step import ACCOUNT
from mockexchange.importing.recorded_answers import ROW, Recorded, RecordedAnswer, WrongRecording
from mockexchange.importing.verification import Emulated, Verified

__all__ = ["is_export", "scenario_of_export", "settlements_of"]
UNKNOWN_SHOWN_MAX = 10


class Export(NamedTuple):
    """The scenario made from a CSV export, with the rows that were read and the assumptions that were made."""

    recorded: Recorded
    scenario: dict[str, Any]
    found: CsvSteps
    last_at: int


def scenario_of_export(path: Path, name: str) -> Export:
    """Make a scenario from a CSV export. Raises WrongRecording if no row becomes a step."""
    file = read_export(path)
    found = steps_of(file)
    if not found.steps:
        first = f"; line {file.problems[0].line}: {file.problems[0].why}" if file.problems else ""
        raise WrongRecording(f"{path} has no row that is a step, of {len(file.rows)} rows{first}")
    recorded = Recorded(path, Path(__file__).parent.name, problems=file.problems, skipped=found.skipped)
    recorded.assumed = found.assumed
    if file.unknown:
        shown = ", ".join(file.unknown[:UNKNOWN_SHOWN_MAX])
        recorded.skipped[f"unknown columns on line 1: {shown}"] = len(file.unknown)
    start = midnight_before(found.steps[0].at)
    scenario: dict[str, Any] = {"scenario": name, "title": f"Imported from {name}", "start": format_instant(start)}
    scenario |= {"orders": {"check_cash": False}, "accounts": {ACCOUNT: {}}}
    scenario["markets"] = {ticker: _market(ticker, title) for ticker, title in sorted(found.titles.items())}
    scenario["history"] = [step.written() for step in found.steps]
    return Export(recorded, scenario, found, found.steps[-1].at)


def settlements_of(export: Export, emulated: Emulated) -> list[Verified]:
    """Return, for each settlement in the export, whether the scenario settles the same counts."""
    rows: dict[str, Any] = {}
    cursor = ""
    while True:
        reply = emulated.ask(f"{PORTFOLIO}settlements?limit=200&cursor={cursor}", export.last_at)
        body = json.loads(reply.body)
        rows |= {row["ticker"]: row for row in body.get("settlements", [])}
        cursor = body.get("cursor") or ""
        if not cursor:
            return [check_settlement(ticker, row, rows.get(ticker)) for ticker, row in export.found.settled.items()]


def check_settlement(ticker: str, row: CsvRow, answered: Any) -> Verified:
    """Compare the counts in an export's row with those of the settlement `answered`, which is None if there is none."""
    at = row.instant("Original_Date" if row.text("Original_Date") else "close_timestamp")
    answer = RecordedAnswer(row.line, 0, at, f"settlement of {ticker}", ROW)
    wanted = {side: row.text(f"{side.title()}_Contracts_Owned") for side in ("yes", "no")}
    wanted = {side: text for side, text in wanted.items() if text}
    got = {side: centis_of(answered, f"{side}_count") for side in wanted} if answered else dict.fromkeys(wanted, 0)
    both = min(got.values(), default=0)
    wrong = [side for side, text in wanted.items() if not _is_count(text, got[side], both)]
    differences = tuple(Difference(f"{side} contracts", wanted[side], contracts(got[side])) for side in wrong)
    return Verified(answer, Comparison(UNEXPLAINED if differences else EXPLAINED, differences))


def _is_count(text: str, bought_centis: int, both_centis: int) -> bool:
    """Return whether a count is all that was bought of a side, or what pairs left of it; whole ones are cut."""
    try:
        wanted = round(float(text) * CENTIS)
    except ValueError:
        return False
    unit = 1 if "." in text else CENTIS
    return any(centis // unit * unit == wanted for centis in (bought_centis, bought_centis - both_centis))


def _market(ticker: str, title: str) -> dict[str, Any]:
    event = ticker.rpartition("-")[0] or ticker
    return {"event": event, "series": event.partition("-")[0], **({"title": title} if title else {})}
